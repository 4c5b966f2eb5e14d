"""What a lone mark says: by its form, its column and what the network reads (pure).

Of a figure or a letter the network is sure by itself. Dashes, bullets, asterisks it takes for many
things: these are told by their form, where others like them, or cells, stand above or below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ocrd.engine.rapidocr import lone, turning
from ocrd.engine.rapidocr.lone import Mark
from ocrd.engine.rapidocr.turning import Reading
from ocrd.job import Box, Line

FORM = 0.9  # score of what is told by form and column, not by the network
_SURE_STROKE = 0.985  # score from which a stroke is a figure or a letter,
_STROKES = frozenset("1lIi|!")  # one of these
_HINT = 0.4  # score that is enough where a mark above or below reads the same

# In heights of a mark's row.
_CELL = 8.0  # of a cell in whose column a mark may stand,
_ASIDE = 0.3  # by which it may stand out of it,
_ROW, _AWAY = 0.35, 3.5  # and how far above or below it is
_SAME, _SIZE = 0.25, 0.06  # by which marks of one column are off it, and differ in size
_CHAIN = 1.6  # from one dash to the next in a broken line
# Dashes: their height; their middle, below that of the row; their width.
_THIN, _LEVEL = 0.22, (-0.35, 0.26)
_LEAST, _SHORT, _LONG, _LONGEST = 0.16, 0.27, 0.5, 1.35  # up to a hyphen, en dash, em dash
_FLAT, _FULL = 1.5, 0.5  # times as wide as high; share of their box that is ink
_ONE_BAR = 0.13  # height from which it may be two bars that are blurred
_SAMPLE = 1.2  # from a long dash to words: nearer it is a sample of a drawing's line
_HYPHEN, _TICK = 0.3, 0.6  # from a hyphen to words of its line, from a number to a scale's tick
_FRACTION = 0.7  # from a long dash to what stands above or below: nearer it is a fraction's bar
# Bullets: as wide as high, round and full.
_DOT, _ROUND, _DOT_FULL, _DOT_LEVEL = (0.16, 0.45), 1.4, 0.62, (-0.25, 0.15)
_LETTER, _CAPITAL = 0.27, 0.4  # least height of a small letter, of a capital or a figure
_BROAD = 1.3  # times as wide as high, at most, is a letter or a figure
_STAR, _RAISED = (0.16, 0.5), -0.12  # height of an asterisk, and where its middle is or higher

_DASHES = "-–—"
_TWO_BARS = ("=", "二", "＝")
_LOW = frozenset("acegmnopqrsuvwxyz")  # letters that are all body
# Signs that say something alone; those beside them only with others.
_SIGNS = frozenset('*+=×÷±%‰#&?!†‡§¶→←↑↓⇒✓✔✗✘√∞"“”„″€$£¥¢@©®™≤≥≠∈')
_BESIDE = frozenset("-–—.,:;'`´’‘|~_/\\()[]{}<>^¦° ")
_SEEN_AS = {"大": "*", "水": "*", "米": "*", "木": "*", "本": "*", "十": "+", "✔": "✓"}


@dataclass(frozen=True, slots=True)
class Said:
    """A mark, what it says, and how sure that is."""

    mark: Mark
    text: str
    score: float


def to_read(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks of which not only their form says whether they say anything."""
    dots = [mark for mark in marks if _is_dot(mark)]
    found = []
    for mark in marks:
        if _dash(mark):
            wanted = mark.high > _ONE_BAR
        else:
            wanted = not _is_dot(mark) or bool(_alike(mark, dots))
        if wanted:
            found.append(mark)
    return found


def told(
    marks: Sequence[Mark], read: Sequence[tuple[Mark, Reading]], lines: Sequence[Line]
) -> Iterator[Said]:
    """Yield what the marks of a page say that say something for sure.

    ``read`` are those that ``to_read`` returned, with what the network read.
    """
    cells = [Box(*turning.bounds(line.quad)) for line in lines]
    flat = [mark for mark in marks if _dash(mark)]
    doubled = {id(mark) for mark, (text, _) in read if text.strip() in _TWO_BARS}
    for mark in flat:
        if not any(_is_chained(mark, other) for other in flat) and _is_dash(mark, flat, cells):
            yield Said(mark, "=" if id(mark) in doubled else _dash(mark), FORM)
    read = [(mark, reading) for mark, reading in read if not _dash(mark)]
    eastern = lone.is_eastern(lines)
    some = [
        Said(mark, _text(mark, reading[0], eastern=eastern), min(reading[1], 1.0))
        for mark, reading in read
    ]
    stars = [one.mark for one in some if one.text == "*" and one.score >= _HINT]
    dots = [one.mark for one in some if _is_dot(one.mark)]
    for one in some:
        if _is_dot(one.mark):
            is_star = one.mark.off < _RAISED or one.mark in stars or _alike(one.mark, stars)
            if _alike(one.mark, dots):
                yield Said(one.mark, "*" if is_star else "•", FORM)
            continue
        sure = _SURE_STROKE if one.text in _STROKES else lone.SURE
        if one.text and one.score >= sure:
            yield one
        elif one.text and one.score >= _HINT:
            same = [other.mark for other in some if other.text == one.text]
            if one.text not in _STROKES and _alike(one.mark, same):
                yield one


