"""The figures for people: Markdown, as docs/benchmarks.md has it (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.gpu import decide, stages
from benchmarks.gpu.lines import Line

FILE = "report.md"
NOTHING = "Measured without a GPU: these figures show that the command works, and nothing else."


def written(lines: Sequence[Line], date: str) -> str:
    """Return the whole report."""
    known = {line.name: line for line in lines}
    facts = known["ceilings"].notes if "ceilings" in known else {}
    parts = [
        f"### On {facts.get('device') or facts.get('machine', 'an unknown machine')}, {date}",
        _versions(facts),
        _table(
            {"stage": f"{line.stage} {line.name}", "status": line.status, "seconds": line.seconds,
              "why": line.why} for line in lines
        ),
    ]  # fmt: skip
    for line in lines:
        parts += _section(line)
    if facts.get("device"):
        parts += ["#### What follows", _decisions(lines)]
    else:
        parts.append(NOTHING)
    return "\n\n".join(part for part in parts if part) + "\n"


def _versions(facts: Mapping[str, Any]) -> str:
    told = [
        f"{name} {facts[key]}"
        for name, key in (
            ("Python", "python"), ("torch", "torch"), ("CUDA", "cuda"), ("cuDNN", "cudnn"),
            ("Transformers", "transformers"),
        )
        if facts.get(key)
    ]  # fmt: skip
    said = ", ".join(told)
    return (
        f"`python3 -m benchmarks.gpu`: random weights, every page its own. {said}."
        f" Host: {facts.get('machine', 'unknown')}."
    )


def _section(line: Line) -> Iterator[str]:
    if not line.rows and not line.notes:
        return
    yield f"#### {line.stage}: {stages.named(line.name).tells}"
    yield from map(_table, _of_one_kind(line.rows))
    yield _list(line.notes)


def _of_one_kind(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the rows in groups, each with the same first column."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(next(iter(row)), []).append(row)
    yield from groups.values()


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = [*rows]
    columns = [*dict.fromkeys(column for row in rows for column in row)]
    lines = [[column.replace("_", " ") for column in columns], ["---"] * len(columns)]
    lines += [[_cell(row.get(column)) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(notes: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name.replace('_', ' ')}: {_cell(value)}" for name, value in notes.items())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return " ".join(str(value).split()).replace("|", "\\|")


def _decisions(lines: Sequence[Line]) -> str:
    return _table(
        {"stage": one.stage, "question": one.question, "figure": one.figure, "follows": one.follows}
        for one in decide.outcomes(lines)
    )
