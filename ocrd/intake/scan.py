"""One scan of an inbox: what is there, what has settled, what is to be offered.

A settled file is offered once in each of its states, for as long as the scanner remembers it; the
ledger makes that once for good. Nothing is opened before its listing has been quiet for the settle
time, so that 100,000 waiting files cost one directory listing.
"""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import files
from ocrd.errors import OcrdError, SourceChangedError, UnsupportedError
from ocrd.intake import settle
from ocrd.intake.emptied import QUIET_SETTLES, Emptied
from ocrd.intake.settle import Sighting
from ocrd.intake.skipped import Left, Skipped, Why
from ocrd.job import Candidate
from ocrd.log import fields

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

log = logging.getLogger(__name__)

Found = Callable[[Sequence[Candidate]], None]
# Says what a settled file is that nobody waits for, "" for what is to be offered; raises OcrdError.
Stray = Callable[[files.Entry], str]
# What a folder's names are known as: still settling, left alone, or the digest in which it was
# offered.
Known = Sighting | Left | int

# Endings of the formats that are read. In an archive that is kept as it is, only these are looked
# at; elsewhere its content may say what a file is, too.
FORMAT_ENDINGS = (
    ".pdf", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp",
    ".gif", ".heic", ".heif", ".hif", ".avif", ".jp2", ".j2k", ".jpx", ".jpf", ".jpc", ".j2c",
    ".jxl", ".pbm", ".pgm", ".ppm", ".pnm",
)  # fmt: skip
OWNER_NAME = ".ocrd-owner"  # in a root: whose it is
CHALLENGE_NAME = ".ocrd-challenge"  # in a root: another daemon asks its owner for a sign of life
# What we lay beside the originals there that could pass for a document, or holds what could.
KEPT_OUTPUTS = ("*.overlay.pdf", "*.assets")
_KEPT_ENDINGS = (".md", ".json")  # and what nobody would miss
BATCH = 2000  # candidates


@dataclass(slots=True)
class Scan:
    """What one scan has seen so far."""

    now: float  # seconds on the monotonic clock, at its start
    settling: int = 0
    empty: int = 0
    known: int = 0
    due: float = float("inf")  # when the earliest settling file may be settled
    problem: str = ""
    refused: int = 0  # files that could not be opened
    skipped: Skipped = field(default_factory=Skipped)


@dataclass(frozen=True, slots=True)
class _Visit:
    """A folder in the course of a scan."""

    folder: str  # relative to the root
    prefix: str  # of the relative paths of what lies in it
    in_the_way: frozenset[str]  # names that done/ or failed/ have to have
    directory: files.Directory
    new: dict[str, Known]  # what its names are known as from now on
    scan: Scan


