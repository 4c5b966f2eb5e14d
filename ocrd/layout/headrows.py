"""A ruled table's head, where no rule parts it from the row below: it stands on a fill (pure).

The edge of a fill is no rule, and rules between columns are seen from there on only. What is a head
stands over values and is none, is bold, or is as far from the first row as that from the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ocrd.layout import crossed, nets, values
from ocrd.layout.nets import Net
from ocrd.layout.sheet import Piece, Stroke

BOLDER = 1.25  # times the others' weight: a header's
SEVERAL = 2  # columns that a head names,
FILLED = 0.5  # share of them at least,
FULL = 0.75  # and where nothing but its distance tells it
STEP = 0.85  # of the usual distance of two rows, from a head to the first one
ABOVE = 1.8  # heights of a line from a head's middle to the rules below it
ROWS = 3  # below it that tell the usual one
WORDS = 8  # of a name at most
CROSSES = 0.2  # heights of a line by which a name reaches over a rule between columns

Rows = Sequence[Sequence[Piece]]  # of text, from the top


def parted(bands: Sequence[Rows], net: Net) -> Net:
    """Return the net with its first band parted below the head, itself if there is none."""
    first = next((at for at, rows in enumerate(bands) if rows), None)
    if first is None:  # a rule alone, or nothing between two of them
        return net
    rows, below = bands[first], [row for band in bands[first + 1 :] for row in band]
    if len(rows) == 1 and below:
        return _ruled_off(rows[0], below, net, first + 1)
    if len(rows) < 2:
        return net
    end = _above_values(rows, below, net) or _of_bold(rows, below, net)
    if not end and all(len(band) < 2 for band in bands[first + 1 :]):
        end = _in_step(rows, below, net)
    if not end:
        return net
    head = [piece for row in rows[:end] for piece in row]
    if any(len(text.split()) > WORDS for text in _columns(head, net).values()):
        return net
    at = (max(piece.box.y1 for piece in head) + _top(rows[end:])) / 2
    standing = _through(net, net.ys[first], at, head)
    return replace(net, ys=tuple(sorted((*net.ys, at))), standing=standing)


def _ruled_off(head: Sequence[Piece], below: Rows, net: Net, edge: int) -> Net:
    """Return the net with the rule below its head whole, and those between its names."""
    if len(_columns(head, net)) < len(head) or not _is_enough(_named(head, net), FULL, net):
        return net
    at = net.ys[edge]
    if _above_values((head, *below), (), net) == 1:
        whole = Stroke(at, net.xs[0], net.xs[-1])
        net = replace(net, lying=(*net.lying, whole))
    return replace(net, standing=_through(net, net.ys[edge - 1], at, head))


def with_head(pieces: Sequence[Piece], body: Rows, net: Net, height: float) -> Net:
    """Return the net with what stands right above it and names its columns, without rules there.

    ``pieces`` are those of the page, ``body`` the rows in the net.
    """
    top, left, right = net.ys[0], net.xs[0], net.xs[-1]
    above = [piece for piece in pieces if 0 < top - piece.middle < ABOVE * height]
    if (
        len(_columns(above, net)) < len(above)
        or not _is_enough(_named(above, net), FULL, net)
        or min(piece.box.x0 for piece in above) < left - height
        or max(piece.box.x1 for piece in above) > right + height
        or _above_values((above, *body), (), net) != 1
    ):
        return net
    start = min(piece.box.y0 for piece in above)
    standing = _through(net, start, top, above)
    lying = (*net.lying, Stroke(top, left, right))
    return replace(net, ys=(start, *net.ys), lying=lying, standing=standing)


def _above_values(rows: Rows, below: Rows, net: Net) -> int:
    """Return how many rows stand over the first one with values, and name columns of them."""
    texts = [_columns(row, net) for row in rows]
    held = [{column for column in row if values.is_value(row[column])} for row in texts]
    first = next((at for at, some in enumerate(held) if some), 0)
    rest = [*texts[first + 1 :], *(_columns(row, net) for row in below)]
    of_values = {
        column
        for column in held[first]
        if values.are_values([row[column] for row in rest if column in row] or ["0"])
    }
    if not rest and len(of_values) < FILLED * (len(net.xs) - 1):
        return 0
    # A description of several lines may begin above the values in its row.
    end = max(range(1, first + 1), key=lambda at: _white(rows, at), default=0)
    named = {column for row in texts[:end] for column in row}
    return end if of_values & named and _is_enough(named, FILLED, net) else 0


def _of_bold(rows: Rows, below: Rows, net: Net) -> int:
    """Return how many rows at the top are bold, and those below them are not."""
    rest = [piece.weight for row in (*rows, *below) for piece in row if piece.weight > 0]
    usual = median(rest) if below and rest else 0.0
    end = 0
    while end < len(rows) and min(piece.weight for piece in rows[end]) > BOLDER * usual > 0:
        end += 1
    named = {column for row in rows[:end] for column in _columns(row, net)}
    return end if end < len(rows) and _is_enough(named, FILLED, net) else 0


def _in_step(rows: Rows, below: Rows, net: Net) -> int:
    """Return 1 if a row stands above another one as far as those below it stand apart."""
    if len(rows) != SEVERAL or len(below) < ROWS - 1:
        return 0
    middles = [median(piece.middle for piece in row) for row in (*rows, *below)]
    step, *others = [after - before for before, after in pairwise(middles)]
    full = all(_is_enough(set(_columns(row, net)), FULL, net) for row in rows)
    return int(full and step >= STEP * median(others))


def _is_enough(named: set[int], share: float, net: Net) -> bool:
    return len(named) >= max(SEVERAL, share * (len(net.xs) - 1))


def _through(net: Net, top: float, end: float, head: Sequence[Piece]) -> tuple[Stroke, ...]:
    """Return the standing rules, those that begin in a head or below it from its top on.

    Names of both columns stand there. What was read across a rule is several names where it has a
    space there, and where none of the rules is seen in the head: else what spans columns is one.
    """
    named = _named(head, net)
    low = max(piece.box.height for piece in head)
    inner = [rule for rule in net.standing if net.xs[0] + low < rule.at < net.xs[-1] - low]
    is_bare = len(head) > 1 and not any(rule.start < top + low / 2 < rule.end for rule in inner)

    def goes_on(rule: Stroke) -> bool:
        crossing = [piece for piece in head if _is_across(piece, rule)]
        right = nets.field(net.xs, rule.at + low / 2)
        # Of other tables and of cells further down it says nothing.
        near = top < rule.start < end + low and rule.end > end
        return near and {right - 1, right} <= named and (is_bare or not crossing)

    return tuple(replace(rule, start=top) if goes_on(rule) else rule for rule in net.standing)


def _is_across(piece: Piece, rule: Stroke) -> bool:
    reach = CROSSES * piece.box.height
    return piece.box.x0 + reach < rule.at < piece.box.x1 - reach


def _named(head: Sequence[Piece], net: Net) -> set[int]:
    """Return the columns over which names stand, those too that were read as one."""
    named: set[int] = set()
    for piece in head:
        at = {x for x in net.xs[1:-1] if piece.box.x0 < x < piece.box.x1}
        at = {x for x in at if crossed.breaks(piece, x)}
        for left, right in pairwise(sorted((piece.box.x0, *at, piece.box.x1))):
            named.add(nets.field(net.xs, (left + right) / 2))
    return named


def _white(rows: Rows, at: int) -> float:
    """Return how much white stands above a row."""
    return _top(rows[at:]) - max(piece.box.y1 for row in rows[:at] for piece in row)


def _top(rows: Rows) -> float:
    return min(piece.box.y0 for row in rows for piece in row)


def _columns(row: Sequence[Piece], net: Net) -> dict[int, str]:
    """Return what stands in each column of a row."""
    found: dict[int, str] = {}
    for piece in row:
        column = nets.field(net.xs, (piece.box.x0 + piece.box.x1) / 2)
        found[column] = f"{found.get(column, '')} {piece.line.text}".strip()
    return found
