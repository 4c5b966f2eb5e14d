"""The second witness by itself."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib

import pymupdf
import pytest

from ocrd.raster.pdfs.pdfium import UNKNOWN_SECURITY, WRONG_PASSWORD, Pdfium, PdfiumError
from tests.faults.hostile.pdfs import FONT, book, stream
from tests.sheets import TOTAL, ink, sheet

SIZE = (420, 200)


def pdfium(content: bytes, password: str = "") -> Pdfium:
    return Pdfium(memoryview(content), password)


def test_a_page_is_drawn_in_gray_and_in_colours() -> None:
    document = pdfium(sheet(b"1 0 0 rg 0 0 210 200 re f " + TOTAL))
    assert document.pages == 1
    assert document.size(1) == SIZE
    gray, coloured = (document.draw(1, SIZE, gray=gray) for gray in (True, False))
    assert (gray.mode, gray.size, coloured.mode, coloured.size) == ("L", SIZE, "RGB", SIZE)
    assert coloured.getpixel((5, 5)) == (255, 0, 0)
    assert coloured.getpixel((400, 5)) == (255, 255, 255)
    document.close()


def test_it_is_stretched_to_the_size_that_is_asked_for() -> None:
    document = pdfium(sheet(TOTAL))
    large = document.draw(1, (1263, 601))
    assert large.size == (1263, 601)
    assert ink(large) == pytest.approx(9 * ink(document.draw(1, SIZE)), rel=0.3)


def test_a_drawing_that_takes_too_long_is_given_up() -> None:
    lines = b"".join(b"%d 0 m %d 200 l S\n" % (x % 420, (x * 7) % 420) for x in range(60_000))
    document = pdfium(sheet(lines))
    with pytest.raises(PdfiumError, match="too long"):
        document.draw(1, SIZE, seconds=0.0)
    assert ink(document.draw(1, SIZE)) > 1000, "and is none the worse for it"


def test_notes_and_fields_are_drawn_with_the_page() -> None:
    with contextlib.closing(pymupdf.open()) as made:
        page = made.new_page(width=420, height=200)
        note = page.add_rect_annot((10, 10, 60, 60))
        note.set_colors(fill=(0, 0, 0))
        note.update()
        field = pymupdf.Widget()
        field.field_type, field.field_name = pymupdf.PDF_WIDGET_TYPE_TEXT, "name"
        field.field_value, field.rect = "WWWWWWWW", pymupdf.Rect(200, 100, 400, 130)
        page.add_widget(field)
        content = made.tobytes()
    drawn = pdfium(content).draw(1, SIZE)
    assert ink(drawn.crop((0, 0, 100, 100))) > 2000
    assert ink(drawn.crop((200, 100, 400, 130))) > 50


def test_passwords_and_what_is_no_pdf_are_told_apart() -> None:
    with contextlib.closing(pymupdf.open(stream=sheet(TOTAL), filetype="pdf")) as document:
        locked = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="ü", owner_pw="o")
    for content, code in ((locked, WRONG_PASSWORD), (b"%PDF-1.7 and nothing", None)):
        with pytest.raises(PdfiumError) as caught:
            pdfium(content)
        assert code is None or caught.value.code == code
    assert pdfium(locked, "ü").pages == 1
    assert UNKNOWN_SECURITY != WRONG_PASSWORD


def test_a_page_that_is_not_there_cannot_be_drawn() -> None:
    with pytest.raises(PdfiumError):
        pdfium(sheet(TOTAL)).draw(2, SIZE)


def test_only_the_fourteen_fonts_are_at_hand_and_they_are() -> None:
    text = b"BT /F 20 Tf 20 100 Td (Total 1234.56 EUR) Tj ET"
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 200]/Resources<<{FONT}>>/Contents 4 0 R>>"
    assert ink(pdfium(book(stream(text), page=page)).draw(1, SIZE)) > 300