class Scanner:
    """Look through an inbox and offer what has settled. Not for two threads at once."""

    def __init__(
        self,
        settings: InboxSettings,
        found: Found,
        *,
        network: bool = False,
        clock: Callable[[], float] = time.monotonic,
        progress: Callable[[], None] = lambda: None,
        stray: Stray = lambda _: "",
        emptied: Emptied | None = None,
    ) -> None:
        self._settings = settings
        self._root = str(settings.path)
        self._found = found
        self._clock = clock
        self._progress = progress
        is_archive = settings.source == "keep"
        own = (files.TEMPORARY_GLOB, OWNER_NAME, CHALLENGE_NAME)
        outputs = KEPT_OUTPUTS if is_archive else ()
        self._is_own = junk((*own, *outputs))
        self._is_junk = junk((*settings.ignore, *own, *outputs))
        self._endings = FORMAT_ENDINGS if is_archive else ("",)
        self._stray = stray
        self._filed = str(settings.done_dir), str(settings.failed_dir)
        self._emptied = emptied
        self._known: dict[str, dict[str, Known]] = {}  # folder -> name -> state
        self._batch: list[tuple[str, str, int, Candidate]] = []  # folder, name, listed
        self.network = network

    @property
    def settle_seconds(self) -> float:
        """How long a file has to be quiet here."""
        if self._settings.settle is not None:
            return self._settings.settle
        return settle.NETWORK_SECONDS if self.network else settle.LOCAL_SECONDS

    def forget(self, relpath: str) -> None:
        """Take a file as never seen: once settled again, it is offered again."""
        folder, name = os.path.split(relpath)
        self._known.get(folder, {}).pop(name, None)

    def top_folders(self) -> list[str]:
        """List the paths of the folders directly in the root that a recursive scan enters."""
        apart = self._folders_apart()
        with files.opened_folder(self._place("")) as directory, os.scandir(directory.fd) as entries:
            return [
                str(directory.path / entry.name)
                for entry in entries
                if not self._is_junk(entry.name) and self._is_wanted_folder(entry, "", apart)
            ]

    def scan(self) -> Scan:
        """Go through the whole inbox once.

        Raises OSError if the root cannot be read; then all is remembered as it was.
        """
        scan = Scan(self._clock())
        self._batch.clear()  # of a scan that was broken off
        apart = self._folders_apart()
        if self._emptied is not None:
            self._emptied.begin()
        visited: set[str] = set()
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            visited.add(folder)
            try:
                waiting += self._scan_folder(folder, apart, scan)
            except (FileNotFoundError, NotADirectoryError):
                if not folder:
                    raise
                visited.discard(folder)  # moved away since its parent was listed
            except OSError as error:
                if not folder:
                    raise
                scan.problem = str(files.translate(error, Path(self._root, folder)))
                visited |= {known for known in self._known if _is_within(known, folder)}
        self._offer(scan)
        for folder in self._known.keys() - visited:
            del self._known[folder]
        for names in self._known.values():
            self._count(names, scan)
        self._remove_emptied(scan)
        if scan.refused > 1:
            scan.problem += f" {scan.refused - 1} more files cannot be opened either."
        return scan

    def _remove_emptied(self, scan: Scan) -> None:
        if self._emptied is not None:
            for folder in self._emptied.remove(scan.now, QUIET_SETTLES * self.settle_seconds):
                self._known.pop(folder, None)
            scan.due = min(scan.due, self._emptied.due)

    def _place(self, folder: str) -> files.Place:
        return files.Place.below(self._settings.path, folder)

    def _folders_apart(self) -> dict[int, int]:
        """Map the inodes of done/ and failed/, under whatever name, to their devices."""
        apart = {}
        for path in (self._settings.done_dir, self._settings.failed_dir):
            with contextlib.suppress(OSError):
                status = path.stat()
                apart[status.st_ino] = status.st_dev
        return apart

    def _is_wanted_folder(
        self, entry: os.DirEntry[str], folder: str, apart: dict[int, int]
    ) -> bool:
        if not entry.is_dir(follow_symlinks=False):
            return False
        path = Path(self._root, folder, entry.name)
        if path in (self._settings.done_dir, self._settings.failed_dir):
            return False
        device = apart.get(entry.inode())
        try:
            return device is None or entry.stat(follow_symlinks=False).st_dev != device
        except OSError:  # gone at this moment
            return False

    def _scan_folder(self, folder: str, apart: dict[int, int], scan: Scan) -> list[str]:
        """Look through one folder; return its subfolders, relative to the root."""
        old = self._known.get(folder, {})
        new: dict[str, Known] = {}
        subfolders = []
        complete, is_bare = False, True
        self._known[folder] = new
        try:
            with (
                files.opened_folder(self._place(folder)) as directory,
                os.scandir(directory.fd) as entries,
            ):
                prefix = f"{folder}/" if folder else ""
                visit = _Visit(folder, prefix, self._in_the_way(prefix), directory, new, scan)
                for number, entry in enumerate(entries):
                    is_bare = False
                    if number % 256 == 0:
                        self._progress()
                    name = entry.name
                    if name in new:
                        continue
                    why = self._why_passed(entry, folder, apart)
                    if why is not None:
                        if not self._is_own(name):
                            scan.skipped.note(folder, name, why)
                    elif entry.is_file(follow_symlinks=False):
                        if name.lower().endswith(self._endings):
                            self._see(entry, old.pop(name, None), visit)
                        elif not name.lower().endswith(_KEPT_ENDINGS):
                            scan.skipped.note(folder, name, Why.STRAY)
                    elif self._settings.recursive and self._is_wanted_folder(entry, folder, apart):
                        subfolders.append(os.path.join(folder, name))  # noqa: PTH118 - hot
            complete = True
        finally:
            if not complete:
                self._known[folder] = old | new
        if folder and self._emptied is not None:
            quiet = QUIET_SETTLES * self.settle_seconds
            self._emptied.saw(folder, scan.now, quiet, is_bare=is_bare)
        return subfolders

    def _why_passed(
        self, entry: os.DirEntry[str], folder: str, apart: dict[int, int]
    ) -> Why | None:
        """Return why a name is neither looked at nor entered, None where it is."""
        if self._is_junk(entry.name):
            return Why.IGNORED
        if entry.is_file(follow_symlinks=False):  # most are
            return None
        if entry.is_symlink():
            return Why.LINK
        if entry.is_dir(follow_symlinks=False):
            is_kept_out = not self._settings.recursive
            is_kept_out = is_kept_out and self._is_wanted_folder(entry, folder, apart)
            return Why.FOLDER if is_kept_out else None
        return Why.SPECIAL

    def _see(self, entry: os.DirEntry[str], before: Known | None, visit: _Visit) -> None:
        """Judge one regular file and remember the judgement."""
        scan, new = visit.scan, visit.new
        if isinstance(before, Sighting) and not self.network and self._is_due(before, scan):
            new[entry.name] = before  # the open file says all that the listing would
            self._look(visit.directory.entry(entry.name), before, visit)
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError as error:
            scan.problem = str(files.translate(error, visit.directory.path / entry.name))
            if before is not None:
                new[entry.name] = before
            return
        if not stat.S_ISREG(status.st_mode):  # something else has the name by now
            return
        if status.st_size == 0:
            scan.empty += 1
            scan.skipped.note(visit.folder, entry.name, Why.EMPTY)
            return
        listed = settle.digest(status.st_ino, status.st_size, status.st_mtime_ns)
        if isinstance(before, Left) and before.listed == listed:
            new[entry.name] = before
            scan.skipped.note(visit.folder, entry.name, Why.STRAY, before.what)
            return
        if before == listed:
            new[entry.name] = before
            return
        previous = before if isinstance(before, Sighting) else None
        sighting = settle.sight(previous, listed, scan.now)
        new[entry.name] = sighting
        if self._is_due(sighting, scan):
            self._look(visit.directory.entry(entry.name), sighting, visit)

    def _is_due(self, sighting: Sighting, scan: Scan) -> bool:
        return settle.is_due(sighting, self.settle_seconds, scan.now)

    def _look(self, entry: files.Entry, sighting: Sighting, visit: _Visit) -> None:
        """Open a due file, and put it into the batch if it is settled."""
        name = entry.name
        try:
            if self.network:
                key, writer = files.file_key(entry), None
            else:
                key, writer = files.key_and_writer(entry)
            unsettled = settle.look(sighting, key, writer, self._clock())
            is_seen = unsettled is None and name not in visit.in_the_way
            what = self._stray(entry) if is_seen else ""
        except (SourceChangedError, UnsupportedError):  # no longer there, no longer a file
            del visit.new[name]
            return
        except OcrdError as error:
            visit.new[name] = sighting._replace(since=self._clock(), problem=str(error))
            return
        if unsettled is not None:
            visit.new[name] = unsettled
            return
        if what:
            visit.new[name] = Left(sighting.listed, what)
            visit.scan.skipped.note(visit.folder, name, Why.STRAY, what)
            return
        candidate = Candidate(self._root, visit.prefix + name, key)
        self._batch.append((visit.folder, name, sighting.listed, candidate))
        if len(self._batch) >= BATCH:
            self._offer(visit.scan)

    def _in_the_way(self, prefix: str) -> frozenset[str]:
        """Return names of a folder that done/ or failed/ need: a file there has to go."""
        start = os.path.join(self._root, prefix)  # noqa: PTH118 - with a slash at its end
        places = (place for place in self._filed if place.startswith(start))
        return frozenset(place[len(start) :].partition("/")[0] for place in places)

    def _offer(self, scan: Scan) -> None:
        """Hand the batch over; what could not be handed over is offered by the next scan."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        self._progress()
        try:
            self._found([candidate for *_, candidate in batch])
        except OcrdError as error:
            scan.problem = f"Settled files could not be queued. {error}"
            return
        except Exception as error:
            log.exception("Settled files could not be queued.", extra=fields("found-failed"))
            scan.problem = f"Settled files could not be queued: {error}"
            return
        for folder, name, listed, _ in batch:
            self._known[folder][name] = listed

    def _count(self, names: dict[str, Known], scan: Scan) -> None:
        for known in names.values():
            scan.known += not isinstance(known, Left)
            if isinstance(known, Sighting):
                scan.settling += 1
                if known.problem:
                    scan.refused += 1
                    scan.problem = scan.problem or known.problem
                scan.due = min(scan.due, known.since + self.settle_seconds)


def junk(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Compile name patterns into one test; upper and lower case are the same."""
    pattern = "|".join(fnmatch.translate(pattern) for pattern in patterns)
    if not pattern:
        return lambda _: False
    match = re.compile(pattern, re.IGNORECASE).match
    return lambda name: match(name) is not None


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
