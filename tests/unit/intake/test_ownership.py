"""One daemon a folder, on a share without locks, whoever starts, sleeps, dies or gives it back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.errors import FolderWithheldError, OcrdError
from ocrd.intake import ownership
from ocrd.intake.ownership import TRIAL_SECONDS, Claim
from ocrd.intake.record import Record
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
    wait,
)

pytestmark = pytest.mark.usefixtures("without_locks")


def test_of_two_that_start_at_once_in_a_new_folder_one_has_it(
    tmp_path: Path, clock: Clock
) -> None:
    claims = [claim(tmp_path, me(name), clock) for name in "abc"]
    assert [is_taken(one) for one in claims] == [True, False, False]


# Who comes back


def test_who_slept_while_its_folder_was_taken_files_nothing_and_gives_way(
    tmp_path: Path, clock: Clock
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    assert wait(other, clock, 10 * PATIENCE) is not None
    before = state_of(tmp_path)
    with pytest.raises(FolderWithheldError, match="another daemon's by now"):
        owner.confirm()
    assert state_of(tmp_path) == before
    with pytest.raises(FolderWithheldError, match="on b "):
        owner.require()
    other.require()
    other.confirm()


def test_who_wakes_while_its_folder_is_on_trial_keeps_it_if_it_writes_last(
    tmp_path: Path, clock: Clock
) -> None:
    """It was stopped between reading its own record and writing it."""
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.require()
    answer = (tmp_path / OWNER).read_bytes()
    clock.now += 1
    while owner_of(tmp_path).session == "a-1":
        is_taken(other)
        clock.now += LOOK_SECONDS
    (tmp_path / OWNER).write_bytes(answer)
    clock.now += TRIAL_SECONDS
    assert not is_taken(other)
    owner.require()
    owner.confirm()


def test_an_owner_that_was_robbed_does_not_take_the_folder_back_as_its_own(
    tmp_path: Path, clock: Clock
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    foreign(tmp_path, me("b", answers=30))
    for _ in range(20):
        with pytest.raises(FolderWithheldError, match="on b "):
            mine.require()
        foreign(tmp_path, me("b", answers=30, beat=owner_of(tmp_path).beat + 1))
        clock.now += LOOK_SECONDS


# The end of an owner


@pytest.mark.parametrize("keeps", [False, True])
def test_a_folder_that_was_given_back_is_taken_at_once(
    tmp_path: Path, clock: Clock, keeps: bool
) -> None:
    owner, other = claim(tmp_path, me("a"), clock), claim(tmp_path, me("b"), clock)
    owner.keeping = keeping() if keeps else None
    owner.require()
    assert not is_taken(other)
    owner.release()
    assert (tmp_path / OWNER).exists() is keeps
    took = wait(other, clock, PATIENCE)
    assert took is not None and took <= TRIAL_SECONDS + 2 * LOOK_SECONDS


def test_who_gives_up_waiting_takes_its_challenge_along_and_no_others(
    tmp_path: Path, clock: Clock
) -> None:
    claim(tmp_path, me("a"), clock).require()
    first, second = claim(tmp_path, me("b"), clock), claim(tmp_path, me("c"), clock)
    assert not is_taken(first)
    assert not is_taken(second)
    first.release()
    assert (tmp_path / CHALLENGE).exists()
    second.release()
    assert [path.name for path in tmp_path.iterdir()] == [OWNER]


def test_the_same_ledger_goes_on_at_once_after_a_crash(tmp_path: Path, clock: Clock) -> None:
    claim(tmp_path, me("a"), clock).require()
    claim(tmp_path, me("a", session="a-2"), clock).require()
    assert owner_of(tmp_path).session == "a-2"


def test_a_copied_ledger_on_another_machine_has_no_right_of_its_own(
    tmp_path: Path, clock: Clock
) -> None:
    foreign(tmp_path, Record(ledger="same", session="x", host="a", boot="boot-a", machine="m-a"))
    cloned = claim(
        tmp_path, Record(ledger="same", session="y", host="b", boot="boot-b", machine="m-b"), clock
    )
    with pytest.raises(FolderWithheldError):
        cloned.require()


# Whatever happens


class Machines:
    """Daemons on one share that look, sleep, die, start again and give back, as they are told."""

    def __init__(self, root: Path, count: int) -> None:
        self.root = root
        self.clock = Clock()
        self.starts = 0
        self.claims = [self.start(number) for number in range(count)]
        self.asleep = [0] * count  # looks that are missed

    def start(self, number: int) -> Claim:
        self.starts += 1
        record = me(f"m{number}", session=f"{number}-{self.starts}")
        return claim(self.root, record, self.clock)

    def owners(self) -> list[int]:
        """Return who would file a document at this moment."""
        return [number for number, one in enumerate(self.claims) if is_sure(one)]

    def go_on(self, looks: int) -> None:
        """Let everybody who is awake look so often, and see to it that nobody is robbed."""
        for _ in range(looks):
            self.clock.now += LOOK_SECONDS
            for number, one in enumerate(self.claims):
                before = self.owners()
                if self.asleep[number]:
                    self.asleep[number] -= 1
                    continue
                is_taken(one)
                after = self.owners()
                assert len(after) <= 1
                robbed = [owner for owner in before if owner not in after]
                assert not any(owner != number and not self.asleep[owner] for owner in robbed)


def is_sure(one: Claim) -> bool:
    try:
        one.confirm()
    except OcrdError:
        return False
    return True


LONG = int(2 * LATEST / LOOK_SECONDS)
EVENTS = st.tuples(
    st.sampled_from(["look", "sleep", "crash", "end", "forget", "stray"]),
    st.integers(0, 2), st.integers(1, LONG),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=8))
@settings(max_examples=25, deadline=None)
def test_whatever_happens_one_daemon_has_the_folder_and_nobody_awake_is_robbed(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int, int]]
) -> None:
    root = tmp_path_factory.mktemp("share")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ownership, "locked", lambda _fd: True)
        monkeypatch.setattr(os, "fsync", lambda _fd: None)
        machines = Machines(root, 3)
        for event, number, looks in events:
            match event:
                case "sleep":
                    machines.asleep[number] = looks
                case "crash":
                    machines.claims[number] = machines.start(number)
                case "end":
                    machines.claims[number].release()
                    machines.claims[number] = machines.start(number)
                case "stray":
                    (root / CHALLENGE).write_bytes(b"left by nobody")
                case _:
                    machines.go_on(1)
            machines.go_on(looks if event == "look" else 1)
        machines.asleep = [0] * 3
        machines.go_on(LONG)
        assert len(machines.owners()) == 1, "and somebody has it in the end"
        for one in machines.claims:
            one.release()
        assert [path.name for path in root.iterdir()] in ([], [OWNER])


def test_closing_gives_the_folder_back(tmp_path: Path) -> None:
    woken: list[None] = []
    mine = Claim(tmp_path, me("a"), changed=lambda: woken.append(None))
    mine.start()
    mine.require()
    mine.close(10.0)
    assert list(tmp_path.iterdir()) == []
