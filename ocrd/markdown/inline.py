"""A model's Markdown inside one block -> tokens: words, breaks, code, TeX, paired marks (pure).

Only what is listed here is understood; everything else, links and images and unknown HTML among it,
is words. A mark of emphasis counts at a word's edge only, a tag with its mate: within a word, a
formula or a program they are signs (``b**4+a**3*b``, ``a<b and c>d``), which no reader may lose.
Linear in the length of the text, and no text raises.
"""

from __future__ import annotations

import html
import html.entities
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from ocrd.markdown import commonmark, emphasis

MAX_DEPTH = 8  # of marks within marks; deeper ones are dropped
_LOOK = 500  # characters from either end of what is emphasised that are looked at


class Kind(Enum):
    """What a token is."""

    WORDS = auto()
    BREAK = auto()  # of a line
    CODE = auto()
    MATH = auto()  # TeX inside a line
    DISPLAY = auto()  # TeX on lines of its own
    OPEN = auto()  # a mark such as **, <sup>
    CLOSE = auto()
    EITHER = auto()  # a candidate that may open or close, before marks are paired


_MARKS = frozenset({Kind.OPEN, Kind.CLOSE, Kind.EITHER})
_SOLID = frozenset({Kind.CODE, Kind.MATH, Kind.DISPLAY})

_Edges = list[tuple[int, str]]  # of each token, a neighbour's index and the character next to it


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a block's text; of a mark, ``text`` is the mark as Markdown has it."""

    kind: Kind
    text: str
    from_run: bool = False  # a mark of * or _ or ~
    source: str = ""  # of a mark, what it is where it pairs with none: signs of the text


# HTML that models write inside a line -> the mark that stands for it.
_TAG_MARKS = {
    "b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "strike": "~~", "del": "~~",
    "sup": "sup", "sub": "sub", "u": "u", "ins": "u",
}  # fmt: skip
_DROPPED = "u"  # Markdown has none for it: the words stay
_HTML_MARKS = frozenset({"sup", "sub"})  # Markdown has none of its own for them
# What a mark does to words; within it, another that does the same says nothing.
_STYLES = {
    "*": {"emphasis"}, "**": {"strong"}, "***": {"emphasis", "strong"},
    "_": {"emphasis"}, "__": {"strong"}, "___": {"emphasis", "strong"},
    "~~": {"struck"}, "sup": {"script"}, "sub": {"script"}, "u": set(),
}  # fmt: skip
_BREAKING_TAGS = frozenset({"br", "center", "p"})
# Letters that are a variable as well as a tag: alone, <p> may be the middle of a<p>b.
_ONE_LETTER = frozenset("bipsu")
_SPECIAL = re.compile(
    r"""
      (?P<pair>\\\\)
    | (?P<escape>\\[`*_{}\#$%&~|<>])
    | (?P<tex>\\[(\[])
    | (?P<ticks>`+)
    | (?P<run>\*+|_+|~+)
    | </?(?P<tag>[A-Za-z]{1,9})(?P<attributes>[ ][^<>\n]{0,200})?/?>
    | (?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});)
    | (?P<newline>\n)
    """,
    re.VERBOSE,
)
_TEX_MARK = re.compile(r"\\(?:[()\[\]]|\\)")
_TICKS = re.compile(r"`+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});")


def tokens(text: str) -> list[Token]:
    """Return the tokens of a block's text; every mark has its mate."""
    text = "\n".join(line.strip() for line in text.split("\n"))
    return joined(_without_idle(_paired(list(_scan(text)))))


