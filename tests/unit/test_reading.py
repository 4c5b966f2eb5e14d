"""What becomes of a document's pages, and who is to blame where one ends the engine.

Blame is tested with a real engine worker and rasterizer; what is made of answers, with answers.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ocrd import reading
from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.engine.client import EngineClient
from ocrd.engine.protocol import MARKDOWN, Hello
from ocrd.engine.room import Room
from ocrd.errors import EngineError, PageError, SourceChangedError, TransientError
from ocrd.files import file_key
from ocrd.job import Box, Doubt, Ink, Line, PageImage, PageRead, PageStatus, Recognition
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import DrawnBefore, InterruptedReadingError, Reading, read_pages
from ocrd.tasks import Task
from tests.clients import engine
from tests.engines import ENVIRONMENT
from tests.installation import LETTER


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


async def read(
    client: EngineClient, temp_dir: Path, on_acquittal: Callable[[int], None]
) -> list[PageRead]:
    """Read the letter's page, whose image is called letter-1.pnm."""
    found: list[PageRead] = []

    async def on_page(page: PageRead) -> None:
        found.append(page)

    async with Rasterizer(RasterSettings(), LimitSettings()) as rasterizer:
        source = Source(LETTER, file_key(LETTER))
        await read_pages(
            Reading(
                source, "letter", rasterizer, client, MARKDOWN, (1,), temp_dir, on_page,
                on_acquittal=on_acquittal,
            ),
            [1],
        )
    return found


async def test_a_page_that_ends_an_engine_that_reads_another_one_is_given_up(
    tmp_path: Path,
) -> None:
    acquitted: list[int] = []
    async with engine("die_on_page_4", {"on": "letter-1\\.pnm"}) as client:
        (page,) = await read(client, tmp_path, acquitted.append)
    assert (page.status, page.code) == (PageStatus.FAILED, "poisonous-page")
    assert acquitted == []
    assert not list(tmp_path.iterdir())


