"""``convert``: files to Markdown in one shot, with a progress bar and without a daemon."""

from __future__ import annotations

import asyncio
import io
import re
import signal
import sys
import tempfile
from collections.abc import Coroutine, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocrd.cli import outlets, screen
from ocrd.cli.options import JsonOption
from ocrd.cli.outcomes import Outcomes
from ocrd.errors import EXIT_FAILED, EXIT_OK

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from ocrd.config.settings import Settings
    from ocrd.convert import Progress, Wanted
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


def _path(text: str) -> Path:
    """Return a path; refuse "", which a shell makes of a variable that is not set."""
    if not text:
        raise typer.BadParameter("This names nothing; the folder that you are in is '.'.")
    return Path(text)


def convert(  # noqa: PLR0917 - Typer makes options of them
    sources: Annotated[
        list[Path],
        typer.Argument(
            parser=_path,
            metavar="FILE",
            help="PDFs and images; folders with -r; - is standard input.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            *("--output", "-o"),
            parser=_path,
            metavar="PLACE",
            help="A folder; for one FILE also a file (.md, .txt, .json); - is standard output."
            " Otherwise results lie beside each FILE.",
        ),
    ] = None,
    recursive: Annotated[
        bool,
        typer.Option("--recursive", "-r", help="Read the documents in folders and below them."),
    ] = False,
    kinds: Annotated[
        list[Kind] | None,
        typer.Option("--format", "-f", help="What is written; may be given twice."),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(help="What the engine is asked for; markdown, or text for a .txt file."),
    ] = None,
    target: Annotated[
        str, typer.Option(metavar="TEXT", help="With --mode locate: what to find.")
    ] = "",
    prompt: Annotated[
        str, typer.Option(metavar="TEXT", help="With --mode prompt: what to ask.")
    ] = "",
    size: Annotated[
        Size | None, typer.Option(help="With DeepSeek-OCR: the detail of the reading.")
    ] = None,
    spoken: Annotated[
        list[str] | None,
        typer.Option(
            *("--language", "-l"),
            metavar="CODES",
            help="The documents' languages by Tesseract's codes, the likeliest first, as in"
            " deu,rus; may be given twice. Otherwise found out, page by page.",
        ),
    ] = None,
    figures: Annotated[
        bool, typer.Option(help="Cut figures out into a folder, and link them.")
    ] = True,
    passwords: Annotated[
        list[str] | None,
        typer.Option(
            "--password",
            metavar="WORD",
            help="Tried on encrypted PDFs; other users can see it in the list of processes.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Holds passwords, one a line; - is standard input."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", min=1, help="Documents in work at a time."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say errors only.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            *("--config", "-c"),
            metavar="FILE",
            help="Take engine and limits from this configuration.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read files once; the sources are left as they are."""
    from ocrd.config.settings import default_settings, load
    from ocrd.convert import Wanted
    from ocrd.tasks import Task

    settings = default_settings() if config is None else load(config, for_daemon=False)
    asked = tuple(dict.fromkeys(kind.value for kind in kinds or ()))
    place = outlets.Place(out, asked, sources, as_json=as_json)
    default = Mode.TEXT if place.is_plain_text else Mode.MARKDOWN
    told = Outcomes(as_json=as_json, is_quiet=quiet)
    task = _task(
        settings.engine.kind,
        Task(
            (mode or default).value, target, prompt, size.value if size else "",
            _codes_in(spoken or ()),
        ),
        told,
    )  # fmt: skip
    words = (*(passwords or ()), *_passwords_in(password_file, sources))
    _convert(
        sources, place, settings, Wanted(task, place.outputs, figures, words), told,
        recursive=recursive, force=force, jobs=jobs,
    )  # fmt: skip
    raise typer.Exit(EXIT_FAILED if told.has_failures else EXIT_OK)


def _codes_in(spoken: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of languages; they may stand together, as in deu,rus or deu+rus."""
    from ocrd import languages

    codes = [code.strip() for text in spoken for code in re.split("[,+]", text)]
    for code in codes:
        if not languages.CODE.fullmatch(code):
            raise typer.BadParameter(
                f"{str(screen.plain(code))!r} is no code of a language. {languages.advice(code)}",
                param_hint="--language",
            )
    return tuple(dict.fromkeys(codes))


def _task(kind: str, task: Task, told: Outcomes) -> Task:
    """Return the task, if the engine of this kind can do it; raise BadParameter."""
    from ocrd import languages, remedies
    from ocrd.tasks import fault_of

    if fault := fault_of(task, kind):
        name = "language" if fault.field == "languages" else fault.field
        raise typer.BadParameter(
            remedies.said(f"{fault.message}. {fault.remedy}"), param_hint=f"--{name}"
        )
    if kind in {"rapidocr", "tesseract"} and (lacking := languages.complaint(task.languages)):
        said = remedies.said(f"{lacking.what}. {lacking.remedy}")
        # The embedded engine reads most pages itself, and leaves to Tesseract the others only.
        if kind == "tesseract" or lacking.is_unknown:
            raise typer.BadParameter(said, param_hint="--language")
        told.note(said)
    return task


def _passwords_in(file: Path | None, sources: Sequence[Path]) -> list[str]:
    """Return the lines of a file, without what ends them; raise BadParameter."""
    if file is None:
        return []
    if file == outlets.STANDARD and outlets.STANDARD in sources:
        raise typer.BadParameter(
            "Standard input is the document already: name a file.", param_hint="--password-file"
        )
    try:
        content = sys.stdin.buffer.read() if file == outlets.STANDARD else file.read_bytes()
        return [line for line in content.decode().splitlines() if line]
    except OSError as error:
        reason = f"{screen.plain(file)}: {error.strerror}."
    except UnicodeDecodeError:
        reason = f"{screen.plain(file)} is not UTF-8."
    raise typer.BadParameter(reason, param_hint="--password-file")


def _convert(
    sources: Sequence[Path],
    place: outlets.Place,
    settings: Settings,
    wanted: Wanted,
    told: Outcomes,
    *,
    recursive: bool,
    force: bool,
    jobs: int | None,
) -> None:
    from ocrd.convert import JOBS
    from ocrd.convert import convert as convert_all
    from ocrd.gathering import Gatherer

    if outlets.STANDARD in sources and (sys.stdin is None or sys.stdin.isatty()):
        where = "closed" if sys.stdin is None else "the terminal"
        raise typer.BadParameter(f"Standard input is {where}: let a file come from it.")
    with (
        tempfile.TemporaryDirectory(prefix="ocrd-convert-") as temp_dir,
        place.outlet() as outlet,
        told,
    ):
        gatherer = Gatherer(
            recursive=recursive,
            temp_dir=Path(temp_dir),
            most_bytes=settings.limits.file_size,
            standard_input=sys.stdin.buffer if sys.stdin else io.BytesIO(),
            apart=place.folder,
        )
        gathered = gatherer.gather(sources)
        told.left_alone(gathered.left)
        with progress_bar(is_wanted=not told.is_quiet and not _shows_text(place)) as bar:
            row = bar.add_task("starting the engine", total=None)

            def on_progress(progress: Progress) -> None:
                bar.update(
                    row,
                    description=str(screen.plain(progress.file.name)),
                    completed=progress.total_done,
                    total=progress.total_known,
                )

            _run(
                convert_all(
                    gathered.originals,
                    outlet,
                    settings,
                    Path(temp_dir),
                    wanted=wanted,
                    force=force,
                    jobs=jobs or JOBS,
                    on_progress=on_progress,
                    on_outcome=told.tell,
                )
            )


def _run(work: Coroutine[Any, Any, object]) -> None:
    """Do the work; a signal to end gives it up in order, and nothing temporary stays behind."""
    received: list[int] = []

    async def interruptible() -> None:
        task = asyncio.ensure_future(work)

        def end(number: int) -> None:
            received.append(number)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, end, number)
        await task

    try:
        asyncio.run(interruptible())
    except asyncio.CancelledError:
        if not received:
            raise
        raise typer.Exit(128 + received[0]) from None  # as a shell has it


def _shows_text(place: outlets.Place) -> bool:
    """Say whether the results come to the terminal, where a bar would be in their way."""
    return place.is_stream and sys.stdout.isatty()


def progress_bar(*, is_wanted: bool = True) -> Bar:
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
        disable=not (is_wanted and screen.err().is_terminal),
        redirect_stdout=sys.stdout.isatty(),  # else what goes into a pipe would show here
        speed_estimate_period=300,  # pages take seconds: keep enough of them for a rate
    )
