"""How pages end: by themselves, at a limit, cancelled, or as one that cannot be decoded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.books import ROOMY, Book, check, decoder, run, submit

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_context_holds_image_prompt_and_text_together(book: Book) -> None:
    room = 12
    page = next(page for page in book.pages if len(page.expected) > room)
    made = decoder(book, replace(ROOMY, context=len(page.prompt) + room))
    generation = submit(made, page)
    run(made)
    assert generation.finished == "context"
    assert generation.tokens == page.expected[:room]


def test_a_prompt_that_fills_the_context_gives_nothing(book: Book) -> None:
    page = book.pages[0]
    made = decoder(book, replace(ROOMY, context=len(page.prompt)))
    taken: list[bool] = []
    generation = submit(made, page, on_taken=lambda: taken.append(True))
    run(made)
    assert (generation.finished, generation.tokens, taken) == ("context", [], [True])


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_a_page_has_no_more_tokens_than_it_may(book: Book, most: int, lag: int) -> None:
    pages = [page for page in book.pages if len(page.expected) >= 5]
    made = decoder(book, lag=lag)
    generations = [
        submit(made, page, rules=replace(page.rules, max_new_tokens=most)) for page in pages
    ]
    run(made)
    assert [generation.tokens for generation in generations] == [
        page.expected[:most] for page in pages
    ]
    assert {generation.finished for generation in generations} == {"length"}
    rounds = max(0, most - 1)  # the first token comes with the prompt
    assert made.rounds <= rounds + len(pages)


def test_a_page_that_ends_by_itself_at_its_limit_ended_by_itself(book: Book) -> None:
    ended = next(page for page in book.pages if len(page.expected) < page.rules.max_new_tokens)
    made = decoder(book)
    generation = submit(
        made, ended, rules=replace(ended.rules, max_new_tokens=len(ended.expected) + 1)
    )
    run(made)
    assert generation.finished == "eos"
    assert generation.tokens == ended.expected


@pytest.mark.parametrize("lag", [0, 1])
def test_cancelling_one_page_leaves_the_others_untouched(book: Book, lag: int) -> None:
    made = decoder(book, replace(ROOMY, max_slots=4), lag=lag)
    generations = [submit(made, page) for page in book.pages]
    generations[13].cancel()  # while it waits
    for number in (0, 2):
        for _ in range(5):
            made.step()
        generations[number].cancel()  # while it runs
        made.step()
        assert generations[number].finished == "cancelled"
    run(made)
    for number in (0, 2, 13):
        said = generations[number].tokens
        assert generations[number].finished == "cancelled"
        assert said == book.pages[number].expected[: len(said)]
    others = [number for number in range(14) if number not in (0, 2, 13)]
    check([book.pages[n] for n in others], [generations[n] for n in others])


def test_a_page_whose_image_does_not_fit_its_prompt_fails_alone(book: Book) -> None:
    made = decoder(book)
    good, page = submit(made, book.pages[0]), book.pages[1]
    bad = made.submit(page.features[:-1], page.prompt, page.rules)
    run(made)
    check([book.pages[0]], [good])
    assert isinstance(bad.error, ValueError)
    assert bad.finished == "failed"


def test_a_page_that_the_encoder_refuses_fails_alone(book: Book) -> None:
    refused = book.pages[2].features

    def encode(pages: list[Any]) -> list[Any]:
        if any(page is refused for page in pages):
            raise ValueError("no such tiles")
        return pages

    made = decoder(book, encode=encode)
    generations = [submit(made, page) for page in book.pages]
    run(made)
    with pytest.raises(ValueError, match="no such tiles"):
        list(generations[2].follow())
    others = [number for number in range(len(book.pages)) if number != 2]
    check([book.pages[n] for n in others], [generations[n] for n in others])