async def test_a_page_that_ends_an_engine_as_any_other_does_is_acquitted(tmp_path: Path) -> None:
    acquitted: list[int] = []
    async with engine("die_on_page_4", {"on": "letter-1"}) as client:
        with pytest.raises(EngineError, match="known to be good"):
            await read(client, tmp_path, acquitted.append)
    assert acquitted == [1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ours", ["gone.jpg", "damaged.jpg"])
async def test_where_our_own_page_cannot_be_drawn_the_verdict_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing else")
    monkeypatch.setattr(reading, "KNOWN_GOOD", folder / ours)
    async with engine("die_on_page_4", {"on": "letter-1"}) as client:
        (page,) = await read(client, tmp_path, lambda _page: pytest.fail("acquitted"))
    assert (page.status, page.code) == (PageStatus.FAILED, "poisonous-page")


# What reading makes of answers

QUAD = ((10.0, 10.0), (290.0, 10.0), (290.0, 30.0), (10.0, 30.0))
ANSWER = Recognition(
    (Line("Dear reader,", 0.9, QUAD),), width=300, height=400, rotation=90, seconds=1.5,
    warnings=("It was turned.",),
)  # fmt: skip
Answering = Callable[[int], Awaitable[Recognition]]


async def answer(number: int) -> Recognition:
    del number
    return ANSWER


class Desk:
    """A document on its way, whose pages are drawn and answered for as the test says."""

    def __init__(
        self, temp_dir: Path, answering: Answering = answer, *, blank: bool = False,
        task: Task = MARKDOWN, kills: Mapping[int, int] | None = None,
        drawing: Callable[[int], Awaitable[None]] | None = None, name: str = "scripted",
        warnings: tuple[str, ...] = (), drawn: tuple[Doubt, ...] = (),
    ) -> None:  # fmt: skip
        self._answering, self._drawing, self._blank = answering, drawing, blank
        self._name = name
        self._remarks: dict[str, Any] = {"warnings": warnings, "doubts": drawn}
        self.asked: list[tuple[str, int]] = []
        self.killed: list[int] = []
        self.pages: list[PageRead] = []
        self.stopping = asyncio.Event()
        self.room = Room(lambda: 2)
        self.confidence_floor = 0.0
        self.reading = Reading(
            Source(LETTER, file_key(LETTER)), "letter", cast("Rasterizer", self),
            cast("EngineClient", self), task, (1,), temp_dir, self._on_page,
            on_kill=self.killed.append, kills=kills or {}, stopping=self.stopping,
        )  # fmt: skip

    async def _on_page(self, page: PageRead) -> None:
        self.pages.append(page)

    @property
    def announced(self) -> Hello:
        return Hello(self._name, "none", capacity=2, longest_side=640)

    async def hello(self) -> Hello:
        return self.announced

    async def draw(
        self, source: Source, page: int, into: Path, longest_side: int, rank: tuple[int, ...], *,
        deadly_pages: int,
    ) -> PageImage:  # fmt: skip
        assert (source, longest_side, rank) == (self.reading.source, 640, (1,))
        assert deadly_pages == self.reading.deadly_pages
        if self._drawing:
            await self._drawing(page)
        into.touch()
        return PageImage(page, str(into), 600, 800, 0.5, blank=self._blank, **self._remarks)

    async def recognise(
        self, path: Path, task: Task, rank: tuple[int, ...], *, door: str, ink: Ink | None,
        kills: int, on_kill: Callable[[int], None], on_text: Callable[[str, bool], None] | None,
        document_pages: int,
    ) -> Recognition:  # fmt: skip
        assert ink == self._remarks.get("ink") and door == self.reading.door
        assert document_pages == self.reading.pages
        if on_text is not None:
            on_text(f"text of {path.name}", False)
        assert path.exists() and task == self.reading.task and rank == (1,)
        number = int(path.stem.rpartition("-")[2])
        self.asked.append((path.name, kills))
        if kills:
            on_kill(kills + 1)
        return await self._answering(number)


@pytest.mark.parametrize(("side", "drawings"), [(640, []), (1000, [1])])
async def test_a_page_that_is_drawn_already_is_drawn_anew_for_another_size_only(
    tmp_path: Path, side: int, drawings: list[int]
) -> None:
    drew: list[int] = []

    async def note(page: int) -> None:
        drew.append(page)

    desk = Desk(tmp_path, drawing=note)
    path = tmp_path / "letter-1.pnm"
    path.touch()
    before = DrawnBefore(PageImage(1, str(path), 600, 800, 0.5, blank=False), side)
    await read_pages(replace(desk.reading, drawn=before), [1, 2])
    assert drew == [*drawings, 2]
    assert sorted(page.number for page in desk.pages) == [1, 2]
    assert list(tmp_path.iterdir()) == []


async def test_a_page_is_what_the_engine_read_in_reading_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await read_pages(desk.reading, [3])
    (page,) = desk.pages
    assert replace(page, blocks=()) == PageRead(
        number=3, status=PageStatus.READ, width=300, height=400, points_per_pixel=0.5,
        rotation=90, seconds=1.5, warnings=("It was turned.",),
    )  # fmt: skip
    assert [block.text for block in page.blocks] == ["Dear reader,"]
    assert list(tmp_path.iterdir()) == [], "its image is gone"


async def test_a_page_keeps_how_sure_the_engine_is_and_is_doubtful_under_its_floor(
    tmp_path: Path,
) -> None:
    async def unsure(_: int) -> Recognition:
        return replace(
            ANSWER, confidence=0.6, least=0.1, tokens=7, prompt_tokens=9, estimated=True,
            finish="length",
        )  # fmt: skip

    desk = Desk(tmp_path, unsure)
    await read_pages(desk.reading, [1])
    desk.confidence_floor = 0.61
    await read_pages(desk.reading, [2])
    read, doubtful = desk.pages
    assert (read.status, doubtful.status) == (PageStatus.READ, PageStatus.DOUBTFUL)
    assert (read.confidence, read.least, read.tokens, read.prompt_tokens) == (0.6, 0.1, 7, 9)
    assert (read.estimated, read.finish) == (True, "length")
    assert [doubt.code for doubt in doubtful.doubts] == ["low-confidence"]


async def test_a_pages_text_is_told_as_it_comes_with_its_number(tmp_path: Path) -> None:
    desk, told = Desk(tmp_path), []
    tell = lambda number, text, anew: told.append((number, text, anew))  # noqa: E731
    desk.reading = replace(desk.reading, on_text=tell)
    await read_pages(desk.reading, [3])
    assert told == [(3, f"text of {desk.asked[0][0]}", False)]


async def test_a_page_that_ran_away_is_doubtful_and_keeps_what_was_read(tmp_path: Path) -> None:
    async def doubtful(_: int) -> Recognition:
        return replace(ANSWER, doubt="The model repeated itself.")

    desk = Desk(tmp_path, doubtful)
    await read_pages(desk.reading, [3])
    (page,) = desk.pages
    assert (page.status, page.code) == (PageStatus.DOUBTFUL, "")
    assert [(doubt.code, doubt.message) for doubt in page.doubts] == [
        ("runaway", "The model repeated itself.")
    ]
    assert page.warnings == ("It was turned.",)
    assert [block.text for block in page.blocks] == ["Dear reader,"]


async def test_a_page_that_ran_away_without_a_word_fails_and_says_why_first(tmp_path: Path) -> None:
    async def nonsense(_: int) -> Recognition:
        return replace(ANSWER, lines=(), form="markup", markup="- - - - -", doubt="It repeats.")

    desk = Desk(tmp_path, nonsense, warnings=("The file ends early.",))
    await read_pages(desk.reading, [3])
    (page,) = desk.pages
    assert (page.status, page.code) == (PageStatus.FAILED, "doubtful-page")
    assert page.warnings == ("It repeats.", "The file ends early.", "It was turned.")
    assert page.blocks, "what it wrote is kept"


async def test_lines_that_were_found_and_not_read_are_told_and_no_part_of_the_text(
    tmp_path: Path,
) -> None:
    below = ((10.0, 50.0), (290.04, 50.0), (290.0, 70.0), (10.0, 70.0))
    guess, empty = Line("D3ar rcad", 0.2, below, doubt="unread"), Line(" ", 0.0, QUAD)

    async def in_part(_: int) -> Recognition:
        return replace(ANSWER, lines=(guess, *ANSWER.lines, empty))

    desk = Desk(tmp_path, in_part)
    await read_pages(desk.reading, [1])
    (page,) = desk.pages
    assert page.status is PageStatus.DOUBTFUL
    assert [block.text for block in page.blocks] == ["Dear reader,"]
    assert page.unread == (Box(10, 50, 290, 70), Box(10, 10, 290, 30))
    assert [(doubt.code, doubt.share) for doubt in page.doubts] == [("unread-lines", 0.6667)]


async def test_what_the_source_remarks_goes_with_the_page_whatever_becomes_of_it(
    tmp_path: Path,
) -> None:
    remarks = ("The file ends early.",)

    async def refuse(_: int) -> Recognition:
        raise PageError("It is all noise.")

    read, blank, failed = (
        Desk(tmp_path, warnings=remarks),
        Desk(tmp_path, blank=True, warnings=remarks),
        Desk(tmp_path, refuse, warnings=remarks),
    )
    for desk in (read, blank, failed):
        await read_pages(desk.reading, [1])
    assert read.pages[0].warnings == (*remarks, "It was turned.")
    assert blank.pages[0].warnings == remarks
    assert failed.pages[0].warnings == ("It is all noise.", *remarks)
    assert [desk.pages[0].status for desk in (read, blank, failed)] == ["read", "blank", "failed"]


async def test_a_page_on_which_nothing_is_seen_is_not_blank_if_content_was_not_drawn(
    tmp_path: Path,
) -> None:
    lost = Doubt("not-drawn", "a picture could not be decoded", 1.0)
    desk = Desk(tmp_path, blank=True, drawn=(lost,))
    await read_pages(desk.reading, [1])
    assert desk.asked == []
    assert (desk.pages[0].status, desk.pages[0].doubts) == (PageStatus.DOUBTFUL, (lost,))


async def test_a_models_markup_is_taken_apart_and_its_lines_are_not(tmp_path: Path) -> None:
    async def of_a_model(_: int) -> Recognition:
        return replace(ANSWER, form="markup", markup="# Kind regards")

    desk = Desk(tmp_path, of_a_model)
    await read_pages(desk.reading, [3])
    assert [block.text for block in desk.pages[0].blocks] == ["Kind regards"]


async def test_a_blank_page_is_not_shown_to_the_engine(tmp_path: Path) -> None:
    desk = Desk(tmp_path, blank=True)
    await read_pages(desk.reading, [1])
    assert desk.asked == []
    assert desk.pages == [
        PageRead(1, PageStatus.BLANK, width=600, height=800, points_per_pixel=0.5)
    ]


async def test_a_page_that_cannot_be_read_says_why_and_others_are_read(tmp_path: Path) -> None:
    async def refuse_the_second(number: int) -> Recognition:
        if number == 2:
            raise PageError("It is all noise.", hint="Scan it again.")
        return ANSWER

    desk = Desk(tmp_path, refuse_the_second)
    await read_pages(desk.reading, [1, 2, 3])
    by_number = {page.number: page for page in desk.pages}
    assert [by_number[n].status for n in (1, 2, 3)] == ["read", "failed", "read"]
    assert by_number[2].warnings == ("It is all noise. Scan it again.",)
    assert by_number[2].code == "page"
    assert list(tmp_path.iterdir()) == []


async def test_what_pages_are_blamed_for_is_told_to_the_engine_and_the_ledger(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, kills={2: 1})
    await read_pages(desk.reading, [1, 2])
    assert sorted(desk.asked) == [("letter-1.pnm", 0), ("letter-2.pnm", 1)]
    assert desk.killed == [2], "the page, not the count"


async def test_an_engine_that_has_not_the_folders_mode_is_waited_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, task=Task("figure"))
    with pytest.raises(TransientError, match='no mode "figure"') as raised:
        await read_pages(desk.reading, [1])
    assert "It has markdown, text" in raised.value.hint
    assert desk.asked == []


