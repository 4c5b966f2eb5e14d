"""Pages decoded by a thread are followed, cancelled and ended from others."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ocrd.engine.deepseek.network import attention
from ocrd.engine.deepseek.slots.decoding import DecoderThread, Rules
from ocrd.errors import EngineError
from tests.books import (
    ROOMY,
    VOCABULARY,
    Book,
    Eye,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def thread(book: Book) -> Iterator[DecoderThread]:
    made = started(book, Eye())
    yield made
    made.close()


def started(book: Book, encode: Eye, **options: Any) -> DecoderThread:
    model = SimpleNamespace(network=book.network)
    return DecoderThread(model, encode, plan=ROOMY, image=VOCABULARY - 1, **options)


def test_pages_are_followed_from_other_threads_token_by_token(
    book: Book, thread: DecoderThread
) -> None:
    heard: dict[int, list[list[int]]] = {}

    def read(number: int) -> None:
        page = book.pages[number]
        generation = thread.submit(page.features, page.prompt, page.rules, (number,))
        heard[number] = list(generation.follow())

    readers = [threading.Thread(target=read, args=(number,)) for number in range(14)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    for number, page in enumerate(book.pages):
        assert [token for some in heard[number] for token in some] == page.expected
    assert any(len(pieces) > 1 for pieces in heard.values())


def test_a_page_cancelled_from_another_thread_ends(book: Book, thread: DecoderThread) -> None:
    page = book.pages[0]
    generation = thread.submit(page.features, page.prompt, Rules(7000))
    follower = generation.follow()
    said = next(follower)
    generation.cancel()
    said += [token for some in follower for token in some]
    assert generation.finished == "cancelled"
    assert said == generation.tokens


def test_closing_cancels_what_is_open_and_takes_nothing_more(book: Book) -> None:
    made = started(book, Eye())
    page = book.pages[0]
    generations = [made.submit(page.features, page.prompt, Rules(7000)) for _ in range(9)]
    next(generations[0].follow())
    made.close()
    assert {generation.finished for generation in generations} == {"cancelled"}
    with pytest.raises(RuntimeError, match="closed"):
        made.submit(page.features, page.prompt, Rules(5))


def test_a_crash_ends_all_pages_with_its_cause(book: Book) -> None:
    crash = threading.Event()

    def break_down() -> None:
        crash.wait(30)
        raise ZeroDivisionError("of the encoder")

    made = started(book, Eye(before=break_down))
    page = book.pages[0]
    generations = [made.submit(page.features, page.prompt, page.rules) for _ in range(3)]
    crash.set()
    for generation in generations:
        with pytest.raises(ZeroDivisionError):
            list(generation.follow())
        assert generation.finished == "failed"
    with pytest.raises(RuntimeError, match="of the encoder"):
        made.submit(page.features, page.prompt, page.rules)
    made.close()


def test_other_threads_hand_over_soon_while_a_decoder_runs(book: Book) -> None:
    before = sys.getswitchinterval()
    made = started(book, Eye())
    assert sys.getswitchinterval() == pytest.approx(0.0005)
    made.close()
    assert sys.getswitchinterval() == pytest.approx(before)


@pytest.mark.parametrize("wanted", ["auto", "sdpa"])
def test_the_attention_is_the_one_that_the_model_was_loaded_for(
    book: Book, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noted(way: str, *_: Any) -> bool:
        asked.append(way)
        return False

    monkeypatch.setattr(attention, "knows_lengths", noted)
    model = SimpleNamespace(network=book.network, attention=wanted)
    DecoderThread(model, Eye(), plan=ROOMY).close()
    assert asked == [wanted]


def test_an_attention_that_was_asked_for_and_is_wrong_is_refused(book: Book) -> None:
    model = SimpleNamespace(network=book.network, attention="flash")
    with pytest.raises(EngineError, match="tried on cpu") as caught:
        DecoderThread(model, Eye(), plan=ROOMY)
    assert '"auto"' in caught.value.hint


def test_without_pages_the_thread_takes_no_processor_time(
    book: Book, thread: DecoderThread
) -> None:
    page = book.pages[0]
    generation = thread.submit(page.features, page.prompt, page.rules)
    list(generation.follow())
    assert thread._thread.ident is not None
    clock = time.pthread_getcpuclockid(thread._thread.ident)
    limit = time.monotonic() + 10
    while thread._decoder.busy and time.monotonic() < limit:
        threading.Event().wait(0.01)
    before = time.clock_gettime(clock)
    threading.Event().wait(0.3)  # the length of the measurement
    assert time.clock_gettime(clock) - before < 0.03
