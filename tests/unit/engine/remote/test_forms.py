"""What a request says in each interface."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocrd.engine.remote.forms import FORMS_OF, Asked, Asking, body_of, optional
from ocrd.engine.remote.profiles import Profile, shipped
from ocrd.engine.remote.talk import Access, ServerAway, Talker
from ocrd.engine.remote.wire import Wire
from ocrd.tasks import Decoding, Task
from tests.servers import raw, serving

PAGE = Task()
IMAGE = "data:image/png;base64,AAAA"


def body(profile: str, task: Task = PAGE, temperature: float = 0.0, *without: str) -> Any:
    asked = Asked(task, temperature)
    return body_of(Asking(shipped()[profile], "m", asked, IMAGE, frozenset(without)))


def test_deepseek_is_asked_as_its_recipe_says() -> None:
    said = body("deepseek-ocr-2")
    assert said["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": IMAGE}},
                {"type": "text", "text": "<|grounding|>Convert the document to markdown."},
            ],
        }
    ]
    assert (said["model"], said["temperature"], said["max_tokens"]) == ("m", 0.0, 7000)
    assert said["skip_special_tokens"] is False
    assert said["vllm_xargs"] == {
        "ngram_size": 20, "window_size": 90, "whitelist_token_ids": [128821, 128822]
    }  # fmt: skip
    assert said["stream"] is True
    assert said["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("profile", "owner", "text"),
    [
        ("deepseek-ocr-2", "llamacpp", "\nFree OCR."),
        ("deepseek-ocr", "llamacpp", "\nFree OCR."),
        ("deepseek-ocr-2", "vllm", "Free OCR."),  # its chat template has the line's end
        ("unlimited-ocr", "llamacpp", "<image>document parsing."),
    ],
)
def test_what_stands_between_image_and_text_is_sent_where_the_server_leaves_it_out(
    profile: str, owner: str, text: str
) -> None:
    asking = Asking(shipped()[profile], "m", Asked(Task("text"), 0.0), IMAGE, owner=owner)
    parts = body_of(asking)["messages"][-1]["content"]
    assert [part["text"] for part in parts if part["type"] == "text"] == [text]


def test_the_text_stands_where_a_model_wants_it() -> None:
    kinds = [part["type"] for part in body("unlimited-ocr")["messages"][0]["content"]]
    assert kinds == ["text", "image_url"]
    (only,) = body("lightonocr")["messages"][0]["content"]  # which is shown the page alone
    assert only["type"] == "image_url"


def test_a_system_prompt_and_stops_go_along() -> None:
    profile = Profile("own", prompts={"text": "Read."}, system="You read.", stop=("END",))
    task = Task("text", decoding=Decoding(max_tokens=50, stop=("---",)))
    said = body_of(Asking(profile, "m", Asked(task, 0.0), IMAGE))
    assert said["messages"][0] == {"role": "system", "content": "You read."}
    assert (said["stop"], said["max_tokens"]) == (["END", "---"], 50)


def test_nobody_gets_more_tokens_than_the_model_has() -> None:
    task = Task(decoding=Decoding(max_tokens=1_000_000))
    assert body("deepseek-ocr", task)["max_tokens"] == 7000


def test_a_target_and_words_of_ones_own() -> None:
    located = body("deepseek-ocr", Task("locate", target=" the\n stamp "))
    words = located["messages"][0]["content"][1]["text"]
    assert words == "Locate <|ref|>the stamp<|/ref|> in the image."
    own = body("qwen-vl", Task("prompt", prompt="Who signed?"))
    assert own["messages"][0]["content"][1]["text"] == "Who signed?"


def test_a_retry_is_warmer_than_the_model_likes_and_never_colder() -> None:
    assert body("lightonocr", Task(), 0.0)["temperature"] == 0.2
    assert body("lightonocr", Task(), 0.5)["temperature"] == 0.5


def test_what_a_server_does_not_take_is_left_out() -> None:
    said = body("deepseek-ocr", Task(), 0.0, "vllm_xargs", "stream_options")
    assert "vllm_xargs" not in said
    assert "stream_options" not in said
    assert said["skip_special_tokens"] is False
    assert optional(shipped()["deepseek-ocr"]) == {
        "vllm_xargs", "skip_special_tokens", "stream_options"
    }  # fmt: skip


# Mistral's


def read(*pages: dict[str, Any], text: str = "") -> Any:
    wire = Wire()
    with serving(always=raw(text or json.dumps({"pages": pages}))) as server:
        talker = Talker(Access(server.url), 1, wire)
        asking = Asking(shipped()["vision"], "m", Asked(Task(), 0.0), IMAGE)
        pieces: list[str] = []
        try:
            reply = FORMS_OF["mistral"].ask(talker, asking, pieces.append)
        finally:
            talker.close()
            wire.close()
        (asked,) = server.pages
        assert asked.path == "/v1/ocr"
        assert asked.body["document"] == {"type": "image_url", "image_url": IMAGE}
        assert pieces == [reply.text]
        return reply


def test_mistrals_pages_are_one_text_with_their_tables() -> None:
    table = {"id": "tbl-0.html", "content": "<table><tr><td>7</td></tr></table>"}
    reply = read(
        {"index": 0, "markdown": "# One\n\n[tbl-0.html](tbl-0.html)", "tables": [table]},
        {"index": 1, "markdown": "Two"},
    )
    assert reply.text == "# One\n\n<table><tr><td>7</td></tr></table>\n\nTwo"
    assert (reply.finish, reply.is_counted, reply.tokens) == ("stop", False, 12)


def test_a_page_of_mistrals_that_says_null_says_nothing() -> None:
    table = {"id": "a", "content": None}
    assert read({"markdown": "a\ud83d\udea2b\ud83d"}).text == "a\U0001f6a2b\ufffd"
    assert read({"markdown": None}, {"markdown": "[a](a)7", "tables": [table]}).text == "\n\n7"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"pages": [{"markdown": ["x"]}]}',
        '{"pages": 7}',
        '{"pages": [{}]}',
        "no",
        "null",
    ],
)
def test_what_is_none_of_mistrals_answers_is_the_servers_fault(text: str) -> None:
    with pytest.raises(ServerAway):
        read(text=text)
