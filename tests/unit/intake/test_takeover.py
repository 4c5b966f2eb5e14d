"""Who asks for another's folder, waits, and has it only once its owner has gone: without locks."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ocrd.errors import FolderWithheldError
from ocrd.intake import challenge
from ocrd.intake.ownership import TRIAL_SECONDS
from ocrd.intake.silence import LEASE_SECONDS
from tests.unit.intake.folders import Clock
from tests.unit.intake.owners import (
    CHALLENGE,
    LATEST,
    LOOK_SECONDS,
    OWNER,
    PATIENCE,
    claim,
    foreign,
    is_taken,
    keeping,
    me,
    owner_of,
    state_of,
    version_of,
    wait,
)

pytestmark = pytest.mark.usefixtures("without_locks")

# Challenge and answer


def test_an_owner_that_answers_keeps_its_folder_and_no_challenge_stays(
    tmp_path: Path, clock: Clock
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    beats = set()
    for _ in range(50):
        clock.now += 5.0
        assert not is_taken(other)
        assert (tmp_path / CHALLENGE).exists()
        owner.require()
        assert not (tmp_path / CHALLENGE).exists()
        beats.add(owner_of(tmp_path).beat)
    assert len(beats) == 50
    assert owner_of(tmp_path).session == "a-1"
    before = state_of(tmp_path)
    for _ in range(100):  # the other was killed
        clock.now += 30.0
        owner.require()
    assert state_of(tmp_path) == before, "nobody asks any more"


@pytest.mark.parametrize("interval", [0.5, 30.0, 600.0, 3600.0])
def test_an_owner_is_not_robbed_however_seldom_it_scans(
    tmp_path: Path, clock: Clock, interval: float
) -> None:
    owner, other = claim(tmp_path, me("a"), clock, interval), claim(tmp_path, me("b"), clock)
    owner.require()
    for _ in range(5):
        assert wait(other, clock, max(interval, LOOK_SECONDS) + LEASE_SECONDS) is None
        owner.require()


def test_an_owner_whose_scan_takes_hours_answers_by_its_own_thread(
    tmp_path: Path, clock: Clock
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    for _ in range(300):
        clock.now += LOOK_SECONDS
        assert not is_taken(other)
        owner.keep_up()
    owner.confirm()


def test_only_silence_for_longer_than_an_answer_may_take_hands_the_folder_over(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()  # and is never seen again
    other = claim(tmp_path, me("b"), clock)
    assert not is_taken(other)
    took = wait(other, clock, 10 * PATIENCE)
    assert took is not None and PATIENCE <= took <= LATEST
    assert owner_of(tmp_path).session == "b-1"
    assert not (tmp_path / CHALLENGE).exists()
    other.confirm()
    before = state_of(tmp_path)
    for _ in range(10):
        clock.now += 30.0
        other.require()
    assert state_of(tmp_path) == before


def test_a_single_answer_begins_the_wait_anew(tmp_path: Path, clock: Clock) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    assert wait(other, clock, PATIENCE - LOOK_SECONDS) is None
    owner.require()
    assert wait(other, clock, PATIENCE - LOOK_SECONDS) is None


def test_who_waits_counts_on_nothing_while_its_challenge_is_not_there(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)
    for _ in range(100):
        assert wait(other, clock, PATIENCE - LOOK_SECONDS) is None
        (tmp_path / CHALLENGE).unlink()


def test_who_slept_or_lost_the_share_itself_begins_to_wait_anew(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)
    assert not is_taken(other)
    for _ in range(20):
        clock.now += 3600.0
        assert not is_taken(other)
    took = wait(other, clock, 10 * PATIENCE)
    assert took is not None and took >= PATIENCE - LOOK_SECONDS


def test_no_two_clocks_are_compared(tmp_path: Path) -> None:
    clocks = Clock(), Clock()
    clocks[1].now = 9e9
    owner, other = claim(tmp_path, me("a"), clocks[0]), claim(tmp_path, me("b"), clocks[1])
    owner.require()
    os.utime(tmp_path / OWNER, (0, 0))
    for _ in range(100):
        clocks[0].now += 0.001  # it goes wrong, too
        clocks[1].now += 30.0
        assert not is_taken(other)
        owner.require()


def test_two_that_wait_do_not_keep_each_other_from_taking_over(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    waiting = [claim(tmp_path, me(name), clock) for name in ("b", "c")]
    took: list[bool] = []
    for _ in range(int(2 * LATEST / LOOK_SECONDS)):
        clock.now += LOOK_SECONDS
        took = [is_taken(one) for one in waiting]
        assert sum(took) <= 1
        if any(took):
            break
    assert sum(took) == 1
    loser = waiting[took.index(False)]
    winner = waiting[took.index(True)]
    for _ in range(100):
        clock.now += LOOK_SECONDS
        assert not is_taken(loser)
        winner.require()


def test_what_two_took_at_the_same_moment_is_only_ones(tmp_path: Path, clock: Clock) -> None:
    """Both find the owner silent before either has written: the later one's word stands."""
    foreign(tmp_path, me("a", released=True))
    first, second = claim(tmp_path, me("b"), clock), claim(tmp_path, me("c"), clock)
    first.keeping = second.keeping = keeping()
    foreign_again = (tmp_path / OWNER).read_bytes()
    for one in (first, second):
        one.keeping = None
        (tmp_path / OWNER).write_bytes(foreign_again)  # what the second saw before the first wrote
        assert not is_taken(one), "on trial"
        with pytest.raises(FolderWithheldError):
            one.confirm()
    clock.now += TRIAL_SECONDS
    assert [is_taken(first), is_taken(second)] == [False, True]
    assert owner_of(tmp_path).session == "c-1"


# Daemons of earlier versions, which count all the time and know no challenge


def test_an_earlier_versions_owner_is_waited_for_while_its_count_grows(
    tmp_path: Path, clock: Clock
) -> None:
    mine = claim(tmp_path, me("b"), clock)
    for beat in range(20):
        foreign(tmp_path, me("a", beat=beat))
        clock.now += LEASE_SECONDS - 1
        with pytest.raises(FolderWithheldError, match="on a "):
            mine.require()
    assert not (tmp_path / CHALLENGE).exists(), "it would not answer, and might read it"
    took = wait(mine, clock, 10 * PATIENCE)
    assert took is not None
    assert LEASE_SECONDS - LOOK_SECONDS <= took <= LEASE_SECONDS + TRIAL_SECONDS + LOOK_SECONDS
    assert owner_of(tmp_path).ledger == "b"


def test_an_earlier_version_cannot_take_silence_for_death(tmp_path: Path, clock: Clock) -> None:
    """It refuses a record of another version, and would take one of its own after a minute."""
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping()
    mine.require()
    assert version_of(tmp_path) == 2
    mine.release()
    assert version_of(tmp_path) == 1, "given back, it is anybody's"


# Where a challenge cannot be left


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST])
def test_who_cannot_ask_concludes_nothing_from_silence(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)

    def refuse(_entry: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(challenge, "_opened", refuse)
    assert wait(other, clock, 10 * PATIENCE) is None
    with pytest.raises(FolderWithheldError, match="cannot be written to ask") as caught:
        other.require()
    assert OWNER in caught.value.hint
    monkeypatch.undo()


def test_a_full_disk_makes_who_waits_wait(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(tmp_path, me("a"), clock).require()
    other = claim(tmp_path, me("b"), clock)

    def fill(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fill)
    assert wait(other, clock, 10 * PATIENCE) is None
    with pytest.raises(FolderWithheldError, match="is watched by"):
        other.require()
