"""Ruled lines and the pieces between them -> tables with their cells (pure).

Rules that touch make a net. Each field between them is a cell; where the rule between two fields is
missing they are one cell that spans both. A piece that the engine read across a rule is cut there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ocrd.job import Box, Cell
from ocrd.layout import headrows, joining, nets, values
from ocrd.layout.nets import Net
from ocrd.layout.sheet import Grid, Piece, Stroke, cut_at

TOUCH = 0.5  # heights of a line within which two rules meet
WHOLE = 0.9  # share of a field's side that some rule covers where it parts two columns,
SHORT_RULE = 2  # rows, if it parts no more of them
THIN = 0.7  # heights of the lowest line: a row in which no text can stand
STEMS = 6  # upright strokes in a line of text, no further apart
STEMS_APART = 2.0  # than so many heights of it: its letters' and no rules
CUT = 0.8  # heights of a line by which a piece must reach over a rule to be cut there
BROKEN_ROWS = 4  # of text, fewer tell too little of rules seen in parts, and
FULL = 0.6  # of the columns that they fill, but for
NEARLY_ALL = 0.9  # of them
BOLDER = headrows.BOLDER  # times the others' weight: a header's
TORN = 2  # values in rows of their own, or
MANY_TORN = 3  # other texts, in a cell that no rule was seen in,
TORN_SHARE = 0.6  # and in so many of the rows that it takes
PROSE, PROSE_ROWS = 6.0, 12  # a column's width in heights of a line, and its rows, as in gutters
MAX_CROSSINGS = 1_000_000  # of rules: more are hatching, and would take seconds
MAX_FIELDS = 4000  # a net of more is a drawing

Place = tuple[int, int]  # row, column


def ruled(
    pieces: Sequence[Piece], lying: Sequence[Stroke], standing: Sequence[Stroke]
) -> list[tuple[Grid, frozenset[int]]]:
    """Return the tables whose cells are parted by rules, with the pieces' indices in each."""
    if not pieces or not standing or len(lying) * len(standing) > MAX_CROSSINGS:
        return []
    height = median(piece.box.height for piece in pieces)
    for piece in pieces:
        standing = _without_stems(standing, piece)
    found: list[tuple[Grid, frozenset[int]]] = []
    for ruled_net in nets.found(lying, standing, TOUCH * height):
        body = text_rows(piece for piece in pieces if _is_inside(piece, ruled_net.box))
        net = headrows.with_head(pieces, body, ruled_net, height)
        inside = frozenset(
            index for index, piece in enumerate(pieces) if _is_inside(piece, net.box)
        )
        grid = grid_of([pieces[index] for index in sorted(inside)], net, height)
        if grid:
            found.append((grid, inside))
    return found


def _without_stems(standing: Sequence[Stroke], piece: Piece) -> Sequence[Stroke]:
    """Return the standing rules without what is between a line's letters.

    Pale letters on a dark bar leave upright strokes of the bar, more than there may be columns;
    one that meets a rule below begins behind the line.
    """
    box, height = piece.box, piece.box.height
    near = [
        rule
        for rule in standing
        if box.x0 < rule.at < box.x1 and box.y0 - height < rule.start < piece.middle < rule.end
    ]
    short = [rule for rule in near if rule.end < box.y1 + height]
    if len(short) < STEMS or len(short) * STEMS_APART * height < box.width:
        return standing
    return [
        replace(rule, start=max(rule.start, box.y1)) if rule in near else rule
        for rule in standing
        if rule not in short
    ]


def grid_of(pieces: Sequence[Piece], net: Net, height: float) -> Grid | None:
    """Return the pieces as a table, None where they are none: a frame, a drawing."""
    cut = [part for piece in pieces for part in _cut(piece, net, height)]
    net = _with_head(cut, _with_text_rows(cut, _with_whole_rules(cut, net)))
    cut = [part for piece in cut for part in _cut(piece, net, height)]
    net = _pruned(net, cut)
    if len(net.xs) < 3 or len(net.ys) < 3 or len(net.xs) * len(net.ys) > MAX_FIELDS:
        return None
    spans = _spans(net)
    held: dict[Place, list[Piece]] = {place: [] for place in spans}
    owners = {
        (row, column): place
        for place, (rows, columns) in spans.items()
        for row in range(place[0], place[0] + rows)
        for column in range(place[1], place[1] + columns)
    }
    for piece in cut:
        middle = (piece.box.x0 + piece.box.x1) / 2
        row = nets.field(net.ys, piece.middle)
        held[owners[row, nets.field(net.xs, middle)]].append(piece)
    if sum(map(bool, held.values())) < 3 or len({place[1] for place in held if held[place]}) < 2:
        return None
    spans, held = _torn(spans, held, net)
    header = _header_rows(held)
    rows: list[list[Cell]] = [[] for _ in net.ys[1:]]
    for place in sorted(spans):
        text = cell_text(held[place])
        rows[place[0]].append(Cell(text, *spans[place], header=place[0] < header))
    return Grid(net.box, tuple(map(tuple, rows)), tuple(cut))