async def test_a_language_that_is_not_installed_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    (tmp_path / "eng.traineddata").touch()
    desk = Desk(tmp_path, task=Task(languages=("rus", "eng")), name="tesseract")
    with pytest.raises(TransientError, match="data for rus is not installed") as raised:
        await read_pages(desk.reading, [1])
    assert "apt install tesseract-ocr-rus" in raised.value.hint
    assert desk.asked == []
    (tmp_path / "rus.traineddata").touch()
    await read_pages(desk.reading, [1])
    assert len(desk.pages) == 1


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([ValueError("a"), TransientError("b")], "b"),
        ([TransientError("a"), ValueError("b")], "a"),
        ([TransientError("a"), SourceChangedError("b")], "a"),
        ([ValueError("a"), OSError("b")], "a"),
        ([ExceptionGroup("of both", [ValueError("a"), TransientError("b")]), OSError("c")], "b"),
    ],
)
async def test_of_errors_that_come_at_once_the_first_that_explains_itself_is_told(
    tmp_path: Path, errors: list[Exception], told: str
) -> None:
    second_waits, first_fails = asyncio.Event(), asyncio.Event()

    async def fail(number: int) -> Recognition:
        if number == 1:
            await second_waits.wait()
            first_fails.set()
        else:
            second_waits.set()
            await first_fails.wait()
        raise errors[number - 1]

    desk = Desk(tmp_path, fail)
    with pytest.raises(Exception, match=f"^{told}") as raised:
        await read_pages(desk.reading, [1, 2])
    assert raised.type is not ExceptionGroup
    assert list(tmp_path.iterdir()) == []


