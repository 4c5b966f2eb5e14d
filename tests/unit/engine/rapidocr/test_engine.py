"""The embedded engine, for real, on small real pages."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import atan2, degrees
from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from ocrd.doubts import REPLACEMENT
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import strips, weights
from ocrd.engine.rapidocr.engine import RapidOcr, Share
from ocrd.engine.rapidocr.turning import size
from ocrd.engine.telling import Cancelled
from ocrd.errors import PageError
from ocrd.job import Quad, Recognition

RESOURCES = Path(__file__).parents[3] / "resources"
TEXT = (
    "The harbour office opens at seven.",
    "Every boat is written into the book",
    "before the morning tide turns, and",
    "nobody leaves without a receipt.",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[RapidOcr]:
    engine = RapidOcr(Share.of(2, 2, cores=2))
    yield engine
    engine.close()


def draw(path: Path, columns: int = 1, clockwise: int = 0) -> Path:
    page = Image.new("L", (760 * columns, 520), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(36)
    for column in range(columns):
        for number, line in enumerate(TEXT):
            pen.text((60 + 740 * column, 60 + 90 * number), line, fill=0, font=font)
    page.rotate(-clockwise, expand=True).save(path)
    return path


def read(engine: RapidOcr, path: Path) -> Recognition:
    return engine.recognise(Recognise(1, str(path)), lambda _: None)


def texts(recognition: Recognition) -> list[str]:
    return [line.text for line in sorted(recognition.lines, key=lambda line: line.quad[0][1])]


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
def test_a_turned_page_comes_out_upright(
    engine: RapidOcr, tmp_path: Path, clockwise: int
) -> None:
    result = read(engine, draw(tmp_path / "page.pgm", clockwise=clockwise))
    assert result.rotation == (360 - clockwise) % 360
    assert (result.width, result.height) == (760, 520)
    assert texts(result) == list(TEXT)
    for line in result.lines:
        (left, top), (right, _), _, (_, bottom) = line.quad
        assert 0 <= left < right <= 760
        assert 0 <= top < bottom <= 520


@pytest.mark.skipif(not weights.multiplies_bytes(), reason="needs a processor with VNNI")
def test_the_8_bit_network_reads_what_the_32_bit_one_reads_and_is_sure_of_it(
    engine: RapidOcr, tmp_path: Path
) -> None:
    page = draw(tmp_path / "page.pgm", columns=2)
    full = RapidOcr(engine._share, "float32")
    eight, exact = read(engine, page), read(full, page)
    assert (engine.hello.model, full.hello.model) == ("PP-OCRv6 small, int8", "PP-OCRv6 small")
    assert texts(eight) == texts(exact)
    assert sorted(texts(eight)) == sorted(2 * TEXT)
    ours, theirs = ([line.confidence for line in one.lines] for one in (eight, exact))
    assert ours == pytest.approx(theirs, abs=0.03)
    assert ours != theirs  # two networks did read


@pytest.mark.parametrize("slant", [-2.5, 1.5])
def test_a_slanted_page_is_read_and_its_lines_keep_their_slant(
    engine: RapidOcr, tmp_path: Path, slant: float
) -> None:
    path = draw(tmp_path / "page.pgm")
    with Image.open(path) as page:
        turned = page.rotate(-slant, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    turned.save(path)
    result = read(engine, path)
    assert texts(result) == list(TEXT)
    for line in result.lines:  # the layout straightens them
        (left, left_top), (right, right_top), *_ = line.quad
        assert degrees(atan2(right_top - left_top, right - left)) == pytest.approx(slant, abs=0.8)


def test_white_letters_on_black_and_a_page_of_black_and_white_only_are_read(
    engine: RapidOcr, tmp_path: Path
) -> None:
    path = draw(tmp_path / "page.pgm")
    with Image.open(path) as page:
        ImageChops.invert(page).save(tmp_path / "inverted.pgm")
        page.convert("1", dither=Image.Dither.NONE).save(tmp_path / "bilevel.pbm")
    assert texts(read(engine, tmp_path / "inverted.pgm")) == list(TEXT)
    assert texts(read(engine, tmp_path / "bilevel.pbm")) == list(TEXT)


def test_a_very_long_line_and_very_large_letters_are_read(
    engine: RapidOcr, tmp_path: Path
) -> None:
    page = Image.new("L", (3400, 900), 255)
    pen = ImageDraw.Draw(page)
    long = " ".join(TEXT)
    pen.text((60, 80), long, fill=0, font=ImageFont.load_default(48))
    pen.text((60, 300), "HARBOUR", fill=0, font=ImageFont.load_default(400))
    page.save(tmp_path / "page.pgm")
    assert texts(read(engine, tmp_path / "page.pgm")) == [long, "HARBOUR"]


def test_specks_and_the_shadow_of_the_lid_are_no_lines(engine: RapidOcr, tmp_path: Path) -> None:
    page = Image.new("L", (1240, 1754), 250)
    pen = ImageDraw.Draw(page)
    places = np.random.default_rng(5).integers(30, 1200, (60, 2))
    for x, y in places.tolist():
        pen.ellipse((x, y, x + 2, y + 3), fill=90)
    pen.rectangle((0, 0, 14, 1754), fill=40)
    pen.rectangle((0, 1740, 1240, 1754), fill=0)
    page.save(tmp_path / "page.pgm")
    assert read(engine, tmp_path / "page.pgm").lines == ()


@pytest.mark.parametrize(("text", "shade"), [("- 17 -", 120), ("17", 0), ("Seite 3", 120)])
def test_one_short_line_on_an_empty_page_is_read(
    engine: RapidOcr, tmp_path: Path, text: str, shade: int
) -> None:
    page = Image.new("L", (1240, 1754), 255)
    ImageDraw.Draw(page).text((590, 1650), text, fill=shade, font=ImageFont.load_default(22))
    page.save(tmp_path / "page.pgm")
    (line,) = read(engine, tmp_path / "page.pgm").lines
    assert line.text == text
    (left, top), _, (right, bottom), _ = line.quad
    assert 560 < left < 600 < right < 700
    assert 1640 < top < 1660 < bottom < 1690


@pytest.mark.parametrize(
    "quad",
    [
        ((20.0, 10.0), (180.0, 10.0), (180.0, 40.0), (20.0, 40.0)),
        ((0.0, 0.0), (200.0, 0.0), (200.0, 100.0), (0.0, 100.0)),
        ((150.0, 60.0), (200.0, 60.0), (200.0, 100.0), (150.0, 100.0)),
    ],
)
def test_a_level_line_is_cut_out_as_it_would_be_straightened(quad: Quad) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (100, 200, 3), np.uint8)
    (left, top), _, (right, bottom), _ = quad
    width, height = int(right - left), int(bottom - top)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(np.array(quad, np.float32), corners)
    warped = cv2.warpPerspective(pixels, transform, (width, height), flags=cv2.INTER_CUBIC)
    assert np.array_equal(strips.strip(pixels, quad), warped)


def test_lines_of_neighbouring_columns_are_not_fused(engine: RapidOcr, tmp_path: Path) -> None:
    result = read(engine, draw(tmp_path / "page.pgm", columns=2))
    assert sorted(texts(result)) == sorted(TEXT * 2)


def test_lines_in_small_print_and_single_letters_beside_them_are_found(engine: RapidOcr) -> None:
    page = Image.new("RGB", (3508, 2480), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(28)
    for row in range(30):
        for left in (100, 1260, 2420):
            pen.text((left, 120 + 38 * row), "utdgk"[row % 5], fill=0, font=font)
            pen.text((left + 310, 120 + 38 * row), "go to the next page", fill=0, font=font)
    quads = engine.detect(np.asarray(page))
    assert sum(size(quad)[0] > 150 for quad in quads) == 90
    assert sum(size(quad)[0] < 60 for quad in quads) > 60, "none is seen at the usual size"


def receipt(path: Path, rows: int) -> list[str]:
    """Draw a strip of 80 millimetres and more than a metre at 200 dpi."""
    page = Image.new("L", (640, 60 * rows + 80), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(26)
    texts = [f"{number:03d} Milk 3,5% item {1000 + 7 * number}" for number in range(rows)]
    for number, text in enumerate(texts):
        pen.text((20, 40 + 60 * number), text, fill=0, font=font)
    page.save(path)
    return texts


@pytest.mark.parametrize("clockwise", [0, 90])
def test_a_receipt_of_a_metre_is_read_line_by_line(
    engine: RapidOcr, tmp_path: Path, clockwise: int
) -> None:
    path = tmp_path / "page.png"
    expected = receipt(path, 140)
    if clockwise:
        with Image.open(path) as page:
            turned = page.transpose(Image.Transpose.ROTATE_270)
        turned.save(path)
    result = read(engine, path)
    assert result.rotation == (360 - clockwise) % 360
    assert texts(result) == expected


def test_the_notes_of_a_plan_are_read_and_the_plan_is_not_turned(
    engine: RapidOcr, tmp_path: Path
) -> None:
    page = Image.new("L", (3508, 2480), 255)
    pen = ImageDraw.Draw(page)
    pen.rectangle((60, 60, 3440, 2420), outline=0, width=4)
    for number in range(12):
        pen.line((200 + 90 * number, 300, 200 + 90 * number, 2100), fill=0, width=2)
    notes = [f"Note {number}: all dimensions in millimetres" for number in range(30, 50)]
    for number, note in enumerate(notes):
        pen.text((2400, 400 + 24 * number), note, fill=0, font=ImageFont.load_default(15))
    pen.text((1600, 2200), "GROUND FLOOR", fill=0, font=ImageFont.load_default(110))
    page.save(tmp_path / "page.png")
    result = read(engine, tmp_path / "page.png")
    assert result.rotation == 0
    assert texts(result) == [*notes, "GROUND FLOOR"]


def test_a_sheet_of_more_than_a_thousand_cells_is_read_whole(engine: RapidOcr) -> None:
    page = Image.new("RGB", (3508, 2480), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(30)
    for row in range(50):
        for column in range(24):
            pen.text((40 + 143 * column, 40 + 48 * row), f"{row:02d}{column:02d}", 0, font=font)
    assert len(engine.detect(np.asarray(page))) == 1200


def test_a_scanned_book_page_is_read(engine: RapidOcr, tmp_path: Path) -> None:
    path = tmp_path / "page.pgm"
    with pymupdf.open(RESOURCES / "c02-22.pdf") as document:
        page = document[0]
        page.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY).save(path)
    words = " ".join(texts(read(engine, path)))
    for expected in ("tip-toeing along a path", "kitchen", "made a noise"):
        assert expected in words


def test_accents_are_read(engine: RapidOcr, tmp_path: Path) -> None:
    path = tmp_path / "page.pgm"
    with pymupdf.open(RESOURCES / "francais.pdf") as document:
        page = document[0]
        page.get_pixmap(dpi=100, colorspace=pymupdf.csGRAY).save(path)
    words = " ".join(texts(read(engine, path)))
    assert "île" in words
    assert "intérieure" in words


@pytest.mark.parametrize("size", [(300, 400), (1, 1), (5, 3000), (3000, 5), (40, 40)])
@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_page_without_text_has_no_lines(
    engine: RapidOcr, tmp_path: Path, size: tuple[int, int], mode: str
) -> None:
    path = tmp_path / "page.png"
    Image.new(mode, size, "white").save(path)
    result = read(engine, path)
    assert result.lines == ()
    assert (result.width, result.height) == size


def written(path: Path, *texts: str, face: str = "helv") -> Path:
    """Write lines with a typeface of MuPDF's, which have Greek and Russian letters."""
    with contextlib.closing(pymupdf.open()) as document:
        page = document.new_page(width=500, height=60 + 50 * len(texts))
        writer = pymupdf.TextWriter(page.rect)
        for number, text in enumerate(texts):
            writer.append((30, 50 + 50 * number), text, font=pymupdf.Font(face), fontsize=18)
        writer.write_text(page)
        page.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY).save(path)
    return path


