"""The tables of the configuration but the engine's: the rasterizer, the limits, an inbox.

A key's description is the text of docs/configuration.md and config.example.toml; its example
stands in for a default that cannot be written down.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from ocrd import languages
from ocrd.config.types import (
    AbsoluteFolder,
    Duration,
    Folder,
    Size,
    Switch,
    Table,
    none_for_auto,
    refuse,
)
from ocrd.doubts import TOLERANCE
from ocrd.tasks import Task

JUNK = (
    ".*", "~$*", "*~", "*.part", "*.partial", "*.filepart", "*.tmp", "*.crdownload", "*.download",
    ".syncthing.*", "@eaDir", ".DS_Store", "Thumbs.db", "desktop.ini",
    # What NAS boxes and Windows keep of deleted files, and their snapshots: not to be read again.
    "#recycle", "@Recycle", "$RECYCLE.BIN", "#snapshot", "@Recently-Snapshot",
    "System Volume Information", "lost+found",
)  # fmt: skip



def _code(text: str) -> str:
    if not languages.CODE.fullmatch(text):
        raise refuse(
            f"{text!r} is no code of a language",
            languages.advice(text),
        )
    return text


def _each_once(told: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told))


OwnDuration = Annotated[Duration | None, BeforeValidator(none_for_auto)]


class RasterSettings(Table):
    """The child processes that open the sources and draw their pages."""

    children: int = Field(2, ge=1, le=64, description="How many.")
    memory: Size = Field(
        2 * 1024**3, ge=256 * 1024**2, description="What each may allocate, at the most."
    )
    page_timeout: Duration = Field(
        60.0,
        gt=0,
        description="How long looking into a source, or drawing one page, may take. A document that"
        " takes over 5 s once goes behind all others from then on.",
    )
    recycle: int = Field(1000, ge=1, description="Documents after which a child is replaced.")


class LimitSettings(Table):
    """What is refused as too large, with that reason."""

    file_size: Size = Field(4 * 1024**3, gt=0, description="Bytes of a source.")
    pages: int = Field(20_000, gt=0, description="Pages of a document.")
    page_pixels: int = Field(
        400_000_000,
        gt=0,
        description="Pixels of an image, as its header announces them. Larger ones are drawn small"
        " where their format allows it without decoding them whole, else refused.",
    )


class InboxSettings(Table):
    """A watched folder."""

    path: AbsoluteFolder = Field(
        description="The folder. A relative path counts from the folder of the configuration file."
        " Links in the path are followed if they belong to root or to the daemon's user; links in"
        " the folder never are.",
        examples=["/srv/scans"],
    )
    mode: Literal["markdown", "text", "figure", "describe", "locate", "prompt"] = Field(
        "markdown",
        description='What the engine is asked for: "markdown"; "text", plain text in reading order'
        ' without any markup; "figure", a chart or drawing taken apart; "describe", a picture in'
        ' words; "locate", where the target is; "prompt", what the key prompt says. Every engine'
        ' has the first two; kind = "deepseek-ocr-2" and "unlimited-ocr" also have "prompt",'
        ' "deepseek-ocr" has all.',
    )
    target: str | None = Field(
        None,
        min_length=1,
        examples=["the signature"],
        description='With mode = "locate": what to find on each page.',
    )
    prompt: str | None = Field(
        None,
        min_length=1,
        examples=["OCR this image."],
        description='With mode = "prompt": the text that follows the image.',
    )
    size: Literal["tiny", "small", "base", "large", "gundam"] | None = Field(
        None,
        examples=["gundam"],
        description='With kind = "deepseek-ocr": the detail that a page is read with, from "tiny"'
        ' (73 tokens) to "gundam" (the page and up to max_tiles tiles of it), the default. With'
        ' "unlimited-ocr": "base" or "gundam".',
    )
    languages: Annotated[
        tuple[Annotated[str, AfterValidator(_code)], ...], AfterValidator(_each_once)
    ] = Field(
        (),
        max_length=100,
        examples=[["rus", "eng"]],
        description="The languages of the documents, by Tesseract's codes, the likeliest first: for"
        ' kind = "tesseract", and for the pages that the embedded engine leaves to it. What is not'
        " given is found out, page by page.",
    )
    outputs: Annotated[
        tuple[Literal["md", "json", "overlay"], ...], AfterValidator(_each_once)
    ] = Field(
        ("md",),
        min_length=1,
        description='What is written beside the original: "md" (the text), "json" (blocks with'
        ' label, text, confidence and boxes), "overlay" (a PDF of the pages with the boxes drawn).',
    )
    figures: bool = Field(
        True,
        description="Cut the figures that the engine marks out of the page, into a folder beside"
        " the Markdown, and link them from there.",
    )
    math: Literal["dollar", "tex"] = Field(
        "dollar",
        description='How formulas stand in the Markdown: "dollar" is $…$ and $$…$$, "tex" is'
        " \\(…\\) and \\[…\\].",
    )
    tables: Literal["pipe", "html"] = Field(
        "pipe",
        description='How tables stand in the Markdown: "pipe" is a pipe table where no cell spans'
        ' others, else HTML; "html" is always HTML.',
    )
    done: Folder = Field(
        Path("done"),
        description="Where sources go that were read: relative to path, or absolute. In the inbox"
        " it has to be a folder and no link.",
    )
    failed: Folder = Field(
        Path("failed"),
        description="Where sources go that could not be read, with *.error.json saying why.",
    )
    source: Literal["move", "keep", "delete"] = Field(
        "move",
        description='What happens to a source that was read: "move" it to done, "delete" it (its'
        ' sidecar is in done), or "keep" it where it is, whatever becomes of it, with the sidecar'
        " beside it; a kept file is read again when its content changes, and when it is renamed its"
        " sidecars move along. In such a folder, files"
        " named *.overlay.pdf and folders named *.assets are outputs and never read.",
    )
    recursive: bool = Field(
        False, description="Watch subfolders too; done and failed mirror them."
    )
    emptied_folders: Literal["remove", "keep"] = Field(
        "remove",
        description='What happens to a subfolder that its last document has left: "remove" it, once'
        ' it has been empty for six settle times, or "keep" it. One that holds anything, that stood'
        " empty before, as a scanner's destination does, or that root made stays in any case.",
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
        description="How long a file that lacks a part counts as not complete yet. Then what"
        " decodes of it is read, or it fails.",
    )
    network: Switch = Field(
        "auto",
        description='Whether the folder is on a network file system: true, false, or "auto", which'
        " looks.",
    )
    mounted: Switch = Field(
        "auto",
        description='Whether something has to be mounted for the folder to count as there, so that'
        ' the empty folder below a share is not taken for it: true, false, or "auto", which asks'
        " for what /etc/fstab mounts there and for what was mounted when the folder was last seen.",
    )
    ignore: tuple[str, ...] = Field(
        JUNK,
        description="Names of files and folders that are no documents, with * and ? as wildcards."
        " A list of your own replaces this one.",
    )
    unsupported: Literal["leave", "fail"] = Field(
        "leave",
        description="What happens to a file that is neither a picture nor a document by its name,"
        ' nor by its content, such as code, notes, tables and archives: "leave" it where it is, or'
        ' "fail" it like any other that is not read. An Office file, a drawing or a picture of a'
        ' kind that is not read fails in both cases. With source = "keep", files are chosen by'
        " their names alone.",
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
    running_heads: bool = Field(
        False,
        description="Write running heads and feet and page numbers into Markdown and text too; the"
        " JSON always has them.",
    )
    tolerance: float = Field(
        0.1,
        ge=0,
        le=1,
        description="The share of pages that may fail before the document fails; pages within it"
        " are noted in their place.",
    )
    doubt_tolerance: float = Field(
        TOLERANCE,
        ge=0,
        le=1,
        description="The share of a page's lines, or of its ink, that may give no text before the"
        " page counts as failed; with 1 it never does. What gave none is said in its place either"
        " way.",
    )

    @property
    def task(self) -> Task:
        """Return what the engine is asked for."""
        return Task(
            self.mode, self.target or "", self.prompt or "", self.size or "", self.languages
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
