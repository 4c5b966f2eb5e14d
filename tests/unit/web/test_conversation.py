"""What a conversation asks, in the parts of both of OpenAI's APIs."""

from __future__ import annotations

from typing import Any

import pytest

from ocrd.web.routes.conversation import Conversation, ParameterError, Reference, conversation

A, B = Reference(url="data:a"), Reference(url="data:b")


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": [*parts]}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


of_response = {"type": "input_image", "image_url": "u", "detail": "auto"}


@pytest.mark.parametrize(
    ("messages", "prompt", "documents"),
    [
        ([user(image("data:a"), text("x"), image("data:b"))], "x", [A, B]),
        ([user(text("x"), image("data:a"), text("y"))], "x\ny", [A]),
        ([user(image("data:a"))], "", [A]),
        ([{"type": "message", **user(text("x"), image("data:a"))}], "x", [A]),
        # Of a conversation the last documents count, and the last words.
        ([user(image("data:a"), text("x")), user(image("data:b"), text("y"))], "y", [B]),
        ([user(image("data:a"), text("x")), user(text("y"))], "y", [A]),
        ([user(text("x")), user(image("data:a"))], "x", [A]),
        ([user(image("data:a"), text("x")), {"role": "assistant", "content": "y"}], "x", [A]),
        ([{"role": "system", "content": [image("data:b")]}, user(image("data:a"))], "", [A]),
        (
            [
                user({"type": "input_text", "text": "x"}, of_response),
                {"type": "function_call_output", "output": "z"},
            ],
            "x", [Reference(url="u")],
        ),
        ([user({"type": "image_url", "image_url": "data:a"})], "", [A]),
        (
            [user({"type": "file", "file": {"file_data": "QQ", "filename": "a.pdf"}})],
            "", [Reference(data="QQ", name="a.pdf")],
        ),
        ([user({"type": "file", "file": {"file_id": "1"}})], "", [Reference(identity="1")]),
        ([user({"type": "input_image", "file_id": "1"})], "", [Reference(identity="1")]),
        ([user({"type": "input_file", "file_url": "u"})], "", [Reference(url="u")]),
        (
            [user({"type": "input_file", "file_data": "QQ", "filename": "a"})],
            "", [Reference(data="QQ", name="a")],
        ),
    ],
)  # fmt: skip
def test_what_is_asked(messages: list[Any], prompt: str, documents: list[Reference]) -> None:
    assert conversation(messages, "messages") == Conversation(prompt, documents)


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ("Hello?", "messages"),
        (None, "messages"),
        ([], "messages"),
        (["x"], "messages[0]"),
        ([user(image("data:a")), {"role": "user", "content": 7}], "messages[1].content"),
        ([user("x")], "messages[0].content[0]"),
        ([user({"type": "text", "text": 7})], "messages[0].content[0].text"),
        ([user({"type": "file", "file": "x"})], "messages[0].content[0].file"),
        ([user({"type": "file", "file": {}})], "messages[0].content[0].file_data"),
        ([user({"type": "video_url", "video_url": "u"})], "messages[0].content[0]"),
        ([{"role": "assistant", "content": [image("data:a")]}], "messages"),
    ],
)
def test_what_is_no_conversation_is_refused_by_its_field(messages: Any, param: str) -> None:
    with pytest.raises(ParameterError) as caught:
        conversation(messages, "messages")
    assert caught.value.param == param
