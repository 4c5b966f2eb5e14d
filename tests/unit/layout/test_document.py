"""All pages of a document: its words, what one column gives the next, and the streaming."""

from dataclasses import replace

from ocrd.job import Block, Box, PageRead
from ocrd.layout import document
from ocrd.layout.whole import whole as put_together
from tests.unit.layout.bound import ENDED, FULL, block, book, foot, page, said, settled, whole


def cut(text: str, second: str) -> Block:
    """Return a paragraph whose row ended before ``second``, as its page decided on the hyphen."""
    shape = replace(ENDED, hyphens=(len(text) - text.index(second),))
    return block(text, shape=shape)


ENGLISH = block("The master of the port and all that he was given with this were from here.")


def test_hyphens_are_decided_by_the_words_of_all_pages() -> None:
    pages = book(
        (cut("It went wellbelow it.", "below it"), ENGLISH),
        (cut("A nation-al park.", "al park"), said(1)),
        (block("He stood well-below the national flag."),),
    )
    texts = [one.blocks[0].text for one in settled(pages)]
    assert texts[:2] == ["It went well-below it.", "A national park."]


def test_a_word_is_no_witness_for_itself() -> None:
    pages = book((cut("In the longterm view.", "term view"), ENGLISH), (said(1),))
    assert settled(pages)[0].blocks[0].text == "In the long-term view."


def test_of_several_hyphens_each_is_decided() -> None:
    text = "the longterm and shortterm view of nation-al parks"
    places = tuple(len(text) - text.index(part) for part in ("term and", "term view", "al parks"))
    pages = book((block(text, shape=replace(ENDED, hyphens=places)), ENGLISH), (said(1),))
    assert settled(pages)[0].blocks[0].text == (
        "the long-term and short-term view of national parks"
    )


def test_a_foot_between_two_columns_parts_no_paragraph() -> None:
    def columns(number: int, first: str, second: str) -> PageRead:
        left = block(first, 900, FULL, x=100, width=380, height=400)
        right = block(second, 100, ENDED, x=520, width=380, height=400)
        return page(number, left, foot(str(number)), right)

    pages = [columns(number, "It goes on", f"over column {number}.") for number in range(1, 5)]
    assert whole(pages)[0] == ["It goes on over column 1.", "1"]
    first = settled(pages)[0].blocks[0]
    assert first.boxes == (Box(100, 900, 480, 1300),)
    assert first.continues is not None
    assert (first.continues.page, first.continues.block) == (1, 2)


def test_pages_are_handed_on_as_they_come() -> None:
    taken: list[int] = []

    def read() -> list[PageRead]:
        return book(*((said(number),) for number in range(1, 9)))

    def counted() -> object:
        for one in read():
            taken.append(one.number)
            yield one

    survey = document.Survey()
    for one in read():
        survey.add(one)
    given = put_together(survey.document().pages(counted()))  # type: ignore[arg-type]
    for one in given:
        assert len(taken) <= one.number + 1


def test_a_page_by_itself_is_as_its_layout_has_it() -> None:
    alone = page(1, block("2 Aim", label="heading"), said(1), block("• a", label="list"), foot("3"))
    assert settled([alone]) == [alone]
