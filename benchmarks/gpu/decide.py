"""What the figures say about what to do next (pure).

The bounds were written down before anything was measured; what a figure means is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.gpu.lines import Line
from benchmarks.gpu.stages import SUITE

FLASH = "flash, seqused_k"
PACKAGE = "package flash-attn, seqused"
SLOTS = 64  # where most is decided
LENGTH = 2048
LAYERS = 12
SMALL_KERNEL_US = 2.0  # what even the smallest one takes in a graph
DENSE, GATHERED, GROUPED = "dense", "gathered", "grouped_mm"
GATHERING_SLOTS = 2  # for so many the engine gathers experts, as experts.most_gathered has it
LEFT_ALONE = 0.9  # of the time: what saves less is not worth another code
MISSING = "not measured"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, its figure, and what follows."""

    stage: int
    question: str
    figure: str
    follows: str


def outcomes(lines: Sequence[Line]) -> list[Outcome]:
    """Return the answer to each question, where its figures are there."""
    known = {line.name: line for line in lines}
    found = []
    for stage, question, rule in RULES:
        try:
            figure, follows = rule(known)
        except (KeyError, IndexError, StopIteration, TypeError, ValueError, ZeroDivisionError):
            figure, follows = MISSING, ""
        found.append(Outcome(stage, question, figure, follows))
    return found


Rule = Callable[[dict[str, Line]], tuple[str, str]]


def _rows(lines: dict[str, Line], stage: str, **wanted: Any) -> Iterator[Row]:
    """Yield the rows of a stage that have these cells, faulty ones left out."""
    for row in lines[stage].rows:
        if "fault" not in row and all(row.get(key) == value for key, value in wanted.items()):
            yield row


def _row(lines: dict[str, Line], stage: str, **wanted: Any) -> Row:
    return next(_rows(lines, stage, **wanted))


def _flash(lines: dict[str, Line]) -> tuple[str, str]:
    rows = [*_rows(lines, "attention", slots=SLOTS, length=LENGTH)]
    flash = next(row["us"] for row in rows if row["backend"] == FLASH)
    best = min((row for row in rows if "seqused" not in row["backend"]), key=lambda row: row["us"])
    if not _agrees(next(row for row in rows if row["backend"] == FLASH)):
        return f"{flash} µs", "its result is wrong: look at that first"
    ratio = best["us"] / flash
    figure = f"{ratio:.2f} times the best masked one ({best['backend']}, {best['us']} µs)"
    if ratio >= 1.0:
        return figure, "rightly what the engine uses"
    return figure, 'the masked way is faster: attention = "sdpa", and look why'


def _package(lines: dict[str, Line]) -> tuple[str, str]:
    shape = {"slots": SLOTS, "length": LENGTH}
    row = _row(lines, "attention", **shape, backend=PACKAGE)
    ratio = _row(lines, "attention", **shape, backend=FLASH)["us"] / row["us"]
    figure = f"{ratio:.2f} times as fast as the kernel in torch ({row['us']} µs)"
    if not _agrees(row):
        return figure, "its result is wrong"
    return figure, "worth using on this card" if ratio > 1.1 else "nothing is missed without it"


def _agrees(row: Row) -> bool:
    return float(row["relative_difference"]) < 0.02  # bfloat16 has 8 bits; NaN is no number below


def _chosen(lines: dict[str, Line]) -> tuple[str, str]:
    rows = [*_rows(lines, "attention", backend="as torch chooses")]
    names = sorted({str(row["chosen"]) for row in rows if "chosen" in row})
    if not names:
        raise ValueError("nothing was chosen")
    follows = "fix that first" if "math" in names else "no shape falls to plain products"
    return ", ".join(names), follows


def _exact(lines: dict[str, Line]) -> tuple[str, str]:
    rows = [*_rows(lines, "attention")]
    off = sorted({row["backend"] for row in rows if not _agrees(row)})
    worst = max(float(row["relative_difference"]) for row in rows)
    return f"at most {worst:.2g} off float32", f"wrong: {', '.join(off)}" if off else "all agree"


def _step(lines: dict[str, Line]) -> tuple[str, str]:
    row = _row(lines, "steps", slots=SLOTS, length=LENGTH, experts="auto", code="graph")
    share = row.get("of_copy_rate")
    figure = f"{row['step_ms']} ms" + (f", {share:.0%} of the copy rate" if share else "")
    if row["step_ms"] < 4.5:
        return figure, "leave decoding; images and prompts are next"
    if row["step_ms"] <= 6:
        return figure, "between the bounds: see which part is larger"
    attention = LAYERS * _row(lines, "attention", slots=SLOTS, length=LENGTH, backend=FLASH)["us"]
    small = SMALL_KERNEL_US * next(
        traced["small_kernels"]
        for traced in _rows(lines, "trace")
        if str(traced.get("what", "")).startswith("decode")
    )
    larger = "attention" if attention > small else "fewer kernels"
    return (
        f"{figure}; attention {attention / 1000:.2g} ms, small kernels {small / 1000:.2g} ms",
        f"{larger} first",
    )


