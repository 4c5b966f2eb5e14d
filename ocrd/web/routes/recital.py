"""The text of several documents as one: read at the same time, told in their order.

What is told is never taken back. Pages are read in any order and some of them twice; a page that is
read again after something of it was told goes on where it was, if it says the same, and ends the
telling with an error else. Told to its end, a text is the same however it was told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from ocrd.errors import RequestError
from ocrd.spoken import Cut, Spoken

BETWEEN = "\n\n"  # pages


@dataclass(slots=True)
class Passage:
    """One page's text, or one document's."""

    spoken: Spoken
    text: str = ""  # that is settled
    told: str = ""
    has_text: bool = False  # something was heard
    is_given: bool = False  # all at once, and told line by line
    is_over: bool = False


@dataclass(slots=True)
class _Document:
    passages: dict[int, Passage] = field(default_factory=dict)  # by page, in order
    is_known: bool = False  # which pages it has


class Recital:
    """Tells the pages of documents in order."""

    def __init__(
        self,
        documents: int,
        tell: Callable[[str], None],
        spoken: Callable[[], Spoken] = Spoken,
        cut: Cut | None = None,
        *,
        live: bool = True,
    ) -> None:
        """``tell`` gets the text piece by piece; ``spoken`` makes what takes a page's text.

        Unless it is ``live``, nothing of a page is told before it is over.
        """
        self._documents = [_Document() for _ in range(documents)]
        self._tell = tell
        self._spoken = spoken
        self._cut = cut
        self._live = live
        self._document = 0  # that is told, and which of its passages
        self._passage = 0
        self._has_told = False

    def open(self, document: int, pages: Sequence[int]) -> None:
        """Take note of the pages that a document has; 0 is all of it as one."""
        self._documents[document].passages = {page: Passage(self._spoken()) for page in pages}
        self._documents[document].is_known = True
        self._go_on()

    def count(self, document: int) -> int:
        """Return how many pages of a document are told."""
        return len(self._documents[document].passages)

    def has_told(self, document: int, page: int) -> bool:
        """Say whether something of a page has been told."""
        return bool(self._documents[document].passages[page].told)

    def has_heard(self, document: int, page: int) -> bool:
        """Say whether an engine said something of a page."""
        return self._documents[document].passages[page].has_text

    def hear(self, document: int, page: int, piece: str, *, restart: bool = False) -> None:
        """Take text of a page; with ``restart`` what came before is void.

        Raises RequestError where it was told already, and is another now.
        """
        passage = self._documents[document].passages[page]
        if restart:
            passage.spoken, passage.text = self._spoken(), ""
        passage.has_text = bool(piece) or (passage.has_text and not restart)
        passage.text += passage.spoken.take(piece)
        self._go_on()

    def end(self, document: int, page: int, text: str | None = None) -> None:
        """Take note that a page is over; ``text`` is what it says, instead of what was heard."""
        passage = self._documents[document].passages[page]
        if text is None:
            passage.text += passage.spoken.end()
        else:
            passage.text, passage.is_given = text, True
        passage.is_over = True
        self._go_on()

    def close(self) -> str:
        """Tell what is held at the end of all; return why the text ends: "stop" or "length"."""
        if self._cut is None:
            return "stop"
        if rest := self._cut.end():
            self._tell(rest)
        return self._cut.finish

    def _go_on(self) -> None:
        """Tell what may be told now."""
        while self._document < len(self._documents):
            document = self._documents[self._document]
            if not document.is_known:
                return
            passages = [*document.passages.values()]
            while self._passage < len(passages):
                passage = passages[self._passage]
                if self._live or passage.is_over:
                    self._tell_of(passage)
                if not passage.is_over:
                    return
                self._passage += 1
            self._document, self._passage = self._document + 1, 0

    def _tell_of(self, passage: Passage) -> None:
        fresh, told = passage.text, passage.told
        if not fresh.startswith(told):
            if not passage.is_over and told.startswith(fresh):
                return  # it is read again, and has not come so far yet
            raise RequestError(
                "A page is read again, for it came to no sound end: what was sent of it is void.",
                hint='Ask without "stream": the answer is then what holds in the end.',
                status=HTTPStatus.INTERNAL_SERVER_ERROR, code="read-again",
            )  # fmt: skip
        if len(fresh) == len(told):
            return
        piece = fresh[len(told) :]
        if not told and self._has_told:
            piece = BETWEEN + piece
        passage.told, self._has_told = fresh, True
        for part in piece.splitlines(keepends=True) if passage.is_given else (piece,):
            said = part if self._cut is None else self._cut.take(part)
            if said:
                self._tell(said)
