"""What a server's answer says, as its bytes come: a stream of events, or JSON in one piece (pure).

Servers differ, and some are wrong. Whatever comes is either understood or is ``Unusable``: no
answer is as long as a server likes, and no part of one is taken for text that is none.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_ANSWER = 16 << 20  # bytes of one answer, or of one event: a page of text is under 1 MiB
MOST_LINES = 1000  # of one event, which has one as a rule
MOST_TOLD = 300  # characters of a server's own words
# Fields of server-sent events (WHATWG HTML, 9.2.5), and llama.cpp's own for an error in a stream.
_FIELD = re.compile(rb"(data|event|id|retry|error)?:")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Ends of an answer that a server says itself are none of the model's.
_BROKEN_ENDS = frozenset({"abort", "aborted", "cancelled", "error"})
CUT = "its answer ended in the middle"
DONE = object()  # among the events: nothing comes after it


class Unusable(Exception):  # noqa: N818 - of an answer
    """An answer that is none. ``status`` is the server's own code for why, 0 where it has none."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's whole answer."""

    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    tokens: int = 0
    is_counted: bool = False  # whether the server said how many tokens these were
    instead: str = ""  # what came where no text did


class Events:
    """The events of an answer, each as its JSON says, or DONE; one alone where it is no stream."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._looked = 0  # bytes in which no line ends
        self._is_stream: bool | None = None  # None before its first sign came
        self._after_return = False  # a line feed that comes next belongs to the line before
        self._data: list[str] = []

    def take(self, more: bytes) -> Iterator[Any]:
        """Yield what is complete with these bytes; raise Unusable."""
        self._bytes += more
        if len(self._bytes) > MAX_ANSWER:
            raise Unusable("its answer has no end")
        if self._is_stream is None:
            self._is_stream = self._begins_as_stream()
        if self._is_stream:
            for line in self._lines():
                yield from self._of_line(line)

    def end(self) -> Iterator[Any]:
        """Yield what is complete now that nothing more comes; raise Unusable."""
        if not self._is_stream:
            yield parsed(bytes(self._bytes))
            return
        for line in (self._bytes.decode("utf-8", "replace"), ""):
            try:
                yield from self._of_line(line)
            except Unusable:
                raise Unusable(CUT) from None

    def _begins_as_stream(self) -> bool | None:
        """Say by its first line whether this is a stream; what the headers call it is no matter."""
        self._bytes = self._bytes.removeprefix(BOM_UTF8).lstrip()
        if len(self._bytes) < len("retry:") and b":" not in self._bytes:
            return None
        return bool(_FIELD.match(self._bytes))

    def _lines(self) -> Iterator[str]:
        """Yield the lines that are whole: they end with LF, CR or both, and with nothing else."""
        while True:
            if self._after_return and self._bytes:
                if self._bytes[0] == ord("\n"):
                    del self._bytes[:1]
                self._after_return = False
            ends = (self._bytes.find(end, self._looked) for end in (b"\n", b"\r"))
            place = min((end for end in ends if end >= 0), default=-1)
            if place < 0:
                self._looked = len(self._bytes)
                return
            self._after_return = self._bytes[place] == ord("\r")
            line = bytes(self._bytes[:place])
            del self._bytes[: place + 1]
            self._looked = 0
            yield line.decode("utf-8", "replace")

    def _of_line(self, line: str) -> Iterator[Any]:
        """Yield the event that a line completes: as soon as it is JSON, at the latest at its end.

        There are servers that leave out the empty line between two.
        """
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "error" and value:
            raise Unusable(f"it broke off: {words_of(_or_text(value))}")
        if name == "data":
            if len(self._data) == MOST_LINES:
                raise Unusable("its answer makes no sense: an event of it has no end")
            self._data.append(value)
        elif line or not self._data:
            return
        joined = "\n".join(self._data)
        if joined.strip() in {"", "[DONE]"}:
            self._data = []
            if joined.strip():
                yield DONE
            return
        try:
            event = parsed(joined.encode())
        except Unusable:
            if not line:
                raise
            return
        self._data = []
        yield event


def parsed(answer: bytes) -> Any:
    """Return what JSON says; raise Unusable, with the first words of what is none."""
    text = answer.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        begin = " ".join(text[:MOST_TOLD].split())[:100]
        words = f"“{begin}…”" if begin else "there is nothing in it"
        raise Unusable(f"its answer makes no sense, it is no JSON: {words}") from error


