"""What must hold, looked at from outside: in the folders, in the ledger, in the engine's journal.

Nothing of ocrd's own code is asked. After a kill: every source is whole under a name of its own,
and what bears a sidecar's name is whole. After recovery: exactly the files that an undisturbed run
leaves, each whole and of its own source, nothing else; no job is open; no page whose result was on
disk has been read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.faults.campaign.documents import Document, pages_of
from tests.faults.campaign.shapes import ERROR, JSON, MD, OVERLAY, Shape

Page = tuple[int, int]  # the numbers of document and page
OWNER = ".ocrd-owner"  # says whose the folder is while a daemon lives
OPEN = ("queued", "leased", "filing")
_VARYING = (
    (r"\n(seconds): [\d.]+", r"\n\1: 0"),
    (r'"(seconds|attempts|job)": ?[\d.]+', r'"\1": 0'),
    (r'"time": ?"[^"]*"', r'"time": ""'),
    (r"[0-9a-f]{64}", "SHA256"),
)


def whole(path: Path, kind: str, document: Document, reference: dict[str, str], pages: int) -> str:
    """Return what is wrong with a file of this document, nothing if it is whole and its own."""
    try:
        if kind == "source":
            right = hashlib.sha256(path.read_bytes()).hexdigest() == document.sha256
            return "" if right else "is not the source's content"
        if kind == "figure":
            with Image.open(path) as image:
                image.load()
            return ""
        if kind == OVERLAY:
            return "" if pages_of(path) == pages else "has not all the pages"
        text = path.read_text(encoding="utf-8")
        if kind in {JSON, ERROR}:
            json.loads(text)
        if kind in {MD, JSON} and document.sha256 not in text:
            return "does not name its source's hash"
    except (OSError, ValueError, RuntimeError, SyntaxError) as error:
        return f"is not whole: {error!r}"
    found = plain(text, document)
    return "" if found == reference.setdefault(kind, found) else f"reads {found!r}"


def plain(text: str, document: Document) -> str:
    """Return a sidecar's text without what differs from document to document."""
    for pattern, replacement in _VARYING:
        text = re.sub(pattern, replacement, text)
    stem = Path(document.stem).name
    if "-to-" in stem:  # its sidecars say the name by which it was read
        text = text.replace(stem.split("-to-")[0], "STEM")
    text = text.replace(stem, "STEM")
    return re.sub(rf"([Dd])ocument {document.number},", r"\1ocument N,", text)


class Tree:
    """The folders of one shape, and what was found whole there before."""

    def __init__(self, shape: Shape, inbox: Path, outside: Path) -> None:
        self.shape = shape
        self.inbox = inbox
        self.outside = outside
        self.reference: dict[str, str] = {}
        self._sound: dict[Path, tuple[int, int, int]] = {}

    def lost(self, documents: list[Document], before: dict[str, Document]) -> Iterator[str]:
        """Yield what is wrong after a kill, when nothing has been recovered yet.

        ``before`` has the documents of the same names whose sidecars may still be there.
        """
        for document in documents:
            files = dict(self.shape.files(document, self.outside))
            there = {path for path in files if path.exists()}
            at = {document.path} | {path for path, kind in files.items() if kind == "source"}
            is_whole = any(
                path.exists() and not whole(path, "source", document, {}, 0) for path in at
            )
            if not is_whole and not (self.shape.deleted and there == set(files)):
                yield f"{document.name} is nowhere whole"
            for path in there - at:
                faults = [
                    self._fault(path, files[path], one)
                    for one in (document, before.get(document.name)) if one is not None
                ]
                if all(faults):
                    yield f"{path} {faults[0]}"

    def wrong(self, documents: list[Document]) -> Iterator[str]:
        """Yield what is wrong when all is quiet."""
        expected: dict[Path, tuple[str, Document]] = {}
        for document in documents:
            for path, kind in self.shape.files(document, self.outside):
                expected[path] = kind, document
        found = {path for path in self._found() if path.is_file()}
        for path in sorted(found - expected.keys()):
            yield f"{path} is left over"
        for path in sorted(expected.keys() - found):
            yield f"{path} is missing"
        for path in found & expected.keys():
            kind, document = expected[path]
            if fault := self._fault(path, kind, document):
                yield f"{path} {fault}"
        for path in self._found():
            if path.is_dir() and path.name.startswith(".ocrd"):
                yield f"{path} is left over"

    def _found(self) -> Iterator[Path]:
        for root in (self.inbox, self.outside):
            yield from (path for path in root.rglob("*") if path.name != OWNER)

    def _fault(self, path: Path, kind: str, document: Document) -> str:
        status = path.stat()
        state = status.st_ino, status.st_mtime_ns, document.number
        if self._sound.get(path) == state:
            return ""
        fault = whole(path, kind, document, self.reference, self.shape.pages)
        if not fault:
            self._sound[path] = state
        return fault


