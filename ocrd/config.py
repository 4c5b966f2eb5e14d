"""The configuration: one TOML file and environment overrides to frozen settings.

:func:`load` judges the text alone; :func:`check_folders` looks at the file system. Every refusal
names the file, the line where it can be found, the key, what is wrong and the remedy. Every value
can be overridden from the environment: ``OCRD_ENGINE__KIND`` is ``kind`` in ``[engine]``.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ocrd.config_types import Count, Duration, Size
from ocrd.errors import ConfigError

SYSTEM_STATE_DIR = Path("/var/lib/ocrd")
SYSTEM_RUNTIME_DIR = Path("/run/ocrd")
SOCKET_PATH_BYTES = 100  # sockaddr_un has room for 107, and a temporary name needs a few
ENV_PREFIX = "OCRD_"
CONFIG_VARIABLE = "OCRD_CONFIG"

JUNK = (
    ".*", "~$*", "*.part", "*.partial", "*.tmp", "*.crdownload", ".syncthing.*", "@eaDir",
    ".DS_Store", "Thumbs.db", "desktop.ini",
)  # fmt: skip


class _Table(BaseModel):
    """A table of the file: frozen, and no key beyond its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class EngineSettings(_Table):
    """What reads the pages."""

    kind: Literal["rapidocr", "module"] = Field(
        "rapidocr",
        description='"rapidocr" is the embedded engine: CPU, weights included, no network.'
        ' "module" is an engine of your own, see the key module.',
    )
    module: str | None = Field(
        None,
        description='With kind = "module": an importable Python module with a function load(),'
        " as described in ocrd/engine/worker.py.",
    )
    slots: Count | Literal["auto"] = Field(
        "auto", description='Pages in work at a time; "auto" suits the machine.'
    )
    threads: Count | Literal["auto"] = Field("auto", description="CPU threads of each slot.")
    load: Literal["start", "first-document"] = Field(
        "start", description="When the engine is loaded first."
    )
    idle_unload: Duration = Field(
        900.0,
        description='Unload the engine, and free its memory, after so long without a page; "0s"'
        " never does.",
    )
    start_timeout: Duration = Field(120.0, description="How long loading may take.")
    page_timeout: Duration = Field(
        300.0,
        description="How long a page may make no progress before the engine is started anew.",
    )
    max_kills: int = Field(
        3, ge=1, description="A page that ended the engine so often is given up."
    )
    restart_backoff: Duration = Field(
        1.0,
        description="Pause before a failed engine is started again; it doubles up to a minute.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description='With kind = "module": handed to the module as they are.'
    )

    @model_validator(mode="after")
    def _require_module(self) -> Self:
        if (self.kind == "module") != (self.module is not None):
            raise ValueError('the key module belongs to kind = "module", and is needed there')
        return self


class RasterSettings(_Table):
    """The child processes that open the sources and draw their pages."""

    children: int = Field(2, ge=1, le=64, description="How many.")
    memory: Size = Field(
        2 * 1024**3, ge=256 * 1024**2, description="Address space of each, at the most."
    )
    page_timeout: Duration = Field(
        60.0, gt=0, description="How long looking into a source, or drawing one page, may take."
    )
    recycle: int = Field(200, ge=1, description="Documents after which a child is replaced.")


class LimitSettings(_Table):
    """What is refused as too large, with that reason."""

    file_size: Size = Field(4 * 1024**3, gt=0, description="Bytes of a source.")
    pages: int = Field(20_000, gt=0, description="Pages of a document.")
    page_pixels: int = Field(
        400_000_000,
        gt=0,
        description="Pixels of an image, as its header announces them. Larger ones are drawn small"
        " where their format allows it without decoding them whole, else refused.",
    )


