"""Hostile documents through the real rasterizer: each is drawn, or refused with a reason."""

# ruff: noqa: ASYNC110
# (The conditions are in other processes and threads: there is no event to wait for.)

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.errors import (
    CorruptError,
    DocumentError,
    OcrdError,
    PageError,
    PoisonousError,
    PoisonousPageError,
    ShareGoneError,
    SourceChangedError,
    TooLargeError,
)
from ocrd.files import file_key
from ocrd.raster.calls import refuse_unreadable
from ocrd.raster.child import Limits
from ocrd.raster.isolate import LimitedChild
from ocrd.raster.rasterize import Rasterizer, Source
from tests.faults.fuzz import seeds
from tests.faults.fuzz.campaign import Campaign
from tests.faults.hostile import documents, pdfs, pictures
from tests.faults.hostile.children import Watched
from tests.faults.hostile.wording import faults
from tests.faults.labs.moody import moody

MIB = 1024 * 1024
MEMORY = 1024 * MIB
TIMEOUT = 3.0  # seconds for a page: those that take for ever cost so much
GROUPS = 4

# What is left of these is a page; all that is not named here may end either way.
DRAWN = re.compile(
    r"active-|embedded|outside|chained|length-in-itself|pages-deep|damaged-(no-x|no-s|xref|half)"
    r"|page-(1-point|200|no-size|nan|endless|words|turned|negative|empty)|animated|markers"
    r"|strange-exif|zip-and-pdf|jpeg-and-pdf|form-in-itself|bomb-run-length"
)
REFUSED: dict[str, tuple[type[OcrdError], str]] = {
    "pages-100000.pdf": (TooLargeError, "100000 pages"),
    "pages-looped.pdf": (PageError, "without end"),
    "pages-none.pdf": (CorruptError, "no pages"),
    "page-user-unit.pdf": (PageError, "no page does"),
    "bomb-content.pdf": (PoisonousPageError, "takes longer than 3 s"),
    "bomb-30000.png": (TooLargeError, "30000 × 30000"),
    "giant.gif": (TooLargeError, "65535 × 65535"),
    "giant-progressive.jpg": (TooLargeError, "65500 × 65500"),
    "many-operations.pdf": (PoisonousPageError, "takes longer than 3 s"),
    "scans.jpg": (PoisonousPageError, "takes longer than 3 s"),
    "shading-without-end.pdf": (PoisonousPageError, "takes longer than 3 s"),
    "glyph-of-itself.pdf": (PageError, "without end"),
    "nested-content.pdf": (PageError, "nested too deeply"),
    "empty.pdf": (CorruptError, "empty"),
}


@contextlib.asynccontextmanager
async def rasterizer(**raster: Any) -> AsyncIterator[Rasterizer]:
    settings = RasterSettings(
        **{"children": 1, "memory": MEMORY, "page_timeout": TIMEOUT, **raster}
    )
    async with Rasterizer(settings, LimitSettings()) as made:
        yield made


def placed(folder: Path, name: str, content: bytes) -> Source:
    path = folder / name
    path.write_bytes(content)
    return Source(path, file_key(path))


async def ending(raster: Rasterizer, source: Source, into: Path) -> OcrdError | None:
    """Read the first and the last page; return the error that ended it, None where none did."""
    try:
        info = await raster.inspect(source)
        for page in sorted({1, info.pages}):
            drawn = await raster.draw(source, page, into, 1000)
            assert into.stat().st_size >= drawn.width * drawn.height
            into.unlink()
    except (DocumentError, PageError) as error:
        assert not into.exists()
        return error
    return None


def wrong(name: str, error: OcrdError | None) -> list[str]:
    """Return in which ways a document did not end as it is to."""
    found = faults(error, name) if error is not None else []
    if name in REFUSED:
        kind, words = REFUSED[name]
        if not isinstance(error, kind) or words not in str(error):
            found.append(f"is to be refused as {kind.__name__}: … {words} …")
    elif DRAWN.match(name) and error is not None:
        found.append("is to be drawn")
    return [f"{name} {each}: {error!r}" for each in found]


