"""A DeepSeek engine tells its text token by token, how sure it is, and ends where it is told."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocrd.engine.deepseek import engine
from ocrd.engine.deepseek.engine import DeepSeek
from ocrd.engine.protocol import Partial, Progress, Recognise
from ocrd.engine.telling import Cancelled, Telling
from ocrd.job import Ink, Recognition
from ocrd.tasks import Decoding, Task
from tests import checkpoints

pytestmark = pytest.mark.usefixtures("one_thread")

KIND = "deepseek-ocr-2"
SAID = "Die Größe der Kaimauer beträgt 7,5 Meter – 潮位は三尺。 Ende der Messung, gezeichnet: Ü."
LOOP = " ".join(f"again{number}" for number in range(270))
SETTINGS: dict[str, Any] = {
    "kind": KIND, "revision": None, "device": "cpu", "dtype": "auto", "attention": "auto",
    "download": False, "max_slots": 4, "context": 4096, "memory_share": 0.9, "turn": False,
    "max_tiles": 2, "max_new_tokens": 0, "memo": {},
}  # fmt: skip


def loaded(model: Path, **settings: Any) -> DeepSeek:
    return engine.load({**SETTINGS, "model": str(model), **settings})


@pytest.fixture(scope="module", name="scripted")
def _scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeepSeek]:
    """An engine that says one text, and to the prompt for text alone one that never ends."""
    folder = tmp_path_factory.mktemp("scripted")
    one = loaded(checkpoints.make_scripted(folder, KIND, SAID))
    yield one
    one.close()


@pytest.fixture(scope="module", name="random")
def _random(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeepSeek]:
    """An engine that writes any tokens, bytes that are no characters among them."""
    folder = tmp_path_factory.mktemp("random")
    favour = dict.fromkeys(range(3, 259), 3.0)
    one = loaded(checkpoints.make(folder, KIND, favour=favour), max_new_tokens=30)
    yield one
    one.close()


@pytest.fixture(scope="module", name="page")
def _page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("page") / "page.pgm"
    Image.linear_gradient("L").resize((300, 400)).save(page, "PPM")
    return page


class Heard:
    """What one page tells."""

    def __init__(self, request: Recognise) -> None:
        self.messages: list[Progress | Partial] = []
        self.first = threading.Event()
        # Without a pause, so that every token is told by itself.
        self.telling = Telling(request, self._take, _Steps())

    def _take(self, message: Progress | Partial) -> None:
        self.messages.append(message)
        if isinstance(message, Partial):
            self.first.set()

    @property
    def pieces(self) -> list[str]:
        return [one.text for one in self.messages if isinstance(one, Partial)]

    @property
    def text(self) -> str:
        text = ""
        for one in self.messages:
            if isinstance(one, Partial):
                text = one.text if one.restart else text + one.text
        return text


class _Steps:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def read(
    one: DeepSeek, page: Path, task: Task | None = None, ink: Ink | None = None
) -> tuple[Recognition, Heard]:
    request = Recognise(1, str(page), task or Task(), ink=ink, stream=True)
    heard = Heard(request)
    found = one.recognise(request, heard.telling)
    before = heard.text
    heard.telling.settle(found.markup)
    assert found.retries or found.markup.startswith(before)  # else an earlier one may be best
    return found, heard


def test_the_pieces_make_the_text_and_each_is_whole(scripted: DeepSeek, page: Path) -> None:
    found, heard = read(scripted, page)
    assert heard.text == found.markup == SAID
    assert len(heard.pieces) > 1
    assert not any("�" in piece for piece in heard.pieces)
    assert found.tokens == checkpoints.tokens_of(SAID)
    assert found.prompt_tokens > 256  # the image's alone
    assert (found.finish, found.estimated) == ("stop", False)


def test_a_reader_along_changes_nothing_of_what_is_read(random: DeepSeek, page: Path) -> None:
    task = Task(decoding=Decoding(max_tokens=25))
    found, heard = read(random, page, task)
    silent = random.recognise(Recognise(2, str(page), task), lambda _: None)
    assert heard.text == found.markup == silent.markup
    assert "�" in found.markup  # bytes that are no character
    assert (found.tokens, found.confidence) == (silent.tokens, silent.confidence)


def test_a_page_is_as_sure_as_its_tokens(
    random: DeepSeek, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[float] = []
    take = random._decoder._decoder._take

    def noting(one: Any, token: int, logprob: float) -> None:
        taken.append(logprob)
        take(one, token, logprob)

    monkeypatch.setattr(random._decoder._decoder, "_take", noting)
    found, _ = read(random, page, Task(decoding=Decoding(max_tokens=20)))
    chances = [math.exp(logprob) for logprob in taken[: found.tokens]]
    assert len(chances) == 20
    assert 0 < min(chances) < max(chances) <= 1
    assert found.confidence == pytest.approx(sum(chances) / 20, abs=1e-4)
    assert found.least == pytest.approx(min(chances), abs=1e-4)


def test_each_token_is_told_with_its_probability_where_that_is_asked_for(
    random: DeepSeek, page: Path
) -> None:
    task = Task(decoding=Decoding(max_tokens=20))
    found = random.recognise(Recognise(1, str(page), task, pieces=True), lambda _: None)
    assert "".join(piece.text for piece in found.pieces) == found.markup
    shares = [piece.probability for piece in found.pieces]
    assert len(shares) == found.tokens == 20
    assert found.confidence == pytest.approx(sum(shares) / 20, abs=2e-4)
    assert found.least == min(shares)
    assert not random.recognise(Recognise(1, str(page), task), lambda _: None).pieces


def test_as_many_tokens_as_were_asked_for_and_no_second_reading(
    scripted: DeepSeek, page: Path
) -> None:
    found, heard = read(scripted, page, Task(decoding=Decoding(max_tokens=3)))
    assert (found.tokens, found.finish, found.doubt, found.retries) == (3, "length", "", 0)
    assert SAID.startswith(found.markup) and 0 < len(found.markup) < len(SAID)
    assert heard.text == found.markup


def test_the_engines_own_limit_still_is_a_doubt(random: DeepSeek, page: Path) -> None:
    found, _ = read(random, page, Task("prompt", prompt="Go on.", decoding=Decoding(500)))
    assert found.tokens == 30
    assert found.finish == "length"
    assert found.doubt


def test_a_page_ends_before_a_text_that_is_to_end_it(scripted: DeepSeek, page: Path) -> None:
    found, heard = read(scripted, page, Task(decoding=Decoding(stop=("nie", "Meter – 潮"))))
    assert heard.text == found.markup == SAID[: SAID.index("Meter")]
    assert (found.finish, found.doubt, found.retries) == ("stop", "", 0)
    assert found.tokens < checkpoints.tokens_of(SAID)


def test_a_temperature_draws_otherwise_and_the_same_again(random: DeepSeek, page: Path) -> None:
    greedy, _ = read(random, page, Task(decoding=Decoding(20)))
    hot = Task(decoding=Decoding(20, temperature=1.5))
    first, heard = read(random, page, hot)
    again, _ = read(random, page, hot)
    assert first.markup != greedy.markup
    assert first.markup == again.markup == heard.text


def test_a_page_that_is_read_again_takes_back_what_it_said(tmp_path: Path, page: Path) -> None:
    model = checkpoints.make_scripted(
        tmp_path, KIND, LOOP, loop=True, answers={"Free OCR.": "The quay was dredged in spring."}
    )
    one = loaded(model, max_new_tokens=30)
    try:
        found, heard = read(one, page)
    finally:
        one.close()
    restarts = sum(m.restart for m in heard.messages if isinstance(m, Partial))
    assert restarts == found.retries > 0
    assert heard.text == found.markup == "The quay was dredged in spring."
    counts = [m.count for m in heard.messages if isinstance(m, Progress)]
    assert counts == sorted(counts)


def test_a_strip_is_told_part_by_part_and_ends_where_it_is_to(
    scripted: DeepSeek, tmp_path: Path
) -> None:
    strip = tmp_path / "strip.pgm"
    Image.linear_gradient("L").resize((100, 1200)).save(strip, "PPM")
    found, heard = read(scripted, strip)
    assert heard.text == found.markup
    assert found.markup == "\n\n".join([SAID] * 5)
    assert found.tokens == 5 * checkpoints.tokens_of(SAID)
    most = checkpoints.tokens_of(SAID) + 2
    short, _ = read(scripted, strip, Task(decoding=Decoding(max_tokens=most)))
    assert (short.tokens, short.finish, short.markup.count(SAID)) == (most, "length", 1)
    whole_part, _ = read(scripted, strip, Task(decoding=Decoding(max_tokens=most - 2)))
    assert (whole_part.markup, whole_part.finish) == (SAID, "length")


def test_a_cancelled_page_ends_at_its_next_token(tmp_path: Path, page: Path) -> None:
    one = loaded(checkpoints.make_scripted(tmp_path, KIND, LOOP, loop=True), context=65536)
    request = Recognise(1, str(page), stream=True, ink=Ink(4000, 10**7, 0.5))
    try:
        waits = []
        for _ in range(3):  # the machine may be busy with others
            heard = Heard(request)
            ended = threading.Event()

            def work(heard: Heard = heard, ended: threading.Event = ended) -> None:
                with pytest.raises(Cancelled):
                    one.recognise(request, heard.telling)
                ended.set()

            threading.Thread(target=work, daemon=True).start()
            assert heard.first.wait(30)
            began = time.monotonic()
            heard.telling.cancel()
            assert ended.wait(30)
            waits.append(time.monotonic() - began)
        assert min(waits) < 1.0
    finally:
        one.close()
