"""The configuration: one TOML file and environment overrides to frozen settings.

:func:`load` judges the text alone; :func:`check_folders` looks at the file system. Every refusal
names the file, the line where it can be found, the key, what is wrong and the remedy. Every value
can be overridden from the environment: ``OCRD_ENGINE__KIND`` is ``kind`` in ``[engine]``.

The descriptions of the keys become docs/configuration.md and config.example.toml.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ocrd.config import file, runtime
from ocrd.config.api import ApiSettings
from ocrd.config.disk import check_folders, offline_folders, unseen_folders
from ocrd.config.engine import EngineSettings
from ocrd.config.file import ENV_PREFIX
from ocrd.config.folders import conflicts, own_directories, watched
from ocrd.config.home import SYSTEM_STATE_DIR, default_state_dir, find_config
from ocrd.config.judging import judged
from ocrd.config.refusal import about_inbox, refusal, several
from ocrd.config.tables import InboxSettings, LimitSettings, RasterSettings
from ocrd.config.types import (
    AbsoluteFolder,
    Count,
    Duration,
    Folder,
    Size,
    oddity,
    refuse,
    refuse_all,
)
from ocrd.config.unknown import Forgetful, as_far_as_known
from ocrd.errors import ConfigError, Fault
from ocrd.tasks import fault_of

__all__ = [
    "ApiSettings", "EngineSettings", "InboxSettings", "LimitSettings", "RasterSettings", "Settings",
    "check_folders", "default_settings", "find_config", "load", "offline_folders", "refusal",
    "template", "unseen_folders",
]  # fmt: skip

GroupName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*[$]?$", max_length=32)]
EngineName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class Settings(Forgetful, BaseSettings):
    """The whole configuration."""

    FOLLOWS: ClassVar[dict[str, tuple[str, ...]]] = {"state_dir": ("temp_dir",)}

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=True,
        case_sensitive=True,
    )

    state_dir: AbsoluteFolder = Field(
        SYSTEM_STATE_DIR,
        description="The place of the ledger, which knows what was done; one daemon each. It has to"
        " be on a local disk. For a person's configuration, which is not in /etc, the default is"
        " ~/.local/state/ocrd of the file's owner.",
    )
    runtime_dir: AbsoluteFolder | None = Field(
        None,
        examples=["/run/ocrd"],
        description="The control socket's place; by default /run/ocrd for /var/lib/ocrd, and run"
        " inside state_dir for any other. Where that path is too long for a socket (over 100"
        " bytes), it is a private folder named after state_dir, in $XDG_RUNTIME_DIR, /run/user/UID"
        " or /tmp; but a configuration in /etc has to name one.",
    )
    control_group: GroupName | None = Field(
        None,
        examples=["ocrd-control"],
        description="The group whose members may ask the daemon and steer it: status, pause,"
        " cancel, reload. By default ocrd-control where the socket is in /run/ocrd and there is"
        " such a group, and the daemon's own group elsewhere.",
    )
    temp_dir: Folder = Field(
        Path("tmp"),
        description="For a few page images at a time: relative to state_dir, or absolute. What is"
        " not the default gets a folder of ocrd's own inside, which is emptied at each start.",
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto",
        description='"auto" is text on a terminal, the journal with its fields under systemd, and'
        " one JSON object an event elsewhere.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severity that is logged."
    )
    stop_timeout: Duration = Field(30.0, description="How long a stop waits for the pages in work.")
    documents_in_flight: Count = Field(
        "auto",
        description='Documents in work at a time; "auto" is 8, or as many as the engines take'
        " pages at a time, besides those that are being filed. Long ones are at most half of it,"
        " and at most 4.",
    )
    free_space_floor: Size = Field(
        500 * 1024**2,
        description='Wait while less than this is free for temp_dir; "0B" never waits.',
    )
    keep_jobs: Duration = Field(
        90 * 86400.0,
        description='How long "ocrd jobs" lists a finished document; "0s" is for ever. That a file'
        ' in a folder with source = "keep" was read is never forgotten.',
    )
    engine: EngineSettings = Field(
        default_factory=EngineSettings, description="The default engine."
    )
    engines: dict[EngineName, EngineSettings] = Field(
        default_factory=dict, description="Further engines, chosen by name."
    )
    rasterize: RasterSettings = Field(
        default_factory=RasterSettings, description="Drawing the pages."
    )
    limits: LimitSettings = Field(default_factory=LimitSettings, description="Limits.")
    api: ApiSettings = Field(default_factory=ApiSettings, description="Programs that ask.")
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
        """Read nothing here: :func:`load` lays the environment over the file.

        The library's own source cannot reach the entries of a list, passes over misspelt names,
        and does not tell which variable a refused value came from.
        """
        return (init_settings,)

    @field_validator("temp_dir")
    @classmethod
    def _own_temp_dir(cls, temp_dir: Path, info: ValidationInfo) -> Path:
        state_dir: Path | None = info.data.get("state_dir")
        if state_dir is None:
            return temp_dir
        temp_dir = Path(os.path.normpath(state_dir / temp_dir))
        own = f"ocrd-{hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:8]}"
        if temp_dir == state_dir / "tmp" or temp_dir.name == own:
            return temp_dir
        return temp_dir / own

    @model_validator(mode="after")
    def _require_sense(self) -> Self:
        refuse_all(self.contradictions())
        return self

    def contradictions(self) -> Iterator[PydanticCustomError]:
        """Yield what contradicts each other between tables, as far as it is known."""
        checks = [
            self._long_socket(), self._name_of_engines(), self._unknown_engine_of_api(),
            self._unknown_links(),
            self._folders_in_the_way(),
        ]  # fmt: skip
        for number, folder in enumerate(self.__dict__.get("inbox", ())):
            key = f"inbox[{number}]"
            checks += [
                self._unknown_engine(key, folder), self._alien_task(key, folder),
                self._text_without_text(key, folder),
            ]  # fmt: skip
        for check in checks:
            yield from as_far_as_known(check)

    def _long_socket(self) -> Iterator[PydanticCustomError]:
        if not runtime.fits(self.socket_path.parent):
            most = runtime.SOCKET_PATH_BYTES
            yield refuse(
                f"{self.socket_path} is too long for a socket (over {most} bytes)",
                "Set runtime_dir to a folder with a shorter path.",
                "state_dir" if self.runtime_dir is None else "runtime_dir",
            )

    def _name_of_engines(self) -> Iterator[PydanticCustomError]:
        if "default" in self.engines:
            yield refuse('"default" is the name of [engine]', "Choose another.", "engines.default")

    def _unknown_engine_of_api(self) -> Iterator[PydanticCustomError]:
        known = ["default", *self.engines]
        if self.api.engine is not None and self.api.engine not in known:
            yield refuse(
                f'there is no engine "{self.api.engine}"',
                f"Known are {', '.join(known)}; add [engines.NAME] for another.",
                "api.engine",
            )

    def _unknown_links(self) -> Iterator[PydanticCustomError]:
        known = {"default": self.engine, **self.engines}
        for name, engine in known.items():
            table = "engine" if name == "default" else f"engines.{name}"
            seconds = [engine.second_opinion] if engine.second_opinion else []
            links = [("fallback", other) for other in engine.fallback]
            for key, other in [*links, *(("second_opinion", other) for other in seconds)]:
                if other == name:
                    yield refuse("an engine cannot stand behind itself", "Name another.",
                                 f"{table}.{key}")  # fmt: skip
                elif other not in known:
                    yield refuse(
                        f'there is no engine "{other}"',
                        f"Known are {', '.join(known)}; add [engines.NAME] for another.",
                        f"{table}.{key}",
                    )

    def _unknown_engine(self, key: str, folder: InboxSettings) -> Iterator[PydanticCustomError]:
        known = ["default", *self.engines]
        if folder.engine is not None and folder.engine not in known:
            yield refuse(
                f'there is no engine "{folder.engine}"',
                f"Known are {', '.join(known)}; add [engines.NAME] for another.",
                f"{key}.engine",
            )

    def _alien_task(self, key: str, folder: InboxSettings) -> Iterator[PydanticCustomError]:
        if folder.engine not in {None, "default"} and folder.engine not in self.engines:
            return  # told of already
        if fault := fault_of(folder.task, self.engine_of(folder).kind):
            yield refuse(fault.message, fault.remedy, f"{key}.{fault.field}")

    def _folders_in_the_way(self) -> Iterator[PydanticCustomError]:
        told = set()  # one conflict a key: mending it may be the end of the others
        for conflict in conflicts(watched(self.inbox), own_directories(self)):
            if conflict.key not in told:
                told.add(conflict.key)
                yield refuse(conflict.message, conflict.remedy, conflict.key)

    def _text_without_text(self, key: str, folder: InboxSettings) -> Iterator[PydanticCustomError]:
        if folder.mode == "text" and "md" not in folder.outputs:
            yield refuse(
                'mode = "text" writes no text without "md"',
                'Add "md" to outputs, or set mode = "markdown".',
                f"{key}.outputs",
            )

    def engine_of(self, folder: InboxSettings) -> EngineSettings:
        """Return the engine that reads a folder's documents."""
        name = folder.engine or "default"
        return self.engine if name == "default" else self.engines[name]

    @property
    def socket_path(self) -> Path:
        """Return the path of the control socket."""
        return (self.runtime_dir or runtime.usual_dir(self.state_dir)) / runtime.SOCKET


