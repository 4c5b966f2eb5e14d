"""A folder that was full before it was watched: what is no document stays, and is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.installation import LETTER, Installation, eventually

STRAYS = {
    "main.py": "print(1)\n", "notes.txt": "milk\n", "t.csv": "a;b\n", "sub/Makefile": "all:\n",
}  # fmt: skip


def fill(daemon: Installation) -> None:
    for name, text in STRAYS.items():
        path = daemon.inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    shutil.make_archive(str(daemon.inbox / "old"), "zip", daemon.inbox / "sub")
    daemon.drop(LETTER, "letter.png")
    daemon.drop(LETTER, "page without an ending")
    (daemon.inbox / "offer.docx").write_bytes(b"PK\x03\x04 an office file")
    (daemon.inbox / "plan.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_only_documents_leave_a_folder_that_was_full_before(daemon: Installation) -> None:
    daemon.configure(inbox="recursive = true")
    fill(daemon)
    checked = daemon.command("check", "--no-engine").stdout
    assert "9 files lie here, 5 are no documents, which are left alone" in checked
    looked = daemon.call("show", "inbox")
    assert looked["skipped"] == {"stray": 5}, "without a daemon too"
    daemon.start()
    daemon.wait_for(
        "done/letter.png", "done/page without an ending", "failed/offer.docx", "failed/plan.svg"
    )
    told = eventually(lambda: daemon.status()["inboxes"][0]["skipped"] == {"stray": 5})
    assert told, daemon.status()["inboxes"]
    left = {name for name in daemon.tree() if not name.startswith(("done/", "failed/"))}
    assert left == {*STRAYS, "old.zip"}
    assert json.loads((daemon.failed / "plan.error.json").read_text())["code"] == "unsupported"
    assert len(daemon.listed()) == 4
    assert "5 of them are no documents, and are left alone" in daemon.log.read_text()
    shown = daemon.command("show", str(daemon.inbox)).stdout
    assert "main.py  (no document: text)" in shown
    assert "5 no documents" in daemon.command("status").stdout.replace("\n", " ")


def test_where_all_is_to_fail_it_does(daemon: Installation) -> None:
    daemon.configure(inbox='unsupported = "fail"')
    (daemon.inbox / "notes.txt").write_text("milk\n")
    daemon.start()
    daemon.wait_for("failed/notes.txt", "failed/notes.error.json")


def test_what_is_passed_over_is_named(daemon: Installation, tmp_path: Path) -> None:
    (daemon.inbox / "sub").mkdir()
    (daemon.inbox / "link.png").symlink_to(LETTER)
    daemon.drop(LETTER, "half.part")
    daemon.start()
    shown = daemon.call("show", str(daemon.inbox))
    assert {one["relpath"]: one["why"] for one in shown["passed"]} == {
        "sub": "folder", "link.png": "link", "half.part": "ignored",
    }  # fmt: skip
    refused = daemon.command("show", str(tmp_path / "elsewhere"))
    assert refused.returncode == 78
    assert str(daemon.inbox) in refused.stderr
