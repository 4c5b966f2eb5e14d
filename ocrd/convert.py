"""Files to Markdown in one shot, without a daemon, ledger or folders: what ``ocrd convert`` runs.

A source is never touched. A sidecar appears whole or not at all, and never over an existing file
unless ``force`` says so; then too a folder of figures stays that holds anything else.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from ocrd import files, pages
from ocrd.account import Account, damage
from ocrd.config.settings import Settings
from ocrd.engine.client import EngineClient
from ocrd.errors import DocumentError, OcrdError, UnreadablePagesError, UnsupportedError
from ocrd.figures import is_figure_name
from ocrd.filing import assets, filing, plans
from ocrd.illustrating import Illustration, Illustrations, illustrate
from ocrd.job import DocumentResult, PageRead, SourceInfo
from ocrd.layout import document as documents
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import Reading, read_pages
from ocrd.sidecar import text
from ocrd.tasks import Task

MARKDOWN = Task()
TOLERANCE = 0.1  # share of pages that may fail, as in a folder that does not say otherwise


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion is."""

    file: Path
    pages_done: int
    pages: int
    total_done: int  # pages, over all files
    total_known: int  # pages, of the files looked into so far


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. One that failed may have outputs, too: what was read of it."""

    file: Path
    outputs: tuple[Path, ...]
    error: OcrdError | None
    pages: int
    seconds: float
    warnings: tuple[str, ...] = ()
    state: str = "failed"  # or "done", "done with doubts", "partial"
    doubtful: tuple[int, ...] = ()  # pages
    failed: tuple[int, ...] = ()  # pages that count as not read


class _PageSpool:
    """Page results in a temporary file, so that a book does not fill the memory."""

    def __init__(self, out: IO[bytes], *, is_one_text: bool = True) -> None:
        self._out = out
        self._places: dict[int, tuple[int, int]] = {}
        self._is_one_text = is_one_text
        self._document = documents.Document()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, page: PageRead) -> None:
        """Keep a page."""
        body = pages.to_json(page).encode()
        self._out.seek(0, 2)
        self._places[page.number] = (self._out.tell(), len(body))
        self._out.write(body)

    def account(self) -> Account:
        """Return what is told of the pages, which are all there now."""
        account, survey = Account(), documents.Survey()
        for page in self._pages():
            account.add(page)
            survey.add(page)
        self._document = survey.document()
        return account

    def __iter__(self) -> Iterator[PageRead]:
        """Yield the pages, as the document has them once they are accounted for."""
        read = self._pages()
        return self._document.pages(read) if self._is_one_text else read

    def _pages(self) -> Iterator[PageRead]:
        for _, (offset, length) in sorted(self._places.items()):
            self._out.seek(offset)
            yield pages.from_json(self._out.read(length).decode())


@dataclass
class _Conversion:
    settings: Settings
    task: Task
    outputs: tuple[str, ...]
    out_dir: Path | None
    force: bool
    figures: bool
    rasterizer: Rasterizer
    engine: EngineClient
    temp_dir: Path
    on_progress: Callable[[Progress], None]
    total_done: int = 0
    total_known: int = 0
    documents: int = field(default=0)

    async def convert(self, file: Path) -> Outcome:
        """Convert one file; its error is in the outcome."""
        began = time.monotonic()
        info: SourceInfo | None = None
        self.documents += 1
        try:
            targets = self._targets(file)
            key = files.file_key(file)
            source = Source(file, key, ())
            info = await self.rasterizer.inspect(source)
            self.total_known += info.pages
            self.on_progress(Progress(file, 0, info.pages, self.total_done, self.total_known))
            with tempfile.TemporaryFile(dir=self.temp_dir) as out:
                spool = _PageSpool(out, is_one_text=self.task.mode in documents.MODES)
                await self._read(file, source, info, spool)
                account = await asyncio.to_thread(spool.account)
                verdict = _verdict(file, info, account)
                if verdict is not None and not account.holds_text:
                    raise verdict
                sha256 = await asyncio.to_thread(files.sha256_of, file, key)
                made = await self._illustrate(source, targets, spool)
                document = self._describe(file, sha256, info, account, time.monotonic() - began)
                document = replace(
                    document,
                    warnings=(*damage(info), *account.remarks, *made.warnings),
                    state="failed" if verdict else account.state,
                )
                written = self._write(targets, document, spool, made)
                shutil.rmtree(self._own_folder, ignore_errors=True)
        except OcrdError as error:
            return Outcome(file, (), error, info.pages if info else 0, time.monotonic() - began)
        seconds = time.monotonic() - began
        return Outcome(
            file, written, verdict, info.pages, seconds, document.warnings, document.state,
            document.doubtful, document.failed,
        )

    def _targets(self, file: Path) -> dict[str, Path]:
        """Return the paths of what is to be written, by kind, what others link to first."""
        kinds = [plans.OVERLAY if kind == "overlay" else kind for kind in self.outputs]
        if self.figures and ("json" in kinds or ("md" in kinds and self.task.mode != "text")):
            kinds.insert(0, plans.ASSETS)
        folder = self.out_dir or file.parent
        targets = {kind: folder / f"{file.stem}.{kind}" for kind in kinds}
        for kind, target in targets.items():
            if os.path.lexists(target) and not self.force:
                raise _taken(target)
            if kind != plans.ASSETS and os.path.lexists(target) and not _is_file(target):
                raise _no_file(target)
        if plans.ASSETS in targets:
            _refuse_strange_files(targets[plans.ASSETS])
        return targets

    @property
    def _own_folder(self) -> Path:
        return self.temp_dir / f"{self.documents}.illustrations"

    async def _illustrate(
        self, source: Source, targets: dict[str, Path], spool: _PageSpool
    ) -> Illustrations:
        wanted = Illustration(
            rasterizer=self.rasterizer,
            source=source,
            folder=self._own_folder,
            figures=plans.ASSETS in targets,
            overlay=plans.OVERLAY in targets,
        )
        return await illustrate(wanted, spool)

    async def _read(
        self, file: Path, source: Source, info: SourceInfo, spool: _PageSpool
    ) -> None:
        async def on_page(page: PageRead) -> None:
            spool.add(page)
            self.total_done += 1
            self.on_progress(
                Progress(file, len(spool), info.pages, self.total_done, self.total_known)
            )

        reading = Reading(
            source=source,
            name=str(self.documents),
            rasterizer=self.rasterizer,
            engine=self.engine,
            task=self.task,
            rank=(self.documents,),
            temp_dir=self.temp_dir,
            on_page=on_page,
        )
        await read_pages(reading, range(1, info.pages + 1))

    def _describe(
        self, file: Path, sha256: str, info: SourceInfo, account: Account, seconds: float
    ) -> DocumentResult:
        hello = self.engine.announced
        return DocumentResult(
            source_name=files.printable(file.name),
            sha256=sha256,
            format=info.format,
            pages=info.pages,
            engine=hello.name if hello else self.engine.name,
            model=hello.model if hello else "",
            mode=self.task.mode,
            seconds=seconds,
            doubtful=tuple(account.doubtful),
            failed=tuple(account.unread),
        )

    def _write(
        self,
        targets: dict[str, Path],
        document: DocumentResult,
        spool: _PageSpool,
        made: Illustrations,
    ) -> tuple[Path, ...]:
        """Write the outputs and return their paths; what nothing was made for is left out."""
        style = text.Style(assets=targets[plans.ASSETS].name if made.figures else "")
        written = []
        for kind, target in targets.items():
            content = _content(kind, document, spool, made, style)
            if content is None:
                continue
            files.make_directories(target.parent)
            try:
                if isinstance(content, Mapping):
                    old = _refuse_strange_files(target) if self.force else ""
                    assets.publish(target, content, replaces=old)
                else:
                    files.write_durably(target, content, replace=self.force)
            except FileExistsError as error:
                raise (_no_file(target) if self.force else _taken(target)) from error
            written.append(target)
        return tuple(written)


def _content(
    kind: str, document: DocumentResult, spool: _PageSpool, made: Illustrations,
    style: text.Style,
) -> filing.Content | None:  # fmt: skip
    if kind == plans.ASSETS:
        return {path.name: filing.copying(path) for path in made.figures} or None
    if kind == plans.OVERLAY:
        return filing.copying(made.overlay) if made.overlay else None
    if kind == "md":
        read: Iterable[PageRead] = map(made.linkable, documents.whole(spool))
    else:
        read = spool
    return lambda out: text.write(out, kind, document, read, style)


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


def _verdict(file: Path, info: SourceInfo, account: Account) -> OcrdError | None:
    """Return why the file counts as failed, None if it does not."""
    if len(account.unread) <= TOLERANCE * info.pages:
        return None
    return UnreadablePagesError(
        f"{files.printable(file)}: {len(account.unread)} of {info.pages} pages could not be"
        f" read; the first is page {account.unread[0]}: {account.first_cause}",
        hint="Correct the file and convert it again.",
        page=account.unread[0],
    )


async def convert(
    sources: Sequence[Path],
    out_dir: Path | None,
    settings: Settings,
    *,
    task: Task = MARKDOWN,
    outputs: tuple[str, ...] = ("md",),
    figures: bool = True,
    force: bool = False,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> list[Outcome]:
    """Convert the files one after another; an error in one leaves the others alone."""
    rasterizer = Rasterizer(settings.rasterize, settings.limits)
    engine = EngineClient("default", settings.engine, is_patient=False)
    with tempfile.TemporaryDirectory(prefix="ocrd-convert-") as temp_dir:
        conversion = _Conversion(
            settings, task, outputs, out_dir, force, figures, rasterizer, engine, Path(temp_dir),
            on_progress,
        )
        await rasterizer.start()
        try:
            return [await conversion.convert(source) for source in sources]
        finally:
            await engine.stop(0.0)
            await rasterizer.close()
