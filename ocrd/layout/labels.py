"""Labels at the left of a standing rule, and their values at its right: a CV, a data sheet (pure).

What is set so stands like two columns of text, and is read row by row. Labels end at the rule, all
at one distance, and begin anywhere; the lines of a column of text begin below each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ocrd.job import Cell
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Grid, Piece, Stroke, around

# In heights of a line unless they say otherwise.
LENGTH = 12.0  # of the rule, at least
NEAR = 3.0  # from labels, and from values, to the rule, at most
FLUSH = 0.5  # by which ends of labels, or beginnings of values, differ,
MOST = 0.85  # but for the rest of this share
RAGGED = 0.5  # share of the labels that begin below each other, at most
PAIRS = 5  # labels that a value stands beside
LEVEL = 0.35  # by which they stand higher or lower
STEP = 1.5  # from one line of a label to the next


def tables(
    pieces: Sequence[Piece], standing: Sequence[Stroke]
) -> list[tuple[Grid, frozenset[int]]]:
    """Return the labels with their values as tables, and which pieces each holds."""
    found: list[tuple[Grid, frozenset[int]]] = []
    for rule in sorted(standing, key=lambda rule: rule.start - rule.end):
        inside = [
            index for index, piece in enumerate(pieces)
            if rule.start <= piece.middle <= rule.end
        ]  # fmt: skip
        left = [index for index in inside if pieces[index].box.x1 <= rule.at]
        right = [index for index in inside if pieces[index].box.x0 >= rule.at]
        held = frozenset((*left, *right))
        if len(held) < len(inside) or any(held & taken for _, taken in found):
            continue
        names, said = ([pieces[index] for index in some] for some in (left, right))
        if _are_labels(names, said, rule):
            found.append((_grid(names, said), held))
    return found


def _are_labels(names: Sequence[Piece], said: Sequence[Piece], rule: Stroke) -> bool:
    """Say whether what stands left of a rule labels what stands right of it."""
    if len(names) < PAIRS or len(said) < PAIRS or any(p.whole for p in (*names, *said)):
        return False
    height = median(piece.box.height for piece in names)
    if rule.end - rule.start < LENGTH * height:
        return False
    ends = [rule.at - piece.box.x1 for piece in names]
    begins = [min(p.box.x0 for p in row) - rule.at for row in text_rows(said)]
    for some in (ends, begins):
        usual = median(some)
        are_flush = sum(abs(one - usual) <= FLUSH * height for one in some) >= MOST * len(some)
        if usual > NEAR * height or not are_flush:
            return False
    starts = [piece.box.x0 for piece in names]
    below = max(sum(abs(one - other) <= FLUSH * height for other in starts) for one in starts)
    if below > RAGGED * len(starts):
        return False
    return sum(any(_is_level(name, one) for one in said) for name in names) >= PAIRS


def _is_level(name: Piece, one: Piece) -> bool:
    return abs(name.middle - one.middle) <= LEVEL * max(name.box.height, one.box.height)


def _grid(names: Sequence[Piece], said: Sequence[Piece]) -> Grid:
    """Return labels and values as a table: a value goes to the label at its height, or above."""
    labels: list[list[Piece]] = []
    for piece in sorted(names, key=lambda piece: piece.middle):
        if labels and _goes_on(labels[-1][-1], piece, said):
            labels[-1].append(piece)
        else:
            labels.append([piece])
    values: list[list[Piece]] = [[] for _ in labels]
    before: list[Piece] = []  # values above all labels
    for row in text_rows(said):
        reach = row[0].middle + LEVEL * row[0].box.height
        at = sum(label[0].middle <= reach for label in labels)
        (values[at - 1] if at else before).extend(row)
    pairs = list(zip(labels, values, strict=True))
    if before:
        pairs.insert(0, ([], before))
    rows = tuple(tuple(Cell(_text(part)) for part in pair) for pair in pairs)
    held = tuple(piece for pair in pairs for part in pair for piece in part)
    return Grid(around(piece.box for piece in held), rows, held)


def _goes_on(above: Piece, piece: Piece, said: Sequence[Piece]) -> bool:
    """Say whether a line is one label with that above it: nothing stands beside it, and close."""
    step = piece.middle - above.middle
    height = max(piece.box.height, above.box.height)
    return step < STEP * height and not any(_is_level(piece, one) for one in said)


def _text(some: Sequence[Piece]) -> str:
    return " ".join(piece.line.text.strip() for piece in some)