@pytest.mark.parametrize("group", range(GROUPS))
async def test_every_hostile_document_ends_drawn_or_refused_with_a_reason_within_its_bounds(
    tmp_path: Path, group: int
) -> None:
    built = sorted(documents().items())[group::GROUPS]
    found: list[str] = []
    async with rasterizer() as raster, Watched(raster) as watched:
        for name, build in built:
            source = placed(tmp_path, name, build())
            began = time.monotonic()
            found += wrong(name, await ending(raster, source, tmp_path / "page.ppm"))
            if time.monotonic() - began > 3 * (3 * TIMEOUT + 5):
                found.append(f"{name} took {time.monotonic() - began:.0f} s")
            assert isinstance(source.path, Path)
            source.path.unlink()
    assert not found, "\n".join(found)
    assert 50 * MIB < watched.peak_bytes < MEMORY
    assert list(tmp_path.iterdir()) == []


async def test_what_a_document_wants_to_run_open_or_fetch_is_ignored(tmp_path: Path) -> None:
    """Also by a child that is not confined: it is not even tried."""
    canary = tmp_path / "canary"
    child = LimitedChild("ocrd.raster.drawing", Limits())
    await child.start()
    with listener() as (port, calls):
        for name, action in pdfs.ACTIONS.items():
            path, into = tmp_path / f"{name}.pdf", tmp_path / "page.ppm"
            path.write_bytes(pdfs.active(action, str(canary), port))
            with path.open("rb") as file, into.open("wb") as out:
                drawn = await child.call(
                    "draw", deadline_seconds=30, descriptors=[file.fileno(), out.fileno()],
                    path=str(path), key=None, passwords=[], page=1, into=str(into),
                    longest_side=500, page_pixels=10**8,
                )  # fmt: skip
            assert not drawn["blank"]
        socket.create_connection(("127.0.0.1", port)).close()
        async with asyncio.timeout(10):
            while not calls:  # the listener listens
                await asyncio.sleep(0.01)
    await child.close()
    assert len(calls) == 1
    assert not canary.exists()


async def test_no_more_folders_of_a_tiff_are_looked_at_than_there_may_be_pages(
    tmp_path: Path,
) -> None:
    source = placed(tmp_path, "a.tif", pictures.tiff_of_pages(10_000))
    seconds = {}
    for pages in (1000, 9_000):
        async with Rasterizer(RasterSettings(children=1), LimitSettings(pages=pages)) as raster:
            began = time.monotonic()
            with pytest.raises(TooLargeError, match=f"more than {pages} pages"):
                await raster.inspect(source)
            seconds[pages] = time.monotonic() - began
    assert seconds[1000] < seconds[9_000] / 2


@contextlib.contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """Provide a port, and the list of those who called."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, address = server.accept()
                    calls.append(str(address))
                    connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], calls
        over.set()
        thread.join()


async def test_no_other_file_is_read_into_a_page(tmp_path: Path) -> None:
    """A page whose content is said to be in another file has nothing of it."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"0 0 1000 1000 re f")
    black = placed(tmp_path, "a.pdf", pdfs.book(pdfs.stream(b"", f"/F({outside})")))
    async with rasterizer() as raster:
        assert (await raster.draw(black, 1, tmp_path / "page.ppm", 500)).blank


async def test_a_page_that_takes_for_ever_costs_its_time_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever else runs on this machine: nothing may be left to a child of low priority.
    monkeypatch.setattr("ocrd.raster.isolate._WORKED_SHARE", 0.005)
    source = placed(tmp_path, "a.pdf", pdfs.many_operations())
    async with rasterizer() as raster, Watched(raster) as watched:
        error = await ending(raster, source, tmp_path / "page.ppm")
    assert isinstance(error, PoisonousPageError)
    assert "longer than 3 s." in error.what
    assert watched.count == 1


async def test_slow_documents_leave_a_child_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocrd.raster.calls.QUICK_SECONDS", 1.0)
    slow = [placed(tmp_path, f"{n}.pdf", pdfs.many_operations()) for n in range(4)]
    good = placed(tmp_path, "good.pdf", pdfs.book())
    async with rasterizer(children=2, page_timeout=60.0) as raster:
        works = [
            asyncio.create_task(raster.draw(source, 1, tmp_path / f"{n}.ppm", 500, rank=(0,)))
            for n, source in enumerate(slow)
        ]
        try:
            # When all of them have been found slow, one child is theirs and the other is idle.
            async with asyncio.timeout(30):
                while len(raster.status()["drawing"]) != 1 or raster.status()["slow"] != 4:
                    await asyncio.sleep(0.02)
            await raster.draw(good, 1, tmp_path / "good.ppm", 500, rank=(9,))
            assert not any(work.done() for work in works)
        finally:
            for work in works:
                work.cancel()


