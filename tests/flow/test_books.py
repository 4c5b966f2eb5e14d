"""A book of several pages through the real daemon with the embedded engine, whole and killed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import ROOT, Installation, eventually
from tests.printed_book import CONTENTS, GOODS, PROSE, SHIPS

RAPIDOCR = 'kind = "rapidocr"'
OUTPUTS = 'outputs = ["md", "json"]'


@pytest.fixture
def office(daemon: Installation) -> Installation:
    daemon.configure(RAPIDOCR, inbox=OUTPUTS)
    return daemon


def make(path: Path) -> None:
    subprocess.run([sys.executable, "-m", "tests.printed_book", str(path)], cwd=ROOT, check=True)


def without_time(text: str) -> str:
    return re.sub(r'"seconds":[\d.]+', "", text)


@pytest.mark.more
def test_killed_in_the_middle_it_comes_out_as_if_it_had_not_been(office: Installation) -> None:
    make(office.root / "book.pdf")
    office.drop(office.root / "book.pdf", "whole.pdf")
    office.start()
    office.wait_for("done/whole.md", limit=120)
    office.drop(office.root / "book.pdf", "killed.pdf")
    eventually(lambda: any(w["pages_done"] >= 4 for w in office.status()["working"]), 60)
    office.kill()
    office.start()
    office.wait_for("done/killed.md", limit=120)
    for kind in ("md", "json"):
        whole, killed = (
            (office.done / f"{name}.{kind}").read_text() for name in ("whole", "killed")
        )
        assert without_time(killed).replace("killed.pdf", "whole.pdf") == without_time(whole)


def test_a_book_comes_out_as_one_text(office: Installation) -> None:
    make(office.root / "book.pdf")
    office.drop(office.root / "book.pdf")
    office.start()
    office.wait_for("done/book.md", "done/book.json", limit=120)
    text = (office.done / "book.md").read_text()
    rows = text.splitlines()
    lines = [row.strip() for row in rows]

    # The title, chapters and sections by their numbers, contents as a list.
    headings = [row for row in rows if row.startswith("#")]
    assert headings == [
        "# The Harbour Book", "## Contents", "## 1 The Old Quay", "### 1.1 Its Stones",
        "## 2 The Merchants", "### 2.1 Their Goods", "### 2.2 Their Vessels", "## 3 The End",
    ]  # fmt: skip
    assert [row for row in lines if " … " in row] == [f"- {words} … {at}" for words, at in CONTENTS]

    # Nothing of what runs, and every page's mark.
    assert lines.count("The Harbour Book") == lines.count("The Merchants") == 0
    assert not any(row.isdecimal() for row in lines)
    marks = [row for row in lines if row.startswith("<!--")]
    assert marks == [f"<!-- page {number} -->" for number in range(1, 9)]

    # Paragraphs, the list and the table go on over the ends of pages.
    prose = PROSE.replace("\u00ad", "")
    assert [row.count(prose) for row in rows if prose in row] == [1, 3, 1, 2, 2]
    entries = [row for row in lines if re.match(r"\d+\. ", row)]
    assert entries == list(GOODS)
    assert 0 < rows.index("    <!-- page 6 -->") - rows.index(GOODS[0]) < len(GOODS)
    table = [row for row in rows if row.startswith("| ") and "---" not in row]
    assert table == [f"| {' | '.join(cells)} |" for cells in (("Vessel", "Master", "Tons"), *SHIPS)]
    assert rows.index("<!-- page 7 -->") > rows.index(table[-1])

    # In the JSON each page has its own part, with its own boxes.
    pages = json.loads((office.done / "book.json").read_text())["pages"]
    assert [block["label"] for block in pages[3]["blocks"]].count("header") == 1
    parts = [block for page in pages for block in page["blocks"] if block["label"] == "table"]
    first, second = parts
    assert (first["page"], second["page"]) == (6, 7)
    assert first["continues"]["page"] == 7
    assert second["continued"] | {"block": 0} == {
        "page": 6, "block": 0, "as": "table", "repeated": 1, "split": False
    }  # fmt: skip
    assert first["boxes"] and second["boxes"]
    cut = next(block for block in pages[2]["blocks"] if "continues" in block)
    later = pages[3]["blocks"][cut["continues"]["block"]]
    whole = cut["text"] + later["continued"]["by"] + later["text"]
    assert whole == " ".join([prose] * 3)