def _torn(
    spans: dict[Place, tuple[int, int]], held: dict[Place, list[Piece]], net: Net
) -> tuple[dict[Place, tuple[int, int]], dict[Place, list[Piece]]]:
    """Return the cells with those parted that hold a text in each of their rows.

    The rule below each was too faint to be seen there; in other columns it was seen.
    """
    new_spans, new_held = dict(spans), dict(held)
    for (row, column), (rows, columns) in spans.items():
        texts = text_rows(held[row, column])
        of_row: dict[int, list[Piece]] = {}
        for text in texts:
            of_row.setdefault(nets.field(net.ys, text[0].middle), []).extend(text)
        are_values = all(values.is_value(cell_text(text)) for text in texts)
        enough = TORN if are_values else max(MANY_TORN, TORN_SHARE * rows)
        if len(of_row) < max(enough, len(texts)):
            continue
        for at in range(row, row + rows):
            new_spans[at, column] = 1, columns
            new_held[at, column] = of_row.get(at, [])
    return new_spans, new_held


def cell_text(pieces: Iterable[Piece]) -> str:
    """Return a cell's text: its rows from the top, hyphenation undone."""
    text = ""
    for row in text_rows(pieces):
        line = " ".join(piece.line.text.strip() for piece in row)
        text = joining.join(text, line) if text else line
    return text


def text_rows(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Return pieces in rows from the top, each from the left."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.middle, piece.box.x0)):
        if rows and piece.middle - rows[-1][0].middle < 0.5 * min(
            piece.box.height, rows[-1][0].box.height
        ):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.box.x0) for row in rows]


def _is_inside(piece: Piece, box: Box) -> bool:
    middle = (piece.box.x0 + piece.box.x1) / 2
    return box.y0 < piece.middle < box.y1 and box.x0 < middle < box.x1


def _cut(piece: Piece, net: Net, height: float) -> list[Piece]:
    """Return the piece in parts where rules between columns cross it."""
    parts = [piece]
    for rule in sorted(net.standing, key=lambda rule: rule.at):
        last = parts[-1]
        reaches = last.box.x0 + CUT * height < rule.at < last.box.x1 - CUT * height
        if reaches and rule.start < last.middle < rule.end:
            parts[-1:] = cut_at(last, rule.at)
    return parts


def _with_text_rows(pieces: Sequence[Piece], net: Net) -> Net:
    """Return the net with rows parted where only the text parts them.

    Where few rules lie across a table, its rows stand free between them: each begins in the first
    column.
    """
    ys = list(net.ys)
    for top, bottom in pairwise(net.ys):
        band = [piece for piece in pieces if top < piece.middle < bottom]
        rows = text_rows(band)
        if len(rows) < 2:
            continue
        places = [{nets.field(net.xs, (p.box.x0 + p.box.x1) / 2) for p in row} for row in rows]
        if len(rows) == 2 and not _have_values(rows, net):
            continue
        if _are_columns(rows, net):
            continue
        if all(0 in place and len(place) > 1 for place in places):
            ys += [
                (max(p.box.y1 for p in above) + min(p.box.y0 for p in below)) / 2
                for above, below in pairwise(rows)
            ]
    return replace(net, ys=tuple(sorted(ys)))


def _with_head(pieces: Sequence[Piece], net: Net) -> Net:
    """Return the net with its head parted from the first row, where no rule lies below it."""
    bands = [
        text_rows(piece for piece in pieces if top < piece.middle < bottom)
        for top, bottom in pairwise(net.ys)
    ]
    parted = headrows.parted(bands, net)
    return net if parted is net else _with_text_rows(pieces, parted)


