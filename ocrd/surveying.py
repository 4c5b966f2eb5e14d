"""What lies in a watched folder, looked at once and without waiting: documents and strays."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

from ocrd import files
from ocrd.config.settings import InboxSettings
from ocrd.intake.scan import Scanner, Stray
from ocrd.intake.skipped import Skipped, Why
from ocrd.raster.strays import stray

MOST_SECONDS = 10.0  # that a person waits for it


def judge_of(settings: InboxSettings) -> Stray:
    """Return what says of a folder's files whether they are left alone."""
    return _wanted if settings.unsupported == "fail" else stray


def _wanted(_: files.Entry) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in a folder."""

    documents: int  # that are read, or fail by name
    skipped: Skipped
    is_cut: bool = False  # it took too long: there may be more

    @property
    def strays(self) -> int:
        """Return how many files are no documents."""
        return self.skipped.counts[Why.STRAY]


class _EnoughError(Exception):
    """The look has taken long enough."""


def survey(settings: InboxSettings, most_seconds: float = MOST_SECONDS) -> Survey:
    """Look through a folder as its first scan would, and change nothing. Raises OSError."""
    end = time.monotonic() + most_seconds
    judge, seen = judge_of(settings), Skipped()
    documents = 0

    def look_at_the_clock() -> None:
        if time.monotonic() > end:
            raise _EnoughError

    def look(entry: files.Entry) -> str:
        nonlocal documents
        look_at_the_clock()
        what = judge(entry)
        if what:
            seen.note("", entry.name, Why.STRAY, what)
        documents += not what
        return what

    scanner = Scanner(
        settings.model_copy(update={"settle": 0.0}),
        lambda _: None,
        network=True,  # there nobody is asked whether he writes, which would disturb him
        progress=look_at_the_clock,
        stray=look,
    )
    with contextlib.suppress(_EnoughError):
        scan = scanner.scan()
        return Survey(documents, scan.skipped)
    return Survey(documents, seen, is_cut=True)
