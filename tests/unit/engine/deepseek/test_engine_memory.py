"""An engine that ran out of memory tells itself so, and begins the next time with what was left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocrd.engine.deepseek import engine
from ocrd.engine.deepseek.engine import DeepSeek
from ocrd.engine.protocol import Recognise
from tests import checkpoints
from tests.books import Saboteur

pytestmark = pytest.mark.usefixtures("one_thread")

KIND = "deepseek-ocr-2"
SAID = "The quay is dry. " * 9


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> dict[str, Any]:
    model = checkpoints.make_scripted(tmp_path / "model", KIND, SAID)
    return {
        "kind": KIND, "model": str(model), "revision": None, "device": "cpu", "dtype": "auto",
        "attention": "auto", "download": False, "max_slots": 4, "context": 4096,
        "memory_share": 0.9, "turn": False, "max_tiles": 2, "max_new_tokens": 0, "memo": {},
    }  # fmt: skip


@pytest.fixture(name="page")
def _page(tmp_path: Path) -> Path:
    page = tmp_path / "page.pgm"
    Image.linear_gradient("L").resize((300, 400)).save(page, "PPM")
    return page


@pytest.fixture(name="started")
def _started() -> Iterator[list[DeepSeek]]:
    started: list[DeepSeek] = []
    yield started
    for one in started:
        one.close()


def test_slots_that_were_halved_are_halved_at_the_next_start(
    settings: dict[str, Any],
    page: Path,
    started: list[DeepSeek],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = engine.load(settings)
    started.append(first)
    capacity = first.hello.capacity
    language = first._decoder._decoder._slots.language
    language.run = Saboteur(language.run, {3})  # type: ignore[method-assign]
    read = first.recognise(Recognise(1, str(page)), lambda _: None)
    assert SAID.strip() in read.markup, "the page is none the worse for it"
    (record,) = (one for one in caplog.records if one.message.startswith("Out of memory"))
    memo = vars(record)["memo"]
    assert memo["slots"] == 2

    caplog.clear()
    second = engine.load({**settings, "memo": memo})
    started.append(second)
    assert second.hello.capacity == capacity - 2
    assert any("Begun with 2 slots instead of 4" in said for said in caplog.messages)
    assert SAID.strip() in second.recognise(Recognise(1, str(page)), lambda _: None).markup


def test_a_start_without_trouble_has_nothing_to_tell_itself(
    settings: dict[str, Any], started: list[DeepSeek], caplog: pytest.LogCaptureFixture
) -> None:
    one = engine.load(settings)
    started.append(one)
    one._note("A word of the decoder's.")
    assert vars(caplog.records[-1])["memo"] == {}
