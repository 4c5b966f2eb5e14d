"""The messages survive the way there and back, and nothing else passes as one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine import protocol
from ocrd.errors import EngineError, EngineUnusableError, GpuGoneError
from ocrd.job import Box, Ink, Line, Piece, Recognition, Rule, Typeface
from ocrd.tasks import Decoding, Task

NUMBERS = st.floats(min_value=0, max_value=1e5)
POINTS = st.tuples(NUMBERS, NUMBERS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LINES = st.builds(
    Line,
    text=TEXTS,
    confidence=st.floats(0, 1),
    quad=st.tuples(POINTS, POINTS, POINTS, POINTS),
    typeface=st.builds(Typeface, size=NUMBERS, weight=NUMBERS, pitch=NUMBERS),
    doubt=TEXTS,
    lead=TEXTS,
)
RECOGNITIONS = st.builds(
    Recognition,
    lines=st.lists(LINES, max_size=5).map(tuple),
    width=st.integers(1, 10_000),
    height=st.integers(1, 10_000),
    rotation=st.sampled_from([0, 90, 180, 270]),
    seconds=NUMBERS,
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
    form=st.sampled_from(["lines", "markup"]),
    markup=TEXTS,
    doubt=TEXTS,
    script=TEXTS,
    retries=st.integers(0, 9),
    rules=st.lists(st.builds(Rule, POINTS, POINTS), max_size=3).map(tuple),
    pictures=st.lists(st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=3).map(tuple),
    tokens=st.integers(0, 9000),
    prompt_tokens=st.integers(0, 9000),
    estimated=st.booleans(),
    finish=st.sampled_from(["stop", "length"]),
    confidence=st.none() | st.floats(0, 1),
    least=st.none() | st.floats(0, 1),
    pieces=st.lists(st.builds(Piece, TEXTS, st.floats(0, 1)), max_size=3).map(tuple),
)


@given(RECOGNITIONS, st.integers(0))
def test_a_recognition_survives_the_way(recognition: Recognition, number: int) -> None:
    message = protocol.Recognised(number, recognition)
    line = protocol.encode(message)
    assert line.count(b"\n") == 1
    assert protocol.decode(line) == message


@pytest.mark.parametrize(
    "message",
    [
        protocol.Configure({"kind": "rapidocr", "options": {"a": [1]}}),
        protocol.Recognise(1, "/tmp/page\udcff.pgm", Task("text"), (-3, 7)),
        protocol.Recognise(1, "/a", Task("locate", target="the stamp", size="base")),
        protocol.Recognise(1, "/a", Task(languages=("rus", "script/Latin"))),
        protocol.Recognise(1, "/a", ink=Ink(40, 2000, 0.06)),
        protocol.Recognise(1, "/a", Task(decoding=Decoding(7, 0.5, ("\n\n", "end"))), stream=True),
        protocol.Notice("Fewer slots from now on."),
        protocol.Recognise(1, "/a", pieces=True),
        protocol.Cancel(1),
        protocol.Stop(),
        protocol.Hello("rapidocr", "m", 2, 2339, ("text",)),
        protocol.Progress(1, 7),
        protocol.Partial(1, "Größe\n"),
        protocol.Partial(1, "", restart=True),
        protocol.Refused(1, "no", "look"),
        protocol.Hello("deepseek-ocr", "m", 2, 2339, gpus=("NVIDIA H200", "NVIDIA H200")),
        protocol.Fatal("no", "look"),
        protocol.Fatal("no", "look", GpuGoneError.code),
    ],
)
def test_every_message_survives_the_way(
    message: protocol.ToWorker | protocol.FromWorker,
) -> None:
    assert protocol.decode(protocol.encode(message)) == message


@pytest.mark.parametrize("kind", [EngineError, EngineUnusableError, GpuGoneError])
def test_the_daemon_gets_the_error_that_the_worker_met(kind: type[EngineError]) -> None:
    error = protocol.Fatal("no", "look", kind.code).error()
    assert (type(error), error.what, error.hint) == (kind, "no", "look")


def test_an_error_of_an_unknown_code_is_one_of_the_engine() -> None:
    assert type(protocol.Fatal("no", code="disk-full").error()) is EngineError


def page_recognised(**fields: object) -> bytes:
    body = {"lines": [], "width": 10, "height": 10, **fields}
    return json.dumps({"kind": "recognised", "id": 1, "recognition": body}).encode()


def recognised(**changes: object) -> bytes:
    line = {"text": "a", "confidence": 1.0, "quad": [[0, 0], [1, 0], [1, 1], [0, 1]], **changes}
    body = {"lines": [line], "width": 10, "height": 10}
    return json.dumps({"kind": "recognised", "id": 1, "recognition": body}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Loading weights\n",
        b"[]\n",
        b"null\n",
        b'{"kind":"nothing"}\n',
        b'{"kind":"progress","id":1}\n',
        b'{"kind":"progress","id":1,"count":1,"more":2}\n',
        b'{"kind":"hello","name":"e","model":"m","capacity":1,"longest_side":9,"gpus":5}\n',
        b'{"kind":"recognised","id":1,"recognition":{}}\n',
        b'{"kind":"progress","id":[1],"count":1}\n',
        b'{"kind":"progress","id":1,"count":"2"}\n',
        b'{"kind":"recognised","id":1,"recognition":{"lines":[],"width":1e400,"height":1}}\n',
        b"[" * 100_000,
        b"\xff\xfe\n",
        recognised(quad=[[0, 0]]),
        recognised(quad=[[0, 0], [1, float("inf")], [1, 1], [0, 1]]),
        recognised(confidence=float("nan")),
        recognised(confidence=None),
        page_recognised(confidence=1.5),
        page_recognised(least=-0.1),
        page_recognised(finish="tired"),
        page_recognised(pieces=[{"text": "a", "probability": None}]),
        page_recognised(pieces=[{"text": "a", "probability": 1.1}]),
        b'{"kind":"partial","id":1,"text":"a","restart":1}\n',
    ],
    ids=lambda line: repr(line[:24]),
)
def test_what_is_no_message_is_an_engine_error(line: bytes) -> None:
    with pytest.raises(EngineError, match="no message"):
        protocol.decode(line)


@given(st.binary(max_size=200))
def test_random_bytes_are_an_engine_error_or_a_message(line: bytes) -> None:
    try:
        protocol.decode(line)
    except EngineError as error:
        assert error.hint


def test_text_that_no_file_could_hold_is_replaced() -> None:
    message = protocol.decode(recognised(text="a\ud800b"))
    assert isinstance(message, protocol.Recognised)
    assert message.recognition.lines[0].text == "a?b"


@pytest.mark.parametrize(
    ("hello", "cause"),
    [
        (protocol.Hello("e", "m", 0, 1000), "capacity of 0"),
        (protocol.Hello("e", "m", 10**6, 1000), "capacity"),
        (protocol.Hello("e", "m", 1, 0), "longest_side of 0"),
        (protocol.Hello("e", "m", 1, 1000, version=1), "version 1"),
    ],
)
def test_an_announcement_that_cannot_be_right_is_refused(
    hello: protocol.Hello, cause: str
) -> None:
    with pytest.raises(EngineError, match=cause):
        protocol.check(hello)
