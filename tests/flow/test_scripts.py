"""Documents in other scripts through the real daemon, with the real Tesseract."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.quality import alphabets
from ocrd import languages
from tests.installation import LETTER, OCRD, PATIENCE, Installation, eventually, make_pdf

COLUMNS = """#set page(width: 148mm, height: 80mm, margin: 12mm)
#set text(font: "DejaVu Sans", size: 11pt, lang: "he", dir: rtl, hyphenate: false)
#set par(leading: 0.9em)
#columns(2, gutter: 9mm)[
{first}
#colbreak()
{second}
]
"""


@pytest.fixture
def english_only(tmp_path: Path) -> str:
    """Return a folder of Tesseract's data that lacks Russian."""
    there = languages.folder()
    assert there
    data = tmp_path / "tessdata"
    data.mkdir()
    for code in ("eng", "osd"):
        (data / f"{code}.traineddata").symlink_to(there / f"{code}.traineddata")
    return os.fspath(data)


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
    daemon: Installation, english_only: str
) -> None:
    daemon.configure('kind = "tesseract"', 'languages = ["rus"]')
    alphabets.draw(alphabets.of("rus"), daemon.inbox / "report.png")
    daemon.start(env={"TESSDATA_PREFIX": english_only})
    eventually(lambda: "apt install tesseract-ocr-rus" in daemon.log.read_text(), 60)
    assert daemon.tree() == ["report.png"]
    there = languages.folder()
    assert there
    Path(english_only, "rus.traineddata").symlink_to(there / "rus.traineddata")
    daemon.wait_for("done/report.png", "done/report.md", limit=120)
    assert "Отчёт о наводнении" in (daemon.done / "report.md").read_text()


# ocrd convert --language


def convert(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OCRD, "convert", *arguments], cwd=folder, capture_output=True, text=True,
        timeout=PATIENCE * 60, env={**os.environ, "HOME": str(folder), "COLUMNS": "300", **env},
    )  # fmt: skip


def test_a_command_is_told_the_languages_of_its_documents(tmp_path: Path) -> None:
    alphabets.draw(alphabets.of("vie"), tmp_path / "page.png")
    tesseract = {"OCRD_ENGINE__KIND": "tesseract"}
    for codes in (["-l", "eng"], ["--language", "vie", "--language", "eng"]):
        result = convert(tmp_path, "page.png", *codes, "-o", f"{codes[1]}.md", **tesseract)
        assert result.returncode == 0, result
    paragraph = " ".join(alphabets.of("vie").paragraphs[0].split())
    vietnamese, english = ((tmp_path / name).read_text() for name in ("vie.md", "eng.md"))
    assert paragraph in " ".join(vietnamese.split())
    assert paragraph not in " ".join(english.split()), "the language made no difference"


@pytest.mark.parametrize(
    ("kind", "codes", "said"),
    [
        ("tesseract", "eng,rus", "apt install tesseract-ocr-rus (Debian), or leave it out of"),
        ("tesseract", "xyz", "Tesseract has no language xyz"),
        ("rapidocr", "eng+ger", 'Did you mean "deu"?'),
        ("deepseek-ocr-2", "deu", "cannot be told languages. Remove it, or use an engine with"),
    ],
)
def test_a_language_that_cannot_be_read_is_refused_before_anything_is_done(
    tmp_path: Path, english_only: str, kind: str, codes: str, said: str
) -> None:
    (tmp_path / "page.png").write_bytes(LETTER.read_bytes())
    result = convert(
        tmp_path, "page.png", "-l", codes, TESSDATA_PREFIX=english_only, OCRD_ENGINE__KIND=kind
    )
    assert result.returncode == 2, result
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert not (tmp_path / "page.md").exists()


def test_the_embedded_engine_reads_what_it_can_without_a_language(
    tmp_path: Path, english_only: str
) -> None:
    make_pdf(tmp_path / "page.pdf", 1)
    result = convert(tmp_path, "page.pdf", "-l", "eng,rus", TESSDATA_PREFIX=english_only)
    assert result.returncode == 0, result
    assert "Tesseract's data for rus is not installed." in result.stderr
    assert "or leave it out of --language" in result.stderr
    assert (tmp_path / "page.md").exists()
