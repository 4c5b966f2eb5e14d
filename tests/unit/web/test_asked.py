"""The fields of OpenAI's requests: whatever stands in them is taken, or refused by its name."""

from __future__ import annotations

from typing import Any

import pytest

from ocrd.web.routes import chat, responses
from ocrd.web.routes.chat import ChatRequest
from ocrd.web.routes.conversation import ParameterError
from ocrd.web.routes.exchange import Asked, asked_as
from ocrd.web.routes.responses import ResponsesRequest
from tests.flow.served import odd

CHAT = {
    "model": "default",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "x"},
                {"type": "image_url", "image_url": {"url": "data:a"}},
                {"type": "file", "file": {"file_data": "QQ", "filename": "a"}},
            ],
        }
    ],
    "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 5, "temperature": 0.5,
    "stop": ["x"], "n": 1, "response_format": {"type": "text"}, "size": "base",
    "skip_special_tokens": True, "return_image": True,
}  # fmt: skip
RESPONSES = {
    "model": "default",
    "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:a"}]}],
    "stream": True, "max_output_tokens": 5, "text": {"format": {"type": "text"}},
    "background": False, "previous_response_id": None,
}  # fmt: skip


def taken(form: type[Asked], body: dict[str, Any]) -> bool:
    """Say whether a body is taken; raises what is no refusal of a field."""
    try:
        asked = asked_as(form, body)
        if isinstance(asked, ChatRequest):
            chat.terms(asked, body).decoding(asked)
        else:
            assert isinstance(asked, ResponsesRequest)
            responses.terms(asked, body).decoding(asked)
    except ParameterError as error:
        assert error.param
        return False
    return True


@pytest.mark.parametrize(("form", "body"), [(ChatRequest, CHAT), (ResponsesRequest, RESPONSES)])
def test_odd_values_are_taken_or_refused(form: type[Asked], body: dict[str, Any]) -> None:
    assert taken(form, body)
    results = [taken(form, one) for one in odd(body)]
    assert 0 < sum(results) < len(results)


@pytest.mark.parametrize("more", [{"max_tokens": 7}, {"max_completion_tokens": 7}])
def test_limits_and_stops_are_of_the_decoding(more: dict[str, Any]) -> None:
    body = {"messages": CHAT["messages"], "stop": "end", "temperature": 0.25, **more}
    asked = asked_as(ChatRequest, body)
    decoding = chat.terms(asked, body).decoding(asked)
    assert (decoding.max_tokens, decoding.temperature, decoding.stop) == (7, 0.25, ("end",))


@pytest.mark.parametrize("stop", [["x"] * 17, [""], ""])
def test_stops_that_can_end_nothing_are_refused(stop: Any) -> None:
    assert not taken(ChatRequest, {"messages": CHAT["messages"], "stop": stop})