class InboxSettings(_Table):
    """A watched folder."""

    path: Path = Field(
        description="The folder. A relative path counts from the folder of this file."
    )
    mode: Literal["markdown", "text"] = Field(
        "markdown",
        description='"markdown", or "text" for plain text in reading order without any markup.',
    )
    outputs: tuple[Literal["md", "json"], ...] = Field(
        ("md",),
        min_length=1,
        description='What is written beside the original: "md" (the text) and "json" (blocks with'
        " label, text, confidence and boxes).",
    )
    done: Path = Field(
        Path("done"),
        description="Where sources go that were read: relative to path, or absolute.",
    )
    failed: Path = Field(
        Path("failed"),
        description="Where sources go that could not be read, with *.error.json saying why.",
    )
    source: Literal["move", "keep", "delete"] = Field(
        "move",
        description='What happens to a source that was read: "move" it to done, "delete" it (its'
        ' sidecar is in done), or "keep" it where it is, whatever becomes of it, with the sidecar'
        " beside it; a kept file is read again when its content changes.",
    )
    recursive: bool = Field(
        False, description="Watch subfolders too; done and failed mirror them."
    )
    engine: str | None = Field(
        None, description="The name of an engine under [engines]; the default is [engine]."
    )
    priority: int = Field(
        0, ge=-1000, le=1000, description="Folders with a higher number go first."
    )
    settle: Duration | None = Field(
        None,
        description="How long a file must stand still before it is read; by default 5 s, and 15 s"
        " on a network file system.",
    )
    scan_interval: Duration | None = Field(
        None,
        gt=0,
        description="How often the folder is scanned when no event asks for it; by default 30 s,"
        " and 10 s on a network file system.",
    )
    patience: Duration = Field(
        600.0,
        description="How long a file that looks damaged counts as not complete yet, before it"
        " fails.",
    )
    network: bool | Literal["auto"] = Field(
        "auto", description="Whether the folder is on a network file system."
    )
    ignore: tuple[str, ...] = Field(
        JUNK, description="Names of files and folders that are no documents."
    )
    passwords: tuple[SecretStr, ...] = Field(
        (), description="Tried on encrypted PDFs, in this order."
    )
    front_matter: bool = Field(
        False,
        description="Begin the Markdown with a YAML block: source, hash, pages, engine, warnings.",
    )
    page_marks: bool = Field(True, description="Begin each page with <!-- page 3 -->.")
    tolerance: float = Field(
        0.1,
        ge=0,
        le=1,
        description="The share of pages that may fail before the document fails; pages within it"
        " are noted in their place.",
    )

    @field_validator("path")
    @classmethod
    def _require_path(cls, path: Path) -> Path:
        if not str(path).strip() or path == Path():
            raise ValueError("names no folder")
        return Path(os.path.normpath(path.expanduser()))

    @property
    def done_dir(self) -> Path:
        """Return the absolute folder of sources that were read."""
        return Path(os.path.normpath(self.path / self.done.expanduser()))

    @property
    def failed_dir(self) -> Path:
        """Return the absolute folder of sources that could not be read."""
        return Path(os.path.normpath(self.path / self.failed.expanduser()))


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    state_dir: Path = Field(
        SYSTEM_STATE_DIR, description="The ledger's place; one daemon each. On a local disk."
    )
    runtime_dir: Path | None = Field(
        None,
        description="The control socket's place; by default /run/ocrd for /var/lib/ocrd, and run"
        " inside state_dir for any other.",
    )
    temp_dir: Path = Field(
        Path("tmp"), description="For a few page images at a time: relative to state_dir."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description='"auto" is text on a terminal and one JSON object an event elsewhere.'
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severity that is logged."
    )
    stop_timeout: Duration = Field(
        30.0, description="How long a stop waits for the pages in work."
    )
    documents_in_flight: int = Field(
        8, ge=1, le=1000, description="Documents in work at a time; long ones at most half of it."
    )
    free_space_floor: Size = Field(
        500 * 1024**2,
        description='Wait while less than this is free for temp_dir; "0B" never waits.',
    )
    engine: EngineSettings = Field(
        default_factory=EngineSettings, description="The default engine."
    )
    engines: dict[str, EngineSettings] = Field(
        default_factory=dict, description="Further engines, chosen by name."
    )
    rasterize: RasterSettings = Field(
        default_factory=RasterSettings, description="Drawing the pages."
    )
    limits: LimitSettings = Field(default_factory=LimitSettings, description="Limits.")
    inbox: tuple[InboxSettings, ...] = Field((), description="The watched folders.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file."""
        return env_settings, init_settings

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        state_dir = Path(str(values.get("state_dir", SYSTEM_STATE_DIR))).expanduser()
        temp_dir = Path(str(values.get("temp_dir", "tmp"))).expanduser()
        return {**values, "state_dir": state_dir, "temp_dir": state_dir / temp_dir}

    @model_validator(mode="after")
    def _require_sound(self) -> Self:
        if "default" in self.engines:
            raise ValueError('engines.default: the name "default" is that of [engine]')
        if len(os.fsencode(self.socket_path)) > SOCKET_PATH_BYTES:
            raise ValueError(
                f"runtime_dir: {self.socket_path} is too long for a Unix socket"
                f" ({SOCKET_PATH_BYTES} bytes); set a shorter runtime_dir"
            )
        for problem in _folder_conflicts(self.inbox):
            raise ValueError(problem)
        known = sorted({"default", *self.engines})
        for number, folder in enumerate(self.inbox):
            if folder.engine is not None and folder.engine not in known:
                raise ValueError(
                    f'inbox[{number}].engine: there is no engine "{folder.engine}"; known are'
                    f" {', '.join(known)}"
                )
        return self

    @property
    def socket_path(self) -> Path:
        """Return the path of the control socket."""
        runtime_dir = self.runtime_dir
        if runtime_dir is None:
            is_system = self.state_dir == SYSTEM_STATE_DIR
            runtime_dir = SYSTEM_RUNTIME_DIR if is_system else self.state_dir / "run"
        return runtime_dir.expanduser() / "ocrd.sock"


# Loading


def load(path: Path) -> Settings:
    """Return the settings of a file with the environment's overrides; raise ConfigError."""
    text = _read(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path}: this is not TOML: {error}.",
            hint="Strings need quotes, and folders begin with [[inbox]].",
        ) from error
    _make_absolute(values, path.absolute().parent)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _refused(path, text, error) from error
    except ValueError as error:  # an environment variable that is no JSON
        raise ConfigError(
            f"The environment overrides a value with what cannot be read: {error}.",
            hint="Tables and lists are written as JSON; or unset the variable.",
        ) from error
    if not settings.inbox:
        raise ConfigError(
            f"{path}: no folder is watched.",
            hint='Add a table [[inbox]] with path = "/the/folder".',
        )
    return settings


