"""Which jobs are meant: what a person chooses of them, and what one may see."""

from __future__ import annotations

from dataclasses import dataclass

from ocrd.job import JobState


@dataclass(frozen=True, slots=True)
class Choice:
    """Which jobs a person means: by their numbers, or else by what is known of them."""

    numbers: tuple[int, ...] = ()
    state: JobState | None = None  # None is FAILED, or with ``doubted`` DONE
    code: str = ""  # of the error
    inbox: str = ""  # its path
    name: str = ""  # a pattern with * and ? for the path in the inbox, or its last part
    doubted: bool = False  # done, with doubts or in part


@dataclass(frozen=True, slots=True)
class Sight:
    """What one may see of all jobs: those of some folders, and what he brought himself."""

    folders: tuple[str, ...]  # and what is below them
    uploads: str  # the folder of what programs bring, which is in none of those
    owner: str  # whose of these he may see
