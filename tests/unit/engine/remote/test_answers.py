"""What a server's answer is taken for, whatever it sends: text of the page, or none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocrd.engine.remote.answers import (
    MAX_ANSWER,
    MOST_LINES,
    Events,
    Growing,
    Reply,
    Unusable,
    parsed,
)

TEXT = "Quay 4 is “closed”\u2028until\x85March \U0001f6a2.\r\n"


def chunk(content: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return {"choices": [choice], **more}


def line(data: Any) -> str:
    return f"data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}\n\n"


def read(answer: str | bytes, size: int = 7) -> Reply:
    """Return what is read of an answer that comes in parts of some bytes."""
    raw = answer.encode() if isinstance(answer, str) else answer
    events, reply = Events(), Growing()
    for start in range(0, len(raw), size):
        for event in events.take(raw[start : start + size]):
            reply.take(event)
    for event in events.end():
        reply.take(event)
    return reply.whole()


WHOLE = line(chunk(TEXT[:9])) + line(chunk(TEXT[9:])) + line(chunk("", "stop")) + line("[DONE]")


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        "\ufeff" + WHOLE,
        WHOLE.replace("\n", "\r\n"),
        WHOLE.replace("\n", "\r"),
        WHOLE.replace("data: ", "data:"),
        WHOLE.replace("\n\n", "\n"),  # no empty line between two
        ": ping\n\n" + WHOLE.replace("data:", "event: message\nid: 7\nretry: 5\ndata:"),
        "\n\n" + WHOLE.replace("\n\n", "\n\n: ping\n\n"),
        WHOLE.replace('"choices"', '\ndata: "choices"'),  # JSON in several lines
        WHOLE.removesuffix(line("[DONE]")),
        WHOLE.removesuffix("\n\n"),
        WHOLE.removesuffix("\n\n" + line("[DONE]")),
        json.dumps(chunk(None) | {"choices": [{"message": {"content": TEXT}}]}, indent=1)
        .replace("}\n ]", ', "finish_reason": "stop"}\n ]'),
    ],
    ids=["plain", "mark", "crlf", "cr", "no blank", "no empty line", "fields", "comments",
         "lines", "no DONE", "no end", "neither", "no stream"],
)  # fmt: skip
def test_one_text_however_it_is_sent(answer: str, size: int) -> None:
    assert read(answer, size).text == TEXT


def test_bytes_that_are_no_utf8_spoil_their_own_place_alone() -> None:
    answer = (line(chunk("caf?")) + line(chunk(" au lait", "stop"))).encode().replace(b"?", b"\xe9")
    assert read(answer).text == "caf\ufffd au lait"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        (["The ", "quay"], "The quay"),
        (
            [{"type": "text", "text": "The quay"}, {"type": "image_url", "image_url": {}}],
            "The quay",
        ),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, "Yes"], "Yes"),
        ([{"text": "The "}, {"type": "output_text", "text": "quay"}], "The quay"),
        ([{"type": "text", "text": None}, None, 7], ""),
    ],
)
def test_content_may_come_in_parts(content: Any, text: str) -> None:
    assert read(line(chunk(content, "stop"))).text == text


def test_halves_of_a_sign_are_put_together() -> None:
    halves = line('{"choices": [{"delta": {"content": "a\\ud83d"}}]}') + line(
        '{"choices": [{"delta": {"content": "\\udea2b"}, "finish_reason": "stop"}]}'
    )
    assert read(halves).text == "a\U0001f6a2b"
    alone = line(
        '{"choices": [{"delta": {"content": "\\udea2b\\ud83d"}, "finish_reason": "stop"}]}'
    )
    read(alone).text.encode()  # what is stored is UTF-8
    assert read(alone).text == "\ufffdb\ufffd"


def test_a_text_that_is_told_whole_at_the_end_is_not_said_twice() -> None:
    last = {"choices": [{"message": {"content": "The quay"}, "finish_reason": "stop"}]}
    assert read(line(chunk("The ")) + line(chunk("quay")) + line(last)).text == "The quay"


@pytest.mark.parametrize(
    ("usage", "tokens", "is_counted"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 3}, (5, 3), True),
        ({"prompt_tokens": -5, "completion_tokens": -3}, (0, 1), False),
        ({"prompt_tokens": "5", "completion_tokens": "3"}, (0, 1), False),
        ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, (0, 1), False),
        ({"prompt_tokens": True, "completion_tokens": None}, (0, 1), False),
        ([5, 3], (0, 1), False),
        ("many", (0, 1), False),
        (None, (0, 1), False),
    ],
)
def test_a_count_that_is_none_is_not_believed(usage: Any, tokens: Any, is_counted: bool) -> None:
    reply = read(line(chunk("quay", "stop", usage=usage, logprobs={"content": [float("nan")]})))
    assert (reply.text, (reply.prompt_tokens, reply.tokens)) == ("quay", tokens)
    assert reply.is_counted is is_counted


@pytest.mark.parametrize(
    ("finish", "told"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"),
     ({"type": "length", "length": 9}, "length"), ("STOP", "stop")],
)  # fmt: skip
def test_how_it_ended(finish: Any, told: str) -> None:
    assert read(line(chunk("quay", finish))).finish == told


@pytest.mark.parametrize(
    ("message", "instead"),
    [
        ({"content": None, "reasoning_content": "Hm."}, "its thoughts alone"),
        ({"content": "", "reasoning": "Hm."}, "its thoughts alone"),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "the call of a tool"),
        ({"content": None, "refusal": "I may not."}, "a refusal: I may not."),
        ({"content": "quay", "reasoning_content": "Hm."}, ""),
        ({"content": None}, ""),
    ],
)
def test_what_came_instead_of_text_is_told(message: Any, instead: str) -> None:
    for name in ("delta", "message"):
        event = {"choices": [{name: message, "finish_reason": "stop"}]}
        assert read(line(event)).instead == instead


@pytest.mark.parametrize(
    ("answer", "words", "status"),
    [
        ("", "there is nothing in it", 0),
        ("<html><title>502 Bad Gateway</title>", "it is no JSON: “<html><title>502 Bad", 0),
        ('{"choices": [{"message": {"content": "The qu', "it is no JSON", 0),
        ("[" * 100_000, "it is no JSON", 0),
        ("7", "makes no sense: 7", 0),
        ('{"choices": 7}', "makes no sense: 7", 0),
        ('{"choices": [{"delta": {"content": 7}}]}', "makes no sense: 7", 0),
        (line("half {") + "\n", "it is no JSON: “half {", 0),
        (line(chunk("The qu")), "ended in the middle", 0),
        (line(chunk("The qu")) + 'data: {"choices": [', "ended in the middle", 0),
        (line(chunk("The qu", "abort")), "it broke off: abort", 0),
        (line(chunk("The qu")) + "event: error\n" + line({"error": {"message": "dead"}}),
         "it broke off: dead", 0),
        (line(chunk("The qu")) + 'error: {"message": "dead"}\n\n', "broke off: dead", 0),
        (line({"object": "error", "message": "too long", "code": 400}), "broke off: too long", 400),
        (line({"error": {"message": "too long", "code": 400}}), "broke off: too long", 400),
        (line({"error": {"message": "x", "code": "context_length_exceeded"}}), "broke off: x", 0),
        (line({"error": "dead"}), "it broke off: dead", 0),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_why(answer: str, words: str, status: int) -> None:
    with pytest.raises(Unusable) as caught:
        read(answer, 1000)
    assert words in str(caught.value)
    assert caught.value.status == status


def test_an_error_that_is_none_is_no_error() -> None:
    assert read(line(chunk("quay", "stop", error=None))).text == "quay"


def test_nothing_after_the_last_word_is_text() -> None:
    events = Events()
    found = list(events.take((line("[DONE]") + line(chunk("more"))).encode()))
    reply = Growing()
    assert reply.take(found[0]) == ""
    assert reply.is_finished


@pytest.mark.parametrize("begin", [b'{"a": "', b"data: "])
def test_an_answer_without_end_is_given_up_before_it_fills_the_memory(begin: bytes) -> None:
    events = Events()
    list(events.take(begin))
    with pytest.raises(Unusable, match="has no end"):
        for _ in range(2 * MAX_ANSWER >> 20):
            list(events.take(b"x" * (1 << 20)))


def test_an_event_without_end_is_given_up() -> None:
    with pytest.raises(Unusable, match="has no end"):
        list(Events().take(b"data: [\n" * (MOST_LINES + 1)))


def test_text_without_end_is_given_up() -> None:
    reply = Growing()
    with pytest.raises(Unusable, match="has no end"):
        for _ in range(20):
            reply.take(chunk("x" * (1 << 20)))


def test_json_may_begin_with_a_mark() -> None:
    assert parsed(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