def mates(found: list[Token]) -> dict[int, int]:
    """Return the index of each mark's mate, both ways; an unpaired mark has none."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    waiting: Counter[tuple[str, bool]] = Counter()  # marks in ``opened``
    for index, token in enumerate(found):
        if token.kind not in _MARKS:
            continue
        key = (token.text, token.from_run)
        if token.kind is not Kind.OPEN and waiting[key]:
            last = -1
            while last < 0 or (found[last].text, found[last].from_run) != key:
                last = opened.pop()  # what was opened since has no mate
                waiting[found[last].text, found[last].from_run] -= 1
            pairs[last], pairs[index] = index, last
        elif token.kind is not Kind.CLOSE:
            opened.append(index)
            waiting[key] += 1
    return pairs


def decoded(text: str) -> str:
    """Return the text with HTML entities as the characters that they name."""
    return _ENTITY.sub(lambda found: _character(found[0]), text)


def _scan(text: str) -> Iterator[Token]:
    """Yield the tokens in order; marks are candidates only."""
    spans = _tex_spans(text)
    runs = _tick_runs(text)
    paragraphs = "</p>" in text.lower()
    position = 0
    while special := _SPECIAL.search(text, position):
        start = special.start()
        if start > position:
            yield Token(Kind.WORDS, text[position:start])
        position = special.end()
        if special["tex"] and start in spans:
            end = spans[start]
            display = text[start + 1] == "["
            if tex := text[start + 2 : end - 2].strip():
                yield Token(Kind.DISPLAY if display else Kind.MATH, tex)
            position = end
        elif special["ticks"] and (end := _closing_ticks(text, runs, position, special["ticks"])):
            yield _code(text[position : end - len(special["ticks"])])
            position = end
        elif special["run"]:
            yield from _run(text, start, position)
        elif special["tag"]:
            yield _tag(special, paragraphs=paragraphs)
        else:
            yield _simple(special)
    if position < len(text):
        yield Token(Kind.WORDS, text[position:])


def _tex_spans(text: str) -> dict[int, int]:
    r"""Return where TeX begins and ends, delimiters included: ``\[ \]`` first, then ``\( \)``.

    A second opening delimiter before the closing one takes the place of the first.
    """
    spans = _spans(text, "\\[", "\\]", {})
    return spans | _spans(text, "\\(", "\\)", spans)


def _spans(text: str, opening: str, closing: str, taken: dict[int, int]) -> dict[int, int]:
    spans: dict[int, int] = {}
    start = behind = -1
    for mark in _TEX_MARK.finditer(text):
        behind = max(behind, taken.get(mark.start(), -1))
        if mark.start() < behind:
            continue
        if mark[0] == opening:
            start = mark.start()
        elif mark[0] == closing and start >= 0:
            spans[start] = mark.end()
            start = -1
    return spans


def _tick_runs(text: str) -> dict[int, list[int]]:
    """Return where runs of backticks begin, by their length."""
    runs: dict[int, list[int]] = defaultdict(list)
    for run in _TICKS.finditer(text):
        runs[len(run[0])].append(run.start())
    return runs


def _closing_ticks(text: str, runs: dict[int, list[int]], position: int, ticks: str) -> int:
    """Return where the code that begins at the position ends, fence included; 0 if nowhere.

    No white stands inside its ends, or inside both of them where there are several backticks: one
    that opens a quotation, which an apostrophe closes, is a sign.
    """
    places = runs.get(len(ticks), [])
    place = bisect_left(places, position)
    if place == len(places):
        return 0
    end = places[place]
    if end > position:
        white = text[position].isspace(), text[end - 1].isspace()
        if white[0] != white[1] or (white[0] and len(ticks) == 1):
            return 0
    return end + len(ticks)


def _code(content: str) -> Token:
    content = content.replace("\n", " ")
    if not content.strip():
        return Token(Kind.WORDS, content)
    if content[0] == content[-1] == " ":
        content = content[1:-1]
    return Token(Kind.CODE, content)


def _character(entity: str) -> str:
    """Return what an HTML entity stands for, or the entity where there is none of that name."""
    known = entity[1] == "#" or entity[1:] in html.entities.html5
    # A line break that is hidden in an entity is none.
    return commonmark.clean(html.unescape(entity)).replace("\n", " ") if known else entity


def _simple(special: re.Match[str]) -> Token:
    """Return the token of a special that needs no look around it."""
    if special["newline"]:
        return Token(Kind.BREAK, "\n")
    if special["escape"]:
        return Token(Kind.WORDS, special[0][1])
    if special["entity"]:
        return Token(Kind.WORDS, _character(special[0]))
    return Token(Kind.WORDS, special[0])


def _tag(special: re.Match[str], *, paragraphs: bool) -> Token:
    """Return the token of a tag; what only looks like one is words, as ``<b and c>`` in a formula.

    ``paragraphs`` says whether the text closes any.
    """
    name, whole = special["tag"].lower(), special[0]
    attributes = special["attributes"]
    if name in _ONE_LETTER and attributes and "=" not in attributes and attributes.strip(" /"):
        return Token(Kind.WORDS, whole)
    if name in _BREAKING_TAGS:
        before = special.string[special.start() - 1] if special.start() else "\n"
        if name == "p" and not paragraphs and before != "\n":
            return Token(Kind.WORDS, whole)
        return Token(Kind.BREAK, "\n")
    if name in _TAG_MARKS:
        kind = Kind.CLOSE if whole.startswith("</") else Kind.OPEN
        return Token(kind, _TAG_MARKS[name], source=whole if name in _ONE_LETTER else "")
    return Token(Kind.WORDS, whole)


def _run(text: str, start: int, end: int) -> Iterator[Token]:
    """Yield a run of * or _ or ~ as what it may be."""
    run = text[start:end]
    if len(run) > 3 or (run[0] == "~") != (run == "~~"):
        yield Token(Kind.WORDS, run)
        return
    before, after = f"  {text[max(start - 2, 0) : start]}"[-2:], f"{text[end : end + 2]}  "[:2]
    opens = emphasis.opens(before, after[0], run)
    closes = emphasis.closes(before[-1], after, run)
    if opens or closes:
        kind = Kind.EITHER if opens and closes else Kind.OPEN if opens else Kind.CLOSE
        yield Token(kind, run, from_run=True, source=run)
    else:
        yield Token(Kind.WORDS, run)


def _paired(found: list[Token]) -> list[Token]:
    """Return the tokens with marks that have no mate turned into what they show."""
    pairs = mates(found)
    pieces = [token.text if token.kind is Kind.WORDS else " " for token in found]
    ends = [0]  # of each token in all words, one behind the other
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    words = "".join(pieces)
    solids = [0]
    for token in found:
        solids.append(solids[-1] + (token.kind in _SOLID))
    for index in sorted(pairs):
        mate = pairs.get(index, -1)
        if index < mate and found[index].from_run:
            start, end = ends[index + 1], ends[mate]
            if end - start > 2 * _LOOK:
                between = f"{words[start : start + _LOOK]} {words[end - _LOOK : end]}"
            else:
                between = words[start:end]
            solid = solids[mate] > solids[index]
            around = (pieces[index - 1] if index else "", "".join(pieces[mate + 1 : mate + 2]))
            if not emphasis.is_meant(found[index].text, between, around, solid=solid):
                del pairs[index], pairs[mate]
    return [_settled(token, index, pairs.get(index)) for index, token in enumerate(found)]


def _settled(token: Token, index: int, mate: int | None) -> Token:
    if token.kind not in _MARKS:
        return token
    if mate is None or token.text == _DROPPED:
        return Token(Kind.WORDS, token.source if mate is None else "")
    return replace(token, kind=Kind.OPEN if index < mate else Kind.CLOSE)


def _without_idle(found: list[Token]) -> list[Token]:
    """Drop pairs of marks that say nothing; what Markdown would not take for marks are signs."""
    pairs = mates(found)
    before, after = _neighbours(found)
    kept: set[int] = set()
    signs: set[int] = set()
    active: list[int] = []  # opening marks around the present token
    broken = -1  # the last line break
    for index, token in enumerate(found):
        if token.kind is Kind.BREAK:
            broken = index
        elif token.kind is Kind.OPEN:
            close = pairs[index]
            said = {style for opening in active for style in _STYLES[found[opening].text]}
            if token.text not in _HTML_MARKS and not _flanks(index, close, before, after):
                signs |= {index, close} if token.from_run else set()
            elif (
                after[index][0] < close
                and len(active) < MAX_DEPTH
                and not said & _STYLES[token.text]
            ):
                active.append(index)
        elif token.kind is Kind.CLOSE and active and active[-1] == pairs[index]:
            opening = active.pop()
            # HTML of ours stays within a line.
            if token.text not in _HTML_MARKS or broken < opening:
                kept |= {opening, index}
    return [
        Token(Kind.WORDS, token.source) if index in signs else token
        for index, token in enumerate(found)
        if token.kind not in _MARKS or index in kept or index in signs
    ]


def _flanks(opening: int, close: int, before: _Edges, after: _Edges) -> bool:
    """Say whether Markdown takes the two places for the ends of emphasis."""
    return emphasis.is_flanking(before[opening][1], after[opening][1]) and emphasis.is_flanking(
        after[close][1], before[close][1]
    )


def _neighbours(found: list[Token]) -> tuple[_Edges, _Edges]:
    """Return the nearest visible token's index and edge character, before and after each token."""
    before: _Edges = []
    nearest = (-1, " ")
    for index, token in enumerate(found):
        before.append(nearest)
        nearest = _edge(index, token, -1) or nearest
    after: _Edges = []
    nearest = (len(found), " ")
    for index in range(len(found) - 1, -1, -1):
        after.append(nearest)
        nearest = _edge(index, found[index], 0) or nearest
    return before, after[::-1]


def _edge(index: int, token: Token, end: int) -> tuple[int, str] | None:
    if token.kind is Kind.BREAK:
        return index, "\n"
    if token.kind is Kind.WORDS:
        return (index, token.text[end]) if token.text else None
    return (index, "`") if token.kind in _SOLID else None


def joined(found: Iterable[Token]) -> list[Token]:
    """Return the tokens with neighbours of one kind joined, so that no markup hides at a seam."""
    merged: list[Token] = []
    pieces: list[str] = []
    kind = Kind.BREAK
    for token in found:
        if token.kind is Kind.WORDS and not token.text:
            continue
        if token.kind is kind and kind in {Kind.WORDS, Kind.CODE}:
            pieces.append(token.text)
            continue
        if pieces:
            merged.append(Token(kind, "".join(pieces)))
        kind, pieces = token.kind, []
        if kind in {Kind.WORDS, Kind.CODE}:
            pieces.append(token.text)
        else:
            merged.append(token)
    if pieces:
        merged.append(Token(kind, "".join(pieces)))
    return merged
