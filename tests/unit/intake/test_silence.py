"""For how long an owner said nothing, on our own clock, while we looked."""

from __future__ import annotations

import pytest

from ocrd.intake.silence import LEASE_SECONDS, Silence, patience_seconds
from tests.unit.intake.folders import Clock
from tests.unit.intake.owners import me


def test_silence_grows_while_the_same_is_said(clock: Clock) -> None:
    silence = Silence(clock)
    told = []
    for said in (b"a", b"a", b"a", b"b", b"b", b"a"):
        told.append(silence.note(said))
        clock.now += 10.0
    assert told == [0.0, 10.0, 20.0, 0.0, 10.0, 0.0]


@pytest.mark.parametrize(("away", "silent"), [(60.0, 70.0), (60.5, 0.0), (3600.0, 0.0)])
def test_who_did_not_look_for_a_lease_begins_anew(
    clock: Clock, away: float, silent: float
) -> None:
    silence = Silence(clock)
    silence.note(b"a")
    clock.now += 10.0
    silence.note(b"a")
    clock.now += away
    assert silence.note(b"a") == silent


def test_a_count_is_begun_anew_or_forgotten(clock: Clock) -> None:
    silence = Silence(clock)
    silence.note(b"a")
    clock.now += 10.0
    silence.begin_anew()
    clock.now += 5.0
    assert silence.note(b"a") == 5.0
    silence.forget()
    assert silence.note(b"a") == 0.0


def test_an_owner_that_counts_has_a_lease_and_one_that_is_asked_the_time_of_its_answer() -> None:
    assert patience_seconds(me("a")) == LEASE_SECONDS
    assert patience_seconds(me("a", answers=30)) == 2 * LEASE_SECONDS + 30
    assert patience_seconds(me("a", answers=3600)) == 2 * LEASE_SECONDS + 3600
