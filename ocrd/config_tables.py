"""The tables of the configuration: an engine, the rasterizer, the limits, an inbox.

A key's description is the text of docs/configuration.md and config.example.toml; its example
stands in for a default that cannot be written down.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from ocrd.config_types import (
    AbsoluteFolder,
    Count,
    Duration,
    Folder,
    Size,
    Switch,
    none_for_auto,
    refuse,
)

JUNK = (
    ".*", "~$*", "*.part", "*.partial", "*.tmp", "*.crdownload", ".syncthing.*", "@eaDir",
    ".DS_Store", "Thumbs.db", "desktop.ini",
)  # fmt: skip

OwnDuration = Annotated[Duration | None, BeforeValidator(none_for_auto)]


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
        examples=["my_package.my_engine"],
        description='With kind = "module": an importable Python module with a function load(),'
        " as described in ocrd/engine/worker.py.",
    )
    slots: Count = Field(
        "auto", description='Pages in work at a time; "auto" suits the machine.'
    )
    threads: Count = Field(
        "auto", description='CPU threads, shared by all slots; "auto" is one a core.'
    )
    load: Literal["start", "first-document"] = Field(
        "start",
        description='When the engine is loaded: at the "start" of the daemon, where its faults show'
        ' at once, or with the "first-document".',
    )
    idle_unload: Duration = Field(
        900.0,
        description='Unload the engine, and free its memory, after so long without a page; "0s"'
        " never does.",
    )
    start_timeout: Duration = Field(120.0, gt=0, description="How long loading may take.")
    page_timeout: Duration = Field(
        300.0,
        gt=0,
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
        if self.kind == "module" and not self.module:
            raise refuse(
                'kind = "module" needs the module\'s name',
                'Add module = "my_package.my_engine", or set kind = "rapidocr".',
                "kind",
            )
        if self.kind != "module" and self.module is not None:
            raise refuse(
                'this key belongs to kind = "module"', "Remove it, or set that kind.", "module"
            )
        if self.kind != "module" and self.options:
            raise refuse(
                'this table belongs to kind = "module"', "Remove it, or set that kind.", "options"
            )
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

    path: AbsoluteFolder = Field(
        description="The folder. A relative path counts from the folder of the configuration file.",
        examples=["/srv/scans"],
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
    done: Folder = Field(
        Path("done"),
        description="Where sources go that were read: relative to path, or absolute.",
    )
    failed: Folder = Field(
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
        None,
        examples=["default"],
        description='The name of an engine under [engines]; "default" is [engine], and the'
        " default.",
    )
    priority: int = Field(
        0, ge=-1000, le=1000, description="Folders with a higher number go first."
    )
    settle: OwnDuration = Field(
        None,
        examples=["auto"],
        description='How long a file must stand still before it is read; "auto" is 5 s, and 15 s on'
        " a network file system.",
    )
    scan_interval: OwnDuration = Field(
        None,
        gt=0,
        examples=["auto"],
        description='How often the folder is scanned when no event asks for it; "auto" is 30 s, and'
        " 10 s on a network file system.",
    )
    patience: Duration = Field(
        600.0,
        description="How long a file that looks damaged counts as not complete yet, before it"
        " fails.",
    )
    network: Switch = Field(
        "auto",
        description='Whether the folder is on a network file system: true, false, or "auto", which'
        " looks.",
    )
    ignore: tuple[str, ...] = Field(
        JUNK,
        description="Names of files and folders that are no documents, with * and ? as wildcards."
        " A list of your own replaces this one.",
    )
    passwords: tuple[SecretStr, ...] = Field(
        (),
        description="Tried on encrypted PDFs, in this order. Keep the file from other people's"
        " eyes when it has any.",
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

    @property
    def name(self) -> str:
        """Return the folder's name for people; two inboxes may have the same."""
        return self.path.name or str(self.path)

    @property
    def done_dir(self) -> Path:
        """Return the absolute folder of sources that were read."""
        return Path(os.path.normpath(self.path / self.done))

    @property
    def failed_dir(self) -> Path:
        """Return the absolute folder of sources that could not be read."""
        return Path(os.path.normpath(self.path / self.failed))