@pytest.mark.parametrize("face", ["helv", "tiro", "cour", "cjk"])
def test_letters_that_the_engine_does_not_have_leave_marks(
    engine: RapidOcr, tmp_path: Path, face: str
) -> None:
    texts = ("The amount due is 1234.56 EUR", "Счёт на оплату № 4711 от 12 марта 2024")
    path = written(tmp_path / "page.pgm", *texts, face=face)
    sound, broken = sorted(read(engine, path).lines, key=lambda line: line.quad[0][1])
    assert (sound.text, sound.doubt) == ("The amount due is 1234.56 EUR", "")
    assert broken.doubt == "signs"
    assert re.search(f"{REPLACEMENT}.* 4711 .*12 .*{REPLACEMENT}", broken.text)
    assert broken.confidence < 0.6


def test_a_line_that_is_found_and_cannot_be_read_is_not_dropped(
    engine: RapidOcr, tmp_path: Path
) -> None:
    path = written(tmp_path / "page.pgm", "Harbour office", "Покупатель должен", "Paid")
    lines = sorted(read(engine, path).lines, key=lambda line: line.quad[0][1])
    assert [line.doubt for line in lines] == ["", "unread", ""]


def test_the_boxes_of_a_form_stand_in_its_lines_ticked_or_not(
    engine: RapidOcr, tmp_path: Path
) -> None:
    page = Image.new("L", (1200, 700), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(36)
    for number, label in enumerate(("Delivered by post", "Fee enclosed", "Copy wanted")):
        top = 80 + 90 * number
        pen.rectangle((80, top, 112, top + 32), outline=0, width=3)
        pen.text((140, top - 6), label, fill=0, font=font)
    pen.line((86, 176, 106, 196), fill=0, width=4)
    pen.line((106, 176, 86, 196), fill=0, width=4)
    for left, label in ((80, "yes"), (300, "no")):
        pen.rectangle((left, 400, left + 32, 432), outline=0, width=3)
        pen.text((left + 48, 394), label, fill=0, font=font)
    pen.line((304, 414, 314, 426, 340, 384), fill=0, width=4)
    page.save(tmp_path / "page.png")
    lines = read(engine, tmp_path / "page.png").lines
    words = " ".join(line.text for line in sorted(lines, key=lambda line: line.quad[0][1] // 30))
    assert words.startswith("☐ Delivered by post ☒ Fee enclosed ☐ Copy wanted ")
    assert sorted(re.findall("[☐☒] (?:yes|no)", words)) == ["☐ yes", "☒ no"]
    assert all(not line.doubt for line in lines)


@pytest.mark.parametrize(("leader", "sign"), [(".", "…"), ("- ", "…"), ("stroke", "____")])
def test_the_numbers_behind_leaders_are_read(
    engine: RapidOcr, tmp_path: Path, leader: str, sign: str
) -> None:
    page = Image.new("L", (1500, 900), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(30)
    expected = []
    for row, name in enumerate(("Introduction", "The harbour", "Boats", "Of receipts", "Index")):
        top, number = 100 + 130 * row, str((1, 7, 12, 40, 118)[row])
        left = 100 + round(font.getlength(name)) + 12
        pen.text((100, top), name, fill=0, font=font)
        pen.text((1340, top), number, fill=0, font=font)
        if leader == "stroke":
            pen.line((left, top + 29, 1325, top + 29), fill=0, width=2)
        else:
            dots = leader * int((1325 - left) / font.getlength(leader))
            pen.text((left, top), dots, fill=0, font=font)
        expected.append(f"{name} {sign} {number}")
    page.save(tmp_path / "page.png")
    result = read(engine, tmp_path / "page.png")
    assert texts(result) == expected
    assert all(not line.doubt for line in result.lines)


def test_a_picture_beside_text_makes_no_line_doubtful(engine: RapidOcr, tmp_path: Path) -> None:
    path = draw(tmp_path / "text.pgm")
    page = Image.new("RGB", (1600, 1200), "white")
    with Image.open(path) as text:
        page.paste(text.convert("RGB"), (0, 0))
    grain = np.random.default_rng(8).integers(0, 255, (30, 40, 3), np.uint8)
    smooth = Image.fromarray(grain).resize((800, 600), Image.Resampling.BICUBIC)
    page.paste(smooth, (100, 560))
    pen = ImageDraw.Draw(page)
    for left in range(1000, 1500, 120):
        pen.ellipse((left, 620, left + 90, 710), fill=(150, 120, 60))
    page.save(tmp_path / "page.png")
    assert all(not line.doubt for line in read(engine, tmp_path / "page.png").lines)


def test_what_is_no_image_is_refused(engine: RapidOcr, tmp_path: Path) -> None:
    path = tmp_path / "page.pgm"
    with pytest.raises(PageError):
        read(engine, path)
    path.write_bytes(b"P5\n1000 1000\n255\nshort")
    with pytest.raises(PageError):
        read(engine, path)
    path.write_bytes(b"no image")
    with pytest.raises(PageError):
        read(engine, path)


def test_pages_in_flight_together_read_as_they_do_alone(engine: RapidOcr, tmp_path: Path) -> None:
    paths = [
        draw(tmp_path / f"{number}.pgm", columns=1 + number % 2, clockwise=90 * (number % 4))
        for number in range(6)
    ]
    alone = [read(engine, path).lines for path in paths]
    with ThreadPoolExecutor(3) as slots:
        together = list(slots.map(lambda path: read(engine, path).lines, paths))
    assert together == alone


def test_progress_grows_line_by_line_and_a_cancelled_page_ends(
    engine: RapidOcr, tmp_path: Path
) -> None:
    path = draw(tmp_path / "page.pgm")
    counts: list[int] = []
    engine.recognise(Recognise(1, str(path)), counts.append)
    assert counts == sorted(counts)
    assert counts[-1] == len(TEXT)

    def cancel(count: int) -> None:
        if count >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.recognise(Recognise(1, str(path)), cancel)
    assert texts(read(engine, path)) == list(TEXT)


def test_auto_gives_every_core_a_page() -> None:
    assert Share.of("auto", "auto", 8) == Share(slots=8, lanes=8, spread=9)
    assert Share.of(1, "auto", 8) == Share(slots=1, lanes=8, spread=9)
    assert Share.of("auto", 2, 8) == Share(slots=2, lanes=2, spread=3)


# A process under this filter is killed by SIGSYS as soon as it connects or sends anywhere, be it to
# a name server or its cache. (Opening a socket is harmless: urllib3 binds one to see whether there
# is IPv6.) Numbers are from linux/bpf_common.h, linux/seccomp.h and the tables of system calls.
NO_NETWORK = """
import ctypes, platform, struct
connect, sendto = {"x86_64": (42, 44), "aarch64": (203, 206)}[platform.machine()]
LOAD, EQUAL, RETURN, KILL, ALLOW = 0x20, 0x15, 0x06, 0x80000000, 0x7FFF0000
steps = [(LOAD, 0, 0, 0), (EQUAL, 1, 0, connect), (EQUAL, 0, 1, sendto), (RETURN, 0, 0, KILL),
         (RETURN, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
program = Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0  # PR_SET_SECCOMP, a filter
"""
READ = """
import sys
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr.engine import load
engine = load({"slots": 1, "threads": 1})
print(len(engine.recognise(Recognise(1, sys.argv[1]), lambda count: None).lines))
"""
LOOK_UP = "import socket\nsocket.getaddrinfo('example.org', 80)\n"


def run_without_network(script: str, home: Path, *arguments: str) -> tuple[int, str]:
    own = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    environment = {**own, "HOME": str(home), "TMPDIR": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK + script, *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_engine_neither_looks_up_a_name_nor_writes_a_file_nor_prints(tmp_path: Path) -> None:
    path = draw(tmp_path / "page.pgm")
    home = tmp_path / "home"
    home.mkdir()
    assert run_without_network(READ, home, str(path)) == (0, f"{len(TEXT)}\n")
    assert list(home.rglob("*")) == []


def test_a_name_look_up_would_have_been_noticed(tmp_path: Path) -> None:
    status, _ = run_without_network(LOOK_UP, tmp_path)
    assert status == -signal.SIGSYS


def test_signs_that_stand_alone_in_a_table_are_read_and_specks_are_not(
    engine: RapidOcr, tmp_path: Path
) -> None:
    page = Image.new("L", (1240, 900), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(28)
    for row, (number, name, price) in enumerate(
        [("1", "Sugar", "12.50"), ("2", "Apple juice", "\u2013"), ("3", "Tea", "7.90"),
         ("4", "Hinge", "\u2013"), ("5", "Work gloves", "8.20"), ("6", "Coffee", "31.75")]
    ):  # fmt: skip
        y = 80 + 60 * row
        pen.text((80, y), number, fill=0, font=font)
        pen.text((240, y), name, fill=0, font=font)
        if price == "\u2013":
            pen.rectangle((764, y + 20, 778, y + 22), fill=0)  # the typeface has no such dash
        else:
            pen.text((760, y), price, fill=0, font=font)
        pen.ellipse((1000 + 17 * row, y + 11, 1003 + 17 * row, y + 14), fill=0)
    page.save(path := tmp_path / "page.png")
    rows: dict[int, list[tuple[float, str]]] = {}
    for line in read(engine, path).lines:
        left, top = line.quad[0]
        rows.setdefault(round((top - 80) / 60), []).append((left, line.text))
    assert [[text for _, text in sorted(rows[row])] for row in sorted(rows)] == [
        ["1", "Sugar", "12.50"], ["2", "Apple juice", "\u2013"], ["3", "Tea", "7.90"],
        ["4", "Hinge", "\u2013"], ["5", "Work gloves", "8.20"], ["6", "Coffee", "31.75"],
    ]  # fmt: skip
