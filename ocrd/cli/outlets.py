"""What ``ocrd convert -o PLACE`` means: a folder, the one file of one document, or a stream."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ocrd.delivering import Outlet

STANDARD = Path("-")
PARAMETER = "-o/--output"
ENDINGS = {".md": "md", ".markdown": "md", ".txt": "md", ".json": "json", ".pdf": "overlay"}
OVERLAY, MARKDOWN = "overlay", "md"
# What people would like to have made, and nobody calls a folder.
NEVER = frozenset(
    ".html .htm .docx .doc .odt .rtf .csv .xlsx .xml .epub .tex .png .jpg .jpeg .tif .tiff".split()
)


class Place:
    """Where results go, judged by the command line and a look at what is there.

    Raises BadParameter for what contradicts itself.
    """

    def __init__(
        self, out: Path | None, asked: tuple[str, ...], sources: Sequence[Path], *, as_json: bool
    ) -> None:
        """Make one; ``asked`` are the formats that were asked for, none for what suits."""
        self._out = out
        self._sources = sources
        self.is_pipe = out is None and any(map(is_stream, sources))
        self.is_stream = self.is_pipe or (out is not None and _takes_a_stream(out))
        self.is_file = not self.is_stream and self._is_file()
        by_name = ENDINGS.get(out.suffix.lower()) if out is not None and self.is_file else None
        if by_name == OVERLAY and asked != (OVERLAY,):
            raise _refused(
                f"{out}: a searchable PDF is not made. Say -f overlay for a PDF with the boxes"
                " drawn, or name a file that ends in .md, .txt or .json."
            )
        self.outputs = asked or (by_name or MARKDOWN,)
        self._require_one_output(as_json)

    @property
    def is_plain_text(self) -> bool:
        """Say whether the name asks for text without markup."""
        return self.is_file and self._out is not None and self._out.suffix.lower() == ".txt"

    @property
    def folder(self) -> Path | None:
        """Return the folder that was named."""
        return None if self.is_file or self.is_stream else self._out

    def _is_file(self) -> bool:
        out = self._out
        if out is None or out.is_dir():
            return False
        is_there = os.path.lexists(out)
        if not is_there and out.suffix.lower() in NEVER:
            raise _refused(
                f"{out}: no {out.suffix} is made. Name a file that ends in .md, .txt or .json, or a"
                " folder."
            )
        if not is_there and out.suffix.lower() not in ENDINGS:
            return False
        if self._is_one_document:
            return True
        raise _refused(f"{out} is one file: name a folder for several documents.")

    @property
    def _is_one_document(self) -> bool:
        return len(self._sources) == 1 and not self._sources[0].is_dir()

    def _require_one_output(self, as_json: bool) -> None:
        if not self.is_stream:
            if self.is_file and len(self.outputs) > 1:
                raise _refused(f"{self._out} is one file, and takes one format: name a folder.")
            return
        if len(self.outputs) > 1:
            raise _refused("Standard output takes one format: name a folder with -o.")
        if as_json and (self._out is None or self._out == STANDARD):
            raise _refused("--json says there what became of the files: name a folder with -o.")
        if OVERLAY in self.outputs and not self._is_one_document:
            raise _refused("Several PDFs cannot follow each other: name a folder with -o.")
        if OVERLAY in self.outputs and self._is_terminal:
            raise _refused("A terminal shows no PDF: name a file with -o.")

    @property
    def _is_terminal(self) -> bool:
        return (self._out is None or self._out == STANDARD) and sys.stdout.isatty()

    @contextlib.contextmanager
    def outlet(self) -> Iterator[Outlet]:
        """Return it as the conversion wants it, the stream open."""
        from ocrd.delivering import Outlet

        if not self.is_stream:
            yield Outlet(folder=self.folder, file=_own(self._out) if self.is_file else None)
        elif self._out is None or self._out == STANDARD:
            yield Outlet(stream=sys.stdout.buffer, is_for_pipes=self.is_pipe)
        else:
            with self._out.open("wb") as stream:
                yield Outlet(stream=stream)


def is_stream(path: Path) -> bool:
    """Say whether a source comes through a pipe."""
    from ocrd.gathering import STREAMS

    return path == STANDARD or str(path).startswith(STREAMS)


def _takes_a_stream(out: Path) -> bool:
    """Say whether a name stands for standard output, a pipe or a device."""
    if out == STANDARD:
        return True
    try:
        mode = out.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _own(out: Path | None) -> Path | None:
    """Return the file that one's own link leads to; others' links stay what they are."""
    if out is None or not out.is_symlink() or out.lstat().st_uid not in {0, os.geteuid()}:
        return out
    return Path(os.path.realpath(out))


def _refused(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=PARAMETER)