async def test_a_document_whose_every_page_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocrd.raster.rasterize.MAX_DEADLY_PAGES", 3)
    page = pdfs.stream(pdfs.many_operations().partition(b"stream\n")[2].partition(b"\nendstr")[0],
                       pdfs.flate(1))  # fmt: skip
    kids = f"<</Type/Pages/Kids[{'3 0 R ' * 50}]/Count 50>>"
    source = placed(tmp_path, "a.pdf", pdfs.book(page, pages=kids, more={99: "null"}))
    ends: list[OcrdError] = []
    async with rasterizer(page_timeout=0.3) as raster:
        assert (await raster.inspect(source)).pages == 50
        for number in range(1, 4):
            with pytest.raises((PageError, DocumentError)) as caught:
                await raster.draw(source, number, tmp_path / "page.ppm", 500)
            assert isinstance(caught.value, OcrdError)
            ends.append(caught.value)
    assert all(isinstance(error, PoisonousPageError) for error in ends[:-1])
    assert isinstance(ends[-1], PoisonousError)
    assert faults(ends[-1], "a.pdf") == []


async def test_a_source_cut_while_it_is_drawn_is_a_changed_one(tmp_path: Path) -> None:
    """The child has it mapped, and is ended by the kernel where it reads beyond the end."""
    source = placed(tmp_path, "a.pdf", pdfs.many_operations())
    assert isinstance(source.path, Path)
    async with rasterizer(page_timeout=60.0) as raster, Watched(raster) as watched:
        work = asyncio.create_task(raster.draw(source, 1, tmp_path / "page.ppm", 500))
        async with asyncio.timeout(30):
            while not raster.status()["drawing"]:
                await asyncio.sleep(0.01)
        source.path.write_bytes(b"")
        with pytest.raises(SourceChangedError):
            await work
    assert watched.count <= 2
    assert not (tmp_path / "page.ppm").exists()


async def test_a_disk_that_does_not_give_the_bytes_is_to_blame_and_not_the_document(
    tmp_path: Path,
) -> None:
    with moody(tmp_path / "server", tmp_path / "disk") as disk:
        (disk.behind / "a.pdf").write_bytes(pdfs.book(pdfs.stream(b" " * (2 << 20) + pdfs.TEXT)))
        source = Source(disk.point / "a.pdf", file_key(disk.point / "a.pdf"))
        async with rasterizer() as raster, Watched(raster) as watched:
            await raster.inspect(source)
            disk.behave(errors=[("read", "a.pdf", errno.EIO)])
            with pytest.raises(ShareGoneError, match="Input/output error"):
                await raster.draw(source, 1, tmp_path / "page.ppm", 500)
            with pytest.raises(ShareGoneError):
                refuse_unreadable(source)
            disk.behave()
            refuse_unreadable(source)
            assert await ending(raster, source, tmp_path / "page.ppm") is None
    assert watched.count >= 2, "one was ended where it read what it had mapped"


SAMPLES = {**seeds.small(), **seeds.samples()}


@pytest.mark.parametrize("group", range(2))
async def test_a_document_cut_anywhere_is_read_or_refused_with_a_reason(
    tmp_path: Path, group: int
) -> None:
    """Every kilobyte of the small ones, 12 places in the larger ones."""
    found: list[str] = []
    async with rasterizer(page_timeout=20.0) as raster:
        for name, content in sorted(SAMPLES.items())[group::2]:
            step = max(1024, len(content) // 12)
            for size in range(0, len(content), step):
                source = placed(tmp_path, f"{size}-{name}", content[:size])
                error = await ending(raster, source, tmp_path / "page.ppm")
                found += wrong(f"{size}-{name}", error)
    assert not found, "\n".join(found)


async def test_changed_documents_end_read_or_refused_and_cost_no_more_than_their_child() -> None:
    """The same 600 every time; `make fuzz` goes on."""
    campaign = Campaign(seeds.small(), seeds.samples(), number=1)
    tally = await campaign.run(mutants=600)
    assert tally.violations == []
    assert tally.mutants == 600
    assert tally.outcomes["drawn"] > 100, "changed, and not only destroyed"
    assert tally.outcomes["corrupt"] + tally.outcomes["broken"] > 100
