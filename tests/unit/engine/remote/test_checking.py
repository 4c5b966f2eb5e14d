"""What is found out about servers that are wrong in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ocrd.engine.remote import known
from ocrd.engine.remote.checking import Check, Found, error_rate, repeats
from tests.servers import Behaviour, Handler, ScriptedServer, endless, raw, refuse, say, silent

RIGHT = "\n".join(
    f"<|ref|>text<|/ref|><|det|>[[80, {60 + 20 * n}, 700, {75 + 20 * n}]]<|/det|>\n{row}\n"
    for n, row in enumerate((known.TITLE, *known.LINES))
)
THOUGHTS = '{"choices": [{"message": {"reasoning": "Hm."}, "finish_reason": "stop"}]}'
BANNED = "\n".join([known.ROW] * 3)


@pytest.fixture(name="check")
def _check() -> Iterator[Callable[..., list[Found]]]:
    with ExitStack() as stack:

        def run(*behaviours: Behaviour, settings: Any = None, **script: Any) -> list[Found]:
            given = {"models": ("deepseek-ai/DeepSeek-OCR-2",), "next": list(behaviours), **script}
            server = ScriptedServer(**given).start()
            stack.callback(server.stop)
            table = {
                "kind": "openai", "urls": [{"url": server.url}], "request_timeout": 1.0,
                **(settings or {}),
            }  # fmt: skip
            return list(Check(table).findings())

        yield run


def told(found: list[Found]) -> list[tuple[str, str]]:
    return [(one.verdict, one.message) for one in found]


def test_a_server_that_is_right_is_said_to_be(check: Any) -> None:
    ((verdict, message),) = told(check(say(RIGHT, usage=(1131, 300)), say(BANNED)))
    assert verdict == "ok"
    assert "DeepSeek-OCR-2, asked as deepseek-ocr-2" in message
    assert "100% of its words rightly" in message


def test_tiles_of_another_size_show_in_the_tokens(check: Any) -> None:
    found = told(check(say(RIGHT, usage=(867, 300)), say(BANNED)))
    assert [verdict for verdict, _ in found] == ["warn", "ok"]
    assert "867 tokens there, where the model's own preprocessing makes 1121" in found[0][1]


@pytest.mark.parametrize("usage", [None, (14, 300)])
def test_a_server_that_does_not_count_the_image_is_not_blamed_for_it(
    check: Any, usage: Any
) -> None:
    assert [one.verdict for one in check(say(RIGHT, usage=usage), say(BANNED))] == ["ok"]


def test_a_missing_ban_shows_in_a_page_that_repeats_itself(check: Any) -> None:
    rows = "\n".join([known.ROW] * known.REPEATS)
    found = check(say(RIGHT, usage=None), say(rows))
    assert [one.verdict for one in found] == ["ok", "warn"]
    assert "Nothing bans repetition" in found[1].message
    assert "--logits_processors" in found[1].remedy
    found = check(say(RIGHT, usage=None), endless(f"{known.ROW}\n"))
    assert "Nothing bans repetition" in found[1].message


def test_a_ban_that_is_refused_is_missing(check: Any) -> None:
    def strict(handler: Handler) -> None:
        if "vllm_xargs" in handler.asked.body:
            refuse(400, "Extra inputs are not permitted: vllm_xargs")(handler)
        else:
            say(RIGHT, usage=None)(handler)

    found = check(always=strict)
    assert [one.verdict for one in found] == ["ok", "warn"]
    assert "Nothing bans repetition" in found[1].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RIGHT.replace("<|ref|>", "").replace("<|/ref|>", "").replace("<|det|>", "")
         .replace("<|/det|>", ""), "places come without their marks"),
        (known.text(), "no places come"),
    ],
)  # fmt: skip
def test_special_tokens_that_are_stripped_are_said(check: Any, text: str, words: str) -> None:
    found = check(say(text, usage=None), say(BANNED))
    assert [one.verdict for one in found] == ["warn", "ok"]
    assert words in found[0].message


def test_a_context_that_is_too_short_is_said(check: Any) -> None:
    found = check(say(RIGHT, usage=None), say(BANNED), context=4096)
    assert [one.verdict for one in found] == ["warn", "ok"]
    assert "4096 tokens, where a full page may need 8192" in found[0].message
    found = check(say(RIGHT, usage=None, finish="length"), say(BANNED))
    assert "was cut off" in found[0].message
    (refused,) = check(refuse(400, "This model's maximum context length is 2048 tokens."))
    assert (refused.verdict, "context is too short" in refused.message) == ("fail", True)


def test_a_server_that_reads_badly_is_told_from_one_that_reads_something_else(check: Any) -> None:
    bad = RIGHT.replace("e", "c", 20).replace("the", "tne")
    found = check(say(bad, usage=None), say(BANNED))
    assert [one.verdict for one in found] == ["warn"]
    assert "of its words wrongly" in found[0].message
    other = "I am a language model and cannot see images, but I can help with many other things."
    found = check(say(f"<|ref|>text<|/ref|>{other}", usage=None), say(BANNED))
    assert [one.verdict for one in found] == ["fail"]
    found = check(say(" ", usage=None), say(BANNED))
    assert (found[0].verdict, "read nothing" in found[0].message) == ("fail", True)
    found = check(endless("<|ref|>loop "), say(BANNED))
    assert found[0].verdict == "fail"
    assert "ran away on it" in found[0].message


def test_a_model_that_the_profile_was_not_made_for_is_said(check: Any) -> None:
    found = check(say(RIGHT, usage=None), say(BANNED), settings={"profile": "deepseek-ocr"})
    assert "DeepSeek-OCR-2, which the profile deepseek-ocr was not made for" in found[0].message


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"of_models": refuse(401, "who?")}, "does not let us in (401: who?)"),
        ({"of_models": refuse(500, "dead")}, "does not answer: 500 dead"),
        ({"of_models": raw("?")}, "makes no sense"),
        ({"always": silent}, "no answer in time"),
        ({"always": refuse(400, "no images here")}, "400: no images here"),
        ({"always": refuse(500, "image input is not supported")}, "Its model sees no images (500"),
        ({"always": raw(THOUGHTS)}, "answered with its thoughts alone"),
    ],
)
def test_a_server_that_does_not_answer_says_why(check: Any, script: Any, words: str) -> None:
    found, *_ = check(**script)
    assert found.verdict == "fail"
    assert words in found.message
    assert found.remedy


def test_a_busy_server_is_no_fault(check: Any) -> None:
    (found,) = check(refuse(429, "later", Retry_After="9"))
    assert found.verdict == "warn"


def test_the_measures() -> None:
    assert error_rate(known.text()) == 0.0
    assert error_rate("") == 1.0
    assert 0.4 < error_rate(known.text()[: len(known.text()) // 2]) < 0.6
    assert error_rate(f"{known.text()} {known.text()}") == 0.5
    assert repeats("\n".join([known.ROW] * 11) + known.TITLE) == 11
    assert repeats("nothing of it") == 0
