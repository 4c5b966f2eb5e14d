"""What a document costs the daemon itself, against a bare loop of the same durable writes.

A scripted engine answers at once, and the pages are tiny, so that what is left is the daemon's own
work. The bare loop does what no promise could do without, one document after the other, in one
process: hash the source, write the sidecar, sync it, move both, sync two folders, four commits of
the ledger. The same for many files that come at once: found, opened, and in the ledger.

Both are measured in one run, in turns, because the machine is rarely quiet: the ratios count, and
processor time rather than the clock. The daemon is watched from outside, in its ledger.

How many documents a second either files depends on what a sync takes. ``--sync-ms`` has every sync
of both take so much longer than this machine's disk needs (``benchmarks.slow_disk``), one after the
other where several are given.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from types import MappingProxyType

import psutil

from benchmarks.long_run import tiny_image
from benchmarks.machine import heading
from benchmarks.slow_disk import slowed
from tests.installation import ROOT, Installation, eventually

BATCH = 500  # files in one transaction of the bare loop, as a scan hands them over
LIMIT_SECONDS = 600.0
AS_IT_IS: Mapping[str, str] = MappingProxyType({})  # the environment: nothing is slowed
_TABLE = (
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, inbox BLOB, relpath BLOB, key TEXT,"
    " state TEXT, result TEXT); CREATE INDEX jobs_source ON jobs (inbox, relpath);"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many documents took."""

    documents: int
    seconds: float
    own: float  # processor seconds of the daemon, or of the loop
    children: float = 0.0  # of those that draw and recognise

    @property
    def per_second(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    @property
    def own_ms(self) -> float:
        """Milliseconds of own processor time for a document."""
        return 1000 * self.own / self.documents

    @property
    def children_ms(self) -> float:
        """Milliseconds of the children's processor time for a document."""
        return 1000 * self.children / self.documents


# The bare loop


def bare_documents(folder: Path, count: int) -> Cost:
    """File so many documents with nothing but the durable writes. For a process of its own."""
    inbox, done = folder / "inbox", folder / "done"
    inbox.mkdir()
    done.mkdir()
    for number in range(count):
        (inbox / f"{number:06}.png").write_bytes(tiny_image(number))
    with _ledger(folder / "ledger.sqlite3") as db, _opened(inbox) as source, _opened(done) as filed:
        began, worked = time.perf_counter(), time.process_time()
        for number in range(count):
            _bare_document(db, source, filed, f"{number:06}")
        return Cost(count, time.perf_counter() - began, time.process_time() - worked)


def _bare_document(db: sqlite3.Connection, source: int, filed: int, stem: str) -> None:
    fd = os.open(f"{stem}.png", os.O_RDONLY, dir_fd=source)
    sha256 = hashlib.sha256(os.read(fd, 1 << 20)).hexdigest()
    os.close(fd)
    relpath = f"{stem}.png".encode()
    job = _commit(
        db, "INSERT INTO jobs (inbox, relpath, key, state) VALUES (?, ?, ?, 'queued')",
        b"inbox", relpath, sha256,
    )  # fmt: skip
    _commit(db, "UPDATE jobs SET state = 'leased' WHERE id = ?", job)
    fd = os.open(f".{stem}.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=filed)
    os.write(fd, f"---\nsha256: {sha256}\n---\n\n# {stem}\n\nA line of text.\n".encode())
    os.fsync(fd)
    os.close(fd)
    _commit(db, "UPDATE jobs SET state = 'filing', result = ? WHERE id = ?", "{}", job)
    os.rename(f".{stem}.tmp", f"{stem}.md", src_dir_fd=filed, dst_dir_fd=filed)
    os.rename(f"{stem}.png", f"{stem}.png", src_dir_fd=source, dst_dir_fd=filed)
    os.fsync(filed)
    os.fsync(source)
    _commit(db, "UPDATE jobs SET state = 'done' WHERE id = ?", job)


def bare_files(folder: Path) -> Cost:
    """List a folder's files, open each, and put all into a ledger. For a process of its own."""
    with _ledger(folder.parent / "bare.sqlite3") as db, _opened(folder) as source:
        began, worked = time.perf_counter(), time.process_time()
        rows: list[tuple[bytes, bytes, str]] = []
        count = 0
        with os.scandir(source) as entries:
            for entry in entries:
                fd = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=source)
                status = os.fstat(fd)
                os.close(fd)
                key = f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"
                rows.append((b"inbox", os.fsencode(entry.name), key))
                count += 1
                if len(rows) == BATCH:
                    _insert(db, rows)
        _insert(db, rows)
        return Cost(count, time.perf_counter() - began, time.process_time() - worked)


def _insert(db: sqlite3.Connection, rows: list[tuple[bytes, bytes, str]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO jobs (inbox, relpath, key, state) VALUES (?, ?, ?, 'queued')", rows)
    db.execute("COMMIT")
    rows.clear()


def _commit(db: sqlite3.Connection, statement: str, *values: object) -> int:
    db.execute("BEGIN IMMEDIATE")
    row = db.execute(statement, values).lastrowid
    db.execute("COMMIT")
    return row or 0


@contextlib.contextmanager
def _ledger(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(_TABLE)
    yield db
    db.close()


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def _apart(function: str, *arguments: object, env: Mapping[str, str] = AS_IT_IS) -> Cost:
    """Run one of the loops in a process of its own."""
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.daemon_cost", "--apart", function,
         *map(str, arguments)],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, env={**os.environ, **env},
    )  # fmt: skip
    return Cost(**json.loads(child.stdout))


# The daemon


class Watched(Installation):
    """A daemon whose processor time is taken, and which is asked nothing meanwhile."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.configure(
            'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ncapacity = 4',
            inbox="recursive = true",
            top='log_level = "warning"',
        )

    def count(self, state: str) -> int:
        """Return how many jobs are in this state, by a look into the ledger's file."""
        path = self.root / "state" / "ledger.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            (found,) = db.execute("SELECT COUNT(*) FROM jobs WHERE state = ?", (state,)).fetchone()
        return int(found)

    def cost_of(self, state: str, count: int, begin: Callable[[], object]) -> Cost:
        """Return what it takes from a beginning until so many more jobs are in a state."""
        wanted = self.count(state) + count
        before, began = self._used(), time.perf_counter()
        begin()
        eventually(lambda: self.count(state) >= wanted, LIMIT_SECONDS, interval=0.05)
        seconds, after = time.perf_counter() - began, self._used()
        return Cost(count, seconds, after[0] - before[0], after[1] - before[1])

    def _used(self) -> tuple[float, float]:
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        times = process.cpu_times()
        children = float(times.children_user + times.children_system)  # of those that have ended
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                children += _seconds(child)
        return float(times.user + times.system), children


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _unnoted(root: Path) -> dict[str, str]:
    """Return the environment of a daemon whose note nobody else's clients find, to ask it."""
    return {"XDG_RUNTIME_DIR": str(root)}


def daemon_documents(
    root: Path, count: int, warm_up: int = 20, env: Mapping[str, str] = AS_IT_IS
) -> tuple[Cost, Cost]:
    """Return what documents cost a real daemon: until they are queued, and from there on."""
    daemon = Watched(root)
    daemon.start(env={**env, **_unnoted(root)})
    try:
        _written(range(warm_up), root / "first").rename(daemon.inbox / "first")
        eventually(lambda: daemon.count("done") == warm_up)
        daemon.command("pause")
        new = _written(range(warm_up, warm_up + count), root / "new")
        queued = daemon.cost_of("queued", count, lambda: new.rename(daemon.inbox / "new"))
        return queued, daemon.cost_of("done", count, lambda: daemon.command("resume"))
    finally:
        daemon.stop(60)


def daemon_files(root: Path, folder: Path) -> Cost:
    """Return what it costs a real daemon to have a folder's files in its ledger."""
    daemon = Watched(root)
    count = sum(1 for _ in folder.iterdir())
    arrived = daemon.inbox / folder.name
    daemon.start(env=_unnoted(root))
    try:
        daemon.command("pause")
        return daemon.cost_of("queued", count, lambda: folder.rename(arrived))  # all at once
    finally:
        daemon.stop(60)
        arrived.rename(folder)


def _written(numbers: range, folder: Path) -> Path:
    """Write so many documents into a new folder."""
    folder.mkdir()
    for number in numbers:
        (folder / f"{number:06}.png").write_bytes(tiny_image(number))
    return folder


# Both, in turns


def documents(count: int, rounds: int, env: Mapping[str, str] = AS_IT_IS) -> None:
    """Measure documents, and print a row for each round."""
    bare, daemon = [], []
    print(
        "  round   bare/s  own ms   daemon/s  own ms  (of it intake)  children ms   rate    own",
        flush=True,
    )
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as scratch:
            bare.append(loop := _apart("documents", scratch, count, env=env))
        with tempfile.TemporaryDirectory() as scratch:
            queued, read = daemon_documents(Path(scratch), count, env=env)
        daemon.append(whole := _sum(queued, read))
        print(
            f"  {number:5}  {loop.per_second:7.1f}  {loop.own_ms:6.2f}  {read.per_second:9.1f}"
            f"  {whole.own_ms:6.2f}  {queued.own_ms:14.2f}  {read.children_ms:11.2f}"
            f"  {read.per_second / loop.per_second:5.2f}  {whole.own_ms / loop.own_ms:5.1f}",
            flush=True,
        )  # fmt: skip
    _tell("documents a second", [whole.per_second for whole in daemon])
    _tell("the bare loop's", [loop.per_second for loop in bare])
    _tell("the one of the other", [
        loop.seconds / whole.seconds for loop, whole in zip(bare, daemon, strict=True)
    ])  # fmt: skip
    _tell("own processor time, times the loop's", [
        whole.own_ms / loop.own_ms for loop, whole in zip(bare, daemon, strict=True)
    ])  # fmt: skip


def files(count: int, rounds: int) -> None:
    """Measure files that come at once, and print a row for each round."""
    seconds, own = [], []
    print("  round   bare s   own s   daemon s   own s   time    own", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = _written(range(count), Path(scratch, "files"))
        for number in range(1, rounds + 1):
            loop = _apart("files", folder)
            with contextlib.suppress(FileNotFoundError):
                Path(scratch, "bare.sqlite3").unlink()
            root = Path(scratch, "daemon")
            root.mkdir()
            daemon = daemon_files(root, folder)
            shutil.rmtree(root)
            seconds.append(daemon.seconds / loop.seconds)
            own.append(daemon.own / loop.own)
            print(
                f"  {number:5}  {loop.seconds:7.2f}  {loop.own:6.2f}  {daemon.seconds:9.2f}"
                f"  {daemon.own:6.2f}  {seconds[-1]:5.1f}  {own[-1]:5.1f}", flush=True,
            )  # fmt: skip
    _tell("time until all are in the ledger, times the loop's", seconds)
    _tell("own processor time, times the loop's", own)


def on_slow_disks(count: int, rounds: int, milliseconds: Sequence[float]) -> None:
    """Measure documents on disks whose syncs take so much longer, one disk after the other."""
    for longer in milliseconds:
        print(f"Each sync {longer:g} ms longer", flush=True)
        with tempfile.TemporaryDirectory() as built:
            documents(count, rounds, slowed(longer, Path(built)))


def _sum(first: Cost, second: Cost) -> Cost:
    """Put together what the same documents took one after the other; the clock is the second's."""
    return Cost(
        second.documents, second.seconds, first.own + second.own, first.children + second.children
    )


def _tell(what: str, ratios: list[float]) -> None:
    print(f"  {what}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def main() -> None:
    """Measure in turns, and print."""
    if sys.argv[1:2] == ["--apart"]:
        function, folder, *counts = sys.argv[2:]
        if function == "documents":
            cost = bare_documents(Path(folder), int(counts[0]))
        else:
            cost = bare_files(Path(folder))
        print(json.dumps(asdict(cost)))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300, help="of one page; 0 for none")
    parser.add_argument("--files", type=int, default=10_000, help="that come at once; 0 for none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--sync-ms", type=float, nargs="+", default=(), metavar="MS",
        help="what a sync takes longer than on this disk; needs a C compiler",
    )  # fmt: skip
    arguments = parser.parse_args()
    heading(f"The daemon's own work: {arguments.documents} documents, {arguments.files} files")
    if arguments.documents and arguments.sync_ms:
        on_slow_disks(arguments.documents, arguments.rounds, arguments.sync_ms)
    elif arguments.documents:
        documents(arguments.documents, arguments.rounds)
    if arguments.files:
        files(arguments.files, arguments.rounds)


if __name__ == "__main__":
    main()
