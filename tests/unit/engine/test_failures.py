"""How long is waited after failures, and what ends their row."""

from __future__ import annotations

from ocrd.engine.failures import MAX_BACKOFF_SECONDS, UNUSABLE_SECONDS, Failures
from ocrd.errors import EngineError, EngineUnusableError, GpuGoneError, ServersGoneError


def test_each_failure_in_a_row_is_waited_for_twice_as_long_up_to_a_minute() -> None:
    failures = Failures()
    delays = []
    for moment in range(9):
        failures.note(EngineError("It ended."), moment)
        delays.append(failures.delay(1.0))
    assert delays == [1, 2, 4, 8, 16, 32, MAX_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS, 60]
    for moment in range(5000):  # of days without a start
        failures.note(EngineError("It ended."), moment)
    assert failures.delay(1.0) == MAX_BACKOFF_SECONDS


def test_a_page_that_is_read_ends_the_row_and_a_start_alone_does_not() -> None:
    failures = Failures()
    for moment in range(3):
        failures.note(EngineError("It ended."), moment)
    failures.note_start()
    assert (failures.present, failures.in_a_row, failures.total) == (None, 3, 3)
    failures.note_answer()
    assert (failures.in_a_row, failures.total) == (0, 3)
    assert failures.last_error == (2, "It ended.")


def test_what_a_person_has_to_change_is_looked_at_every_five_minutes() -> None:
    failures = Failures()
    failures.note(EngineUnusableError("numpy is missing."), 0.0)
    assert failures.delay(1.0) == UNUSABLE_SECONDS
    failures.note(EngineError("It ended."), 1.0)
    assert failures.delay(1.0) == 2.0


def test_a_gpu_that_is_gone_is_looked_for_like_a_crash_is_mended_and_told_of_once() -> None:
    failures = Failures()
    gone = GpuGoneError("It is gone.")
    told = []
    for moment, error in enumerate([gone, gone, gone, EngineError("It ended."), gone]):
        failures.note(error, moment)
        told.append((failures.is_news, failures.is_without_gpu))
    assert told == [(True, True), (False, True), (False, True), (True, False), (True, True)]
    assert failures.delay(1.0) == 16.0
    failures.note_start()
    assert not failures.is_without_gpu
    failures.note(gone, 9)
    assert failures.is_news


def test_the_time_since_when_no_worker_comes_is_that_of_the_first_failure() -> None:
    failures = Failures()
    failures.note(ServersGoneError("none answers"), 100.0)
    failures.note(ServersGoneError("none answers"), 130.0)
    assert failures.since == 100.0
    failures.note_start()
    failures.note(ServersGoneError("none answers"), 200.0)
    assert failures.since == 200.0
