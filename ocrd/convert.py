"""Files to Markdown in one shot, without a daemon, ledger or folders: what ``ocrd convert`` runs.

A source is never touched. A sidecar appears whole or not at all, and never over an existing file
unless ``force`` says so.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from ocrd import files, pages, sidecar
from ocrd.config import Settings
from ocrd.engine.client import EngineClient
from ocrd.errors import DocumentError, OcrdError, UnreadablePagesError
from ocrd.job import DocumentResult, PageRead, PageStatus, SourceInfo
from ocrd.rasterize import Rasterizer, Source
from ocrd.reading import Reading, read_pages

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
    """What became of one file."""

    file: Path
    outputs: tuple[Path, ...]
    error: OcrdError | None
    pages: int
    seconds: float


class _PageSpool:
    """Page results in a temporary file, so that a book does not fill the memory."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._places: dict[int, tuple[int, int]] = {}
        self.failed: list[PageRead] = []

    def __len__(self) -> int:
        return len(self._places)

    def add(self, page: PageRead) -> None:
        """Keep a page."""
        body = pages.to_json(page).encode()
        self._out.seek(0, 2)
        self._places[page.number] = (self._out.tell(), len(body))
        self._out.write(body)
        if page.status is PageStatus.FAILED:
            self.failed.append(page)

    def __iter__(self) -> Iterator[PageRead]:
        for _, (offset, length) in sorted(self._places.items()):
            self._out.seek(offset)
            yield pages.from_json(self._out.read(length).decode())


@dataclass
class _Conversion:
    settings: Settings
    mode: str
    outputs: tuple[str, ...]
    out_dir: Path | None
    force: bool
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
        try:
            targets = self._targets(file)
            key = files.file_key(file)
            source = Source(file, key, ())
            info = await self.rasterizer.inspect(source)
            self.total_known += info.pages
            self.on_progress(Progress(file, 0, info.pages, self.total_done, self.total_known))
            with tempfile.TemporaryFile(dir=self.temp_dir) as out:
                spool = _PageSpool(out)
                await self._read(file, source, info, spool)
                _judge(file, info, spool)
                sha256 = await asyncio.to_thread(files.sha256_of, file, key)
                document = self._describe(file, sha256, info, spool, time.monotonic() - began)
                self._write(targets, document, spool)
        except OcrdError as error:
            return Outcome(file, (), error, info.pages if info else 0, time.monotonic() - began)
        return Outcome(file, tuple(targets), None, info.pages, time.monotonic() - began)

    def _targets(self, file: Path) -> list[Path]:
        folder = self.out_dir or file.parent
        targets = [folder / f"{file.stem}.{kind}" for kind in self.outputs]
        for target in targets:
            if target.exists() and not self.force:
                raise DocumentError(
                    f"{files.printable(target)} exists.",
                    hint="Use --force to replace it, or -o to write into another folder.",
                )
        return targets

    async def _read(
        self, file: Path, source: Source, info: SourceInfo, spool: _PageSpool
    ) -> None:
        self.documents += 1

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
            mode=self.mode,
            rank=(self.documents,),
            temp_dir=self.temp_dir,
            on_page=on_page,
        )
        await read_pages(reading, range(1, info.pages + 1))

    def _describe(
        self, file: Path, sha256: str, info: SourceInfo, spool: _PageSpool, seconds: float
    ) -> DocumentResult:
        hello = self.engine.announced
        return DocumentResult(
            source_name=files.printable(file.name),
            sha256=sha256,
            format=info.format,
            pages=info.pages,
            engine=hello.name if hello else self.engine.name,
            model=hello.model if hello else "",
            mode=self.mode,
            seconds=seconds,
            warnings=tuple(
                f"Page {page.number}: {'; '.join(page.warnings)}" for page in spool.failed
            ),
        )

    def _write(
        self, targets: list[Path], document: DocumentResult, spool: _PageSpool
    ) -> None:
        for target in targets:
            files.make_directories(target.parent)
            kind = target.suffix.removeprefix(".")
            write = partial(sidecar.write, kind=kind, document=document, pages=spool)
            try:
                files.write_durably(target, write, replace=self.force)
            except FileExistsError as error:
                raise DocumentError(f"{files.printable(target)} exists.") from error


def _judge(file: Path, info: SourceInfo, spool: _PageSpool) -> None:
    if len(spool.failed) > TOLERANCE * info.pages:
        first = spool.failed[0]
        raise UnreadablePagesError(
            f"{files.printable(file)}: {len(spool.failed)} of {info.pages} pages could not be"
            f" read; the first is page {first.number}: {'; '.join(first.warnings)}",
            page=first.number,
        )


async def convert(
    sources: Sequence[Path],
    out_dir: Path | None,
    settings: Settings,
    *,
    mode: str = "markdown",
    outputs: tuple[str, ...] = ("md",),
    force: bool = False,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> list[Outcome]:
    """Convert the files one after another; an error in one leaves the others alone."""
    rasterizer = Rasterizer(settings.rasterize, settings.limits)
    engine = EngineClient("default", settings.engine)
    with tempfile.TemporaryDirectory(prefix="ocrd-convert-") as temp_dir:
        conversion = _Conversion(
            settings, mode, outputs, out_dir, force, rasterizer, engine, Path(temp_dir),
            on_progress,
        )
        await rasterizer.start()
        try:
            return [await conversion.convert(source) for source in sources]
        finally:
            await engine.stop(0.0)
            await rasterizer.close()