def _text(mark: Mark, read: str, *, eastern: bool) -> str:
    """Return what was read of a mark, "" where it cannot be what it says."""
    read = read.strip()
    if not eastern:
        read = _SEEN_AS.get(read, read)
        if any(sign >= lone.EAST for sign in read):
            return ""
    if read == "*":
        return read if _STAR[0] <= mark.high <= _STAR[1] else ""
    signs = [sign for sign in read if sign.isalnum()]
    if len(signs) + sum(sign in _SIGNS or sign in _BESIDE for sign in read) < len(read):
        return ""
    if not signs and not any(sign in _SIGNS for sign in read):
        return ""
    if signs and mark.high < (_LETTER if all(sign in _LOW for sign in signs) else _CAPITAL):
        return ""
    if len(read) == 1 and signs and mark.wide > _BROAD * mark.high:
        return ""
    return read


def _dash(mark: Mark) -> str:
    """Return the dash that a mark is by its form, else ""."""
    is_one = (
        mark.high <= _THIN and mark.wide >= _FLAT * mark.high and mark.full >= _FULL
        and _LEAST <= mark.wide <= _LONGEST and _LEVEL[0] <= mark.off <= _LEVEL[1]
    )  # fmt: skip
    return _DASHES[(mark.wide > _SHORT) + (mark.wide > _LONG)] if is_one else ""


def _is_dash(mark: Mark, flat: Sequence[Mark], cells: Sequence[Box]) -> bool:
    """Say whether what has the form of a dash stands in a column, and is part of nothing else."""
    if any(_is_of(mark, cell) for cell in cells):
        return False
    like = len(_alike(mark, flat))
    return any(_is_in_column(mark, cell) for cell in cells) or like > (mark.wide <= _SHORT)


def _is_of(mark: Mark, cell: Box) -> bool:
    """Say whether what has the form of a dash is part of a line, or of a drawing beside it."""
    above = abs((cell.y0 + cell.y1) / 2 - mark.middle)
    if cell.x0 < mark.right and mark.left < cell.x1:
        return mark.wide > _LONG and above < _FRACTION * mark.thick
    if above > _ROW * mark.thick:
        return False
    before, behind = (cell.x0 - mark.right) / mark.thick, (mark.left - cell.x1) / mark.thick
    if mark.wide > _LONG:
        return 0 <= before < _SAMPLE
    return mark.wide <= _SHORT and (0 <= before < _HYPHEN or 0 <= behind < _TICK)


def _is_dot(mark: Mark) -> bool:
    """Say whether a mark has the form of a bullet."""
    return (
        not _dash(mark)
        and _DOT[0] <= min(mark.wide, mark.high) and max(mark.wide, mark.high) <= _DOT[1]
        and max(mark.wide, mark.high) <= _ROUND * min(mark.wide, mark.high)
        and mark.full >= _DOT_FULL and _DOT_LEVEL[0] <= mark.off <= _DOT_LEVEL[1]
    )  # fmt: skip


def _is_chained(mark: Mark, other: Mark) -> bool:
    """Say whether two dashes are of one broken line."""
    gap = max(mark.left, other.left) - min(mark.right, other.right)
    level = abs(mark.top + mark.bottom - other.top - other.bottom) / 2
    return mark is not other and level < _THIN * mark.thick and gap < _CHAIN * mark.thick


def _is_in_column(mark: Mark, cell: Box) -> bool:
    """Say whether a mark stands above or below a cell."""
    aside = _ASIDE * mark.thick
    away = abs((cell.y0 + cell.y1) / 2 - mark.middle)
    return (
        cell.width <= _CELL * mark.thick and _ROW * mark.thick < away < _AWAY * mark.thick
        and cell.x0 - aside <= mark.left and mark.right <= cell.x1 + aside
    )  # fmt: skip


def _alike(mark: Mark, others: Sequence[Mark]) -> list[Mark]:
    """Return the other marks of the same size that stand above or below one."""
    off, size = _SAME * mark.thick, max(_SIZE * mark.thick, 2.0) / mark.thick
    return [
        other for other in others
        if other is not mark and abs(mark.middle - other.middle) > _ROW * mark.thick
        and min(abs(mark.left - other.left), abs(mark.right - other.right)) < off
        and abs(mark.wide - other.wide) <= size and abs(mark.high - other.high) <= size
    ]  # fmt: skip
