"""Which of a page's regions are lines of a program, and their text with its indents (pure).

A model has no label for programs: it calls them text, region by region, often a line each. A line
is judged by its form alone, whatever the language: statements, calls, declarations, blocks. Prose
has words with only white between them, a program hardly ever; so a leading ``#`` or a semicolon at
the end make no program of prose. Comments count only beside lines that are sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from statistics import median

from ocrd.job import Box

MAX_LINE = 300  # characters of a program's line

# What a line is worth for a program: prose, a word that says nothing, a part of a longer statement,
# a comment or a plain formula that others must bear out, a statement, one that is nothing else.
PROSE, ODD, PART, COMMENT, STATEMENT, CERTAIN = -2, -1, 0, 1, 2, 3
_ENOUGH = 3  # that the lines of a run have to be worth together, one of them a statement
_FEW = 6  # of so many lines of a program, one may look like prose
_HALF = 2  # of so many, one may say nothing
_INDENT = 1.5  # characters right of the margin: less is how exact places are
_LEADING = 0.8  # of a line's height between two: there is an empty line

_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|`[^`]*`")
_TEX = re.compile(r"\\[(\[]|\\[a-zA-Z]{3,}\{")
_TAIL = re.compile(  # a comment
    r"(?:(?:^|(?<=[\s;{}),:\]]))#(?![{\[(])|(?<!:)//|/\*|(?:^|;)\s*(?:--|%)\s?|;\s*→).*"
)
_WHOLE_COMMENT = re.compile(
    r"#(?!#|\d)\s?\w|#\s?-|(?://|/\*|\*/|<!--|\(\*|--\s|%%?\s?\w|;;?\s|REM\s|\"\"\"|''')|#+$"
)
# Words of programs; beside them another word is no prose.
_WORDS = frozenset(
    """
    abstract alias and array as assert async auto await begin bool boolean break byte call case cast
    catch chan char class const constexpr continue declare def default defer del delete dim do
    double echo elif else elsif end endif enum except exec explicit export extends extern false
    final finally float fn for foreach from func function global go goto if impl implements import
    in include inline inner instanceof int integer interface into is join lambda let local long loop
    match mod module mut namespace new nil nonlocal not null of on operator or our override package
    pass primary print private proc procedure program protected pub public raise real ref require
    return select self set short signed sizeof sql static string struct sub super switch table
    template then this throw throws trait true try type typedef typename typeof union unsigned until
    use using val values var varchar vector virtual void volatile when where while with yield
    """.split()
)
_PAIR = re.compile(r"([^\W\d]\w*|\d[\w.]*)[^\S\n]+(?=([^\W\d]\w*|\d[\w.]*))")
_ABBREVIATED = re.compile(r"(?<![\w.])[^\W\d_]\.\s?[^\W\d_]\.\s|[^\W\d_]{2}[.?!]\s+[^\W\d_]")
_BEHIND_BRACKET = re.compile(  # print(ed) matter
    r"(?!(?:\W*)(?:if|for|while|else|elif|switch|foreach|until|unless|catch|return)\b)[^()]*\([^()]*\)\s+"
    r"(?!(?:const|where|throws|returns|as|is|in|do|then|if|else|for|and|or|not|override|noexcept|values"
    r"|primary|null|when|from|over|group|order|limit|union)\b)[^\W\d_]{2,}\b(?!\()", re.IGNORECASE
)  # fmt: skip
# A declaration has a type and a name before anything else: two words in a row, and qualifiers.
_DECLARED = re.compile(
    r"(?:(?:const|static|unsigned|signed|long|short|public|private|protected|internal|final|abstract"
    r"|virtual|inline|extern|volatile|register|struct|enum|class|readonly|async|export|override"
    r"|constexpr|transient|synchronized)\s+)*+"
    r"(?!(?:return|case|throw|goto|delete|new|else|this|default|in|is|not|and|or|of|to|the|a|an|der|die"
    r"|das|ein|eine|le|la|les|un|une|el|il)\s)"
    r"[A-Za-z_][\w.]*(?:::\w+)*(?:<[\w\s,.:<>\[\]?*&]*>)?(?:\[\])*[*&]*\s+[*&]*[A-Za-z_]\w*\s*"
    r"(?:\[[^\]]*\]\s*)*(?:=(?!=)|;|\(|,\s*[*&]?\w+\s*[;,=])", re.IGNORECASE
)  # fmt: skip
_NAME = r"[$@&*]{0,2}[^\W\d][\w.:$]*(?:->\w+)*(?:\[[^\]]*\]|\([^()]*\)(?=\.)|\.\w+)*"
_ASSIGNED = re.compile(
    rf"(?:(?:let|const|var|val|auto|local|set|mut|my|our|int|float|double|char|long|bool)\s+)*"
    rf"(?:{_NAME}(?:\s*,\s*{_NAME})*|[\[(][\w\s,.$%@]+[\])])(?:\s*:\s*[\w.\[\], |]+)?"
    r"\s*(?P<operator>=(?!=|>)|:=|<-|[-+*/%|&^.]=|\*\*=|//=|<<=|>>=)\s*(?P<value>\S.*)?$"
)
# What is assigned in a program only: a power, a list, a member, a constant.
_VALUE = re.compile(r"\*\*|\[[\w\",.\s-]*\]|\w\.\w*[A-Za-z]|\b(?:True|False|None|null|new)\b")
_ARROWS = re.compile(r"^[\w.\[\]]+(?:\+\+|--);$|^(?:\+\+|--)\w+;$|<<|>>|->|::")
_CALL = re.compile(r"[^\W\d]\w*!?\(|\.\w+\(")
_CALLED = re.compile(
    r"(?:[^\W\d]\w*(?:\.|::|->))+[^\W\d]\w*!?\s?\(.*|"
    r"(?:print|printf|println|puts|scanf|echo|disp|plot|cat|require|len|range|main|exit|write|writeln"
    r"|readln|console|input|open|free|malloc|assert|int|str|list|sum|sorted|display)!?\s?\(.*"
)
_CALLED_ALONE = re.compile(
    r"[^\W\d][\w.]*(?:\[[^\]]*\][\w.]*)*!?\([^()]*(?:\([^()]*\)[^()]*)*\)\s*[;{:]?$"
)
_SURE = re.compile(
    r"""
      \#\s?(?:include\s*[<"]|define\s+[A-Za-z_]|ifn?def\s+[A-Za-z_]|endif\b|pragma\s+\w)
    | \#!\s?/\w | <\?(?:php|xml)\b
    | import\s+[\w.*{},\s]+(?:\s+as\s+\w+\s*;?|\s+from\s+["'].*|;)$
    | import\s+(?:static\s+)?\w+(?:\.[\w*]+)+\s*;?$
    | from\s+[\w.]+\s+import\s+(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*(?:\w+(?:\s+as\s+\w+)?|\*)\s*;?$
    | (?:async\s+)?def\s+\w+\s*\(.*\)\s*(?:->.*)?:
    | class\s+\w+\s*(?:\([\w.,\s=]*\))?:$
    | (?:export\s+|default\s+|async\s+|pub\s+|local\s+)*(?:function|func|fun|fn)\s+
        (?:\([\w\s*]+\)\s*)?\w*\s*[(<].*[{)]
    | (?:using|package|namespace|use)\s+[\w:.]+(?:\{.*\})?\s*;
    | for\s+[\w,\s]+\s+in\s+(?:range|enumerate|zip|\w+\.\w+)\s*\(.*
    | (?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|INDEX|VIEW)|INSERT\s+INTO|ALTER\s+TABLE)\b.*
    | \{?\s*EXEC\s+SQL\b.*
    | template\s*<.*>.* | @\w+(?:\.\w+)+(?:\(.*)?$ | @[A-Z]\w+(?:\(.*\))?$
    | \w+\s?\(\)\s?\{$ | (?:puts|require|require_relative|print|echo|load|source)\s+""$
    | (?:var\s+)?\w+(?:\s*,\s*\w+)*\s*:\s*(?:integer|real|boolean|string|char|array\b.*);$
    | \((?:defun|define|defn|setq|defvar|defmacro)\s
    | (?:public|private|protected)\s+(?:[\w<>\[\],]+\s+)*\w+\s*\(.*\)\s*(?:throws\s+[\w,\s]+)?\{?$
    """,
    re.VERBOSE,
)
_BLOCK = re.compile(
    r"""
      (?:\}\s*)?(?:el(?:se\s?)?if|if|while|for|switch|catch|foreach|until|unless)\s*\(.*\)\s*
        (?:\{|[\w.$]+.*;)?$
    | (?:el)?if\s+\[.*
    | for\s*\(.*;.*;.*\).*
    | (?:el)?if\s+.+(?::|\sthen|\s\{)$ | while\s+.+(?::|\sdo|\s\{)$
    | for\s+\w+(?:\s*,\s*\w+)*\s+in\s+.+(?::|\sdo|\s\{)$ | for\s+\w+\s*:?=\s*.+$
    | with\s+.+\(.*\).*:$ | except\s+[\w.]+(?:\s+as\s+\w+)?:$ | \[\[?\s.+\s\]\]?(?:\s.*)?$
    | (?:struct|enum|union|interface|trait|impl|class|type)\s+.*\{$
    """,
    re.VERBOSE,
)
# Signs of programs, but for the brackets that enumerate: (a), b), [1].
_SIGNS = re.compile(r"[_{}<>=;&|$\\@^~*]|\w\(|\w\[|::|->|,$")
_OPERATORS = re.compile(r"[=<>!&|+*/%;]|\w\(|\.\w|\w\[|\bin\b|\bnot\b")
_ONE_NAME = re.compile(r"(?:if|while|switch|until|unless)\s*\(\w+\)$")
_ALONE = re.compile(
    r"(?:else|try|finally|do|begin|end|endif|endfor|endwhile|fi|done|esac|then|pass|break|continue"
    r"|return|default)\s*[:;.{]?$|[\]\[(){};,]+$|\}\s*\w+\s*[;,]$|\}\s*(?:else|catch|finally|while).*"
)
_RETURNED = re.compile(
    r"(?:return|yield|raise|throw|del|delete|goto|await)\b\s*(?P<value>.*)|case\b.*:.*"
)
_SQL = re.compile(
    r"(?:SELECT\s+(?:DISTINCT\s+)?(?:\*|[a-z_.]+\b|\w+\(|.*\sFROM\s).*|UPDATE\s+\w+\s+SET\s.*|DELETE\s+FROM\s.*|DROP\s+TABLE\s.*)"
)
_CLAUSE = re.compile(
    r"(?:FROM|WHERE|GROUP\s+BY|ORDER\s+BY|HAVING|VALUES|SET|LIMIT|ON|AND|OR|(?:LEFT|INNER|RIGHT)?\s*JOIN)"
    r"\s+[\w(.'*].*"
)
_DATA = re.compile(r'"[^"]*"\s*:\s*\S.*[,{\[]$')  # "key": …, (strings are emptied)
_INSTRUCTION = re.compile(  # of a processor
    r"(?:mov|push|pop|call|jmp|j[a-z]{1,2}|add|sub|i?mul|lea|cmp|test|xor|and|or|inc|dec|int|ldr|str|bl"
    r"|li|la|lw|sw|addi|beq|bne)[lqw]?\s+[%$#]?(?:[er]?[a-d][xhl]|[er]?[sd]i|[er]?[sb]p|[rxt]\d+|\[|0x)\b.*"
)
_SHELL = re.compile(
    r"(?:sudo\s+)?(?:cd|ls|git|pip3?|apt(?:-get)?|mkdir|echo|export|chmod|chown|cp|mv|rm|grep|cat|docker"
    r"|set|npm|make|curl|wget|source|tar|ssh|python3?|sed|awk|find)\s+.*?(?:(?<=\s)--?\w|(?<=\s)[~.]{0,2}/\w"
    r"|\$\w|\$\{|[|>]\s|\w=)|\$\s[a-z./].*|[A-Z_]{2,}=\S+$"
)
_TAG = re.compile(
    r"</?(?:html|head|body|div|span|script|style|form|input|button|link|meta|ul|ol|li|a|img|h\d|title)"
    r"(?:\s+[\w-]+=.*)?/?>.*", re.IGNORECASE
)  # fmt: skip
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'"}
_ENTITY = re.compile("|".join(map(re.escape, _ENTITIES)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A region's text that may be lines of a program, and where it stands."""

    text: str
    box: Box | None = None

    @property
    def lines(self) -> list[str]:
        """The lines that say something."""
        return [line.rstrip() for line in self.text.split("\n") if line.strip()]


def worth(line: str) -> int:
    """Say what a line is worth for a program, see PROSE and what follows it."""
    line = line.strip()
    if len(line) > MAX_LINE or _TEX.search(line):
        return PROSE
    bare = _STRING.sub('""', line)
    if _SURE.match(bare) or _SURE.match(line):
        return CERTAIN
    if _WHOLE_COMMENT.match(line):
        return COMMENT
    code = _TAIL.sub("", bare).strip()
    if not code:
        return COMMENT
    if _ALONE.match(code):
        return PART
    if _TAG.match(line) or _SQL.match(code) or _SHELL.match(line):
        return STATEMENT
    if _CLAUSE.match(code):
        return COMMENT
    if code.endswith("{") or _DATA.match(bare) or _INSTRUCTION.match(code):
        return STATEMENT
    return PROSE if _reads_like_prose(code) else _of_code(code, bare)


def _reads_like_prose(code: str) -> bool:
    """Say whether words stand side by side as no program has them."""
    start = declared.end() if (declared := _DECLARED.match(code.lstrip("{ "))) else 0
    start += len(code) - len(code.lstrip("{ "))
    if _ABBREVIATED.search(code) or _BEHIND_BRACKET.match(code):
        return True
    for pair in _PAIR.finditer(code, start):
        if pair[1].lower() not in _WORDS and pair[2].lower() not in _WORDS:
            return True
    return False


def _of_code(code: str, line: str) -> int:
    """Say what a line is worth that has no prose in it."""
    ended = code.endswith((";", "{", "}"))
    code = code.lstrip("{} ")
    quoted = '""' in line
    if assigned := _ASSIGNED.match(code):
        value = assigned["value"] or ""
        if ended or quoted or assigned["operator"] not in {"="} or _CALL.search(value):
            return STATEMENT
        return STATEMENT if _VALUE.search(value) else COMMENT
    if _BLOCK.match(code):
        inner = re.sub(r"^\}?\s*[a-z]+\s*(?:if\b)?", "", code)
        if ended or _OPERATORS.search(inner):
            return STATEMENT
        if code.endswith(":"):
            return COMMENT
        return PART if _ONE_NAME.match(code) else ODD
    if returned := _RETURNED.match(code):
        is_code = code.endswith((";", ":")) or _OPERATORS.search(returned["value"] or "")
        return STATEMENT if is_code else COMMENT
    if _CALLED.match(code):
        return STATEMENT
    if _CALLED_ALONE.match(code):
        return STATEMENT if ended or quoted else COMMENT
    if ended and (_DECLARED.match(code) or _CALL.search(code) or _ARROWS.search(code)):
        return STATEMENT
    if re.match(
        r"\.\w+\(|\"\"\s*:\s*\S|\|\||&&|assert\s|import\s+\w+$|def\s+\w+[?!]?(?:\s*\(.*\))?$", code
    ):
        return COMMENT
    return PART if quoted or _SIGNS.search(code) else ODD


def worths(lines: Sequence[str]) -> list[int]:
    """Return what each line of a region is worth.

    A comment may go on in the next line, which is none of the program then.
    """
    found: list[int] = []
    is_open = commented = False
    for line in lines:
        value = COMMENT if is_open else worth(line)
        has_tail = _TAIL.search(_STRING.sub('""', line)) is not None
        if value <= ODD and commented:
            value, has_tail = PART, False
        start, end = line.rfind("/*"), line.rfind("*/")
        is_open = start > end if start >= 0 or end >= 0 else is_open
        commented = has_tail and bool(found or value > COMMENT)
        found.append(value)
    return found


def runs(pieces: Sequence[Piece | None]) -> Iterator[tuple[int, int]]:
    """Yield where programs begin and end among the regions of a page, None for one of another kind.

    A program's lines follow each other down the page, from one left margin or indented from it.
    """
    start = end = 0
    values: list[list[int]] = []  # of each region's lines
    margin = Box(0, 0, 0, 0)  # around the run so far
    for place, piece in enumerate(pieces):
        worth_of = worths(piece.lines) if piece else []
        fits = piece is not None and _may_be(worth_of)
        beside = fits and max(worth_of) <= COMMENT
        if end > start and not (fits and _goes_on(pieces[place - 1], piece, margin, beside=beside)):
            yield from _ended(pieces, values, start, end)
            start = end = place
        if not fits or piece is None:
            start = end = place + 1
            continue
        if end == start:
            start, values, margin = place, [], piece.box or margin
        elif piece.box:
            margin = _union(margin, piece.box)
        end = place + 1
        values.append(worth_of)
    if end > start:
        yield from _ended(pieces, values, start, end)


def _ended(
    pieces: Sequence[Piece | None], values: Sequence[Sequence[int]], start: int, end: int
) -> Iterator[tuple[int, int]]:
    """Yield a run if it is a program, without what only stands before it and behind it."""
    first, last = 0, len(values)
    while first < last and max(values[first]) < COMMENT and not _is_bracket(pieces[start + first]):
        first += 1
    while first < last and max(values[last - 1]) < COMMENT:
        if _is_bracket(pieces[start + last - 1]):
            break
        last -= 1
    flat = [value for some in values[first:last] for value in some]
    if flat and max(flat) >= STATEMENT and sum(value for value in flat if value > 0) >= _ENOUGH:
        yield start + first, start + last


def _is_bracket(piece: Piece | None) -> bool:
    """Say whether a region begins or ends a block: brackets, ``begin``, ``end``."""
    return piece is not None and all(_ALONE.match(line.strip()) for line in piece.lines)


def _may_be(values: Sequence[int]) -> bool:
    """Say whether lines of that worth may be a program's."""
    prose, odd = values.count(PROSE), values.count(ODD)
    return bool(values) and prose * _FEW <= len(values) and (prose + odd) * _HALF <= len(values)


def _goes_on(last: Piece | None, piece: Piece | None, around_all: Box, *, beside: bool) -> bool:
    """Say whether a region stands where the program that ends with ``last`` goes on.

    ``beside`` says whether it may stand in the same row, as a comment does.
    """
    if not last or not piece or not last.box or not piece.box:
        return False
    if _are_beside(last.box, piece.box):
        return beside
    height = min(_line_height(last), _line_height(piece))
    gap = piece.box.y0 - last.box.y1
    beneath = piece.box.x0 < around_all.x1 + 4 * height and piece.box.x1 > around_all.x0
    return -height / 2 < gap < 2 * height and beneath


def _are_beside(left: Box, right: Box) -> bool:
    """Say whether one box is right of the other, in one row."""
    shared = min(left.y1, right.y1) - max(left.y0, right.y0)
    return right.x0 >= left.x1 and shared > min(left.height, right.height) / 2


def _line_height(piece: Piece) -> float:
    return piece.box.height / max(len(piece.lines), 1) if piece.box else 0.0


def _union(one: Box, other: Box) -> Box:
    return Box(
        min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1)
    )


def text(pieces: Sequence[Piece]) -> str:
    """Return a program's text; the places of its regions tell indents and empty lines it lost."""
    left = min((piece.box.x0 for piece in pieces if piece.box), default=None)
    breadths = [
        piece.box.width / len(piece.lines[0])
        for piece in pieces
        if piece.box and len(piece.lines) == 1 and len(piece.lines[0]) >= 5
    ]
    breadth = median(breadths) if breadths else 0.0
    found: list[str] = []
    last: Piece | None = None
    for piece in pieces:
        lines = [line.rstrip() for line in _decoded(piece.text).strip("\n").split("\n")]
        while lines and not lines[0]:
            del lines[0]
        if not lines:
            continue
        column = 0.0
        if piece.box and breadth and left is not None and not lines[0][0].isspace():
            column = (piece.box.x0 - left) / breadth
        indent = " " * round(column) if column >= _INDENT else ""
        if last and last.box and piece.box:
            if _are_beside(last.box, piece.box):
                found[-1] = f"{found[-1]}  {lines.pop(0).lstrip()}"
            elif piece.box.y0 - last.box.y1 > _LEADING * _line_height(last):
                found.append("")
        found += [indent + line if line else "" for line in lines]
        last = piece
    return "\n".join(found).rstrip()


def _decoded(text: str) -> str:
    """Return the text with the entities that models write for signs of programs decoded."""
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], text)


def around(pieces: Sequence[Piece]) -> tuple[Box, ...]:
    """Return the box around all of a program."""
    boxes = [piece.box for piece in pieces if piece.box]
    return (reduce(_union, boxes),) if boxes else ()
