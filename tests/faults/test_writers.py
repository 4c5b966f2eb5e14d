"""Whatever writes into a hot folder, and however: each document is read once, as it ended."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.labs import writers
from tests.faults.labs.truth import all_done, letter, sha256
from tests.installation import LETTER, Installation, eventually, make_pdf

SLOW = 'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ndelay = 0.25'


def events(daemon: Installation, name: str) -> list[dict[str, str]]:
    lines = map(json.loads, daemon.log.read_text().splitlines())
    return [line for line in lines if line.get("event") == name]


def test_every_kind_of_writer_ends_in_one_whole_document(
    daemon: Installation, tmp_path: Path
) -> None:
    """All at once, twice: begun before the daemon starts, and when it runs."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    daemon.configure(inbox="recursive = true", settle="2s", patience="60s")
    expected: dict[str, str] = {}
    running: list[subprocess.Popen[bytes]] = []
    for when in ("early", "late"):
        for kind in writers.KINDS:
            name = f"{when}-{kind.__name__}.png"
            expected[name] = letter(tmp_path / name, len(running))
            running.append(writers.start(kind.__name__, tmp_path / name, daemon.inbox / name))
        if when == "early":
            daemon.start()
    assert [writer.wait(60) for writer in running] == [0] * len(running)
    all_done(daemon, expected)


def test_trees_that_are_moved_in_or_made_with_a_file_at_once_lose_none(
    daemon: Installation, tmp_path: Path
) -> None:
    daemon.configure(inbox="recursive = true")
    daemon.start()
    expected = {}
    for number in range(20):
        name = f"moved/{number % 5}/deep/{number}.png"
        expected[name] = letter(tmp_path / name, number)
    (tmp_path / "moved").rename(daemon.inbox / "moved")
    for number in range(20, 60):
        name = f"nested/{number}/a/b/{number}.png"
        expected[name] = letter(daemon.inbox / name, number)
    all_done(daemon, expected)


def test_a_file_edited_in_place_while_it_is_read_leaves_no_mixture(daemon: Installation) -> None:
    """Same size, same name, other pages: only the last state is published, from its own pages."""
    daemon.configure(SLOW, inbox="front_matter = true")
    make_pdf(daemon.root / "book.pdf", 8)
    daemon.start()
    book = daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: any(work["pages_done"] >= 2 for work in daemon.status()["working"]), 30)
    with book.open("r+b") as out:  # a comment's worth, at the end
        out.seek(-1, os.SEEK_END)
        out.write(b"\r")
    last = sha256(book)
    daemon.wait_for("done/book.pdf", "done/book.md")
    assert sha256(daemon.done / "book.pdf") == last
    assert f"sha256: {last}" in (daemon.done / "book.md").read_text().replace('"', "")
    assert daemon.tree() == ["done/book.md", "done/book.pdf"]
    assert len(events(daemon, "withdrawn")) == 1


def test_a_name_used_again_while_the_first_is_read_is_read_itself(daemon: Installation) -> None:
    daemon.configure(SLOW, inbox="front_matter = true")
    make_pdf(daemon.root / "book.pdf", 8)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf", "SCN_0001.pdf")
    eventually(lambda: any(work["pages_done"] >= 1 for work in daemon.status()["working"]), 30)
    second = daemon.root / "second.pdf"
    make_pdf(second, 2)
    expected = sha256(second)
    second.replace(daemon.inbox / "SCN_0001.pdf")
    daemon.wait_for("done/SCN_0001.pdf", "done/SCN_0001.md")
    text = (daemon.done / "SCN_0001.md").read_text()
    assert expected in text and text.count("<!-- page ") == 2
    assert sha256(daemon.done / "SCN_0001.pdf") == expected
    assert daemon.tree() == ["done/SCN_0001.md", "done/SCN_0001.pdf"]


def test_a_file_cut_short_while_it_is_read_is_waited_for_until_it_is_whole(
    daemon: Installation,
) -> None:
    daemon.configure(SLOW, patience="60s")
    make_pdf(daemon.root / "book.pdf", 8)
    content = (daemon.root / "book.pdf").read_bytes()
    daemon.start()
    book = daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: any(work["pages_done"] >= 1 for work in daemon.status()["working"]), 30)
    os.truncate(book, len(content) // 2)
    eventually(lambda: events(daemon, "incomplete"), 30)
    assert daemon.tree() == ["book.pdf"], "half a file is neither published nor failed"
    book.write_bytes(content)
    daemon.wait_for("done/book.pdf", "done/book.md")
    assert (daemon.done / "book.pdf").read_bytes() == content
    assert (daemon.done / "book.md").read_text().count("<!-- page ") == 8


def test_what_looks_damaged_at_first_is_read_once_it_is_whole(daemon: Installation) -> None:
    """Writers that close their file in the middle and come back after the settle time."""
    daemon.configure(patience="60s")
    make_pdf(daemon.root / "scan.pdf", 3)
    contents = {"page.png": LETTER.read_bytes()}
    contents["scan.pdf"] = (daemon.root / "scan.pdf").read_bytes()
    daemon.start()
    for name, content in contents.items():
        (daemon.inbox / name).write_bytes(content[: len(content) * 2 // 3])
    eventually(lambda: len(events(daemon, "incomplete")) == 2, 30)
    for name, content in contents.items():
        with (daemon.inbox / name).open("ab") as out:
            out.write(content[len(content) * 2 // 3 :])
    daemon.wait_for("done/scan.pdf", "done/scan.md", "done/page.png", "done/page.md")
    assert {name: (daemon.done / name).read_bytes() for name in contents} == contents
    assert not daemon.failed.exists() or not list(daemon.failed.iterdir())


def test_changed_attributes_alone_queue_nothing_twice(daemon: Installation) -> None:
    """A NAS that indexes: mode, owner, extended attributes, access time, another link."""
    daemon.configure(SLOW, inbox='source = "keep"')
    make_pdf(daemon.root / "book.pdf", 6)
    daemon.start()
    book = daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: any(work["pages_done"] >= 1 for work in daemon.status()["working"]), 30)
    stir(book)
    daemon.wait_for("book.md")
    stir(book)
    daemon.drop(LETTER, "later.png")  # which takes two scans more
    daemon.wait_for("later.md")
    eventually(lambda: daemon.status()["jobs"]["done"] == 2, 10)
    jobs = daemon.status()["jobs"]
    assert (jobs["done"], sum(jobs[state] for state in ("queued", "leased", "withdrawn"))) == (2, 0)
    assert [event["document"] for event in events(daemon, "begun")] == ["book.pdf", "later.png"]


def stir(path: Path) -> None:
    status = path.stat()
    path.chmod(0o600)
    path.chmod(0o644)
    os.utime(path, ns=(status.st_atime_ns + 10**9, status.st_mtime_ns))
    os.setxattr(path, "user.nas", b"indexed")
    other = path.with_name(".link")
    other.hardlink_to(path)
    other.unlink()
