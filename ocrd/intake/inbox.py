"""An inbox: a directory scan is the truth, events only make the next scan come sooner.

Every inbox has a thread of its own, so that a share that hangs blocks nobody else. A root that
cannot be read, or whose file system is no longer mounted, is offline: nothing about it is
forgotten. A settled file is offered once in each of its states, for as long as the scanner
remembers it; the ledger makes that once for good.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ocrd import files
from ocrd.errors import FolderWithheldError, OcrdError, ShareGoneError
from ocrd.intake import outlets
from ocrd.intake.emptied import Emptied
from ocrd.intake.root import Root
from ocrd.intake.scan import Found, Scan, Scanner, Stray, junk
from ocrd.intake.skipped import Skipped, Why
from ocrd.intake.watches import Watches
from ocrd.log import fields
from ocrd.wording import span

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

log = logging.getLogger(__name__)

Standing = tuple[Callable[[], str], Callable[[str], None]]  # recalls a text, remembers it

DEBOUNCE_SECONDS = 0.2  # between a wake-up and its scan
# A scan is followed by a rest this many times its own length, less where many files are to be
# offered: what is looked at then is no waste. But no longer: a scan that hung for a night says
# nothing of the next.
SCAN_SHARE = 4
LONGEST_REST_SECONDS = 60.0
LOCAL_INTERVAL_SECONDS = 30.0
NETWORK_INTERVAL_SECONDS = 10.0
OFFLINE_INTERVAL_SECONDS = 5.0  # at most, between two tries of a root that is not there
HUNG_SECONDS = 30.0  # without progress in a scan: the file system does not answer
MAX_WATCHES = 32  # each costs watchdog two threads
_HIDDEN = frozenset({errno.EACCES, errno.ENOENT})  # what a sandbox shows of a folder


@dataclass(frozen=True, slots=True)
class InboxStatus:
    """What an inbox knows of itself."""

    online: bool = False
    error: str = ""  # cause and way out, for a person
    blocked: str = ""  # why nothing can be filed, with the way out
    network: bool = False
    watching: bool = False  # events hasten the scans
    settling: int = 0  # files
    empty: int = 0  # files without content, which never settle
    known: int = 0  # files, settling or offered
    scans: int = 0
    last_scan_seconds: float = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether documents of the folder can be worked on."""
        return self.online and not self.blocked


