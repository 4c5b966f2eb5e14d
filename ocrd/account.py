"""What is told of a document as a whole: which pages are in doubt or unread, and every remark.

Made in one go through its pages, for whoever writes about it: the sidecars, the log, ``convert``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from ocrd import doubts
from ocrd.job import PageRead, PageStatus, SourceInfo

MOST_REMARKS = 100  # on pages that did not fail: what is said of each stands at its place, too
NOT_REACHED = "not-read"  # code of a page that the document failed before


@dataclass(slots=True)
class Account:
    """A document's pages, counted."""

    tolerance: float = doubts.TOLERANCE  # share of a page that may give no text
    doubtful: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)  # failed, or in doubt beyond the tolerance
    first_cause: str = ""  # of the first of those pages
    warnings: list[str] = field(default_factory=list)
    holds_text: bool = False
    engine: str = ""  # that read the first page which tells
    model: str = ""
    least: float | None = None  # confidence, of all pages
    _sure: float = 0.0  # the sum of mean confidences, each by its page's tokens
    _tokens: int = 0  # of the pages that have one
    _unsaid: int = 0  # pages whose remarks are left out

    @classmethod
    def of(cls, pages: Iterable[PageRead], tolerance: float = doubts.TOLERANCE) -> Self:
        """Return the account of a document's pages, which come in order."""
        account = cls(tolerance)
        for page in pages:
            account.add(page)
        return account

    def add(self, page: PageRead) -> None:
        """Count a page."""
        self.holds_text |= bool(page.blocks)
        if page.engine and not self.engine:
            self.engine, self.model = page.engine, page.model
        if page.status is PageStatus.DOUBTFUL:
            self.doubtful.append(page.number)
        if doubts.is_unread(page, self.tolerance):
            self.unread.append(page.number)
            self.first_cause = self.first_cause or cause(page)
        if page.code != NOT_REACHED:
            self._take_remarks(page)
        self._take_confidence(page)

    @property
    def confidence(self) -> float | None:
        """Return the mean confidence of all that was read; None where no engine gave one."""
        return round(self._sure / self._tokens, 4) if self._tokens else None

    @property
    def state(self) -> str:
        """Return what a document of these pages is, unless too many of them are unread."""
        return doubts.state_of(unread=len(self.unread), doubtful=len(self.doubtful))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what is said of the pages, each with its number."""
        if not self._unsaid:
            return tuple(self.warnings)
        more = "1 further page has" if self._unsaid == 1 else f"{self._unsaid} further pages have"
        return (*self.warnings, f"{more} remarks, which stand at their places.")

    def _take_confidence(self, page: PageRead) -> None:
        if page.confidence is None:
            return
        weight = max(page.tokens, 1)  # an engine module's may be counted by nobody
        self._sure += page.confidence * weight
        self._tokens += weight
        if page.least is not None:
            self.least = min(page.least, 1.0 if self.least is None else self.least)

    def _take_remarks(self, page: PageRead) -> None:
        if page.status is PageStatus.FAILED:
            self.warnings.append(f"Page {page.number}: {'; '.join(page.warnings)}")
            return
        said = []
        if page.status is PageStatus.DOUBTFUL:
            said.append(f"Page {page.number} is doubtful: {doubts.told(page.doubts)}.")
        if page.warnings:
            said.append(f"Page {page.number}: {'; '.join(page.warnings)}")
        if said and len(self.warnings) >= MOST_REMARKS:
            self._unsaid += 1
        else:
            self.warnings += said


def damage(info: SourceInfo) -> tuple[str, ...]:
    """Return what a source told of itself as a whole."""
    return ("The file is damaged; what could be repaired was read.",) if info.repaired else ()


def cause(page: PageRead) -> str:
    """Return why a page counts as not read."""
    if page.status is PageStatus.DOUBTFUL:
        return doubts.told(page.doubts) + "."
    return "; ".join(page.warnings)