def _are_columns(rows: Sequence[Sequence[Piece]], net: Net) -> bool:
    """Say whether fields hold columns of text: a frame around a story of a newspaper, and rules."""
    if len(rows) < PROSE_ROWS:
        return False
    several = 0
    for row in rows:
        wide = [p for p in row if p.box.width > PROSE * p.box.height]
        places = [nets.field(net.xs, (p.box.x0 + p.box.x1) / 2) for p in wide]
        several += len(set(places)) < len(places)
    return several > len(rows) / 2


def _with_whole_rules(pieces: Sequence[Piece], net: Net) -> Net:
    """Return the net with a rule between any two rows of text, where most that lie are broken.

    Faint ones are seen in parts. Rows that fill most columns are none of one cell.
    """
    inner = net.ys[1:-1]
    touch = min((b - a for a, b in pairwise(net.ys)), default=0.0) / 2
    left, right = net.xs[0], net.xs[-1]
    broken = [at for at in inner if nets.covered(net.lying, at, touch, left, right) < WHOLE]
    rows = text_rows(pieces)
    if len(rows) < BROKEN_ROWS or 2 * len(broken) < len(inner) or _are_columns(rows, net):
        return net
    places = [{nets.field(net.xs, (p.box.x0 + p.box.x1) / 2) for p in row} for row in rows]
    first = min(map(min, places))
    full = [first in place and len(place) >= FULL * (len(net.xs) - 1) for place in places]
    if sum(full) < NEARLY_ALL * len(rows):
        return net
    ys = [
        (median(p.middle for p in above) + median(p.middle for p in below)) / 2
        for above, below in pairwise(rows)
    ]
    ys = [net.ys[0], *ys, net.ys[-1]]
    return replace(net, ys=tuple(ys), lying=tuple(Stroke(y, left, right) for y in ys))


def _have_values(rows: Sequence[Sequence[Piece]], net: Net) -> bool:
    """Say whether rows have values above each other: those of one cell would stand beside."""
    columns = [
        {
            nets.field(net.xs, (piece.box.x0 + piece.box.x1) / 2)
            for piece in row
            if values.is_value(piece.line.text)
        }
        for row in rows
    ]
    return bool(set.intersection(*columns))


def _pruned(net: Net, pieces: Sequence[Piece]) -> Net:
    """Return the net without places that part nothing: no rule in any row, no text beyond."""
    rows = range(len(net.ys) - 1)
    xs = [net.xs[0], net.xs[-1]]
    for column in range(1, len(net.xs) - 1):
        parted = [row for row in rows if nets.is_parted(net, row, column)]
        # The stems of letters above each other look like a short rule.
        whole = (nets.is_parted(net, row, column, WHOLE) for row in parted)
        if len(parted) > SHORT_RULE or any(whole):
            xs.insert(-1, net.xs[column])
    if len(xs) > 2 and not any(piece.box.x0 < xs[1] - TOUCH * piece.box.height for piece in pieces):
        del xs[0]
    if len(xs) > 2 and not any(
        piece.box.x1 > xs[-2] + TOUCH * piece.box.height for piece in pieces
    ):
        del xs[-1]
    thin = THIN * min((piece.box.height for piece in pieces), default=0.0)
    ys = nets.places(net.ys, thin)  # a double rule, the end of a bar
    return replace(net, xs=tuple(xs), ys=ys)


def _spans(net: Net) -> dict[Place, tuple[int, int]]:
    """Return the cells: the first field of each, and how many rows and columns it takes."""
    free = {
        (row, column)
        for row in range(len(net.ys) - 1)
        for column in range(len(net.xs) - 1)
    }
    spans: dict[Place, tuple[int, int]] = {}
    for row, column in sorted(free):
        if (row, column) not in free:
            continue
        columns = 1
        while (row, column + columns) in free and not nets.is_parted(net, row, column + columns):
            columns += 1
        rows = 1
        while all(
            (row + rows, at) in free and not nets.is_ruled_off(net, row + rows, at)
            for at in range(column, column + columns)
        ):
            rows += 1
        spans[row, column] = rows, columns
        free -= {(row + r, column + c) for r in range(rows) for c in range(columns)}
    return spans


def _header_rows(held: dict[Place, list[Piece]]) -> int:
    """Return 1 if the first row is bolder than the others, else 0."""
    first = [piece.weight for place in held if place[0] == 0 for piece in held[place]]
    rest = [piece.weight for place in held if place[0] > 0 for piece in held[place]]
    return int(bool(first and rest) and min(first) > BOLDER * median(rest) > 0)
