"""``convert``: files to Markdown in one shot, with a progress bar and without a daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocrd.cli import screen
from ocrd.cli.options import JsonOption
from ocrd.errors import EXIT_FAILED, EXIT_OK

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from ocrd.config.settings import Settings
    from ocrd.convert import Outcome, Progress
    from ocrd.tasks import Task


class Mode(StrEnum):
    """What is made of the page."""

    MARKDOWN = "markdown"
    TEXT = "text"
    FIGURE = "figure"
    DESCRIBE = "describe"
    LOCATE = "locate"
    PROMPT = "prompt"


class Size(StrEnum):
    """The detail that DeepSeek-OCR reads a page with."""

    TINY = "tiny"
    SMALL = "small"
    BASE = "base"
    LARGE = "large"
    GUNDAM = "gundam"


class Kind(StrEnum):
    """What is written of a document."""

    MD = "md"
    JSON = "json"
    OVERLAY = "overlay"


def convert(  # noqa: PLR0917 - Typer makes options of them
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="PDFs and images."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            *("--output", "-o"),
            metavar="DIR",
            file_okay=False,
            help="Where the sidecars go; otherwise beside each file.",
        ),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="What the engine is asked for.")] = Mode.MARKDOWN,
    target: Annotated[str, typer.Option(help="With --mode locate: what to find.")] = "",
    prompt: Annotated[str, typer.Option(help="With --mode prompt: what to ask.")] = "",
    size: Annotated[
        Size | None, typer.Option(help="With DeepSeek-OCR: the detail of the reading.")
    ] = None,
    kinds: Annotated[
        list[Kind] | None, typer.Option("--format", "-f", help="May be given twice.")
    ] = None,
    figures: Annotated[
        bool, typer.Option(help="Cut figures out into a folder, and link them.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Take engine and limits from this configuration."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read files once; the sources are left as they are."""
    from ocrd.config.settings import default_settings, load
    from ocrd.tasks import Task, fault_of

    settings = default_settings() if config is None else load(config)
    task = Task(mode.value, target, prompt, size.value if size else "")
    if fault := fault_of(task, settings.engine.kind):
        raise typer.BadParameter(
            f"{fault.message}. {fault.remedy}", param_hint=f"--{fault.field}"
        )
    outputs = tuple(dict.fromkeys(kind.value for kind in kinds or [Kind.MD]))
    outcomes = _convert(
        sources, out, settings, task, outputs, figures=figures, force=force
    )
    if as_json:
        screen.emit([_outcome_to_json(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            _print_outcome(outcome)
    failed = any(outcome.error is not None for outcome in outcomes)
    raise typer.Exit(EXIT_FAILED if failed else EXIT_OK)


def _convert(
    sources: Sequence[Path],
    out: Path | None,
    settings: Settings,
    task: Task,
    outputs: tuple[str, ...],
    *,
    figures: bool,
    force: bool,
) -> list[Outcome]:
    from ocrd.convert import convert as convert_files

    with progress_bar() as bar:
        row = bar.add_task("starting the engine", total=None)

        def on_progress(progress: Progress) -> None:
            bar.update(
                row,
                description=str(screen.plain(progress.file.name)),
                completed=progress.total_done,
                total=progress.total_known,
            )

        return asyncio.run(
            convert_files(
                sources,
                out,
                settings,
                task=task,
                outputs=outputs,
                figures=figures,
                force=force,
                on_progress=on_progress,
            )
        )


def progress_bar() -> Bar:
    """Return a bar with pages done, pages a second and the time left, on standard error."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar
    from rich.progress import Task as Row
    from rich.text import Text

    class PagesPerSecond(ProgressColumn):
        """Pages a second since the first page."""

        def render(self, task: Row) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.2f} pages/s")

    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        PagesPerSecond(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=screen.err(),
        disable=not screen.err().is_terminal,
        speed_estimate_period=300,  # pages take seconds: keep enough of them for a rate
    )


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    from ocrd.web.wire import error_to_json

    return {
        "file": str(outcome.file),
        "outputs": [str(path) for path in outcome.outputs],
        "pages": outcome.pages,
        "seconds": round(outcome.seconds, 3),
        "state": outcome.state,
        "doubtful": list(outcome.doubtful),
        "failed": list(outcome.failed),
        "warnings": list(outcome.warnings),
        "error": None if outcome.error is None else error_to_json(outcome.error),
    }


def _print_outcome(outcome: Outcome) -> None:
    if outcome.error is not None:
        screen.explain(outcome.error, as_json=False)
        if not outcome.outputs:
            return
    made = ", ".join(str(screen.plain(path)) for path in outcome.outputs)
    many = "1 page" if outcome.pages == 1 else f"{outcome.pages} pages"
    name = screen.plain(outcome.file)
    screen.say(f"{name} → {made} ({many}, {screen.span(outcome.seconds)})")
    if outcome.error is None and outcome.state != "done":
        screen.warn(f"{name}: {outcome.state}")
    for warning in outcome.warnings:
        screen.warn(f"  {screen.plain(warning)}")
