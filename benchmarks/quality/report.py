"""The scores as a table, and whether the targets are met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.quality.images import Scan
from benchmarks.quality.scoring import Score


@dataclass(frozen=True, slots=True)
class Result:
    """One scan's score."""

    scan: Scan
    score: Score


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that must not be above (``sign`` 1) or below (-1) a limit, in per cent."""

    name: str
    sign: int
    limit: float
    pages: Callable[[Scan], bool]
    figure: Callable[[Sequence[Score]], float | None]

    def says(self, results: Sequence[Result]) -> tuple[float, bool] | None:
        """Return the figure and whether it will do; None where there is nothing to judge."""
        figure = self.figure([result.score for result in results if self.pages(result.scan)])
        return None if figure is None else (figure, self.sign * (figure - self.limit) <= 0)


def _is(kind: str, group: str = "") -> Callable[[Scan], bool]:
    return lambda scan: scan.kind == kind and group in ("", scan.page.group)


def _mean(of: Callable[[Score], float | None]) -> Callable[[Sequence[Score]], float | None]:
    def figure(scores: Sequence[Score]) -> float | None:
        values = [value for score in scores if (value := of(score)) is not None]
        return 100 * fmean(values) if values else None

    return figure


def _share(part: int, whole: int) -> Callable[[Sequence[Score]], float | None]:
    def figure(scores: Sequence[Score]) -> float | None:
        counts = [score.headings for score in scores if score.headings]
        total = sum(count[whole] for count in counts)
        return 100 * sum(count[part] for count in counts) / total if total else None

    return figure


ORDER = _mean(lambda score: score.order)
CHARACTERS = _mean(lambda score: score.characters)
RECALL = _mean(lambda score: score.recall)
F1 = _mean(lambda score: score.f1)
TABLE = _mean(lambda score: score.table)
HEADINGS_FOUND, HEADINGS_RIGHT = _share(0, 1), _share(2, 3)

TARGETS = (
    Target("word recall, clean", -1, 98.5, _is("clean"), RECALL),
    Target("word recall, degraded", -1, 98.0, _is("degraded"), RECALL),
    Target("bCER, clean", 1, 1.5, _is("clean"), CHARACTERS),
    Target("bCER, degraded", 1, 1.5, _is("degraded"), CHARACTERS),
    Target("bCER, turned", 1, 2.5, _is("turned"), CHARACTERS),
    Target("CER, clean", 1, 7.0, _is("clean"), ORDER),
    Target("CER, clean, columns", 1, 6.0, _is("clean", "columns"), ORDER),
    Target("table F1, clean", -1, 80.0, _is("clean"), TABLE),
    Target("headings found, clean", -1, 90.0, _is("clean"), HEADINGS_FOUND),
    Target("headings right, clean", -1, 85.0, _is("clean"), HEADINGS_RIGHT),
)
MAKERS = (  # for pages of other makers than Debian's documentation
    Target("CER, clean", 1, 4.0, _is("clean"), ORDER),
    Target("CER, clean, columns", 1, 5.0, _is("clean", "columns"), ORDER),
    Target("table F1, clean", -1, 93.0, _is("clean"), TABLE),
    Target("headings found, clean", -1, 95.0, _is("clean"), HEADINGS_FOUND),
    Target("headings right, clean", -1, 92.0, _is("clean"), HEADINGS_RIGHT),
)
COLUMNS = (
    ("CER", ORDER), ("bCER", CHARACTERS), ("WR", RECALL), ("WF1", F1), ("table F1", TABLE),
    ("heads found", HEADINGS_FOUND), ("heads right", HEADINGS_RIGHT),
)  # fmt: skip


def print_table(results: Sequence[Result]) -> None:
    """Print the figures by kind, clean pages by group, and degraded ones by variant."""
    print("| per cent | images | " + " | ".join(name for name, _ in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    kinds: dict[str, list[Score]] = {}
    for result in results:
        scan = result.scan
        kinds.setdefault(f"**{scan.kind}**", []).append(result.score)
        name = scan.page.group if scan.kind == "clean" else scan.variant
        kinds.setdefault(f"{scan.kind}: {name}", []).append(result.score)
    for name, scores in sorted(kinds.items(), key=lambda item: item[0].strip("*")):
        figures = [figure(scores) for _, figure in COLUMNS]
        print(f"| {name} | {len(scores)} | " + " | ".join(map(shown, figures)) + " |")


def print_pages(results: Sequence[Result]) -> None:
    """Print every scan, the worst reading order first."""
    for result in sorted(results, key=lambda result: -result.score.order):
        score = result.score
        print(
            f"{result.scan.id:32s} {result.scan.page.group:8s} CER {100 * score.order:5.1f}"
            f" bCER {100 * score.characters:5.1f} WR {100 * score.recall:5.1f}"
            f" table {shown(TABLE([score])):>5s} headings {score.headings or ''}"
        )


def print_verdict(results: Sequence[Result], targets: Sequence[Target] = TARGETS) -> bool:
    """Print each target with its figure; return whether all are met."""
    good = True
    for target in targets:
        if (said := target.says(results)) is not None:
            figure, met = said
            good &= met
            verdict = "met   " if met else "MISSED"
            bound = f"at {'most' if target.sign > 0 else 'least'} {target.limit}"
            print(f"{verdict} {target.name}: {figure:.2f}, {bound}")
    return good


def shown(figure: float | None) -> str:
    """Return a figure as the tables have it."""
    return "" if figure is None else f"{figure:.1f}"