def default_settings() -> Settings:
    """Return the settings where there is no file, as ``ocrd convert`` uses them."""
    return Settings()


def find_config(explicit: Path | None = None) -> Path:
    """Return the configuration file to use; raise ConfigError if there is none."""
    if explicit is not None:
        return explicit
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    usual = (home / "ocrd" / "config.toml", Path("/etc/ocrd/config.toml"))
    for path in usual:
        if path.exists():
            return path
    raise ConfigError(
        f"There is no configuration at {usual[0]} or {usual[1]}.",
        hint="Make one with 'ocrd init DIR', or name one with --config or OCRD_CONFIG.",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file.", hint="Make one with 'ocrd init DIR'."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}.", hint="Check its permissions and its owner."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: not UTF-8 at byte {error.start}.", hint="Save the file as UTF-8."
        ) from error


def _make_absolute(values: dict[str, Any], base: Path) -> None:
    """Let relative paths count from the folder of the file."""
    for key in ("state_dir", "runtime_dir"):
        if isinstance(values.get(key), str):
            values[key] = str(base / Path(values[key]).expanduser())
    inboxes = values.get("inbox")
    for inbox in inboxes if isinstance(inboxes, list) else ():
        if isinstance(inbox, dict) and isinstance(inbox.get("path"), str) and inbox["path"]:
            inbox["path"] = str(base / Path(inbox["path"]).expanduser())