class Inbox:
    """One root with its own thread: scans, watches, and what is known of both."""

    def __init__(
        self,
        settings: InboxSettings,
        *,
        found: Found,
        root: Root | None = None,
        reopened: Callable[[], None] = lambda: None,
        admit: Callable[[], None] = lambda: None,
        confirm: Callable[[], None] = lambda: None,
        remedy: str = "",
        stray: Stray = lambda _: "",
        standing: Standing = (lambda: "", lambda _: None),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``reopened`` is called when what kept the folder's documents waiting is over.

        ``admit`` is called before each scan; it raises FolderWithheldError if the root is not ours.
        ``confirm`` does so before anything is filed, of a root that was ours a moment ago.
        ``remedy`` says what else may keep this process from the folder, and the way out.
        ``stray`` says what a file is that is left alone, "" for what is to be read.
        ``standing`` recalls and remembers, over restarts, which subfolders stand empty.
        """
        self.settings = settings
        self._admit = admit
        self._confirm = confirm
        self._remedy = remedy
        self.root = root or Root(settings)
        self._reopened = reopened
        self._clock = clock
        removes = settings.recursive and settings.emptied_folders == "remove"
        is_left = settings.source != "keep"
        self._emptied = Emptied(settings.path, *standing) if removes and is_left else None
        self._scanner = Scanner(
            settings, found, clock=clock, progress=self._note_progress, stray=stray,
            emptied=self._emptied,
        )  # fmt: skip
        self._skipped = Skipped()
        self._is_told = False  # what lies there that is no document
        self._watches = Watches(self.wake, junk(settings.ignore))
        self._wanted = threading.Event()  # a scan is
        self._stopping = threading.Event()
        self._forgotten: list[str] = []
        self._status = InboxStatus()
        self._progress: float | None = None  # when a scan in course last moved
        self._is_doubted = False  # that files can be filed
        self._thread = threading.Thread(
            target=self._run, name=f"inbox {files.printable(settings.path)}", daemon=True
        )

    def start(self) -> None:
        """Begin to watch and scan."""
        self._thread.start()

    def wake(self) -> None:
        """Scan soon."""
        self._wanted.set()

    def forget(self, relpath: str) -> None:
        """Have the file settled and offered again, soon. For any thread."""
        self._forgotten.append(relpath)
        self.wake()

    def left(self, relpath: str) -> None:
        """Note that a document has left its folder, which may go when it is empty."""
        if self._emptied is not None:
            self._emptied.left(relpath)

    def doubt(self) -> None:
        """Find out, soon, whether documents can be filed: one could not be. For any thread."""
        self._is_doubted = True
        self.wake()

    def require_root(self) -> None:
        """Raise unless the root is the one that was scanned, and still ours. For any thread.

        Raises ShareGoneError and FolderWithheldError.
        """
        try:
            self.root.require()
            self._confirm()
        except (ShareGoneError, FolderWithheldError):
            self.wake()
            raise

    def stop(self, timeout: float) -> bool:
        """End the thread; False if it hangs in a file system and was left behind."""
        self._stopping.set()
        self._wanted.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def status(self) -> InboxStatus:
        """Tell how the inbox is, even while its file system hangs."""
        progress = self._progress
        silent = 0.0 if progress is None else self._clock() - progress
        if silent < HUNG_SECONDS:
            return self._status
        error = f"The file system has not answered for {span(silent)}. Check the share's server."
        return replace(self._status, online=False, error=error)

    def skipped(self) -> Skipped:
        """Tell what the last scan passed over. For any thread."""
        return self._skipped

    def _note_progress(self) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        self._progress = self._clock()

    def _run(self) -> None:
        with contextlib.suppress(_StoppedError):
            while not self._stopping.is_set():
                self._wanted.clear()
                rest, wait = self._scan_guarded()
                if self._wanted.wait(max(rest, wait)):
                    self._stopping.wait(rest)  # so that a burst of events is one scan
        self._watches.close()

    def _scan_guarded(self) -> tuple[float, float]:
        """Scan once, whatever happens; return the shortest and the longest rest in seconds."""
        started = self._clock()
        self._note_progress()
        due = float("inf")
        try:
            due = self._scan()
        except OSError as error:
            self._go_offline(_root_problem(error, self._remedy))
        except OcrdError as error:
            self._go_offline(str(error))
        except _StoppedError:
            raise
        except Exception as error:
            log.exception("The scan failed.", extra=fields("scan-failed"))
            self._status = replace(self._status, error=f"The scan failed: {error!r}")
        finally:
            self._progress = None
        seconds = self._clock() - started
        status = self._status = replace(
            self._status, last_scan_seconds=seconds, scans=self._status.scans + 1
        )
        share = SCAN_SHARE * (1 - status.settling / status.known if status.known else 1)
        rest = max(DEBOUNCE_SECONDS, min(share * seconds, LONGEST_REST_SECONDS))
        return rest, min(self._interval_seconds(), due - self._clock())

    def _interval_seconds(self) -> float:
        interval = self.settings.scan_interval
        if interval is None:
            network = self._scanner.network
            interval = NETWORK_INTERVAL_SECONDS if network else LOCAL_INTERVAL_SECONDS
        return interval if self._status.is_open else min(interval, OFFLINE_INTERVAL_SECONDS)

    def _scan(self) -> float:
        """Watch first, then scan; return when the next file may be settled."""
        root = self.root.enter()
        self._admit()
        self._scanner.network = self.root.network
        if not self._scanner.network:  # there events do not come, and a hung watch blocks all
            self._watches.cover(self._folders_to_watch(), root, self._clock())
        else:
            self._watches.close()
        while self._forgotten:
            self._scanner.forget(self._forgotten.pop())
        scan = self._scanner.scan()
        self._skipped = scan.skipped
        self._tell_once(scan)
        was_open = self._status.is_open
        self._come_online()
        self._status = replace(
            self._status,
            online=True,
            error=scan.problem,
            network=self._scanner.network,
            watching=self._watches.active,
            settling=scan.settling,
            empty=scan.empty,
            known=scan.known,
            blocked=self._what_blocks(),
        )
        if self._status.is_open and not was_open:
            self._reopened()
        return scan.due

    def _tell_once(self, scan: Scan) -> None:
        """Say, once all has settled for the first time, what lies there and is left alone."""
        if self._is_told or scan.settling:
            return
        self._is_told = True
        if strays := scan.skipped.counts[Why.STRAY]:
            path = files.printable(self.settings.path)
            log.info(
                "%s files lie in %s; %s of them are no documents, and are left alone.",
                strays + scan.known, path, strays,
                extra=fields("strays", inbox=path, strays=strays, known=scan.known),
            )  # fmt: skip

    def _come_online(self) -> None:
        if not self._status.online:
            path = files.printable(self.settings.path)
            is_back = bool(self._status.error)
            level = logging.INFO if is_back else logging.DEBUG
            log.log(level, "Online: %s", path, extra=fields("online", inbox=path))

    def _what_blocks(self) -> str:
        """Return why documents cannot be filed; try it, where it is in doubt."""
        before = self._status.blocked
        blocked = outlets.shut(self.settings, self._remedy)
        if not blocked and (before or self._is_doubted):
            self._is_doubted = False
            blocked = outlets.trouble(self.settings)
        if blocked == before:
            return blocked
        path = files.printable(self.settings.path)
        about = fields("unblocked" if before else "blocked", inbox=path)
        if blocked and not before:
            log.warning("Waits, nothing can be filed: %s: %s", path, blocked, extra=about)
        elif before and not blocked:
            log.info("Goes on, files can be filed again: %s", path, extra=about)
        return blocked

    def _folders_to_watch(self) -> frozenset[tuple[str, bool]]:
        """Name the folders to watch, leaving done/ and failed/ out where that is cheap."""
        root = str(self.settings.path)
        if not self.settings.recursive:
            return frozenset({(root, False)})
        filed = (self.settings.done_dir, self.settings.failed_dir)
        if not any(path.is_relative_to(self.settings.path) for path in filed):
            return frozenset({(root, True)})
        folders = self._scanner.top_folders()
        if len(folders) >= MAX_WATCHES:
            return frozenset({(root, True)})
        return frozenset({(root, False), *((path, True) for path in folders)})

    def _go_offline(self, problem: str) -> None:
        if self._status.online or self._status.error != problem:
            path = files.printable(self.settings.path)
            log.warning("Offline: %s: %s", path, problem, extra=fields("offline", inbox=path))
        self._status = replace(self._status, online=False, error=problem)


class _StoppedError(Exception):
    """The inbox is told to stop in the middle of a scan."""


def _root_problem(error: OSError, remedy: str) -> str:
    cause = error.strerror or str(error)
    told = f"{cause}. Check that the folder exists, is mounted, and can be read by the daemon."
    return f"{told} {remedy}".strip() if error.errno in _HIDDEN else told