class Growing:
    """A completion as its events come."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._held = ""  # the first half of a sign that two events share
        self._finish = ""
        self._usage: Mapping[str, Any] = {}
        self._size = 0
        self._instead = ""

    @property
    def is_finished(self) -> bool:
        """Say whether the server has told how the text ends."""
        return bool(self._finish)

    def take(self, event: Any) -> str:
        """Take one event and return its piece of text; raise Unusable for what is none."""
        if event is DONE:
            self._finish = self._finish or "stop"
            return ""
        if not isinstance(event, dict):
            raise Unusable(f"its answer makes no sense: {str(event)[:100]}")
        _require_no_error(event)
        usage = event.get("usage")
        self._usage = usage if isinstance(usage, dict) else self._usage
        choices = event.get("choices")
        if not choices:
            return ""
        if not isinstance(choices, list) or not isinstance(choices[0], dict):
            raise Unusable(f"its answer makes no sense: {str(choices)[:100]}")
        return self._of_choice(choices[0])

    def _of_choice(self, choice: Mapping[str, Any]) -> str:
        said = choice.get("delta")
        if said is None and not self._text:  # else the whole, told again at the end
            said = choice.get("message")
        piece = self._whole_signs(_text_of(said))
        self._instead = self._instead or _instead_of(said)
        self._finish = _finish_of(choice.get("finish_reason")) or self._finish
        self._size += len(piece)
        if self._size > MAX_ANSWER:
            raise Unusable("its answer has no end")
        if piece:
            self._text.append(piece)
        return piece

    def _whole_signs(self, piece: str) -> str:
        """Return a piece without halves of signs: JSON may tell them one by one."""
        if not _SURROGATE.search(piece) and not self._held:
            return piece
        piece = self._held + piece
        self._held = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
        return whole_signs(piece[: len(piece) - len(self._held)])

    def whole(self) -> Reply:
        """Return the answer; raise Unusable for one that was cut off."""
        if not self._finish:
            raise Unusable(CUT)
        if self._finish in _BROKEN_ENDS:
            raise Unusable(f"it broke off: {self._finish}")
        text = "".join(self._text) + ("\ufffd" if self._held else "")
        tokens = _count(self._usage.get("completion_tokens"))
        return Reply(
            text, self._finish, _count(self._usage.get("prompt_tokens")) or 0,
            len(self._text) if tokens is None else tokens, tokens is not None,
            "" if text.strip() else self._instead,
        )  # fmt: skip


def whole_signs(text: str) -> str:
    """Return a text that can be stored: of halves of signs whole ones, or U+FFFD of one alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text_of(said: Any) -> str:
    """Return the text of a message, whose parts may be told one by one; raise Unusable."""
    content = said.get("content") if isinstance(said, dict) else said
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise Unusable(f"its answer makes no sense: {str(content)[:100]}")
    return "".join(_text_of_part(part) for part in content)


def _text_of_part(part: Any) -> str:
    """Return the text of one part, "" of an image or of a thought."""
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and part.get("type", "text") in {"text", "output_text"}:
        text = part.get("text")
        return text if isinstance(text, str) else ""
    return ""


def _instead_of(said: Any) -> str:
    """Return what a message says beside its text."""
    if not isinstance(said, dict):
        return ""
    if said.get("reasoning_content") or said.get("reasoning"):
        return "its thoughts alone"
    if said.get("tool_calls") or said.get("function_call"):
        return "the call of a tool"
    refusal = said.get("refusal")
    return f"a refusal: {words_of(refusal)}" if refusal else ""


def _finish_of(told: Any) -> str:
    """Return how the text ended, "" where it goes on."""
    if isinstance(told, dict):  # SGLang's own form
        told = told.get("type")
    return told.casefold() if isinstance(told, str) else ""


def _require_no_error(event: Mapping[str, Any]) -> None:
    """Raise Unusable for an event that tells of an error, in whatever form."""
    error = event.get("error")
    if not error and event.get("object") != "error":
        return
    told = error if isinstance(error, dict) else event
    status = _count(told.get("code")) or _count(told.get("status")) or 0
    raise Unusable(f"it broke off: {words_of(event)}", status)


def _count(told: Any) -> int | None:
    """Return a number of something, None for what is none."""
    is_number = isinstance(told, int) and not isinstance(told, bool) and told >= 0
    return told if is_number else None


def _or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def words_of(body: Any) -> str:
    """Return what a server says of an error, whatever its form."""
    told = (body.get("error") or body) if isinstance(body, dict) else body
    if isinstance(told, dict):
        told = told.get("message") or told.get("detail") or told
    return " ".join(str(told).split())[:MOST_TOLD]


def whole_number(told: Any) -> int:
    """Return a number that a server tells, 0 for what is none."""
    return _count(told) or 0
