"""What is not sure of a page is said wherever the document is, and fails it only if text is gone.

On the real process and real files; what an engine would find is scripted.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.installation import OCRD, ROOT, Installation, eventually, make_pdf

SOUND = [["A line"], ["of text"], ["and more"], ["of it"], ["below."]]
ALL = 'outputs = ["md", "json"]\nfront_matter = true'
MARK = "\N{REPLACEMENT CHARACTER}"
OF_A_DAEMON = {"pages_per_second", "seconds_left", "links"}  # left out where none runs


def scribe(**pages: dict[str, Any]) -> str:
    """Return the configuration of an engine that answers page 2 as ``p2`` says."""
    told = "".join(
        f"[engine.options.pages.{name.removeprefix('p')}]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in answer.items())
        for name, answer in pages.items()
    )
    return f'kind = "module"\nmodule = "tests.engines.scribe"\n{told}'


def front_matter(text: str) -> dict[str, Any]:
    facts: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return facts


def events(daemon: Installation, event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in daemon.log.read_text().splitlines() if line[:1] == "{"]
    return [record for record in found if record.get("event") == event]


IN_PART = {"lines": [*SOUND, ["Gr33t", "unread"], [f"K{MARK}ln", "signs"]]}


STREAMER = 'kind = "module"\nmodule = "tests.engines.streamer"\n'
SURE = 'options = { text = "one two three four", confidence = 0.9, least = 0.5 }\n'


@pytest.mark.parametrize(("floor", "status"), [("0.8", "read"), ("0.81", "doubtful")])
def test_how_sure_the_engine_is_is_said_and_under_its_floor_the_page_is_doubtful(
    daemon: Installation, floor: str, status: str
) -> None:
    engine = f"{STREAMER}{SURE}confidence_floor = {floor}\n"
    daemon.configure(engine, f"{ALL}\ndoubt_tolerance = 1.0")
    make_pdf(daemon.inbox / "letter.pdf", 1)
    daemon.start()
    daemon.wait_for("done/letter.pdf", "done/letter.md", "done/letter.json")
    layout = json.loads((daemon.done / "letter.json").read_text())
    (page,) = layout["pages"]
    assert (page["confidence"], page["least"], page["tokens"]) == (0.8, 0.5, 4)
    assert (layout["confidence"], layout["least"]) == (0.8, 0.5)
    assert page["status"] == status
    under = ["low-confidence"] if floor == "0.81" else []
    assert [doubt["code"] for doubt in page["doubts"]] == under
    facts = front_matter((daemon.done / "letter.md").read_text())
    assert (facts["confidence"], facts["least"]) == (0.8, 0.5)


def test_a_letter_with_a_line_that_was_not_read_is_done_and_says_so_everywhere(
    daemon: Installation,
) -> None:
    daemon.configure(scribe(p1={"lines": SOUND}, p2=IN_PART), f"{ALL}\npage_marks = false")
    make_pdf(daemon.inbox / "letter.pdf", 3)
    daemon.start()
    daemon.wait_for("done/letter.pdf", "done/letter.md", "done/letter.json")
    said = "1 of 7 lines was found and not read; 1 of 7 lines holds signs that could not be read"

    text = (daemon.done / "letter.md").read_text()
    assert text.count("<!--") == 1 and "Gr33t" not in text and f"K{MARK}ln" in text
    assert text.index("and more") < text.index(f"<!-- page 2 is doubtful: {said} -->")
    facts = front_matter(text)
    assert (facts["state"], facts["doubtful"], facts["failed"]) == ("done with doubts", [2], [])
    assert facts["warnings"] == [f"Page 2 is doubtful: {said}."]

    body = json.loads((daemon.done / "letter.json").read_text())
    assert (body["state"], body["doubtful"], body["failed"]) == ("done with doubts", [2], [])
    first, second, third = body["pages"]
    assert [page["status"] for page in body["pages"]] == ["read", "doubtful", "read"]
    assert first["doubts"] == first["unread"] == third["doubts"] == []
    assert [doubt["code"] for doubt in second["doubts"]] == ["unread-lines", "unknown-signs"]
    assert [doubt["share"] for doubt in second["doubts"]] == [0.1429, 0.0]
    assert [box["pixels"] for box in second["unread"]] == [[100, 350, 500, 380]]
    assert [block.get("doubts") for block in second["blocks"] if MARK in block["text"]] == [
        ["signs"]
    ]

    (told,) = events(daemon, "page-doubtful")
    assert (told["page"], told["level"]) == (2, "warning") and said in told["message"]
    (done,) = events(daemon, "done")
    assert done["message"].startswith("Done with doubts in ") and done["doubtful"] == 1

    jobs = daemon.status()["jobs"]
    assert (jobs["done"], jobs["doubtful"], jobs["partial"]) == (1, 1, 0)
    assert "1 doubtful" in daemon.command("status").stdout
    (job,) = daemon.listed()
    assert (job["state"], job["outcome"], job["pages_doubtful"]) == ("done", "done with doubts", 1)
    assert "done with doubts" in daemon.command("show", str(job["id"])).stdout
    daemon.stop()
    alone = {key: value for key, value in job.items() if key not in OF_A_DAEMON}
    assert daemon.listed() == [alone], "without a daemon, too"


@pytest.mark.parametrize(
    "answer",
    [
        {"lines": []},
        {"lines": [["Bnjr", "unread"], ["", "unread"]]},
        {"lines": [[MARK * 5 + " 45", "signs"]]},
        {"markup": ""},
        {"markup": "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"},
    ],
)
def test_a_page_with_text_that_gave_none_is_told_and_counts_as_not_read(
    daemon: Installation, answer: dict[str, Any]
) -> None:
    daemon.configure(scribe(p1=answer), ALL)
    make_pdf(daemon.inbox / "letter.pdf", 1)
    daemon.start()
    daemon.wait_for("failed/letter.pdf", "failed/letter.error.json", "failed/letter.md")
    error = json.loads((daemon.failed / "letter.error.json").read_text())
    assert (error["code"], error["page"]) == ("unreadable-pages", 1)
    text = (daemon.failed / "letter.md").read_text()
    assert "<!-- page 1 is doubtful: " in text
    assert (front_matter(text)["state"], front_matter(text)["failed"]) == ("failed", [1])
    assert events(daemon, "page-doubtful")[0]["share"] > 0.2


def test_a_folder_may_bear_any_doubt(daemon: Installation) -> None:
    daemon.configure(scribe(p1={"lines": []}), f"{ALL}\ndoubt_tolerance = 1.0\ntolerance = 0.0")
    make_pdf(daemon.inbox / "letter.pdf", 1)
    daemon.start()
    daemon.wait_for("done/letter.pdf", "done/letter.md")
    facts = front_matter((daemon.done / "letter.md").read_text())
    assert (facts["state"], facts["doubtful"], facts["failed"]) == ("done with doubts", [1], [])


def test_a_book_of_which_a_page_is_not_read_is_partial(daemon: Installation) -> None:
    daemon.configure(scribe(p4={"lines": []}), f"{ALL}\ntolerance = 0.2")
    make_pdf(daemon.inbox / "book.pdf", 5)
    daemon.start()
    daemon.wait_for("done/book.pdf", "done/book.md")
    facts = front_matter((daemon.done / "book.md").read_text())
    assert (facts["state"], facts["doubtful"], facts["failed"]) == ("partial", [4], [4])
    assert events(daemon, "done")[0]["message"].startswith("Done in part in ")
    jobs = daemon.status()["jobs"]
    assert (jobs["doubtful"], jobs["partial"]) == (0, 1)
    assert daemon.listed()[0]["outcome"] == "partial"


def test_a_runaway_that_was_cut_keeps_its_text_and_its_mark(daemon: Installation) -> None:
    runaway = {"markup": "This is page 2 of a book.", "doubt": "It --> repeats\nitself -- again."}
    daemon.configure(scribe(p2=runaway), f"{ALL}\ndoubt_tolerance = 1.0")
    make_pdf(daemon.inbox / "book.pdf", 3)
    daemon.start()
    daemon.wait_for("done/book.pdf", "done/book.md", "done/book.json")
    text = (daemon.done / "book.md").read_text()
    assert "<!-- page 2 is doubtful: It –> repeats itself – again -->\n\nThis is page 2" in text
    page = json.loads((daemon.done / "book.json").read_text())["pages"][1]
    assert (page["status"], page["code"]) == ("doubtful", "")
    assert page["doubts"][0]["code"] == "runaway"


def test_a_runaway_without_a_word_is_a_failed_page(daemon: Installation) -> None:
    daemon.configure(scribe(p2={"markup": "- - - -", "doubt": "It repeats itself."}), ALL)
    make_pdf(daemon.inbox / "book.pdf", 2)
    daemon.start()
    daemon.wait_for("failed/book.pdf", "failed/book.md", "failed/book.json")
    assert "**Page 2 was not read reliably.** It repeats itself." in (
        (daemon.failed / "book.md").read_text()
    )
    page = json.loads((daemon.failed / "book.json").read_text())["pages"][1]
    assert (page["status"], page["code"]) == ("failed", "doubtful-page")


def test_plain_text_says_it_in_brackets(daemon: Installation) -> None:
    daemon.configure(scribe(p1=IN_PART), 'mode = "text"\npage_marks = false')
    make_pdf(daemon.inbox / "letter.pdf", 1)
    daemon.start()
    daemon.wait_for("done/letter.md")
    text = (daemon.done / "letter.md").read_text()
    assert text.startswith("[Page 1 is doubtful: 1 of 7 lines was found and not read; 1 of 7 ")


def test_a_daemon_that_is_killed_tells_of_the_doubts_before(daemon: Installation) -> None:
    """What was found before a crash is in the ledger, and in the count at the end."""
    more = scribe(p1=IN_PART).replace(
        '"tests.engines.scribe"\n', '"tests.engines.scribe"\n[engine.options]\ndelay = 0.5\n'
    )
    daemon.configure(more, f"{ALL}")
    make_pdf(daemon.inbox / "book.pdf", 4)
    daemon.start()
    eventually(lambda: [job["pages_doubtful"] for job in daemon.listed()] == [1])
    daemon.kill()
    daemon.start()
    daemon.wait_for("done/book.pdf", "done/book.md")
    assert front_matter((daemon.done / "book.md").read_text())["doubtful"] == [1]
    assert daemon.listed()[0]["pages_doubtful"] == 1


def convert(folder: Path, engine: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = folder / "config.toml"
    config.write_text(f'[engine]\n{engine}[[inbox]]\npath = "{folder}/inbox"')
    return subprocess.run(
        [*OCRD, "convert", *arguments, "--config", str(config)],
        cwd=folder, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_convert_succeeds_with_doubts_and_says_them(tmp_path: Path) -> None:
    make_pdf(tmp_path / "letter.pdf", 2)
    result = convert(tmp_path, scribe(p2=IN_PART), "letter.pdf")
    assert result.returncode == 0, result.stderr
    assert "letter.pdf: done with doubts" in result.stderr
    assert "Page 2 is doubtful: 1 of 7 lines was found and not read" in result.stderr
    assert "<!-- page 2 is doubtful: " in (tmp_path / "letter.md").read_text()
    again = convert(tmp_path, scribe(p2=IN_PART), "letter.pdf", "--force", "--json")
    (outcome,) = json.loads(again.stdout)
    assert (outcome["state"], outcome["doubtful"], outcome["failed"]) == (
        "done with doubts", [2], [],
    )  # fmt: skip


def test_convert_fails_where_too_much_gave_no_text_and_keeps_what_there_is(tmp_path: Path) -> None:
    make_pdf(tmp_path / "letter.pdf", 2)
    result = convert(tmp_path, scribe(p2={"lines": []}), "letter.pdf", "--json")
    assert result.returncode == 1
    (outcome,) = json.loads(result.stdout)
    assert (outcome["state"], outcome["failed"]) == ("failed", [2])
    assert "no text came of it" in outcome["error"]["message"]
    assert "Page image" in (tmp_path / "letter.md").read_text()
