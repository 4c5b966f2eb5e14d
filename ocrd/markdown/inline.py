"""A model's Markdown inside one block -> tokens: words, breaks, code, TeX, paired marks (pure).

Only what is listed here is understood; everything else, links and images and unknown HTML among it,
is words. Linear in the length of the text, and no text raises.
"""

from __future__ import annotations

import html
import html.entities
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ocrd.markdown import commonmark

MAX_DEPTH = 8  # of marks within marks; deeper ones are dropped


class Kind(Enum):
    """What a token is."""

    WORDS = auto()
    BREAK = auto()  # of a line
    CODE = auto()
    MATH = auto()  # TeX inside a line
    DISPLAY = auto()  # TeX on lines of its own
    OPEN = auto()  # a mark such as **, <sup>
    CLOSE = auto()
    EITHER = auto()  # a candidate between two words, before marks are paired


_MARKS = frozenset({Kind.OPEN, Kind.CLOSE, Kind.EITHER})
_SOLID = frozenset({Kind.CODE, Kind.MATH, Kind.DISPLAY})

_Edges = list[tuple[int, str]]  # of each token, a neighbour's index and the character next to it


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a block's text; of a mark, ``text`` is the mark as Markdown has it."""

    kind: Kind
    text: str
    from_run: bool = False  # a mark of * or _ or ~, which are characters where they pair with none


# HTML that models write inside a line -> the mark that stands for it.
_TAG_MARKS = {
    "b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "strike": "~~", "del": "~~",
    "sup": "sup", "sub": "sub",
}  # fmt: skip
_HTML_MARKS = frozenset({"sup", "sub"})  # Markdown has none of its own for them
# What a mark does to words; within it, another that does the same says nothing.
_STYLES = {
    "*": {"emphasis"}, "**": {"strong"}, "***": {"emphasis", "strong"},
    "_": {"emphasis"}, "__": {"strong"}, "___": {"emphasis", "strong"},
    "~~": {"struck"}, "sup": {"script"}, "sub": {"script"},
}  # fmt: skip
_BREAKING_TAGS = frozenset({"br", "center", "p"})
_DROPPED_TAGS = frozenset({"u", "ins"})

_SPECIAL = re.compile(
    r"""
      (?P<pair>\\\\)
    | (?P<escape>\\[`*_{}\#$%&~|<>])
    | (?P<tex>\\[(\[])
    | (?P<ticks>`+)
    | (?P<run>\*+|_+|~+)
    | </?(?P<tag>[A-Za-z]{1,9})(?:[ ][^<>\n]{0,200})?/?>
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
        elif special["ticks"] and (end := _closing_ticks(runs, position, special["ticks"])):
            yield _code(text[position : end - len(special["ticks"])])
            position = end
        elif special["run"]:
            yield from _run(text, start, position)
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


def _closing_ticks(runs: dict[int, list[int]], position: int, ticks: str) -> int:
    """Return where the code that begins at the position ends, fence included; 0 if nowhere."""
    places = runs.get(len(ticks), [])
    place = bisect_left(places, position)
    return places[place] + len(ticks) if place < len(places) else 0


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
    tag = (special["tag"] or "").lower()
    if tag in _BREAKING_TAGS:
        return Token(Kind.BREAK, "\n")
    if tag in _DROPPED_TAGS:
        return Token(Kind.WORDS, "")
    if tag in _TAG_MARKS:
        closing = special[0].startswith("</")
        return Token(Kind.CLOSE if closing else Kind.OPEN, _TAG_MARKS[tag])
    return Token(Kind.WORDS, special[0])


def _run(text: str, start: int, end: int) -> Iterator[Token]:
    """Yield a run of * or _ or ~ as what it may be (CommonMark 0.31, section 6.2)."""
    run = text[start:end]
    if len(run) > 3 or (run[0] == "~") != (run == "~~"):
        yield Token(Kind.WORDS, run)
        return
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    opens, closes = _opens(before, after), _opens(after, before)
    if run[0] == "_":
        opens, closes = opens and not before.isalnum(), closes and not after.isalnum()
    if opens and closes and run == "*" and (before + after).isascii():
        yield Token(Kind.WORDS, run)  # 2*3*4
    elif opens and closes:
        yield Token(Kind.EITHER, run, from_run=True)
    elif opens or closes:
        yield Token(Kind.OPEN if opens else Kind.CLOSE, run, from_run=True)
    else:
        yield Token(Kind.WORDS, run)


def _opens(before: str, after: str) -> bool:
    """Say whether a mark between the two characters is left-flanking."""
    if after.isspace():
        return False
    return not _is_punctuation(after) or before.isspace() or _is_punctuation(before)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _paired(found: list[Token]) -> list[Token]:
    """Return the tokens with marks that have no mate turned into what they show."""
    pairs = mates(found)
    return [_settled(token, index, pairs.get(index)) for index, token in enumerate(found)]


def _settled(token: Token, index: int, mate: int | None) -> Token:
    if token.kind not in _MARKS:
        return token
    if mate is None:
        return Token(Kind.WORDS, token.text if token.from_run else "")
    return Token(Kind.OPEN if index < mate else Kind.CLOSE, token.text, token.from_run)


def _without_idle(found: list[Token]) -> list[Token]:
    """Drop pairs of marks that Markdown would not take for marks, or that say nothing."""
    pairs = mates(found)
    before, after = _neighbours(found)
    kept: set[int] = set()
    active: list[int] = []  # opening marks around the present token
    broken = -1  # the last line break
    for index, token in enumerate(found):
        if token.kind is Kind.BREAK:
            broken = index
        elif token.kind is Kind.OPEN:
            close = pairs[index]
            said = {style for opening in active for style in _STYLES[found[opening].text]}
            if (
                after[index][0] < close
                and (token.text in _HTML_MARKS or _flanks(index, close, before, after))
                and len(active) < MAX_DEPTH
                and not said & _STYLES[token.text]
            ):
                active.append(index)
        elif token.kind is Kind.CLOSE and active and active[-1] == pairs[index]:
            opening = active.pop()
            # HTML of ours stays within a line.
            if token.text not in _HTML_MARKS or broken < opening:
                kept |= {opening, index}
    return [token for index, token in enumerate(found) if token.kind not in _MARKS or index in kept]


def _flanks(opening: int, close: int, before: _Edges, after: _Edges) -> bool:
    """Say whether Markdown takes the two places for the ends of emphasis."""
    return _opens(before[opening][1], after[opening][1]) and _opens(
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
