"""A document as its sidecars tell of it, besides its pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """What the sidecar needs to know of a document besides its pages."""

    source_name: str  # the file's name at its destination, printable
    sha256: str
    format: str
    pages: int
    engine: str
    model: str
    mode: str
    seconds: float  # wall time from lease to filing
    warnings: tuple[str, ...] = ()
    state: str = "done"  # or "done with doubts", "partial", "failed"
    doubtful: tuple[int, ...] = ()  # numbers of the pages, in order
    failed: tuple[int, ...] = ()  # that count as not read; a doubtful one may be among them
    confidence: float | None = None  # the mean of its pages', by their tokens
    least: float | None = None  # of its pages'
