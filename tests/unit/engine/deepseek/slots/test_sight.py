"""Images that are looked at beside decoding: the same pages, and nobody waits who need not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.slots.decoding import Rules
from ocrd.engine.deepseek.slots.generation import Generation
from ocrd.engine.deepseek.slots.sight import Aside, AtOnce, Sight
from ocrd.engine.deepseek.slots.waiting import Page
from tests.books import ROOMY, Book, Eye, Saboteur, check, decoder, run, submit

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
SECONDS = 20.0


def waiting(number: int) -> Page:
    return Page(
        generation=Generation(lambda: None), rules=Rules(9), prompt=[number],
        image=torch.tensor([number]), due=9, order=(number,), on_taken=lambda: None, most=99,
    )  # fmt: skip


def doubled(images: list[Any]) -> list[torch.Tensor]:
    return [image * 2 for image in images]


@pytest.mark.parametrize("make", [AtOnce, lambda encode: Aside(encode, CPU)])
def test_what_was_looked_at_comes_with_its_pages(make: Callable[[Any], Sight]) -> None:
    sight = make(doubled)
    assert not sight.busy and sight.take(wait=False) is None
    for numbers in ([1, 2], [3]):
        pages = [waiting(number) for number in numbers]
        sight.begin(pages)
        assert sight.busy
        seen = sight.take(wait=True)
        assert seen is not None and list(seen.pages) == pages and seen.error is None
        assert [int(one) for one in seen.features] == [2 * number for number in numbers]
        assert not sight.busy
    sight.close()


@pytest.mark.parametrize("make", [AtOnce, lambda encode: Aside(encode, CPU)])
@pytest.mark.parametrize("error", [ValueError(), torch.OutOfMemoryError(), ZeroDivisionError()])
def test_an_error_is_handed_over_and_the_next_pages_are_looked_at(
    make: Callable[[Any], Sight], error: Exception
) -> None:
    sight = make(Saboteur(doubled, {1}, error))
    sight.begin([waiting(1)])
    seen = sight.take(wait=True)
    assert seen is not None and seen.error is error and not seen.features
    sight.begin([waiting(2)])
    seen = sight.take(wait=True)
    assert seen is not None and int(seen.features[0]) == 4
    sight.close()


def test_features_are_made_in_inference_mode_on_a_thread_of_their_own() -> None:
    threads: list[threading.Thread] = []

    def encode(images: list[Any]) -> list[torch.Tensor]:
        threads.append(threading.current_thread())
        assert torch.is_inference_mode_enabled()
        return doubled(images)

    sight = Aside(encode, CPU)
    sight.begin([waiting(1)])
    seen = sight.take(wait=True)
    assert seen is not None and seen.error is None
    sight.close()
    assert threads and threads[0] is not threading.current_thread()
    assert not threads[0].is_alive()


def test_pages_equal_generate_when_their_images_are_looked_at_aside(each_book: Book) -> None:
    made = decoder(each_book, replace(ROOMY, max_slots=3), aside=True, lag=1)
    generations = [submit(made, page) for page in each_book.pages]
    run(made)
    made.close()
    check(each_book.pages, generations)


def test_running_pages_go_on_while_an_image_is_looked_at(book: Book) -> None:
    held = threading.Event()
    held.set()

    def wait() -> None:
        assert held.wait(SECONDS)

    made = decoder(book, replace(ROOMY, max_slots=4), aside=True, ahead=1, encode=Eye(before=wait))
    long = next(page for page in book.pages if len(page.expected) > 20)
    first = submit(made, long)
    while not first.tokens:
        made.step()
    held.clear()
    second = submit(made, book.pages[1])
    rounds = made.rounds
    for _ in range(10):
        made.step()
    assert made.rounds == rounds + 10 and len(first.tokens) > 10
    assert not second.tokens
    held.set()
    run(made)
    made.close()
    check([long, book.pages[1]], [first, second])


def test_the_next_images_are_looked_at_while_all_slots_are_taken(book: Book) -> None:
    eye = Eye()
    made = decoder(book, replace(ROOMY, max_slots=1), aside=True, ahead=2, encode=eye)
    generations = [submit(made, page) for page in book.pages[:4]]
    while len(made._pages.running) == 0:
        made.step()
    limit = 200
    while sum(page.features is not None for page in made._pages.waiting.pages) < 2 and limit:
        made.step()
        limit -= 1
        if generations[0].finished:
            break
    ready = sum(page.features is not None for page in made._pages.waiting.pages)
    assert ready >= 1  # before the next page could enter
    run(made)
    made.close()
    check(book.pages[:4], generations)


@pytest.mark.parametrize("aside", [False, True])
def test_a_lack_of_memory_while_looking_costs_slots_and_no_page(book: Book, aside: bool) -> None:
    notices: list[str] = []
    encode = Saboteur(Eye(), {2})
    made = decoder(book, aside=aside, encode=encode, on_notice=notices.append)
    generations = [submit(made, page) for page in book.pages]
    run(made)
    made.close()
    check(book.pages, generations)
    assert notices == ["Out of memory with 8 slots; going on with 4."]


@pytest.mark.parametrize("aside", [False, True])
def test_a_fault_while_looking_ends_decoding(book: Book, aside: bool) -> None:
    made = decoder(book, aside=aside, encode=Saboteur(Eye(), {1}, ZeroDivisionError("of the eye")))
    submit(made, book.pages[0])
    with pytest.raises(ZeroDivisionError, match="of the eye"):
        run(made)
    made.close()
