"""Where ``ocrd convert`` puts what it read: names as the daemon gives them, one file, or a stream.

What this run wrote is never replaced by it, nor one of its sources, whatever ``force`` says: a
second result of one name gets the next name that the daemon would give it. A file that was there
before stays, unless ``force`` says otherwise; a folder of figures stays with it too where it holds
anything else.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ocrd import files
from ocrd.errors import DocumentError, UnsupportedError
from ocrd.figures import is_figure_name
from ocrd.filing import assets, filing, plans
from ocrd.gathering import STANDARD, Original
from ocrd.illustrating import Illustrations
from ocrd.job import PageRead
from ocrd.layout.whole import whole
from ocrd.sidecar import text
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style

Targets = dict[str, Path]  # by kind, what others link to first


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where results go; all of it left open means beside each source, or out of a pipe again."""

    folder: Path | None = None
    file: Path | None = None  # the one result of the one source
    stream: BinaryIO | None = None  # one result after the other
    is_for_pipes: bool = False  # the stream is for what came through a pipe alone


class Delivery:
    """The outputs of one run: their names, in the order of the sources, and their writing."""

    def __init__(
        self, outlet: Outlet, kinds: Sequence[str], originals: Iterable[Original], *, figures: bool,
        force: bool,
    ) -> None:  # fmt: skip
        """Make one; ``figures`` asks for a folder of them beside the other outputs."""
        self._outlet = outlet
        self._kinds = [plans.OVERLAY if kind == "overlay" else kind for kind in kinds]
        self._figures = figures
        self._force = force
        self._chosen: set[tuple[str, str]] = set()  # folder and name, of this run
        self._kept = set(filter(None, (_identity(one.path) for one in originals)))

    def goes_out(self, original: Original) -> bool:
        """Say whether the result leaves by the stream."""
        if self._outlet.is_for_pipes:
            return original.is_stream
        return self._outlet.stream is not None

    def targets(self, original: Original) -> Targets:
        """Choose the names of a source's outputs; raise DocumentError where one is taken."""
        if self.goes_out(original):
            return dict.fromkeys(self._kinds, STANDARD)
        if self._outlet.file is not None and self._is_ours(self._outlet.file):
            raise DocumentError(
                f"{files.printable(self._outlet.file)} is the source, which stays as it is.",
                hint="Name another file with -o.",
            )
        kinds = list(self._kinds)
        if self._figures:
            kinds.insert(0, plans.ASSETS)
        targets = {kind: self._named(original, kind) for kind in kinds}
        for kind, target in targets.items():
            if os.path.lexists(target) and not self._force:
                raise _taken(target)
            if kind != plans.ASSETS and os.path.lexists(target) and not _is_file(target):
                raise _no_file(target)
        if plans.ASSETS in targets:
            _refuse_strange_files(targets[plans.ASSETS])
        return targets

    def _named(self, original: Original, kind: str) -> Path:
        """Return the first name that nothing of this run has, and keep it for this output."""
        outlet = self._outlet
        if outlet.file is not None:
            return outlet.file if kind != plans.ASSETS else outlet.file.with_suffix(f".{kind}")
        folder = outlet.folder / original.below if outlet.folder else original.folder
        place = os.path.realpath(folder)
        for name in plans.output_names(original.name, kind):
            if (place, name) not in self._chosen and not self._is_ours(folder / name):
                self._chosen.add((place, name))
                return folder / name
        raise AssertionError("names are endless")

    def _is_ours(self, target: Path) -> bool:
        """Say whether a source or a result of this run is there, under this name or another.

        A file system may hold two spellings for one name, and a folder have several paths.
        """
        return _identity(target) in self._kept

    def write(
        self,
        original: Original,
        targets: Targets,
        document: DocumentResult,
        pages: Iterable[PageRead],
        made: Illustrations,
    ) -> tuple[Path, ...]:
        """Write the outputs and return their paths; what nothing was made for is left out."""
        if self._outlet.file is None:
            targets = {
                kind: self._named(original, kind) if self._is_ours(target) else target
                for kind, target in targets.items()
            }
        style = Style(assets=targets[plans.ASSETS].name if made.figures else "")
        written = []
        for kind, target in targets.items():
            content = _content(kind, document, pages, made, style)
            if content is None:
                continue
            self._publish(target, content)
            self._kept.add(_identity(target) or (0, 0))
            written.append(target)
        return tuple(written)

    def _publish(self, target: Path, content: filing.Content) -> None:
        files.make_directories(target.parent)
        try:
            if isinstance(content, Mapping):
                old = _refuse_strange_files(target) if self._force else ""
                assets.publish(target, content, replaces=old)
            else:
                files.write_durably(target, content, replace=self._force)
        except FileExistsError as error:
            raise (_no_file(target) if self._force else _taken(target)) from error

    def send(
        self,
        document: DocumentResult,
        pages: Iterable[PageRead],
        made: Illustrations,
        temp_dir: Path,
    ) -> None:
        """Write the one output into the stream, once it is whole.

        Raises BrokenPipeError where nobody reads it any more.
        """
        assert self._outlet.stream is not None
        (kind,) = self._kinds
        content = _content(kind, document, pages, made, Style())
        assert content is not None and not isinstance(content, Mapping)
        with tempfile.TemporaryFile(dir=temp_dir) as whole:
            content(whole)
            whole.seek(0)
            try:
                shutil.copyfileobj(whole, self._outlet.stream)
                self._outlet.stream.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise files.translate(error, "the output") from error


def _content(
    kind: str, document: DocumentResult, pages: Iterable[PageRead], made: Illustrations,
    style: Style,
) -> filing.Content | None:  # fmt: skip
    if kind == plans.ASSETS:
        return {path.name: filing.copying(path) for path in made.figures} or None
    if kind == plans.OVERLAY:
        return filing.copying(made.overlay) if made.overlay else None
    if kind == "md":
        pages = map(made.linkable, whole(pages))
    return lambda out: text.write(out, kind, document, pages, style)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file or folder from all others, whatever it is called."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _refuse_strange_files(target: Path) -> str:
    """Return the hash of a folder of nothing but figures, "" if none is there.

    Raises DocumentError if anything else is there.
    """
    if not os.path.lexists(target):
        return ""
    try:
        old = assets.sha256_of(target)
        if all(map(is_figure_name, assets.names(target))):
            return old
    except (OSError, UnsupportedError):
        pass
    raise DocumentError(
        f"{files.printable(target)} is not a folder of nothing but cut-out figures.",
        hint="Move it away, or use -o to write into another folder.",
    )


def _is_file(target: Path) -> bool:
    return target.is_file() and not target.is_symlink()


def _no_file(target: Path) -> DocumentError:
    return DocumentError(
        f"{files.printable(target)} is no file of its own, but a link, a device or something else.",
        hint="Move it away, or use -o to write into another folder.",
    )


def _taken(target: Path) -> DocumentError:
    return DocumentError(
        f"{files.printable(target)} exists.",
        hint="Use --force to replace it, or -o to write into another folder.",
    )
