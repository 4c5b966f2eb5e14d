"""The messages between the daemon and an engine worker: one JSON object a line on a socket pair.

Daemon to worker: Configure (first), Recognise, Cancel, Stop. Worker to daemon: Hello (once the
model is loaded), Notice (at any time), Progress, Partial, Recognised, Refused, Fatal. Several
Recognise may be open at once, up to the capacity that Hello announces; answers come in any order
and name their request.

JSON and not pickle: a worker that runs wild must not be able to make the daemon execute anything,
and a foreign or outdated worker is recognised by its first line.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from typing import Any

from ocrd.errors import EngineError, EngineUnusableError, GpuGoneError, ServersGoneError
from ocrd.job import Box, Ink, Line, Piece, Point, Recognition, Rule, Typeface
from ocrd.tasks import Decoding, Task

VERSION = 2
MAX_MESSAGE_BYTES = 8 * 1024 * 1024  # a page of text is under 1 MiB; more is a worker run wild
MAX_CAPACITY = 1024  # pages in flight that an engine may announce
MARKDOWN = Task()
MAX_LONGEST_SIDE = 20_000  # pixels that an engine may ask for
FINISHES = ("stop", "length")  # how a page's text may end
MAX_MEMO = 2000  # characters of JSON that are kept for an engine


@dataclass(frozen=True, slots=True)
class Configure:
    """Load the engine with these settings (the engine's own table of the configuration)."""

    settings: dict[str, Any]
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Recognise:
    """Read the page image at ``path``; of those in flight, the lowest ``rank`` goes first.

    ``ink`` is what the image shows of its text, for engines that want a witness; None where that
    was not counted. With ``stream`` the text is wanted as it comes, as Partial; with ``pieces`` the
    result is to have those.
    """

    id: int
    path: str
    task: Task = MARKDOWN
    rank: tuple[int, ...] = ()
    ink: Ink | None = None
    stream: bool = False
    pieces: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give one request up as soon as possible; it is answered nevertheless, as Refused or late.

    The answer is what frees its slot, so that both sides always agree on how many pages are in
    flight.
    """

    id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Answer what is in flight, then end."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The model is loaded and pages may come."""

    name: str  # of the engine
    model: str
    capacity: int  # pages in flight
    longest_side: int  # pixels: the size of page image that the engine reads best
    modes: tuple[str, ...] = ("markdown", "text")
    express: int = 0  # further pages in flight, for those that outrank all that are
    device: str = ""  # what the model runs on, for a person: "cuda:0, NVIDIA H200, bfloat16"
    gpus: tuple[str, ...] = ()  # the names of those there are, if it runs on one
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know, though the engine goes on.

    ``memo`` is what the engine wants to be told at its next start, as ``settings["memo"]``; it
    takes the place of the last one. Empty, it changes nothing.
    """

    text: str
    memo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """The request moves on: ``count`` grows with tokens or lines."""

    id: int
    count: int


@dataclass(frozen=True, slots=True)
class Partial:
    """What has been added to the request's text since the last one; it is progress, too.

    With ``restart`` all that came before is void: the page is read again.
    """

    id: int
    text: str
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """The page is read."""

    id: int
    recognition: Recognition


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine is well but cannot read this page."""

    id: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fatal:
    """The engine cannot go on (or start); the worker ends after this message.

    ``code`` is that of the EngineError, of which the daemon has to know what it waits for.
    """

    message: str
    hint: str = ""
    code: str = EngineError.code

    def error(self) -> EngineError:
        """Return the error that the worker met."""
        return _ERRORS.get(self.code, EngineError)(self.message, hint=self.hint)


_ERRORS = {kind.code: kind for kind in (
    EngineError, EngineUnusableError, GpuGoneError, ServersGoneError,
)}

ToWorker = Configure | Recognise | Cancel | Stop
FromWorker = Hello | Notice | Progress | Partial | Recognised | Refused | Fatal

_KINDS: dict[str, type[Any]] = {
    cls.__name__.lower(): cls
    for cls in (
        Configure, Recognise, Cancel, Stop,
        Hello, Notice, Progress, Partial, Recognised, Refused, Fatal,
    )
}  # fmt: skip

_NUMBERS = {"id", "count", "capacity", "express", "longest_side", "version"}
_TEXTS = {"name", "model", "device", "message", "hint", "text", "code"}
_FLAGS = {"stream", "pieces", "restart"}


@dataclass(frozen=True, slots=True)
class _Envelope:
    """Internal: the fields of one decoded line."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)


def encode(message: ToWorker | FromWorker) -> bytes:
    """Return the message as one line of ASCII JSON with its newline."""
    body = {"kind": type(message).__name__.lower(), **_fields_of(message)}
    # ASCII: undecodable file names (lone surrogates) survive the way there and back.
    text = json.dumps(body, separators=(",", ":"), default=_fields_of)
    return text.encode("ascii") + b"\n"


def _fields_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as they are; ``asdict`` would copy all that is in them."""
    return {one.name: getattr(value, one.name) for one in fields(value)}


def decode(line: bytes) -> ToWorker | FromWorker:
    """Return the message of one line; raise EngineError on anything that is not one."""
    try:
        body = json.loads(line)
        envelope = _Envelope(kind=body.pop("kind"), fields=body)
        cls = _KINDS[envelope.kind]
        for name in _NUMBERS & body.keys():
            if type(body[name]) is not int:
                raise TypeError(f"{name} is no integer")
        for name in _FLAGS & body.keys():
            if type(body[name]) is not bool:
                raise TypeError(f"{name} is neither true nor false")
        for name in _TEXTS & body.keys():
            body[name] = _text(body[name])
        if cls is Recognised:
            envelope.fields["recognition"] = recognition_from_json(body["recognition"])
        if cls is Recognise:
            envelope.fields["rank"] = tuple(map(int, body.get("rank", ())))
            envelope.fields["task"] = _task(body.get("task", {}))
            envelope.fields["ink"] = _ink(body.get("ink"))
        if cls is Notice:
            envelope.fields["memo"] = _memo(body.get("memo", {}))
        if cls is Hello:
            envelope.fields["modes"] = tuple(body.get("modes", ()))
            envelope.fields["gpus"] = tuple(map(_text, body.get("gpus", ())))
        message: ToWorker | FromWorker = cls(**envelope.fields)
    except (
        ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError,
    ) as error:
        raise EngineError(
            f"The engine worker sent a line that is no message ({error!r}): {line[:80]!r}.",
            hint="The worker and the daemon may be of different versions: restart the daemon.",
        ) from error
    return message


def check(hello: Hello) -> None:
    """Raise EngineError if the daemon cannot work with a worker that announces itself so."""
    if hello.version != VERSION:
        raise EngineError(
            f"The engine worker speaks version {hello.version!r} of the protocol, "
            f"this daemon version {VERSION}.",
            hint="Restart the daemon: it was upgraded while it ran.",
        )
    bounds = (
        ("capacity", 1, MAX_CAPACITY), ("express", 0, MAX_CAPACITY),
        ("longest_side", 1, MAX_LONGEST_SIDE),
    )  # fmt: skip
    for name, least, most in bounds:
        value = getattr(hello, name)
        if not (isinstance(value, int) and least <= value <= most):
            raise EngineError(
                f"The engine announces a {name} of {value!r}.",
                hint=f"It must be {least} to {most}: a fault of the engine's module.",
            )


def recognition_from_json(body: dict[str, Any]) -> Recognition:
    """Return the Recognition of its JSON form; raise KeyError, TypeError or ValueError."""
    lines = tuple(
        Line(
            _text(item["text"]), _finite(item["confidence"]), _quad(item["quad"]),
            _typeface(item.get("typeface", {})), _text(item.get("doubt", "")),
            _text(item.get("lead", "")),
        )
        for item in body["lines"]
    )
    return Recognition(
        lines=lines,
        width=int(body["width"]),
        height=int(body["height"]),
        rotation=int(body.get("rotation", 0)),
        seconds=_finite(body.get("seconds", 0.0)),
        warnings=tuple(map(_text, body.get("warnings", ()))),
        form=_text(body.get("form", "lines")),
        markup=_text(body.get("markup", "")),
        doubt=_text(body.get("doubt", "")),
        script=_text(body.get("script", "")),
        retries=int(body.get("retries", 0)),
        rules=tuple(
            Rule(_point(rule["start"]), _point(rule["end"])) for rule in body.get("rules", ())
        ),
        pictures=tuple(map(_box, body.get("pictures", ()))),
        tokens=int(body.get("tokens", 0)),
        prompt_tokens=int(body.get("prompt_tokens", 0)),
        estimated=bool(body.get("estimated", False)),
        finish=_finish(body.get("finish", "stop")),
        confidence=_share(body.get("confidence")),
        least=_share(body.get("least")),
        pieces=tuple(map(_piece, body.get("pieces", ()))),
    )


def _task(body: dict[str, Any]) -> Task:
    languages = tuple(map(_text, body.get("languages", ())))
    return Task(**{**body, "languages": languages, "decoding": _decoding(body.get("decoding", {}))})


def _decoding(body: dict[str, Any]) -> Decoding:
    most = body.get("max_tokens")
    return Decoding(
        None if most is None else int(most),
        _finite(body.get("temperature", 0.0)),
        tuple(map(_text, body.get("stop", ()))),
    )


def _memo(body: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(body, dict) or len(json.dumps(body)) > MAX_MEMO:
        raise ValueError("a memo that is no small table")
    return body


def _ink(body: dict[str, Any] | None) -> Ink | None:
    if body is None:
        return None
    return Ink(int(body["rows"]), int(body["characters"]), _finite(body["share"]))


def _piece(body: dict[str, Any]) -> Piece:
    if (probability := _share(body["probability"])) is None:
        raise ValueError("a piece without a probability")
    return Piece(_text(body["text"]), probability)


def _quad(points: list[list[float]]) -> tuple[Point, Point, Point, Point]:
    a, b, c, d = map(_point, points)
    return a, b, c, d


def _point(pair: list[float]) -> Point:
    x, y = pair
    return _finite(x), _finite(y)


def _box(body: dict[str, Any]) -> Box:
    return Box(*(_finite(body[name]) for name in ("x0", "y0", "x1", "y1")))


def _typeface(body: dict[str, Any]) -> Typeface:
    return Typeface(*(_finite(body.get(name, 0.0)) for name in ("size", "weight", "pitch")))


def _finish(value: Any) -> str:
    if value not in FINISHES:
        raise ValueError(f"{value!r} where one of {', '.join(FINISHES)} belongs")
    return str(value)


def _share(value: Any) -> float | None:
    """Return a number of 0 to 1, None where there is none."""
    if value is None:
        return None
    if not 0.0 <= (number := _finite(value)) <= 1.0:
        raise ValueError(f"{number} where a share belongs")
    return number


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} where a finite number belongs")
    return number


def _text(value: Any) -> str:
    """Return the text without lone surrogates, which no file could hold."""
    return str(value).encode("utf-8", "replace").decode()
