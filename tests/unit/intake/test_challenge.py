"""The file by which a folder's owner is asked for a sign of life."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ocrd.intake.challenge import Challenge
from tests.unit.intake.owners import CHALLENGE, me


@pytest.fixture
def owner(tmp_path: Path) -> Challenge:
    return Challenge(tmp_path, me("a"))


@pytest.fixture
def other(tmp_path: Path) -> Challenge:
    return Challenge(tmp_path, me("b"))


def test_every_challenge_is_answered_once_and_removed(owner: Challenge, other: Challenge) -> None:
    words = set()
    for _ in range(3):
        assert owner.asked() == b""
        other.leave()
        assert other.lies_there()
        words.add(word := owner.asked())
        owner.answer(word)
        assert not other.lies_there()
    assert len(words) == 3


def test_a_challenge_that_cannot_be_removed_is_answered_once(
    owner: Challenge, other: Challenge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "not yours")

    other.leave()
    with monkeypatch.context() as sticky:
        sticky.setattr(os, "unlink", refuse)
        owner.answer(owner.asked())
        assert (tmp_path / CHALLENGE).exists()
        assert owner.asked() == b""
        other.leave()
        assert owner.asked() != b"", "another word is another challenge"
        owner.answer(owner.asked())
    assert owner.asked() == b""
    assert not (tmp_path / CHALLENGE).exists(), "by now it could be removed"


def test_a_challenge_that_came_after_the_one_answered_stays(
    owner: Challenge, other: Challenge
) -> None:
    other.leave()
    word = owner.asked()
    other.leave()
    owner.answer(word)
    assert owner.asked() not in (b"", word)


def test_only_ones_own_challenge_is_withdrawn(owner: Challenge, other: Challenge) -> None:
    third = Challenge(other._place.root, me("c"))
    other.leave()
    third.leave()
    other.withdraw()
    assert owner.asked() != b""
    third.withdraw()
    assert owner.asked() == b""


PLANTS: list[Callable[[Path, Path], object]] = [
    lambda place, victim: place.symlink_to(victim),
    lambda place, victim: place.hardlink_to(victim),
    lambda place, _: os.mkfifo(place),
    lambda place, _: place.mkdir(),
]


@pytest.mark.parametrize("plant", PLANTS, ids=["symlink", "hard link", "pipe", "folder"])
def test_what_is_no_challenge_is_never_written(
    other: Challenge, tmp_path: Path, plant: Callable[[Path, Path], object]
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    plant(tmp_path / CHALLENGE, victim)
    planted = (tmp_path / CHALLENGE).lstat()
    with pytest.raises(OSError, match=CHALLENGE):
        other.leave()
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / CHALLENGE).lstat() == planted


@pytest.mark.parametrize(
    "plant", [PLANTS[0], PLANTS[2], PLANTS[3]], ids=["symlink", "pipe", "folder"]
)
def test_an_owner_takes_only_a_file_for_a_challenge(
    owner: Challenge, tmp_path: Path, plant: Callable[[Path, Path], object]
) -> None:
    (tmp_path / "victim").write_bytes(b"a word")
    plant(tmp_path / CHALLENGE, tmp_path / "victim")
    assert owner.asked() == b""
    owner.answer(b"")
    assert os.path.lexists(tmp_path / CHALLENGE)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 5000])
def test_whatever_a_file_of_that_name_holds_is_answered_and_removed(
    owner: Challenge, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / CHALLENGE).write_bytes(content)
    owner.answer(owner.asked())
    assert not (tmp_path / CHALLENGE).exists()
