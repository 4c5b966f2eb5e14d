"""What is told of a document as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocrd.account import MOST_REMARKS, NOT_REACHED, Account, cause, damage
from ocrd.job import Block, Doubt, PageRead, PageStatus, SourceInfo


def doubtful(number: int, share: float = 0.0, *warnings: str) -> PageRead:
    lost = (Doubt("unread-lines", "1 line was not read", share), Doubt("runaway", "It ran.\n"))
    return PageRead(number, PageStatus.DOUBTFUL, doubts=lost, warnings=warnings)


READ = PageRead(1, PageStatus.READ, (Block("text", "a"),), engine="rapidocr", model="small")
FAILED = PageRead(5, PageStatus.FAILED, warnings=("torn", "dirty"), code="page")


def test_pages_are_counted_by_what_became_of_them() -> None:
    blank = PageRead(4, PageStatus.BLANK)
    account = Account.of([READ, doubtful(2), doubtful(3, 0.3), blank, FAILED])
    assert (account.doubtful, account.unread) == ([2, 3], [3, 5])
    assert account.first_cause == "1 line was not read; It ran."
    assert account.state == "partial"
    assert (account.engine, account.model, account.holds_text) == ("rapidocr", "small", True)
    assert account.remarks == (
        "Page 2 is doubtful: 1 line was not read; It ran.",
        "Page 3 is doubtful: 1 line was not read; It ran.",
        "Page 5: torn; dirty",
    )


@pytest.mark.parametrize(
    ("pages", "state"),
    [([], "done"), ([READ], "done"), ([READ, doubtful(2, 0.2)], "done with doubts"),
     ([FAILED], "partial")],
)  # fmt: skip
def test_a_document_is_what_its_pages_are(pages: list[PageRead], state: str) -> None:
    assert Account.of(pages).state == state


def test_the_folder_says_how_much_of_a_page_may_be_missing() -> None:
    assert Account.of([doubtful(2, 0.3)], 0.3).unread == []
    assert Account.of([doubtful(2, 0.3)], 0.29).unread == [2]


def test_a_document_is_as_sure_as_its_pages_by_their_tokens() -> None:
    sure = replace(READ, confidence=0.9, least=0.5, tokens=300)
    less = replace(READ, number=2, confidence=0.5, least=0.1, tokens=100)
    blank = PageRead(3, PageStatus.BLANK)
    account = Account.of([sure, less, blank])
    assert (account.confidence, account.least) == (0.8, 0.1)
    uncounted = [replace(one, tokens=0) for one in (sure, less)]
    assert Account.of(uncounted).confidence == 0.7
    assert (Account.of([blank]).confidence, Account.of([blank]).least) == (None, None)


def test_nothing_is_known_of_an_empty_document() -> None:
    account = Account.of([PageRead(1, PageStatus.BLANK)])
    assert (account.engine, account.holds_text, account.remarks) == ("", False, ())


def test_what_the_source_remarks_is_told_of_pages_that_were_read_too() -> None:
    read = PageRead(1, PageStatus.READ, warnings=("the file ends early",))
    account = Account.of([read, doubtful(2, 0.0, "drawn without its annotations")])
    assert account.remarks == (
        "Page 1: the file ends early",
        "Page 2 is doubtful: 1 line was not read; It ran.",
        "Page 2: drawn without its annotations",
    )


def test_pages_that_were_not_reached_are_unread_without_a_word_each() -> None:
    missing = PageRead(7, PageStatus.FAILED, warnings=("The document failed.",), code=NOT_REACHED)
    account = Account.of([missing])
    assert (account.unread, account.remarks) == ([7], ())


@pytest.mark.parametrize(
    ("more", "told"),
    [(0, ()), (1, ("1 further page has remarks, which stand at their places.",)),
     (2, ("2 further pages have remarks, which stand at their places.",))],
)  # fmt: skip
def test_of_many_doubtful_pages_some_are_told_and_the_rest_counted(
    more: int, told: tuple[str, ...]
) -> None:
    account = Account.of([doubtful(number) for number in range(1, MOST_REMARKS + more + 1)])
    assert len(account.doubtful) == MOST_REMARKS + more, "all of them have their number"
    assert account.remarks[MOST_REMARKS:] == told
    account.add(FAILED)
    assert "Page 5: torn; dirty" in account.remarks, "what failed is always told"


def test_why_a_page_is_not_read() -> None:
    assert cause(FAILED) == "torn; dirty"
    assert cause(doubtful(1)) == "1 line was not read; It ran."


def test_a_repaired_source_says_so() -> None:
    assert damage(SourceInfo("PDF", 1)) == ()
    assert "damaged" in damage(SourceInfo("PDF", 1, repaired=True))[0]
