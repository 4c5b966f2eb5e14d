"""The words of a prompt: which task they ask for, and that long ones take no time."""

from __future__ import annotations

import contextlib
import time

import pytest

from ocrd.errors import AlienTaskError, RequestError
from ocrd.tasks import LONGEST_PROMPT
from ocrd.web.door.asked import task_asked
from ocrd.web.routes import pageobjects

SECONDS = 3.0  # on a machine that is busy; as one pattern it was minutes


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("", "markdown"),
        ("<image>\nFree OCR.", "text"),
        ("Please do some OCR here", "text"),
        ("Extract all\nthe text", "text"),
        ("text: please extract the words", "text"),
        ("Read this image, and give me MarkDown", "markdown"),
        ("Convert to mark down", "markdown"),
        ("Transcribe the page", "text"),
    ],
)
def test_plain_words_ask_an_engine_that_reads_lines(prompt: str, mode: str) -> None:
    assert task_asked("rapidocr", prompt).mode == mode


@pytest.mark.parametrize(
    "prompt", ["Who wrote this?", "The text that I extract", "Ready, text", "procreate"]
)
def test_other_words_are_another_task_which_it_has_not(prompt: str) -> None:
    with pytest.raises(AlienTaskError):
        task_asked("rapidocr", prompt)


@pytest.mark.parametrize("word", ["read ", "<|/ref|>", "locate <|ref|>", "ocr_", " ", "get\n"])
def test_a_long_prompt_takes_no_time(word: str) -> None:
    prompt = (word * LONGEST_PROMPT)[:LONGEST_PROMPT]
    began = time.process_time()
    for kind in ("rapidocr", "deepseek-ocr-2"):
        with contextlib.suppress(AlienTaskError):
            task_asked(kind, prompt)
    assert time.process_time() - began < SECONDS
    with pytest.raises(RequestError, match="longer than") as caught:
        task_asked("deepseek-ocr-2", prompt + "x")
    assert (caught.value.status, caught.value.told_code) == (422, "values") and caught.value.hint


@pytest.mark.parametrize("piece", ["[", "![x](", "[x](", "http", "a.", "a" + "." * 500 + " "])
def test_a_page_of_nothing_but_marks_takes_no_time(piece: str) -> None:
    text = (piece * 40_000)[:40_000]
    began = time.process_time()
    for pattern in (pageobjects._NO_WORDS, pageobjects._WORD, pageobjects._LINK):
        pattern.findall(text)
    assert time.process_time() - began < SECONDS