# Refusing


def _refused(path: Path, text: str, error: ValidationError) -> ConfigError:
    """Return the first fault as a person can mend it, and how many there are."""
    faults = error.errors(include_url=False, include_input=False)
    fault = faults[0]
    location = tuple(part for part in fault["loc"] if not _is_type_tag(part))
    message = fault["msg"].removeprefix("Value error, ")
    key = _key(location)
    if not key and ": " in message:  # a model's own refusal names its key itself
        key, message = message.split(": ", 1)
        location = _location(key)
    hint = ""
    if fault["type"] == "extra_forbidden":
        message = "unknown key"
        hint = _nearest(location)
    elif fault["type"] == "missing":
        message = "this key is needed"
    elif len(faults) > 1 and all(other["loc"][:1] == fault["loc"][:1] for other in faults):
        message = "; or ".join(dict.fromkeys(f["msg"].removeprefix("Value error, ")
                                             for f in faults if f["loc"][:-1] == fault["loc"][:-1]))
    variable = ENV_PREFIX + "__".join(str(part).upper() for part in location)
    if variable in os.environ:
        where = f"The environment variable {variable}"
    else:
        line = _line_of(text, location)
        where = f"{path}, line {line}" if line else str(path)
    return ConfigError(
        f"{where}: {key}: {message}.".replace("..", "."),
        hint=hint or "See config.example.toml, or docs/configuration.md, for what is possible.",
    )


def _is_type_tag(part: object) -> bool:
    """Say whether pydantic put the name of a union's member into the location."""
    return isinstance(part, str) and bool(
        re.match(r"(function-|literal\[|constrained-|int$|float$|bool$|nullable)", part)
    )