def _few(slots: int) -> Rule:
    """Return the rule on how experts are computed for so few slots."""

    def fastest(lines: dict[str, Line]) -> tuple[str, str]:
        shape = {"slots": slots, "length": LENGTH, "code": "graph"}
        took = {
            code: _row(lines, "steps", **shape, experts=code)["step_ms"]
            for code in (DENSE, GATHERED)
        }
        grouped = [row["step_ms"] for row in _rows(lines, "steps", **shape, experts=GROUPED)]
        took |= {GROUPED: grouped[0]} if grouped else {}
        best = min(took, key=lambda code: took[code])
        figure = ", ".join(f"{code} {milliseconds} ms" for code, milliseconds in took.items())
        if best == GROUPED and took[best] < LEFT_ALONE * min(took[DENSE], took[GATHERED]):
            return figure, "the product of groups is worth a code for few slots on this card"
        best = min((DENSE, GATHERED), key=lambda code: took[code])
        used = GATHERED if slots <= GATHERING_SLOTS else DENSE
        if best == used:
            return figure, f"{used}, as the engine has it"
        return figure, f"{best} is faster here than what the engine has: see most_gathered"

    return fastest


def _graphs_held(lines: dict[str, Line]) -> tuple[str, str]:
    said = [
        str(place["notices"])
        for line in lines.values()
        for place in (*line.rows, line.notes)
        # A product of groups may be such that no graph holds it; the engine has other codes.
        if place.get("notices") and place.get("experts") != GROUPED
    ]
    if not any(line.rows for line in lines.values()):
        raise ValueError("nothing was measured")
    if said:
        return said[0][:200], "correctness first: no tuning before this is understood"
    return "no notice", "recorded steps are used"


def _encoding_host(lines: dict[str, Line]) -> tuple[str, str]:
    row = max(_rows(lines, "encoding", what="encode", pages=1), key=lambda one: one["tiles"])
    kernels = [
        traced["kernel_ms"]
        for traced in _rows(lines, "trace")
        if str(traced.get("what", "")).startswith("encode")
    ]
    device = kernels[0] if kernels else row["device_ms"]
    word = "kernels" if kernels else "device"
    figure = f"host {row['host_ms']} ms, {word} {device} ms a page"
    if "syncs_a_page" in row:
        figure += f", {row['syncs_a_page']} waits"
    if row["host_ms"] > device:
        return figure, "graphs for images and prompts, no waits"
    return figure, "the device is the bound"


def _encoding_device(lines: dict[str, Line]) -> tuple[str, str]:
    row = max(_rows(lines, "encoding", what="encode", pages=1), key=lambda one: one["tiles"])
    follows = "look at SAM's attention by name" if row["device_ms"] > 20 else "as computed"
    return f"{row['device_ms']} ms for {row['tiles']} tiles", follows


def _texts(lines: dict[str, Line]) -> tuple[str, str]:
    row = _row(lines, "texts", texts="at once")
    rate = row["tokens_s"]
    follows = (
        "half of what the best server shows, or more"
        if rate >= 6400
        else "less than half of it: if the step is good, the host between rounds is at fault"
    )
    return f"{rate} tokens/s, {row['mean_running']} running", follows


def _busy(lines: dict[str, Line]) -> tuple[str, str]:
    traced = lines["trace"].notes.get("busy") if "trace" in lines else None
    if traced is None:
        bounds = [row["busy_at_most"] for row in _rows(lines, "reading") if "busy_at_most" in row]
        figure, busy = f"at most {bounds[-1]:.0%}, by the rounds' ends", bounds[-1]
    else:
        notes = lines["trace"].notes
        figure = f"{traced:.0%}, {notes['gaps_over_50_us']} gaps of {notes['gaps_ms']} ms"
        busy = traced
    if busy < 0.85:
        return figure, "look at the trace: gaps where pages enter, or everywhere"
    return figure, "the device is kept busy"


def _threads(lines: dict[str, Line]) -> tuple[str, str]:
    passes = [row for row in _rows(lines, "reading") if row["pass"] != "first"]
    few, many = passes[0], passes[-1]
    if few is many:
        raise ValueError("one pass only")
    ratio = many["pages_s"] / few["pages_s"]
    figure = (
        f"{few['pages_s']} pages/s with {few['threads']}, {many['pages_s']} with {many['threads']}"
    )
    follows = "preparing pages is a bound" if ratio > 1.05 else "the device is the bound"
    return figure, follows


def _factor(lines: dict[str, Line]) -> tuple[str, str]:
    best = max(row["pages_s"] for row in _rows(lines, "reading"))
    factor = best * lines["alone"].notes["page_s"]
    figure = f"{factor:.1f} times ({best} pages/s against {1 / lines['alone'].notes['page_s']:.2g})"
    return figure, "the goal of 15 is met" if factor >= 15 else "the goal of 15 is missed"


def _suite(lines: dict[str, Line]) -> tuple[str, str]:
    line = lines[SUITE]
    notes = line.notes
    figure = f"{notes['passed']} passed, {notes['failed']} failed, {notes['skipped']} skipped"
    if notes["failed"]:
        return figure, "correctness first: no tuning before these pass"
    if not notes["passed"]:
        return figure, "nothing is known"
    return figure, "as on the processor"


RULES: tuple[tuple[int, str, Rule], ...] = (
    (1, "is every attention right?", _exact),
    (1, "what does torch choose under a mask?", _chosen),
    (1, f"FlashAttention with lengths, {SLOTS} slots of {LENGTH}", _flash),
    (1, "the package flash-attn", _package),
    (2, f"the decode step at {SLOTS} slots", _step),
    (2, "experts for one slot", _few(1)),
    (2, "experts for two slots", _few(2)),
    (2, "experts for four slots", _few(4)),
    (2, "are recorded steps used?", _graphs_held),
    (3, "does the host hold up images?", _encoding_host),
    (3, "a page's image on the device", _encoding_device),
    (4, "texts, 100 at once", _texts),
    (5, "is the device busy?", _busy),
    (5, "threads that prepare pages", _threads),
    (7, "against generate, page by page", _factor),
    (8, "tests/gpu", _suite),
)
