"""All hostile documents at once in one inbox of a real daemon, and through ``ocrd convert``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ocrd.errors import DocumentError
from tests.faults.hostile import documents, pdfs, pictures
from tests.faults.hostile.children import peak_bytes
from tests.faults.hostile.wording import faults
from tests.faults.labs.truth import letter, sha256
from tests.installation import Installation, eventually

MIB = 1024 * 1024
MEMORY = 1024 * MIB  # of a child
DAEMON = 250 * MIB
TIMEOUT = 1.5
BOUNDS = f'[rasterize]\npage_timeout = "{TIMEOUT:g}s"\nmemory = "1GiB"'
GOOD = 10
KINDS = ("damaged", "page-", "active", "pages-n", "pages-l", "giant.")  # of no long duration
# One of many pages is enough. One with nothing in it is waited for: its content may come.
LEFT_OUT = {"pages-5000.tif", "pages-30000.tif", "frames.gif", "empty.pdf"}
LONG = 1500  # pages


class Peaks:
    """The most that the daemon and any of its children ever had in memory."""

    def __init__(self, daemon: Installation) -> None:
        assert daemon.process is not None
        self._daemon = psutil.Process(daemon.process.pid)
        self._kinds: dict[int, str] = {}
        self._peaks: dict[int, int] = {}

    def look(self) -> None:
        for process in (self._daemon, *self._daemon.children(recursive=True)):
            if process.pid not in self._kinds:
                try:
                    line = " ".join(process.cmdline())
                except psutil.Error:
                    continue
                self._kinds[process.pid] = "child" if "ocrd.raster.drawing" in line else "other"
            peak = peak_bytes(process.pid)
            self._peaks[process.pid] = max(peak, self._peaks.get(process.pid, 0))

    @property
    def daemon(self) -> int:
        return self._peaks[self._daemon.pid]

    @property
    def child(self) -> int:
        return max(peak for pid, peak in self._peaks.items() if self._kinds.get(pid) == "child")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hostile")
    for name, build in documents().items():
        if name not in LEFT_OUT:
            (folder / name).write_bytes(build())
    (folder / f"pages-{LONG}.tif").write_bytes(pictures.tiff_of_pages(LONG))
    yield folder


def reason(path: Path) -> DocumentError:
    told = json.loads(path.read_text())
    assert told["code"] and told["time"]
    return DocumentError(told["message"], hint=told["hint"])


def told_of(folder: Path, name: str) -> Path:
    """Return the error file of a source; two sources of one stem have longer names."""
    return next(
        path for path in folder.glob(f"{Path(name).stem}*.error.json")
        if json.loads(path.read_text())["source"] == name
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_hostile_documents_dropped_at_once_end_in_their_place_and_hold_up_nobody(
    daemon: Installation, hostile: Path
) -> None:
    daemon.configure(more=BOUNDS)
    sources = {}
    for path in sorted(hostile.iterdir()):
        sources[path.name] = sha256(path)
        os.link(path, daemon.root / path.name)
        (daemon.root / path.name).rename(daemon.inbox / path.name)
    good = {f"good-{n}.png": letter(daemon.inbox / f"good-{n}.png", n) for n in range(GOOD)}
    daemon.start()
    peaks = Peaks(daemon)
    at_hand_of: dict[str, float] = {}

    def all_filed() -> bool:
        peaks.look()
        waiting = {path.name for path in daemon.inbox.iterdir() if path.is_file()}
        for name in {*sources, *good} - waiting:
            at_hand_of.setdefault(name, time.monotonic())
        return len(at_hand_of) == len(sources) + len(good)

    eventually(all_filed, 240, "every document has left the inbox")
    eventually(lambda: not daemon.status()["working"], 20)
    last_good = max(at_hand_of[name] for name in good)
    later = [name for name in sources if at_hand_of[name] > last_good]
    assert len(later) >= 3, "the good ones do not wait for those that take long"

    for name, content in good.items():
        assert sha256(daemon.done / name) == content
        assert (daemon.done / name).with_suffix(".md").read_text()
    found = []
    for name, content in sources.items():
        done, failed = daemon.done / name, daemon.failed / name
        assert done.exists() != failed.exists(), name
        assert sha256(done if done.exists() else failed) == content
        if failed.exists():
            error = reason(told_of(daemon.failed, name))
            found += [f"{name} {each}: {error!r}" for each in faults(error, name)]
    assert not found, "\n".join(found)
    assert peaks.daemon < DAEMON, peaks.daemon
    assert peaks.child < MEMORY, peaks.child
    assert list((daemon.root / "state" / "tmp").iterdir()) == []
    assert not daemon.process_ended()
    assert daemon.status()["jobs"]["queued"] == 0
    print(f"daemon {peaks.daemon / 1e6:.0f} MB, child {peaks.child / 1e6:.0f} MB")


def test_convert_says_of_each_hostile_document_why_and_reads_the_good_ones(
    daemon: Installation, hostile: Path, tmp_path: Path
) -> None:
    daemon.configure(more=BOUNDS)
    quick = []
    for path in sorted(hostile.iterdir()):
        if path.name.startswith(KINDS) or path.suffix in {".gif", ".webp", ".bmp"}:
            # Sidecars are named after the stem, and nothing is written over another file.
            quick.append(tmp_path / f"{path.name.replace('.', '-')}{path.suffix}")
            quick[-1].hardlink_to(path)
    letter(tmp_path / "good.png", 1)
    out = tmp_path / "out"
    result = daemon.command(
        "convert", str(tmp_path / "good.png"), *map(str, quick), "-o", str(out), "--json"
    )
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    outcomes = {Path(each["file"]).name: each for each in json.loads(result.stdout)}
    assert set(outcomes) == {"good.png", *(path.name for path in quick)}
    assert (out / "good.md").read_text()
    found = []
    for name, outcome in outcomes.items():
        if told := outcome["error"]:
            error = DocumentError(told["message"], hint=told["hint"])
            found += [f"{name} {each}: {error!r}" for each in faults(error, name)]
    assert not found, "\n".join(found)
    assert sum(outcome["error"] is not None for outcome in outcomes.values()) >= 10
    assert sum(outcome["error"] is None for outcome in outcomes.values()) >= 10


def test_a_book_of_endless_pages_fails_soon_and_is_no_burden(daemon: Installation) -> None:
    """Three hundred pages of which each would take its whole time: not five hours, but seconds."""
    kids = f"<</Type/Pages/Kids[{'3 0 R ' * 300}]/Count 300>>"
    whole = pdfs.many_operations()
    content = whole[whole.index(b"4 0 obj\n") + 8 : whole.index(b"\nendobj", whole.index(b"4 0 o"))]
    (daemon.inbox / "book.pdf").write_bytes(pdfs.book(content, pages=kids, more={400: "null"}))
    daemon.configure(more='[rasterize]\npage_timeout = "500ms"')
    daemon.start()
    daemon.wait_for("failed/book.pdf", "failed/book.error.json", limit=60)
    error = reason(daemon.failed / "book.error.json")
    assert faults(error, "book.pdf") == []
    assert "10 of its pages" in error.what


def test_slow_documents_take_nobodys_place(daemon: Installation) -> None:
    """More of them than may be in work at once, each of which would take two minutes."""
    daemon.configure(top="documents_in_flight = 2", more='[rasterize]\npage_timeout = "120s"')
    for number in range(4):
        (daemon.inbox / f"slow-{number}.pdf").write_bytes(pdfs.many_operations())
    daemon.start()
    eventually(lambda: len(daemon.status()["working"]) > 2, 60, "their places are free again")
    letter(daemon.inbox / "good.png", 1)
    daemon.wait_for("done/good.png", limit=30)
    assert len(list(daemon.inbox.glob("slow-*.pdf"))) == 4
    daemon.kill()
