"""What is read for a conversation: its documents, one task for all of them, one text of all.

A model's text is its own words, told as its tokens come. What an engine reads in lines is laid out
once all of a document is read; only where plain text is asked for as a stream, its lines are told
as they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from ocrd import doubts, rendering
from ocrd.confidence import CHARACTERS_A_TOKEN, estimated_tokens
from ocrd.direct import Answer, Question
from ocrd.errors import RequestError, TooManyPagesError
from ocrd.job import PageRead, PageStatus, Recognition
from ocrd.spoken import Cut, Spoken
from ocrd.tasks import Task
from ocrd.web.door.asked import LINE_KINDS, answered
from ocrd.web.door.house import House
from ocrd.web.door.sink import Received
from ocrd.web.routes.recital import Recital

_WHOLE = 0  # the page that stands for all of a document


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read, and how it is told."""

    documents: Sequence[Received]
    task: Task
    engine: str
    kind: str
    marked: bool = False  # with the model's marks
    live: bool = True  # told while it is read

    @property
    def are_lines(self) -> bool:
        """Say whether the engine reads lines and knows no tokens."""
        return self.kind in LINE_KINDS

    @property
    def is_laid_out(self) -> bool:
        """Say whether a document's text is made of all that was read of it."""
        return self.are_lines and (self.task.mode == "markdown" or not self.live)


@dataclass(slots=True)
class Transcript:
    """What was read, besides its text."""

    answers: list[Answer]
    finish: str = "stop"  # or "length"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    def pages(self) -> list[dict[str, Any]]:
        """Return what became of each page, as JSON."""
        return [
            _page(number, page)
            for number, answer in enumerate(self.answers, 1)
            for page in answer.pages
        ]


@dataclass(slots=True)
class Transcription:
    """The reading of what a conversation brought."""

    house: House
    wanted: Wanted
    tell: Callable[[str], None]
    recital: Recital = field(init=False)
    _told: int = 0  # characters
    _left: int = field(init=False)  # pages that may be read yet

    def __post_init__(self) -> None:
        decoding = self.wanted.task.decoding
        cut = None
        if self.wanted.are_lines and (decoding.max_tokens or decoding.stop):
            most = decoding.max_tokens and decoding.max_tokens * CHARACTERS_A_TOKEN
            cut = Cut(most, decoding.stop)
        marked = self.wanted.marked or self.wanted.are_lines or self.wanted.task.mode == "locate"
        self.recital = Recital(
            len(self.wanted.documents), self._say, partial(Spoken, marked=marked), cut,
            live=self.wanted.live,
        )  # fmt: skip
        self._left = self.house.settings().api.max_direct_pages

    async def read(self) -> Transcript:
        """Read the documents and tell their text.

        Raises the OcrdError of what cannot be read, RequestError where no page could.
        """
        tasks = [
            asyncio.ensure_future(self._read(number, document))
            for number, document in enumerate(self.wanted.documents)
        ]
        try:
            answers = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        finish = self.recital.close()
        return self._transcript(answers, finish)

    def _say(self, piece: str) -> None:
        self._told += len(piece)
        self.tell(piece)

    async def _read(self, number: int, document: Received) -> Answer:
        wanted, settings = self.wanted, self.house.settings().api
        recital, is_whole = self.recital, wanted.is_laid_out
        said: dict[int, Recognition] = {}

        def open_(pages: Sequence[int]) -> None:
            self._count(len(pages))
            recital.open(number, [_WHOLE] if is_whole else pages)

        def hear(page: int, piece: str, restart: bool) -> None:
            recital.hear(number, page, piece, restart=restart)

        def end(page: PageRead) -> None:
            if not is_whole:
                self._end(number, page, said.get(page.number))

        question = Question(
            document.path, wanted.task, wanted.engine, (), settings.priority,
            settings.max_direct_pages, None if is_whole else hear, end, open_, said.__setitem__,
        )  # fmt: skip
        answer = await answered(self.house, question)
        if is_whole:
            self._require_some(answer)
            text = await asyncio.to_thread(
                rendering.markdown, answer.pages, wanted.task.mode, rendering.PURE
            )
            recital.end(number, _WHOLE, text.strip())
        return answer

    def _count(self, pages: int) -> None:
        self._left -= pages
        if self._left < 0:
            most = self.house.settings().api.max_direct_pages
            raise TooManyPagesError(
                f"The documents together have more pages than are read while somebody waits"
                f" ({most}).",
                hint="Ask for fewer pages, or make it a job: POST /v1/jobs.",
            )

    def _end(self, document: int, page: PageRead, answer: Recognition | None) -> None:
        """End a page: with what was heard of it, or with what is to be said instead."""
        recital = self.recital
        if page.status is PageStatus.FAILED:
            is_alone = len(self.wanted.documents) == 1 and recital.count(document) == 1
            if is_alone or recital.has_told(document, page.number):
                raise unread(page)
            recital.end(document, page.number, rendering.markdown([page]).strip())
        elif (
            answer is not None
            and answer.form == "lines"
            and not recital.has_heard(document, page.number)
        ):  # the engine tells nothing of a page before all of it
            recital.end(document, page.number, _laid_out(page, self.wanted.task.mode))
        else:
            recital.end(document, page.number)

    def _require_some(self, answer: Answer) -> None:
        is_alone = len(self.wanted.documents) == 1
        if is_alone and all(page.status is PageStatus.FAILED for page in answer.pages):
            raise unread(answer.pages[0])

    def _transcript(self, answers: Sequence[Answer], finish: str) -> Transcript:
        found = [one for answer in answers for one in answer.recognitions.values()]
        result = Transcript([*answers], finish)
        result.prompt_tokens = sum(one.prompt_tokens for one in found)
        result.estimated = self.wanted.are_lines or any(one.estimated for one in found)
        result.completion_tokens = (
            estimated_tokens(self._told) if result.estimated else sum(one.tokens for one in found)
        )
        if any(one.finish == "length" for one in found):
            result.finish = "length"
        return result


def unread(page: PageRead) -> RequestError:
    """Return the error of a page that could not be read, where it is all that was asked for."""
    cause = "; ".join(page.warnings) or "no text came of it."
    return RequestError(
        f"Page {page.number} could not be read: {cause}",
        hint="Is it a scan, whole and upright? A job keeps what came of it: POST /v1/jobs.",
        page=page.number, status=HTTPStatus.UNPROCESSABLE_ENTITY, code=page.code or "page",
    )  # fmt: skip


def _laid_out(page: PageRead, mode: str) -> str:
    return rendering.markdown([page], mode, rendering.PURE).strip()


def _page(document: int, page: PageRead) -> dict[str, Any]:
    return {
        "document": document,
        "page": page.number,
        "status": page.status.value,
        "doubts": [doubt.message for doubt in page.doubts],
        "lost": round(doubts.lost(page.doubts), 4),
        "confidence": page.confidence,
        "least": page.least,
        "finish_reason": page.finish,
    }
