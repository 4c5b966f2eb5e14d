"""What programs read, as real commands print it and a real daemon writes it: as the schemas say."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.installation import LETTER, OCRD, RESOURCES, ROOT, Installation, eventually, make_pdf
from tests.strict import fits

ILLUSTRATED = 'kind = "module"\nmodule = "tests.engines.illustrator"'
DOUBTFUL = """kind = "module"
module = "tests.engines.scribe"
[engine.options.pages.1]
lines = [
    ["A first row of what a page full of text would have said"], ["A second row, as long as it"],
    ["A third row of what a page full of text would have said"], ["A fourth row, as long as it"],
    ["A fifth row of what a page full of text would have said"], ["A sixth row, as long as it"],
    ["A last row, of which one sign is not sure", "uncertain"],
]
"""
ALL = 'doubt_tolerance = 1\noutputs = ["md", "json", "overlay"]\nfront_matter = true'


def fitting(daemon: Installation, schema: str, *command: str, code: int = 0) -> Any:
    """Run a command with --json, and return its answer, which is as the schema says."""
    body = daemon.call_failing(code, *command)
    fits(schema, body)
    return body


def test_what_a_daemon_answers_and_writes(daemon: Installation) -> None:
    daemon.configure(ILLUSTRATED, inbox=ALL)
    fitting(daemon, "error", "status", code=69)
    fitting(daemon, "error", "jobs", code=1)
    fitting(daemon, "findings", "check")
    daemon.start()
    fitting(daemon, "findings", "check")
    fitting(daemon, "status", "pause")
    daemon.drop(LETTER)
    make_pdf(daemon.root / "book.pdf", 3)
    daemon.drop(daemon.root / "book.pdf")
    daemon.drop(RESOURCES / "invalid.pdf")
    (daemon.inbox / "notes.txt").write_text("words")
    (daemon.inbox / "link").symlink_to("notes.txt")
    eventually(lambda: daemon.status()["jobs"]["queued"] >= 2, 20)
    fitting(daemon, "jobs", "jobs")
    fitting(daemon, "status", "resume")
    daemon.wait_for("done/typewriter.md", "done/book.md", "failed/invalid.pdf")
    fitting(daemon, "status", "status")
    assert {one["why"] for one in fitting(daemon, "inbox", "show", "inbox")["passed"]} == {
        "stray", "link",
    }  # fmt: skip
    listed = fitting(daemon, "jobs", "jobs", "--limit", "2")
    assert listed["next"] == 2
    for job in fitting(daemon, "jobs", "jobs")["jobs"]:
        fitting(daemon, "job", "show", str(job["id"]))
    read = fitting(daemon, "jobs", "jobs", "--state", "done")["jobs"]
    for job in read:
        assert job["engine"] == "illustrator" and job["model"] and 0 < job["seconds"] < 60
        assert {Path(path).suffix for path in job["outputs"]} >= {".md", ".json", ".pdf"}
        assert all(Path(path).exists() for path in job["outputs"])
    for path in daemon.done.glob("*.json"):
        fits("layout", json.loads(path.read_text()))
    (failure,) = daemon.failed.glob("*.error.json")
    fits("failure", json.loads(failure.read_text()))
    (failed,) = fitting(daemon, "jobs", "jobs", "--state", "failed")["jobs"]
    assert failed["outputs"] == [str(failure)]
    fitting(daemon, "retried", "retry", "--all", "--dry-run", "--state", "done")
    fitting(daemon, "retried", "retry", str(read[0]["id"]))
    fitting(daemon, "error", "show", "99", code=1)
    daemon.config.write_text(daemon.config.read_text() + "mood = 1\nmode = 'x'\n")
    assert len(fitting(daemon, "error", "reload", code=78)["error"]["faults"]) == 2
    fitting(daemon, "findings", "check", code=78)
    daemon.configure(ILLUSTRATED, inbox=ALL)
    fitting(daemon, "status", "reload")
    fitting(daemon, "ledger-check", "ledger", "check")
    fitting(daemon, "ledger-backup", "ledger", "backup", str(daemon.root / "copy"))
    fitting(daemon, "stopped", "stop")
    with daemon.config.open("a") as config:
        config.write(f'[api]\napi_key_file = "{daemon.root}/keys"\n')
    assert fitting(daemon, "key-made", "key", "new", "anna", "--read")["key"].startswith("ocrd_")
    [key] = fitting(daemon, "keys", "key", "list")["keys"]
    assert key == {"name": "anna", "scopes": ["read"], "folders": []}
    fitting(daemon, "key-removed", "key", "remove", "anna")
    fitting(daemon, "jobs", "jobs")
    fitting(daemon, "job", "show", "1")
    fitting(daemon, "inbox", "show", "inbox")
    fitting(daemon, "ledger-restore", "ledger", "restore", str(daemon.root / "copy"))
    fitting(daemon, "ledger-rebuild", "ledger", "rebuild")


def test_what_is_cancelled_doubtful_or_kept(daemon: Installation) -> None:
    daemon.configure(DOUBTFUL, inbox='source = "keep"')
    daemon.start()
    fitting(daemon, "status", "pause")
    daemon.drop(LETTER)
    eventually(lambda: daemon.status()["jobs"]["queued"], 20)
    assert fitting(daemon, "job", "cancel", "1")["message"].startswith("Cancelled by ")
    fitting(daemon, "retried", "retry", "1")
    fitting(daemon, "status", "resume")
    eventually(lambda: daemon.listed()[0]["state"] in {"done", "failed"}, 60)
    newest = fitting(daemon, "jobs", "jobs")["jobs"][0]
    assert (newest["state"], newest["pages_doubtful"], newest["pages_failed"]) == ("done", 1, 0)
    assert newest["outcome"] == "done with doubts"
    fitting(daemon, "job", "show", str(newest["id"]))
    assert (daemon.inbox / LETTER.name).exists()


def test_the_layout_of_the_embedded_engine(daemon: Installation) -> None:
    out = daemon.root / "out"
    shutil.copy(ROOT / "ocrd/samples/newsletter.jpg", daemon.root)
    result = subprocess.run(
        [*OCRD, "convert", str(daemon.root / "newsletter.jpg"), str(RESOURCES / "invalid.pdf"),
         str(LETTER), "-o", str(out), "--format", "json", "--json"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(result.stdout)
    fits("converted", told)
    assert {Path(one["file"]).name: bool(one["error"]) for one in told} == {
        "newsletter.jpg": False, "invalid.pdf": True, "typewriter.png": False,
    }  # fmt: skip
    made = list(out.glob("*.json"))
    assert len(made) == 2
    for path in made:
        fits("layout", json.loads(path.read_text()))


def test_what_init_made(daemon: Installation) -> None:
    result = subprocess.run(
        [*OCRD, "init", str(daemon.root / "new"), "--json"], cwd=ROOT, capture_output=True
    )
    fits("init", json.loads(result.stdout))