def _key(location: Sequence[object]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _location(key: str) -> tuple[str | int, ...]:
    parts = re.findall(r"[^.\[\]]+", key)
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _nearest(location: Sequence[object]) -> str:
    tables: dict[str, type[BaseModel]] = {
        "engine": EngineSettings, "engines": EngineSettings, "rasterize": RasterSettings,
        "limits": LimitSettings, "inbox": InboxSettings,
    }  # fmt: skip
    table = tables.get(str(location[0]) if len(location) > 1 else "", Settings)
    known = list(table.model_fields)
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known keys here: {', '.join(known)}."


def _line_of(text: str, location: Sequence[object]) -> int | None:
    """Return the line of a key, or of the table that lacks it; None if it cannot be told."""
    table: list[object] = []
    counts: dict[str, int] = {}
    best = None
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if header := re.match(r"\[\[\s*([\w.-]+)\s*\]\]", stripped):
            counts[header[1]] = counts.get(header[1], -1) + 1
            table = [*header[1].split("."), counts[header[1]]]
        elif header := re.match(r"\[\s*([\w.-]+)\s*\]", stripped):
            table = [*header[1].split(".")]
        elif key := re.match(r"\"?([\w.-]+)\"?\s*=", stripped):
            here = [*table, *key[1].split(".")]
            if here == list(location[: len(here)]):
                return number
            continue
        else:
            continue
        if table == list(location[: len(table)]):
            best = number
    return best


# Folders


def _folder_conflicts(inboxes: Sequence[InboxSettings]) -> Iterator[str]:
    """Yield what is wrong between the folders, judged by their names alone."""
    for number, folder in enumerate(inboxes):
        name = f"inbox[{number}]"
        for key, place in (("done", folder.done_dir), ("failed", folder.failed_dir)):
            if place == folder.path or folder.path.is_relative_to(place):
                yield f"{name}.{key}: {place} is or holds the watched folder; name another"
        if folder.done_dir == folder.failed_dir:
            yield f"{name}.failed: done and failed are one folder; name two"
        for other_number, other in enumerate(inboxes):
            if other_number == number:
                continue
            if other.path == folder.path:
                yield f"inbox[{max(number, other_number)}].path: {folder.path} is watched twice"
            if other.recursive and folder.path.is_relative_to(other.path):
                yield (
                    f"{name}.path: {folder.path} is inside {other.path}, which is watched with its"
                    " subfolders; watch one of them, or set recursive = false there"
                )
            for key, place in (("done", folder.done_dir), ("failed", folder.failed_dir)):
                watched = place == other.path or (
                    other.recursive and place.is_relative_to(other.path)
                )
                if watched and folder.source != "keep":
                    yield f"{name}.{key}: {place} is inside the watched folder {other.path}"


def check_folders(settings: Settings) -> list[str]:
    """Return what is wrong with the folders on disk, each with its remedy; empty if nothing is."""
    problems = list(_real_conflicts(settings.inbox))
    for folder in settings.inbox:
        problems += _check_inbox(folder)
    for key in ("state_dir", "temp_dir"):
        path: Path = getattr(settings, key)
        if path.exists() and not os.access(path, os.W_OK | os.X_OK):
            problems.append(f"{key}: {path} is not writable for this user; change its owner")
    return problems


def _check_inbox(folder: InboxSettings) -> Iterator[str]:
    if not folder.path.exists():
        # A share that is not mounted yet is offline, and comes back; its parent must be there.
        if not folder.path.parent.exists():
            yield f"inbox {folder.path}: there is no such folder; make it, or correct the path"
        return
    if not folder.path.is_dir():
        yield f"inbox {folder.path}: not a folder"
        return
    if not os.access(folder.path, os.R_OK | os.X_OK):
        yield f"inbox {folder.path}: not readable for this user; change its owner or mode"
    if not os.access(folder.path, os.W_OK):
        yield f"inbox {folder.path}: not writable for this user; change its owner or mode"
    if folder.source != "keep":
        for key, place in (("done", folder.done_dir), ("failed", folder.failed_dir)):
            existing = place
            while not existing.exists():
                existing = existing.parent
            if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
                yield (
                    f"inbox {folder.path}: {key}: {existing} is not a folder that this user may"
                    " write; change it, or its owner"
                )


def _real_conflicts(inboxes: Sequence[InboxSettings]) -> Iterator[str]:
    """Yield conflicts that only show when links are followed."""
    real = [
        folder.model_copy(
            update={
                "path": Path(os.path.realpath(folder.path)),
                "done": Path(os.path.realpath(folder.done_dir)),
                "failed": Path(os.path.realpath(folder.failed_dir)),
            }
        )
        for folder in inboxes
    ]
    yield from _folder_conflicts(real)


def refusal(path: Path, problems: Sequence[str]) -> ConfigError:
    """Return the error for the problems that :func:`check_folders` found."""
    listed = "; ".join(problems)
    return ConfigError(f"{path}: {listed}.", hint="'ocrd check' shows what is ready and what not.")


# A new file


def template(inbox: Path, state_dir: Path) -> str:
    """Return a small commented configuration for one inbox, as ``ocrd init`` writes it."""
    return f'''# ocrd configuration. Everything that is not here has its default;
# config.example.toml and docs/configuration.md explain every key.

state_dir = {_quoted(state_dir)}

[engine]
kind = "rapidocr"             # the embedded engine: CPU, no network
idle_unload = "15m"           # free its memory when no pages come

[[inbox]]
path = {_quoted(inbox)}
mode = "markdown"             # markdown | text
outputs = ["md"]              # md | json
source = "move"               # move | keep | delete, after success
recursive = true              # subfolders too; done/ and failed/ mirror them
# passwords = ["secret"]      # tried on encrypted PDFs
# front_matter = true         # begin the Markdown with source, hash, pages, warnings
'''


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
