"""The embedded engine tells its lines as it reads them, how sure it is, and ends when told to."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.protocol import Partial, Progress, Recognise
from ocrd.engine.rapidocr.engine import RapidOcr, Share
from ocrd.engine.telling import Telling
from ocrd.job import Recognition
from ocrd.tasks import Task
from tests import clients

TEXT = (
    "The harbour office opens at seven.",
    "Every boat is written into the book",
    "before the morning tide turns, and",
    "nobody leaves without a receipt.",
)
LETTERS = "".join(TEXT)
SOON_SECONDS = 1.0  # in which a cancelled page is to be over


@pytest.fixture(scope="module", name="engine")
def _engine() -> Iterator[RapidOcr]:
    engine = RapidOcr(Share.of(2, 2, cores=2))
    yield engine
    engine.close()


def draw(path: Path, clockwise: int = 0, *, rows: int = 4) -> Path:
    page = Image.new("L", (1000, 120 + 60 * rows), 255)
    pen = ImageDraw.Draw(page)
    for row in range(rows):
        line = TEXT[row % 4] if rows == 4 else f"{TEXT[row % 4]} {row}"
        pen.text((60, 60 + 60 * row), line, fill=0, font=ImageFont.load_default(36))
    page.rotate(-clockwise, expand=True).save(path)
    return path


def read(engine: RapidOcr, path: Path) -> tuple[Recognition, str]:
    """Read a page that somebody reads along with; return what is told of it, too."""
    partials: list[Partial] = []

    def take(message: Partial | Progress) -> None:
        if isinstance(message, Partial):
            partials.append(message)

    request = Recognise(1, str(path), stream=True)
    telling = Telling(request, take)
    found = engine.recognise(request, telling)
    telling.settle()
    assert not any(partial.restart for partial in partials)
    return found, "".join(partial.text for partial in partials)


@pytest.mark.parametrize("clockwise", [0, 180])
def test_lines_are_told_as_they_are_read_from_the_top(
    engine: RapidOcr, tmp_path: Path, clockwise: int
) -> None:
    found, told = read(engine, draw(tmp_path / "page.pgm", clockwise))
    assert told == "".join(f"{line}\n" for line in TEXT)
    assert len(found.lines) == len(TEXT)


def test_a_page_says_how_sure_the_engine_is_and_about_how_many_tokens_it_has(
    engine: RapidOcr, tmp_path: Path
) -> None:
    found, _ = read(engine, draw(tmp_path / "page.pgm"))
    mean = sum(line.confidence * len(line.text) for line in found.lines) / len(LETTERS)
    assert found.confidence == pytest.approx(mean, abs=1e-4)
    assert found.least == min(line.confidence for line in found.lines)
    assert found.estimated
    assert (found.tokens, found.finish) == (math.ceil((len(LETTERS) + len(TEXT)) / 4), "stop")


def test_a_page_without_text_is_sure_of_nothing(engine: RapidOcr, tmp_path: Path) -> None:
    blank = tmp_path / "blank.pgm"
    Image.new("L", (760, 520), 255).save(blank)
    found, told = read(engine, blank)
    assert (found.confidence, found.least, found.tokens, told) == (None, None, 0, "")


async def test_a_cancelled_page_frees_its_slot_at_the_next_line(tmp_path: Path) -> None:
    path = draw(tmp_path / "page.pgm", rows=80)
    waits = []
    settings: dict[str, Any] = {"kind": "rapidocr", "slots": 1, "threads": 1}
    async with clients.engine(None, limit_seconds=60.0, **settings) as client:
        for _ in range(3):  # the machine may be busy with others
            heard: list[str] = []
            work = asyncio.ensure_future(
                client.recognise(path, Task(), (0,), on_text=lambda text, _: heard.append(text))  # noqa: B023
            )
            await clients.until(lambda: bool(heard or work.done()))  # noqa: B023 - over before the next
            assert not work.done()
            work.cancel()
            began = time.monotonic()
            await clients.until(lambda: client.status()["in_flight"] == 0)
            waits.append(time.monotonic() - began)
            assert 0 < len("".join(heard).splitlines()) < 80
    assert min(waits) < SOON_SECONDS