# At a stop


async def test_at_a_stop_pages_in_work_are_finished_and_no_further_page_is_begun(
    tmp_path: Path,
) -> None:
    begun = list[int]()

    def numbers() -> Iterator[int]:
        for number in range(1, 1000):
            begun.append(number)
            yield number

    async def stop(number: int) -> Recognition:
        if number == 2:
            desk.stopping.set()
        return ANSWER

    desk = Desk(tmp_path, stop)
    with pytest.raises(InterruptedReadingError):
        await read_pages(desk.reading, numbers())
    assert {1, 2} <= {page.number for page in desk.pages}
    assert len(begun) < 10
    assert list(tmp_path.iterdir()) == []


async def test_at_a_stop_an_engine_that_ends_does_not_take_pages_in_work_with_it(
    tmp_path: Path,
) -> None:
    ended = asyncio.Event()

    async def end(number: int) -> Recognition:
        if number == 1:
            desk.stopping.set()
            ended.set()
            raise EngineError("It was stopped.")
        await ended.wait()
        return ANSWER

    desk = Desk(tmp_path, end)
    with pytest.raises(InterruptedReadingError):
        await read_pages(desk.reading, [1, 2])
    assert [page.number for page in desk.pages] == [2]


async def test_an_engine_that_fails_fails_the_document(tmp_path: Path) -> None:
    async def fail(_: int) -> Recognition:
        raise EngineError("It does not start.")

    with pytest.raises(EngineError, match="does not start"):
        await read_pages(Desk(tmp_path, fail).reading, [1, 2, 3])


@pytest.mark.parametrize("outcome", ["cancelled", "fails", "ends"])
async def test_what_is_given_up_at_a_stop_troubles_nobody(tmp_path: Path, outcome: str) -> None:
    """Neither its cancellation nor a failure while it is cleaned up is reported as an oversight."""
    oversights: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: oversights.append(context))

    async def draw_for_ever(_: int) -> None:
        desk.stopping.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if outcome == "fails":
                raise OSError("The folder is gone.") from None
            if outcome == "cancelled":
                raise

    desk = Desk(tmp_path, drawing=draw_for_ever)
    with pytest.raises(InterruptedReadingError):
        await read_pages(desk.reading, [1])
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert oversights == []
    assert desk.pages == []
