"""Documents in other scripts through the real daemon, with the real Tesseract."""

from __future__ import annotations

import json
import os
from pathlib import Path

from PIL import Image

from benchmarks.quality import alphabets
from ocrd import languages
from tests.installation import LETTER, Installation, eventually

COLUMNS = """#set page(width: 148mm, height: 80mm, margin: 12mm)
#set text(font: "DejaVu Sans", size: 11pt, lang: "he", dir: rtl, hyphenate: false)
#set par(leading: 0.9em)
#columns(2, gutter: 9mm)[
{first}
#colbreak()
{second}
]
"""


def test_a_hebrew_folder_is_read_from_right_to_left(daemon: Installation) -> None:
    first, second = alphabets.of("heb").paragraphs
    daemon.configure('kind = "tesseract"', 'languages = ["heb"]\noutputs = ["md", "json"]')
    alphabets.draw_source(COLUMNS.format(first=first, second=second), daemon.inbox / "news.png")
    daemon.start()
    daemon.wait_for("done/news.png", "done/news.md", "done/news.json", limit=120)
    written = " ".join((daemon.done / "news.md").read_text().split())
    assert alphabets.errors(f"<!-- page 1 --> {first} {second}", written) < 0.03
    layout = json.loads((daemon.done / "news.json").read_text())
    assert layout["engine"] == "tesseract"
    (page,) = layout["pages"]
    boxes = [box["pixels"] for block in page["blocks"] for box in block["boxes"]]
    assert boxes[0][0] > page["width"] / 2 > boxes[-1][2], "the right column first, boxes in place"


def test_one_page_of_a_document_may_be_in_other_letters(daemon: Installation) -> None:
    russian = alphabets.draw(alphabets.of("rus"), daemon.root / "rus.png", 300)
    with Image.open(LETTER) as letter, Image.open(russian) as other:
        letter.convert("L").save(
            daemon.inbox / "two.tif", save_all=True, append_images=[other],
            compression="tiff_deflate",
        )  # fmt: skip
    daemon.configure('kind = "rapidocr"')
    daemon.start()
    daemon.wait_for("done/two.tif", "done/two.md", limit=120)
    first, second = (daemon.done / "two.md").read_text().split("<!-- page 2 -->")
    assert sum("a" <= letter <= "z" for letter in first) > 100
    assert "Отчёт о наводнении" in second
    assert "Никто не пострадал" in " ".join(second.split())


def test_documents_wait_for_a_language_that_is_not_installed(
    daemon: Installation, tmp_path: Path
) -> None:
    there = languages.folder()
    assert there
    data = tmp_path / "tessdata"
    data.mkdir()
    for code in ("eng", "osd"):
        (data / f"{code}.traineddata").symlink_to(there / f"{code}.traineddata")
    daemon.configure('kind = "tesseract"', 'languages = ["rus"]')
    alphabets.draw(alphabets.of("rus"), daemon.inbox / "report.png")
    daemon.start(env={"TESSDATA_PREFIX": os.fspath(data)})
    eventually(lambda: "apt install tesseract-ocr-rus" in daemon.log.read_text(), 60)
    assert daemon.tree() == ["report.png"]
    (data / "rus.traineddata").symlink_to(there / "rus.traineddata")
    daemon.wait_for("done/report.png", "done/report.md", limit=120)
    assert "Отчёт о наводнении" in (daemon.done / "report.md").read_text()
