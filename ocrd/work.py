"""A leased document on its way, and the folder that it came from."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ocrd import files, pages
from ocrd.account import Account
from ocrd.config.settings import InboxSettings
from ocrd.engine.client import EngineClient
from ocrd.illustrating import NOTHING, Illustrations
from ocrd.intake.folder_threads import FolderThreads
from ocrd.job import Job, Order, PageRead, Past, SourceInfo
from ocrd.layout.document import Document
from ocrd.ledger.queue import SECONDS_PER_PAGE
from ocrd.log import fields
from ocrd.reading import DrawnBefore


@dataclass(slots=True)
class Folder:
    """An inbox at work: its settings, its threads, and the way back to its scan."""

    settings: InboxSettings
    threads: FolderThreads
    is_network: Callable[[], bool]
    forget: Callable[[str], None]  # relpath: offer this file again at the next scan
    is_online: Callable[[], bool]  # there, and takes what is filed
    doubt: Callable[[], None]  # find out whether it does: a document could not be filed
    require_root: Callable[[], None]  # raises where its share is gone, or another daemon's
    left: Callable[[str], None] = lambda _: None  # relpath: its document has gone from there
    most_pages: int | None = None  # of one document that may be asked for


def asked_of(settings: InboxSettings, order: Order) -> InboxSettings:
    """Return a folder's settings with what was asked for one document in their place.

    What stands in the order was checked when it came.
    """
    if not order.settings:
        return settings
    asked = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in order.settings.items()
    }
    return settings.model_copy(update=asked)


@dataclass(slots=True)
class Work:
    """One leased document on its way."""

    job: Job
    folder: Folder
    engine: EngineClient
    long_allowed: bool = True
    past: Past | None = None  # None where it has to be asked for
    started: float = field(default_factory=time.monotonic)
    sha256: str | None = None
    info: SourceInfo | None = None
    drawn: DrawnBefore | None = None  # its only page, if that was drawn when it was looked into
    read: dict[int, PageRead] = field(default_factory=dict)  # under this lease, of few pages
    doubtful: int = 0  # pages so far, of all leases,
    unread: int = 0  # and those that count as not read
    account: Account | None = None  # of all its pages, once they are read
    document: Document | None = None  # what they tell together
    illustrations: Illustrations = NOTHING
    pages_done: int = 0
    pages_before: int = 0  # of those, read before this lease,
    reading: float | None = None  # which reads on since then (time.monotonic)
    is_filing: bool = False  # from here on it is completed, whatever happens
    is_slow: bool = False  # to draw: it goes behind the others, and takes nobody's place
    is_suspect: bool = False  # it was in work when a daemon died, and has read no page since
    settings: InboxSettings = field(init=False)  # the folder's, and what was asked for this one

    def __post_init__(self) -> None:
        self.doubtful, self.unread = self.job.pages_doubtful, self.job.pages_failed
        self.settings = asked_of(self.folder.settings, self.job.order)

    def found_slow(self) -> None:
        """Take note that its pages take long to draw."""
        self.is_slow = True

    @property
    def path(self) -> Path:
        """Return the source's path in its inbox."""
        return Path(self.job.inbox, self.job.relpath)

    @property
    def place(self) -> files.Place:
        """Return where the source is, for opening it."""
        return files.Place.below(Path(self.job.inbox), self.job.relpath)

    @property
    def name(self) -> str:
        """Return the source's name for people."""
        return files.printable(self.job.relpath)

    @property
    def rank(self) -> tuple[int, ...]:
        """Return the place among all that wait: the folder's priority, then the due time."""
        due = self.job.created + SECONDS_PER_PAGE * (self.pages or 1)
        return (-self.job.priority, int(1000 * due))

    @property
    def pages(self) -> int | None:
        """Return how many pages are to be read, None while nobody has looked."""
        return len(self.numbers(self.info)) if self.info else self.job.pages

    def numbers(self, info: SourceInfo) -> Sequence[int]:
        """Return the numbers of the pages that are to be read, in order."""
        return pages.chosen(info.pages, self.job.order.pages)

    @property
    def pages_per_second(self) -> float:
        """Return how fast pages have been read since they began to be, 0 before the first."""
        seconds = time.monotonic() - self.reading if self.reading is not None else 0.0
        return (self.pages_done - self.pages_before) / seconds if seconds > 0 else 0.0

    def about(self, event: str, **more: object) -> dict[str, object]:
        """Return the ``extra`` of a log record on this document."""
        return fields(
            event,
            job=self.job.id,
            inbox=files.printable(self.job.inbox),
            document=self.name,
            **more,
        )
