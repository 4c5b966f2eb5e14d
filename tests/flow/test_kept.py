"""Folders whose sources stay where they are: read once, and followed."""

from __future__ import annotations

import os

from tests.installation import LETTER, Installation, eventually


def test_a_kept_file_is_read_once_until_its_content_changes(daemon: Installation) -> None:
    daemon.configure(inbox='source = "keep"')
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("letter.md")
    first = (daemon.inbox / "letter.md").stat().st_ino
    daemon.stop()
    os.utime(daemon.inbox / "letter.png")
    daemon.start()
    eventually(lambda: daemon.status()["jobs"]["done"] == 2, 20)
    assert (daemon.inbox / "letter.md").stat().st_ino == first, "a touched file is not read again"
    (daemon.inbox / "letter.png").write_bytes(LETTER.read_bytes() + b"\0")
    eventually(lambda: (daemon.inbox / "letter.md").stat().st_ino != first, 20)
    eventually(lambda: daemon.status()["jobs"]["done"] == 3, 20)
    assert daemon.tree() == ["letter.md", "letter.png"]


def test_a_kept_folder_looks_only_at_formats_it_reads(daemon: Installation) -> None:
    daemon.configure(inbox='source = "keep"')
    (daemon.inbox / "notes.docx").write_bytes(b"mine")
    (daemon.inbox / "bad.pdf").write_bytes(b"%PDF-1.4\n")
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("letter.md", "bad.error.json")
    assert daemon.tree() == [
        "bad.error.json", "bad.pdf", "letter.md", "letter.png", "notes.docx",
    ]


def test_a_kept_file_that_is_renamed_takes_its_text_along(daemon: Installation) -> None:
    daemon.configure(inbox='source = "keep"\nrecursive = true\noutputs = ["md", "json"]')
    daemon.start()
    daemon.drop(LETTER, "2026/letter.png")
    daemon.wait_for("2026/letter.md", "2026/letter.json")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 10)
    (first,) = daemon.listed()
    text = daemon.inbox / "2026" / "letter.md"
    text.write_text("corrected by hand\n")
    (daemon.inbox / "2026" / "letter.png").rename(daemon.inbox / "offer.png")
    daemon.wait_for("offer.md", "offer.json")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    assert daemon.tree() == ["offer.json", "offer.md", "offer.png"]
    assert (daemon.inbox / "offer.md").read_text() == "corrected by hand\n"
    (daemon.inbox / "2027").mkdir()
    for name in daemon.tree():
        (daemon.inbox / name).rename(daemon.inbox / "2027" / name)
    eventually(lambda: len(daemon.listed()) == 3 and not daemon.status()["working"], 20)
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    assert daemon.tree() == ["2027/offer.json", "2027/offer.md", "2027/offer.png"]
    newest, *_ = daemon.listed()
    assert (newest["state"], newest["relpath"]) == ("done", "2027/offer.png")
    assert newest["sha256"] == first["sha256"]
    assert daemon.log.read_text().count('"event": "followed"') == 2
    assert daemon.log.read_text().count('"event": "done"') == 1, "it was read once"
