"""``model``: fetching a model's weights, the one thing here that reaches out to the hub."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd import installation
from ocrd.cli import screen
from ocrd.cli.options import ConfigOption
from ocrd.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings
    from ocrd.engine.deepseek.network.hub import Fetched

DEFAULT_KIND = "deepseek-ocr-2"

app = typer.Typer(
    name="model", no_args_is_help=True, help="Fetch the weights of the DeepSeek engines."
)


@app.callback()
def _group() -> None:
    """Keep ``pull`` a command of its own while it is the only one."""


@app.command()
def pull(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="OWNER/NAME on the Hugging Face hub; otherwise the model of the configuration,"
            " else that of DeepSeek-OCR-2.",
        ),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(metavar="R", help="A branch, tag or commit of it.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="A folder for it, which every user can read; otherwise the hub's cache of"
            " the user that runs this.",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Fetch a model, or the rest of it, and say what to write into the configuration."""
    _require_library()
    from ocrd.engine.deepseek.network import hub

    if name is None:
        name, configured = _configured(config)
        revision = revision or configured
        if not hub.is_name(name):
            raise typer.BadParameter(
                f"The configuration's model is the folder {name}; say which ID to fetch."
            )
    if not hub.is_name(name):
        raise typer.BadParameter(f"{name} is not OWNER/NAME.", param_hint="ID")
    screen.say(f"Fetching {name} into {hub.place_of(name, to)}")
    with _bar(name) as on_bytes:
        fetched = hub.fetch(name, revision=revision, to=to, on_bytes=on_bytes)
    _tell(name, revision, fetched, is_own_folder=to is not None)


def _require_library() -> None:
    try:
        import huggingface_hub  # noqa: F401
    except ImportError as error:
        raise EngineError(
            f"Fetching a model takes a library that cannot be imported ({error}).",
            hint=f"Install it: {installation.adding('gpu')}.",
        ) from error


def _configured(config: Path | None) -> tuple[str, str | None]:
    """Return the model and revision of the first DeepSeek engine of the configuration."""
    from ocrd.tasks import MODELS

    for engine in _engines(config):
        if engine.kind in MODELS and engine.model is not None:
            return engine.model, engine.revision
    return MODELS[DEFAULT_KIND], None


def _engines(config: Path | None) -> list[EngineSettings]:
    from ocrd.config.settings import find_config, load

    try:
        path = find_config(config)
    except ConfigError:
        return []  # the weights may well come first
    settings = load(path)
    return [settings.engine, *settings.engines.values()]


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with bytes done, bytes a second and the time left, on standard error."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=screen.err(),
        disable=not screen.err().is_terminal,
        speed_estimate_period=60,
    ) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(name: str, revision: str | None, fetched: Fetched, *, is_own_folder: bool) -> None:
    """Say where the model lies and which lines of the configuration take it."""
    screen.say(f"{name} lies in {fetched.folder} (commit {fetched.commit}).")
    lines = ["[engine]"]
    kind = _kind(fetched.folder)
    if kind is None:
        screen.say(
            "It is none of DeepSeek-OCR, DeepSeek-OCR-2 and Unlimited-OCR: ocrd cannot read with"
            " it."
        )
        return
    lines.append(f'kind = "{kind}"')
    if is_own_folder:
        lines.append(f"model = {json.dumps(str(fetched.folder), ensure_ascii=False)}")
    else:
        lines.append(f'model = "{name}"')
        if revision is not None:
            lines.append(f'revision = "{revision}"')
    screen.say("To read with it, write into the configuration:")
    for line in lines:
        screen.say(f"  {line}")
    if not is_own_folder:
        screen.say("A daemon of another user does not find it there: for that use --to DIR.")


def _kind(folder: Path) -> str | None:
    from ocrd.engine.deepseek.network import layouts, weights

    source = weights.Source(str(folder), folder, is_from_hub=False)
    return layouts.kind_of(weights.read_config(source))