# Loading


def load(
    path: Path, environ: Mapping[str, str] | None = None, *, for_daemon: bool = True
) -> Settings:  # fmt: skip
    """Return the settings of a file with the environment's overrides; raise ConfigError.

    A daemon needs work: folders, or programs that may ask over TCP.
    """
    return _settings(path, environ, needs_work=for_daemon)


def default_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings where there is no file, as ``ocrd convert`` uses them."""
    return _settings(None, environ, needs_work=False)


def _settings(
    path: Path | None, environ: Mapping[str, str] | None, *, needs_work: bool
) -> Settings:  # fmt: skip
    environ = os.environ if environ is None else environ
    source = file.read(path, environ, tuple(Settings.model_fields))
    _make_absolute(source.values, Path.cwd() if path is None else path.absolute().parent)
    state_dir = source.values.setdefault("state_dir", str(default_state_dir(path, environ)))
    makeshift = runtime.makeshift_dir(path, state_dir, environ) if path is not None else None
    if makeshift is not None:
        source.values.setdefault("runtime_dir", str(makeshift))
    faults: list[Fault] = []
    try:
        settings = Settings(**source.values)
    except ValidationError as error:
        faults = judged(error, source, Settings)
    if needs_work and not _has_work(source.values) and not any(map(about_inbox, faults)):
        faults.append(
            Fault(
                f"{path}: inbox: no folder is watched.",
                'Add a table [[inbox]] with path = "/the/folder"; for programs alone, [api] with'
                " listen.",
                "inbox",
            )
        )
    if faults:
        raise several(faults)
    return settings


def _has_work(values: dict[str, Any]) -> bool:
    api = values.get("api")
    return bool(values.get("inbox") or (isinstance(api, dict) and api.get("listen")))


def _make_absolute(values: dict[str, Any], base: Path) -> None:
    """Let relative paths count from the folder of the file."""
    inboxes = values.get("inbox")
    places = [(values, "state_dir"), (values, "runtime_dir")]
    if isinstance(inboxes, list):
        places += [(inbox, "path") for inbox in inboxes if isinstance(inbox, dict)]
    for table, key in places:
        written = table.get(key)
        if not isinstance(written, str) or not written.strip() or oddity(written):
            continue  # which is refused, or no path
        if not written.startswith("~"):
            table[key] = str(base / written)


# A new file


def template(inbox: Path, state_dir: Path) -> str:
    """Return a small commented configuration for one inbox, as ``ocrd init`` writes it."""
    return f"""# ocrd configuration. Everything that is not here has its default;
# config.example.toml and docs/configuration.md explain every key.

state_dir = {_quoted(state_dir)}

[engine]
kind = "rapidocr"             # the embedded engine: CPU, no network
idle_unload = "15m"           # free its memory when no pages come

[[inbox]]
path = {_quoted(inbox)}
mode = "markdown"             # markdown | text
outputs = ["md"]              # md | json | overlay
source = "move"               # move | keep | delete, after success
recursive = true              # subfolders too; done/ and failed/ mirror them
# passwords = ["secret"]      # tried on encrypted PDFs
# front_matter = true         # begin the Markdown with source, hash, pages, warnings
"""


def _quoted(path: Path) -> str:
    """Return a path as a TOML string; raise ConfigError if it cannot be one."""
    text = json.dumps(str(path), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{path!a} cannot be written into a TOML file, which has to be UTF-8.",
            hint="Rename the folder.",
        ) from error
    return text
