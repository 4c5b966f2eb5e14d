"""Lines read with the system's Tesseract."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd import languages
from ocrd.engine.rapidocr.strips import Pixels, pixels_of
from ocrd.engine.tesseract import readers
from ocrd.engine.tesseract.library import LINE, PAGE, Library, Recogniser, TextLine, Word
from ocrd.engine.tesseract.readers import LineReader, Tesseract
from ocrd.errors import EngineError, EngineUnusableError
from ocrd.job import Quad

TEXT = "The mooring belongs to the harbour"
BOX: Quad = ((40, 22), (600, 22), (600, 60), (40, 60))


def picture(text: str = TEXT, rows: int = 1) -> Pixels:
    image = Image.new("L", (660, 80 * rows), 255)
    for row in range(rows):
        place = (44, 22 + 80 * row)
        ImageDraw.Draw(image).text(place, text, fill=0, font=ImageFont.load_default(32))
    return pixels_of(image)


@pytest.fixture(scope="module")
def tesseract() -> Tesseract:
    return Tesseract()


def test_a_line_is_read_and_read_turned(tesseract: Tesseract) -> None:
    reader = LineReader(tesseract, ("eng",))
    text, score = reader.read(picture(), BOX)
    assert text == TEXT
    assert 0.85 < score <= 1
    upside_down = np.ascontiguousarray(np.rot90(picture(), 2))
    a, b, c, d = ((660 - x, 80 - y) for x, y in BOX)
    turned: Quad = (c, d, a, b)
    assert reader.read(upside_down, turned, turned=True)[0] == TEXT
    assert reader.read(upside_down, turned)[1] < score


def test_white_paper_gives_no_text_that_counts(tesseract: Tesseract) -> None:
    assert LineReader(tesseract, ("eng",)).read(picture(""), BOX)[1] < 0.4


def test_many_lines_are_read_at_once_in_several_languages(tesseract: Tesseract) -> None:
    wanted = [("eng",), ("eng", "rus"), ("rus", "eng"), ("vie",), ("eng", "vie"), ("ell", "eng")]
    assert len(set(wanted)) > readers.MOST_LANGUAGES
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda some: LineReader(tesseract, some).read(picture(), BOX)[0], 3 * wanted)
        )
    assert [text for some, text in zip(3 * wanted, found, strict=True) if some[0] == "eng"] == (
        9 * [TEXT]
    )
    assert len(tesseract._idle) <= readers.MOST_LANGUAGES


def test_the_words_of_a_page_come_with_their_boxes_line_by_line() -> None:
    data = languages.folder()
    assert data
    recogniser = Recogniser(Library(), data, ("eng",), PAGE)
    found = recogniser.read(picture(rows=3)[:, :, 0])
    recogniser.close()
    assert [line.text for line in found] == 3 * [TEXT]
    words = found[1].words
    assert [word.text for word in words] == TEXT.split()
    lefts = [word.box[0] for word in words]
    assert lefts == sorted(lefts)
    assert all(100 < word.box[1] < word.box[3] < 150 for word in words)
    assert abs(found[1].slope) < 0.01


def test_it_works_where_no_memory_may_be_both_written_and_executed(tmp_path: Path) -> None:
    # As under the service's unit (MemoryDenyWriteExecute=); linux/prctl.h, PR_SET_MDWE.
    program = (
        "import ctypes, sys\n"
        "import numpy as np\n"
        "from ocrd.engine.tesseract import readers\n"
        "if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0):\n"
        "    sys.exit(77)\n"
        "picture = np.load(sys.argv[1])\n"
        "quad = ((40, 22), (600, 22), (600, 60), (40, 60))\n"
        "tesseract = readers.Tesseract()\n"
        "print(readers.LineReader(tesseract, ('eng',)).read(picture, quad)[0])\n"
        "print(tesseract.look(picture[:, :, 0]))\n"
    )
    np.save(tmp_path / "picture.npy", picture())
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "picture.npy")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (6.3)")
    assert result.stdout.splitlines() == [TEXT, "None"], result.stderr


def test_damaged_data_is_said(tmp_path: Path) -> None:
    (tmp_path / "eng.traineddata").write_bytes(b"no data")
    with pytest.raises(EngineError, match="cannot load eng from"):
        Recogniser(Library(), tmp_path, ("eng",), LINE)


def test_without_data_the_engine_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(EngineUnusableError) as told:
        Tesseract()
    assert "apt install tesseract-ocr" in told.value.hint


def test_without_the_library_the_engine_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ocrd.engine.tesseract.library.SONAME", "libtesseract.so.0")
    with pytest.raises(EngineUnusableError) as told:
        Library()
    assert "libtesseract.so.0" in told.value.what
    assert "apt install tesseract-ocr" in told.value.hint


def test_a_margin_goes_along_with_the_lines_slant() -> None:
    level = readers.widened(((10, 20), (110, 20), (110, 40), (10, 40)))
    assert level == ((7, 17), (113, 17), (113, 43), (7, 43))
    (ax, ay), (bx, by), (cx, cy), _ = readers.widened(((0, 0), (80, 60), (68, 76), (-12, 16)))
    assert (bx - ax, by - ay) == pytest.approx((84.8, 63.6))  # longer by twice the margin, as steep
    assert (cx - bx, cy - by) == pytest.approx((-15.6, 20.8))


def line(*words: str, text: str = "") -> TextLine:
    """Return a line with its words side by side, the leftmost first."""
    placed = tuple(
        Word(word, 0.9, (100 * place, 0, 100 * place + 80, 20)) for place, word in enumerate(words)
    )
    return TextLine(placed, 0.0, text or " ".join(words))


def test_words_that_run_to_the_left_come_by_their_places() -> None:
    assert readers.spoken(line("ג", "…", "ב", "א")) == "א ב … ג"
    assert readers.spoken(line("בסוף", "To", "the", "Sea", "הסיפור")) == "הסיפור To the Sea בסוף"
    assert readers.spoken(line("ב", "2024", "17", "א")) == "א 17 2024 ב"


def test_other_words_come_as_tesseract_says() -> None:
    assert readers.spoken(line("ห้อง", "สมุด", text="ห้องสมุด")) == "ห้องสมุด"
    assert readers.spoken(line("a", "b", text="b a")) == "b a"


@pytest.mark.parametrize(
    ("read", "composed"),
    [
        ("น\u0e4d\u0e32", "น\u0e33"),
        ("\u00b5ία", "\u03bcία"),
        ("5 \u00b5m", "5 \u00b5m"),
        ("plain", "plain"),
    ],
)
def test_letters_in_parts_are_one(read: str, composed: str) -> None:
    assert readers.composed(read) == composed