class Readings:
    """How often each page may have been given to the engine, and how often it was."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._most: dict[Page, int] = {}
        self._spare = 0  # kills of a worker, each with one page in flight

    def begun(self) -> Counter[Page]:
        """Count the readings that were begun."""
        counted: Counter[Page] = Counter()
        if self._journal.exists():
            for line in self._journal.read_text().splitlines():
                event, *page = line.split()
                if event == "begin":
                    document, number = map(int, page)
                    counted[document, number] += 1
        return counted

    def note_kill(self, kept: dict[int, set[int] | None]) -> None:
        """Take note of a dead daemon: ``kept`` has the pages on disk by document, None for all."""
        for (document, page), count in self.begun().items():
            pages = kept.get(document, set())
            is_kept = pages is None or page in pages
            self._most[document, page] = count if is_kept else count + 1

    def note_dead_worker(self) -> None:
        """Take note that the page in flight, one at the most, may be read again."""
        self._spare += 1

    def wrong(self) -> Iterator[str]:
        """Yield the pages that were read again though their result was on disk."""
        over = {
            page: count - self._most.get(page, 1)
            for page, count in self.begun().items() if count > self._most.get(page, 1)
        }
        if sum(over.values()) > self._spare:
            for (document, page), excess in over.items():
                yield f"document {document}, page {page} was read {excess} times too often"

    def forgive(self) -> None:
        """Take what was read until now as it is."""
        self._most = dict(self.begun())
        self._spare = 0


def kept_pages(state: Path, documents: list[Document]) -> dict[int, set[int] | None]:
    """Return the pages that a dead daemon's ledger holds, by document; None: all, it was filing.

    Raises AssertionError where the ledger is damaged.
    """
    with tempfile.TemporaryDirectory() as copy:
        for path in state.glob("ledger.sqlite3*"):
            shutil.copy(path, copy)
        if not Path(copy, "ledger.sqlite3").exists():
            return {}
        with contextlib.closing(sqlite3.connect(Path(copy, "ledger.sqlite3"))) as ledger:
            (verdict,) = ledger.execute("PRAGMA integrity_check").fetchone()
            assert verdict == "ok", f"the ledger after a kill: {verdict}"
            has_tables = ledger.execute("SELECT 1 FROM sqlite_schema WHERE name = 'jobs'")
            if has_tables.fetchone() is None:
                return {}
            return {one.number: _pages(ledger, one) for one in documents}


def _pages(ledger: sqlite3.Connection, document: Document) -> set[int] | None:
    row = ledger.execute(
        "SELECT id, state, sha256 FROM jobs WHERE inbox = ? AND relpath = ?"
        " ORDER BY id DESC LIMIT 1",
        (str(document.inbox).encode(), document.name.encode()),
    ).fetchone()
    if row is None or row[2] != document.sha256:
        return set()
    job, state, _ = row
    if state not in {"queued", "leased"}:
        return None
    return {page for (page,) in ledger.execute("SELECT number FROM pages WHERE job = ?", (job,))}


def wrong_state(state: Path) -> Iterator[str]:
    """Yield what is wrong in a quiet daemon's state directory."""
    for path in (state / "tmp").iterdir():
        yield f"{path} is left over"
    uri = f"{(state / 'ledger.sqlite3').as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as ledger:
        (verdict,) = ledger.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            yield f"the ledger: {verdict}"
        marks = ",".join("?" * len(OPEN))
        query = f"SELECT id, relpath, state FROM jobs WHERE state IN ({marks})"
        for job, relpath, standing in ledger.execute(query, OPEN):
            yield f"job {job} ({relpath!r}) is still {standing}"
        for (job,) in ledger.execute("SELECT job FROM pages UNION SELECT job FROM kills"):
            yield f"job {job} is over and has pages in the ledger"
