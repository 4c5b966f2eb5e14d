"""What becomes of a document that met an error, and how long it waits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd import pages, verdicts
from ocrd.errors import (
    BrokenError,
    ConfigError,
    CorruptError,
    DiskFullError,
    EncryptedError,
    EngineError,
    LedgerRefusedError,
    OcrdError,
    PageError,
    ShareGoneError,
    SourceChangedError,
    TooLargeError,
    UnreadablePagesError,
)
from ocrd.job import FileKey, PageRead, PageStatus
from ocrd.verdicts import Verdict, Verdicts

KEY = FileKey(device=1, inode=2, size=3, mtime_ns=4)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judge(clock: Clock) -> Verdicts:
    return Verdicts(clock)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (LedgerRefusedError("x"), "stop"),
        (SourceChangedError("x"), "withdraw"),
        (ShareGoneError("x"), "retry"),
        (DiskFullError("x"), "retry"),
        (EngineError("x"), "retry"),
        (EncryptedError("x"), "file"),
        (TooLargeError("x"), "file"),
        (UnreadablePagesError("x"), "file"),
        (PageError("x"), "file"),
        (ConfigError("x"), "file"),
        (CorruptError("x"), "look-again"),
        (BrokenError("x"), "file"),
    ],
)
def test_each_kind_of_fault_has_its_verdict_however_often_it_comes(
    judge: Verdicts, error: OcrdError, verdict: str
) -> None:
    assert [judge.judge(error, 7, KEY, patience=60.0) for _ in range(3)] == [verdict] * 3


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0.0, "look-again"), (59.9, "look-again"), (60.0, "file")]
)
def test_a_damaged_file_is_final_once_it_has_stayed_so_for_the_patience(
    judge: Verdicts, clock: Clock, seconds: float, verdict: str
) -> None:
    judge.judge(CorruptError("x"), 7, KEY, patience=60.0)
    clock.now += seconds
    assert judge.judge(CorruptError("x"), 7, KEY, patience=60.0) == verdict


def test_without_patience_a_damaged_file_is_final_at_once(judge: Verdicts) -> None:
    assert judge.judge(CorruptError("x"), 7, KEY, patience=0.0) is Verdict.FILE


def test_patience_begins_anew_when_the_file_has_changed_and_only_for_that_document(
    judge: Verdicts, clock: Clock
) -> None:
    grown = replace(KEY, size=5)
    assert not judge.is_patience_over(7, KEY, 60.0)
    assert not judge.is_patience_over(8, KEY, 60.0)
    clock.now += 59.0
    assert not judge.is_patience_over(7, grown, 60.0)
    clock.now += 59.0
    assert not judge.is_patience_over(7, grown, 60.0)
    assert judge.is_patience_over(8, KEY, 60.0)
    clock.now += 1.0
    assert judge.is_patience_over(7, grown, 60.0)


@given(st.lists(st.tuples(st.floats(0.0, 50.0), st.integers(1, 3)), max_size=20))
def test_a_file_is_given_up_only_after_it_was_the_same_for_the_whole_patience(
    history: list[tuple[float, int]],
) -> None:
    clock = Clock()
    judge = Verdicts(clock)
    shown, since = 0, clock.now
    for pause, size in history:
        clock.now += pause
        if size != shown:
            shown, since = size, clock.now
        is_over = judge.is_patience_over(7, replace(KEY, size=size), 60.0)
        assert is_over == (clock.now - since >= 60.0)


def test_the_wait_doubles_from_five_seconds_to_five_minutes(judge: Verdicts) -> None:
    waits = [judge.delay_before_retry(7) for _ in range(9)]
    assert waits == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]
    assert judge.delay_before_retry(8) == 5.0, "another document has not waited yet"


def test_a_share_that_is_gone_for_a_week_is_waited_for(judge: Verdicts) -> None:
    """After some thousand tries the number that was doubled is beyond what a float holds."""
    waits = [judge.delay_before_retry(7) for _ in range(3000)]
    assert set(waits[6:]) == {300.0}


def test_a_document_that_is_final_is_forgotten(judge: Verdicts, clock: Clock) -> None:
    judge.delay_before_retry(7)
    judge.is_patience_over(7, KEY, 60.0)
    clock.now += 100.0
    judge.forget(7)
    judge.forget(7)
    assert judge.delay_before_retry(7) == 5.0
    assert not judge.is_patience_over(7, KEY, 60.0)


@pytest.mark.parametrize(
    ("patience", "seconds"),
    [(0.0, 0.0), (4.0, 1.0), (59.2, 14.8), (60.0, 15.0), (64.0, 15.0), (3600.0, 15.0)],
)
def test_an_incomplete_file_is_looked_at_four_times_or_more_within_the_patience(
    patience: float, seconds: float
) -> None:
    assert verdicts.delay_before_look(patience) == pytest.approx(seconds)


def failed(number: int, *warnings: str) -> tuple[int, str]:
    return number, pages.to_json(PageRead(number, PageStatus.FAILED, warnings=warnings))


@pytest.mark.parametrize(
    ("failures", "total", "tolerance", "fails"),
    [
        (0, 1, 0.0, False),
        (0, 0, 0.0, False),
        (1, 1, 0.0, True),
        (1, 1000, 0.0, True),
        (1, 10, 0.1, False),
        (2, 10, 0.1, True),
        (1, 9, 0.1, True),
        (5, 10, 0.5, False),
        (10, 10, 1.0, False),
    ],
)
def test_a_document_fails_when_more_pages_do_than_the_folder_tolerates(
    failures: int, total: int, tolerance: float, fails: bool
) -> None:
    error = verdicts.failure(
        "a.pdf", [failed(number, "why") for number in range(1, failures + 1)], total, tolerance
    )
    assert (error is not None) is fails


def test_a_failed_document_names_its_first_bad_page_and_all_that_is_known_of_it() -> None:
    error = verdicts.failure(
        "a.pdf",
        [failed(4, "It ended the engine.", "It was tried 3 times."), failed(9, "other")],
        12,
        0.0,
    )
    assert error is not None
    assert error.what == (
        "a.pdf: 2 of 12 pages could not be read; the first is page 4: It ended the engine.;"
        " It was tried 3 times."
    )
    assert error.page == 4
    assert "tolerance" in error.hint


@pytest.mark.parametrize(
    ("total", "tolerance", "most"),
    [(1, 0.0, 0), (300, 0.0, 0), (10, 0.1, 1), (19, 0.1, 1), (20, 0.1, 2), (3, 1.0, 3)],
)
def test_a_document_may_lose_no_more_pages_than_its_tolerance(
    total: int, tolerance: float, most: int
) -> None:
    assert verdicts.most_failures(total, tolerance) == most
