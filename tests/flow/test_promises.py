"""The daemon's promises, on the real process and real files, with scripted engines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.flow.scripted import engine, pages_done
from tests.installation import LETTER, Installation, eventually, make_pdf


def test_a_dropped_image_ends_in_done_beside_its_sidecar(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png", "done/letter.md")
    assert daemon.tree() == ["done/letter.md", "done/letter.png"]
    assert (daemon.done / "letter.png").read_bytes() == LETTER.read_bytes()


def test_files_that_were_there_before_the_start_are_read(daemon: Installation) -> None:
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("done/letter.png", "done/letter.md")


def test_subfolders_are_mirrored(daemon: Installation) -> None:
    daemon.configure(inbox="recursive = true")
    daemon.start()
    daemon.drop(LETTER, "2026/may/letter.png")
    daemon.wait_for("done/2026/may/letter.png", "done/2026/may/letter.md")
    assert daemon.tree() == ["done/2026/may/letter.md", "done/2026/may/letter.png"]


def test_a_subfolder_that_came_with_a_document_goes_after_it(daemon: Installation) -> None:
    daemon.configure(inbox="recursive = true")
    (daemon.inbox / "scanner").mkdir()
    daemon.drop(LETTER, "before/letter.png")
    daemon.start()
    eventually(lambda: not daemon.status()["awaited"], 20, "the first scan")
    daemon.drop(LETTER, "2026/may/letter.png")
    daemon.drop(LETTER, "mine/letter.png")
    (daemon.inbox / "mine" / "notes.txt").write_text("milk\n")
    daemon.drop(LETTER, "scanner/letter.png")
    daemon.wait_for("done/2026/may/letter.md", "done/mine/letter.md", "done/scanner/letter.md")
    gone = ("2026", "before")
    eventually(lambda: not any((daemon.inbox / name).exists() for name in gone), 20)
    eventually(lambda: not list((daemon.inbox / "scanner").iterdir()), 5)
    assert sorted(path.name for path in daemon.inbox.iterdir() if path.is_dir()) == [
        "done", "mine", "scanner",
    ]  # fmt: skip
    assert daemon.stop() == 0
    daemon.start()
    daemon.drop(LETTER, "scanner/again.png")
    daemon.wait_for("done/scanner/again.md")
    daemon.drop(LETTER, "later/letter.png")
    eventually(lambda: (daemon.done / "later").exists(), 20)
    eventually(lambda: not (daemon.inbox / "later").exists(), 20)
    assert (daemon.inbox / "scanner").exists(), "it stood empty before the restart"


def test_subfolders_are_left_alone_unless_asked_for(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "sub/letter.png")
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png")
    assert (daemon.inbox / "sub" / "letter.png").exists()


def test_junk_links_and_pipes_are_ignored(daemon: Installation, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    shutil.copy(LETTER, outside)
    for name in (".hidden.png", "~$x.png", "x.png.part", "y.tmp", "Thumbs.db", "desktop.ini"):
        daemon.drop(LETTER, name)
    (daemon.inbox / "link.png").symlink_to(outside)
    os.mkfifo(daemon.inbox / "pipe.pdf")
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png")
    assert sorted(path.name for path in daemon.done.iterdir()) == ["letter.md", "letter.png"]
    assert not daemon.failed.exists() or not list(daemon.failed.iterdir())
    assert outside.exists()


def test_a_slow_writer_is_waited_for_and_read_whole(daemon: Installation) -> None:
    daemon.start()
    content = LETTER.read_bytes()
    program = (
        "import sys, time\n"
        "content = open(sys.argv[1], 'rb').read(); step = len(content) // 12 + 1\n"
        "with open(sys.argv[2], 'wb', buffering=0) as out:\n"
        "    for start in range(0, len(content), step):\n"
        "        out.write(content[start:start + step]); time.sleep(0.3)\n"
    )
    target = daemon.inbox / "slow.png"
    subprocess.run([sys.executable, "-c", program, str(LETTER), str(target)], check=True)
    daemon.wait_for("done/slow.png", "done/slow.md")
    assert (daemon.done / "slow.png").read_bytes() == content
    assert not daemon.failed.exists() or not list(daemon.failed.iterdir())


@pytest.mark.parametrize("how", ["mv", "rsync"])
def test_files_arrive_by_rename_and_by_rsync(
    daemon: Installation, tmp_path: Path, how: str
) -> None:
    daemon.start()
    source = tmp_path / "letter.png"
    shutil.copy(LETTER, source)
    subprocess.run([how, str(source), f"{daemon.inbox}/"], check=True)
    daemon.wait_for("done/letter.png", "done/letter.md")


def test_what_cannot_be_read_ends_in_failed_with_the_reason(daemon: Installation) -> None:
    daemon.start()
    (daemon.inbox / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing else\n")
    (daemon.inbox / "letter.docx").write_bytes(b"PK\x03\x04 not an image at all")
    daemon.wait_for("failed/broken.pdf", "failed/broken.error.json", "failed/letter.error.json")
    broken = json.loads((daemon.failed / "broken.error.json").read_text())
    assert broken["code"] == "corrupt"
    assert broken["message"] and broken["hint"] and broken["time"]
    other = json.loads((daemon.failed / "letter.error.json").read_text())
    assert other["code"] == "unsupported"
    assert not list(daemon.failed.glob("*.md"))


def test_filing_keeps_both_files_when_a_name_comes_again(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "SCN_0001.png")
    daemon.wait_for("done/SCN_0001.png")
    other = daemon.inbox / "SCN_0001.png"
    other.write_bytes(LETTER.read_bytes() + b"\0")
    daemon.wait_for("done/SCN_0001-2.png", "done/SCN_0001-2.md")
    assert (daemon.done / "SCN_0001.png").read_bytes() == LETTER.read_bytes()


def test_two_sources_of_one_stem_get_a_sidecar_each(daemon: Installation) -> None:
    daemon.drop(LETTER, "scan.png")
    daemon.drop(LETTER, "scan.jpg")
    daemon.start()
    daemon.wait_for("done/scan.png", "done/scan.jpg", "done/scan.md")
    eventually(lambda: len(list(daemon.done.glob("*.md"))) == 2, 10)


def test_a_source_is_deleted_after_success_if_the_folder_says_so(daemon: Installation) -> None:
    daemon.configure(inbox='source = "delete"')
    daemon.drop(LETTER, "letter.png")
    (daemon.inbox / "bad.pdf").write_bytes(b"%PDF-1.4\n")
    daemon.start()
    daemon.wait_for("done/letter.md", "failed/bad.pdf")
    eventually(lambda: not (daemon.inbox / "letter.png").exists(), 5)
    assert daemon.tree() == ["done/letter.md", "failed/bad.error.json", "failed/bad.pdf"]


def test_done_may_be_on_another_file_system(daemon: Installation) -> None:
    far = Path("/dev/shm") / f"ocrd-flow-{os.getpid()}"
    try:
        far.mkdir()
        daemon.configure(inbox=f'done = "{far}/done"\nfailed = "{far}/failed"')
        daemon.start()
        source = daemon.drop(LETTER, "letter.png")
        mtime = source.stat().st_mtime
        eventually(lambda: (far / "done" / "letter.png").exists(), 30)
        assert (far / "done" / "letter.md").exists()
        assert (far / "done" / "letter.png").stat().st_mtime == mtime
        eventually(lambda: daemon.tree() == [], 5)
    finally:
        shutil.rmtree(far)


def test_mode_text_outputs_json_and_front_matter_are_written(daemon: Installation) -> None:
    daemon.configure(
        inbox='mode = "text"\noutputs = ["md", "json"]\nfront_matter = true'
    )
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("done/letter.png", "done/letter.md", "done/letter.json")
    assert (daemon.done / "letter.md").read_text().startswith("---\n")
    layout = json.loads((daemon.done / "letter.json").read_text())
    assert layout["mode"] == "text"
    assert layout["pages"][0]["blocks"][0]["text"]


def test_a_long_book_takes_few_page_images_and_constant_memory(daemon: Installation) -> None:
    daemon.configure(engine("echo", "capacity = 2"))
    make_pdf(daemon.root / "book.pdf", 400)
    daemon.start()
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    daemon.drop(daemon.root / "book.pdf")
    images, early, peak = 0, 0, 0
    while not (daemon.done / "book.pdf").exists():
        images = max(images, len(list((daemon.root / "state" / "tmp").iterdir())))
        peak = max(peak, process.memory_info().rss)
        early = early or (peak if pages_done(daemon) > 50 else 0)
    assert 1 <= images <= 8
    assert early and peak < early + 20e6
    text = (daemon.done / "book.md").read_text()
    assert text.count("<!-- page ") == 400


def test_small_documents_overtake_a_book(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 0.1"))
    make_pdf(daemon.root / "book.pdf", 100)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: pages_done(daemon) >= 3, 30)
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png", limit=6)
    assert not (daemon.done / "book.pdf").exists()
