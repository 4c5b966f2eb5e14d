"""Rules that touch each other make a net, whose fields are a table's cells (pure)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocrd.job import Box
from ocrd.layout.sheet import Stroke

COVERED = 0.6  # share of a field's side from which the rule along it parts two fields


@dataclass(frozen=True, slots=True)
class Net:
    """Rules that touch each other, and the places at which they part rows and columns."""

    lying: tuple[Stroke, ...]
    standing: tuple[Stroke, ...]
    ys: tuple[float, ...]
    xs: tuple[float, ...]

    @property
    def box(self) -> Box:
        """What the rules enclose."""
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def found(lying: Sequence[Stroke], standing: Sequence[Stroke], touch: float) -> list[Net]:
    """Return the rules in groups that hang together."""
    group = list(range(len(lying) + len(standing)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for a, across in enumerate(lying):
        for b, down in enumerate(standing, len(lying)):
            if (
                across.start - touch <= down.at <= across.end + touch
                and down.start - touch <= across.at <= down.end + touch
            ):
                group[root(a)] = root(b)
    members: dict[int, list[int]] = {}
    for index in range(len(group)):
        members.setdefault(root(index), []).append(index)
    nets = []
    for indices in members.values():
        across_all = tuple(lying[index] for index in indices if index < len(lying))
        down_all = tuple(standing[index - len(lying)] for index in indices if index >= len(lying))
        if len(across_all) >= 2 and down_all:
            nets.append(_net(across_all, down_all, touch))
    return nets


def _net(lying: tuple[Stroke, ...], standing: tuple[Stroke, ...], touch: float) -> Net:
    """Return the net with a border on each side, be it drawn or not."""
    ys = [*(rule.at for rule in lying), min(rule.start for rule in standing)]
    ys.append(max(rule.end for rule in standing))
    xs = [*(rule.at for rule in standing), min(rule.start for rule in lying)]
    xs.append(max(rule.end for rule in lying))
    return Net(lying, standing, places(ys, touch), places(xs, touch))


def places(values: Iterable[float], touch: float) -> tuple[float, ...]:
    """Return the values, those that are near each other as their mean."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= touch:
            groups[-1].append(value)
        else:
            groups.append([value])
    return tuple(sum(group) / len(group) for group in groups)


def is_parted(net: Net, row: int, column: int, share: float = COVERED) -> bool:
    """Say whether a rule stands left of the field, along so much of it."""
    start, end, at = net.ys[row], net.ys[row + 1], net.xs[column]
    near = min(net.xs[column] - net.xs[column - 1], net.xs[column + 1] - net.xs[column]) / 2
    return covered(net.standing, at, near, start, end) >= share


def is_ruled_off(net: Net, row: int, column: int) -> bool:
    """Say whether a rule lies above the field, or nothing but the text parts the two rows."""
    at = net.ys[row]
    near = min(at - net.ys[row - 1], net.ys[row + 1] - at) / 2
    if not any(abs(rule.at - at) < near for rule in net.lying):
        return True
    return covered(net.lying, at, near, net.xs[column], net.xs[column + 1]) >= COVERED


def covered(
    strokes: Iterable[Stroke], at: float, near: float, start: float, end: float
) -> float:
    """Return which share of a length the strokes at a place cover."""
    length = sum(
        max(0.0, min(stroke.end, end) - max(stroke.start, start))
        for stroke in strokes
        if abs(stroke.at - at) < near
    )
    return length / max(end - start, 1e-9)


def field(places: Sequence[float], value: float) -> int:
    """Return which field between places a value is in, the outermost one beyond them."""
    return min(max(bisect_right(places, value) - 1, 0), len(places) - 2)
