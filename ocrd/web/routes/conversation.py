"""What a conversation asks: the documents that it brings, and the words about them.

Parts are those of OpenAI's two APIs: ``text``, ``image_url`` and ``file`` of chat completions,
``input_text``, ``input_image`` and ``input_file`` of responses. The models know no conversation: of
all messages the last one of the user that brings documents counts, with the words of the user's
last message. What the system, the assistant and tools say is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ocrd.errors import RequestError
from ocrd.web.door.fetching import named
from ocrd.web.door.form import Form
from ocrd.web.door.house import House
from ocrd.web.door.packed import decoded
from ocrd.web.door.sink import Received
from ocrd.web.routes.files import deposited, signed_for

_TEXTS = frozenset({"text", "input_text"})
_IMAGES = frozenset({"image_url", "input_image"})
_FILES = frozenset({"file", "input_file"})


class ParameterError(RequestError):
    """A request's field is not what the API says; ``param`` names it."""

    def __init__(self, what: str, param: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(
            what, hint=hint, status=HTTPStatus.BAD_REQUEST, code=code or "invalid_value"
        )
        self.param = param


@dataclass(frozen=True, slots=True)
class Reference:
    """A document as a part of a message names it."""

    url: str = ""  # data: or of a host
    data: str = ""  # Base64, or a data URL
    identity: str = ""  # of a file that was left before
    name: str = ""


@dataclass(slots=True)
class Message:
    """What one message of the user says."""

    words: list[str] = field(default_factory=list)
    documents: list[Reference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is asked, and of which documents."""

    prompt: str
    documents: Sequence[Reference]


def conversation(messages: object, param: str) -> Conversation:
    """Return what a list of messages asks; raise ParameterError where it is not one."""
    said = [*_of_user(messages, param)]
    at = next((at for at in reversed(range(len(said))) if said[at].documents), None)
    if at is None:
        raise ParameterError(
            "No message of the user brings an image or a file, and nothing else is read.",
            param, code="no-document",
            hint='A part of it is {"type": "image_url", "image_url": {"url": "data:image/png;…"}}.',
        )  # fmt: skip
    words = [message.words for message in (*said[at:], *reversed(said[:at])) if message.words]
    later = [message.words for message in said[at:] if message.words]
    chosen = later[-1] if later else words[0] if words else []
    return Conversation("\n".join(chosen), said[at].documents)


def _of_user(messages: object, param: str) -> Iterator[Message]:
    if isinstance(messages, str):
        yield Message([messages])
        return
    if not isinstance(messages, list) or not messages:
        raise ParameterError(f"{param} is no list of messages.", param)
    for number, message in enumerate(messages):
        place = f"{param}[{number}]"
        if not isinstance(message, Mapping):
            raise ParameterError(f"{place} is no message.", place)
        if message.get("type", "message") == "message" and message.get("role") == "user":
            yield _message(message.get("content"), f"{place}.content")


def _message(content: object, place: str) -> Message:
    if isinstance(content, str):
        return Message([content])
    if not isinstance(content, list):
        raise ParameterError(f"{place} is neither text nor a list of parts.", place)
    message = Message()
    for number, part in enumerate(content):
        where = f"{place}[{number}]"
        kind = str(part.get("type")) if isinstance(part, Mapping) else ""
        if kind in _TEXTS:
            message.words.append(_text(part.get("text"), f"{where}.text"))
        elif kind in _IMAGES:
            message.documents.append(_image(part, where))
        elif kind in _FILES:
            message.documents.append(_file(part, where))
        else:
            raise ParameterError(
                f"{where} is a part of a kind that cannot be read: {kind[:50]!r}.", where,
                hint="There are text, images and files.", code="unsupported_value",
            )  # fmt: skip
    return message


def _image(part: Mapping[str, Any], where: str) -> Reference:
    if identity := part.get("file_id"):
        return Reference(identity=_text(identity, f"{where}.file_id"))
    told = part.get("image_url")
    url = told.get("url") if isinstance(told, Mapping) else told
    return Reference(url=_text(url, f"{where}.image_url"))


def _file(part: Mapping[str, Any], where: str) -> Reference:
    told = part.get("file", part) if part.get("type") == "file" else part
    if not isinstance(told, Mapping):
        raise ParameterError(f"{where}.file is no object.", f"{where}.file")
    name = str(told.get("filename") or "")[:255]
    if identity := told.get("file_id"):
        return Reference(identity=_text(identity, f"{where}.file_id"), name=name)
    if url := told.get("file_url"):
        return Reference(url=_text(url, f"{where}.file_url"), name=name)
    return Reference(data=_text(told.get("file_data"), f"{where}.file_data"), name=name)


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"{place} is no text.", place)
    return value


async def received(house: House, documents: Sequence[Reference], form: Form) -> list[Received]:
    """Return the documents, on the disk; ``form`` gets those that are removed afterwards.

    Raises RequestError for what cannot be had, and NoRoomError.
    """
    settings = house.settings().api
    if len(documents) > settings.max_direct_pages:
        raise RequestError(
            f"{len(documents)} documents are more than are read while somebody waits"
            f" ({settings.max_direct_pages}).",
            hint="Ask for fewer at a time, or make them jobs: POST /v1/jobs.",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too-many-pages",
        )  # fmt: skip
    return [await _received(house, one, form) for one in documents]


async def _received(house: House, one: Reference, form: Form) -> Received:
    limit = house.settings().api.max_upload
    if one.identity:
        return await deposited(house, one.identity)
    if one.url and (kept := await signed_for(house, one.url)):
        return kept
    if one.url:
        document = await named(house, one.url, limit)
    else:
        document = await decoded(house.uploads, one.data, limit, one.name)
    form.documents.append(document)
    return document
