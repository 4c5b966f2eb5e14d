"""PDFs that one program draws wrong, opens wrong, or only warns of: what is drawn, what is told."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pymupdf
import pytest
from PIL import Image, ImageChops

from ocrd.errors import BrokenError, CorruptError, EncryptedError, PageError, UnsupportedError
from ocrd.raster.images.pictures import Drawn, is_blank
from ocrd.raster.pdfs.witness import compare, small, strayed
from tests import sheets
from tests.faults.hostile.pdfs import FONT, PAGE, PAGES, Body, book, pdf, stream
from tests.sheets import INVOICE, TOTAL, WIDE, ink, opened, sheet

SIDE = 1400
BOTH = INVOICE + TOTAL


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.pdf"


def ask() -> None:
    """Have a page drawn once more."""


def drawn(content: bytes, path: Path, number: int = 1, *, witnessed: bool = True) -> Drawn:
    with opened(content, path) as document:
        return document.draw(number, SIDE, witness=ask if witnessed else None)


def is_like(image: Image.Image, content: bytes, path: Path) -> bool:
    """Say whether the drawing has the ink of a sound PDF's."""
    sound = ink(drawn(content, path).image)
    return abs(ink(image) - sound) < 0.15 * sound


# Drawn twice


@pytest.mark.parametrize(
    "content",
    [
        b"BT /F 20 Tf 20 150 Td (Invoice 4711) Tj 0 -50 Td [(Total) Tj ( 1234.56 EUR)] TJ ET",
        b"BT /F 20 Tf 20 150 Td [(Invoice 4711) Tj] TJ 0 -50 Td (Total 1234.56 EUR) Tj ET",
    ],
    ids=["last", "first"],
)
def test_an_operator_inside_an_array_costs_no_text(path: Path, content: bytes) -> None:
    page = drawn(sheet(content), path)
    assert is_like(page.image, sheet(BOTH), path)
    assert page.doubts == () and any("syntax error in array" in each for each in page.warnings)


@pytest.mark.parametrize("clip", [b"q BT ET Q W", b"q Q W*", b"W"])
@pytest.mark.parametrize("unit", [1, 2])
def test_a_clip_that_a_form_leaves_pending_hides_nothing(
    path: Path, clip: bytes, unit: int
) -> None:
    rest = b" 20 140 380 40 re f " + TOTAL
    made = sheet(
        b"q /X Do Q" + rest, resources=f"{FONT}/XObject<</X 5 0 R>>", page=f"/UserUnit {unit}",
        more={5: stream(clip, "/Type/XObject/Subtype/Form/BBox[0 0 0 0]")},
    )  # fmt: skip
    page = drawn(made, path)
    assert is_like(page.image, sheet(rest), path)
    assert page.doubts == () and any("pdfium" in each for each in page.warnings)


def test_a_part_that_each_program_lacks_is_doubtful(path: Path) -> None:
    """MuPDF gives up in the array, pdfium has no Chinese letters."""
    chinese = (
        "/G<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/GBK-EUC-H/DescendantFonts[<</Type/Font"
        "/Subtype/CIDFontType0/BaseFont/SimSun/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)"
        "/Supplement 2>>/FontDescriptor<</Type/FontDescriptor/FontName/SimSun/Flags 4>>>>]>>"
    )
    both = f"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>{chinese}>>"
    text = (
        b"BT /G 20 Tf 20 20 Td <B7A2C6B1BAC5C2EB> Tj ET BT /F 20 Tf 20 100 Td [(Tot) Tj (al)] TJ ET"
    )
    page = drawn(sheet(text, resources=both), path)
    (doubt,) = page.doubts
    assert (doubt.code, doubt.share) == ("drawings-differ", 0.0)
    assert "was added" in doubt.message
    latin = sheet(b"BT /F 20 Tf 20 100 Td (Total) Tj ET", resources=both)
    chinese_alone = sheet(b"BT /G 20 Tf 20 20 Td <B7A2C6B1BAC5C2EB> Tj ET", resources=both)
    wanted = ImageChops.darker(
        *(drawn(each, path, witnessed=False).image.convert("L") for each in (latin, chinese_alone))
    )
    found = compare(small(page.image, (420, 200)), small(wanted, (420, 200)))
    assert (found.first_lacks, found.second_lacks) == (0, 0)


@pytest.mark.parametrize("box", ["/CropBox[0 0 0 0]", "/CropBox[9 9 9 9]/Rotate 90"])
def test_a_page_that_mupdf_draws_empty_on_a_sheet_of_its_own_is_drawn_by_pdfium(
    path: Path, box: str
) -> None:
    """Where the box to show is empty MuPDF takes a sheet of US letter, and nothing is on it."""
    made = sheet(BOTH, page=box)
    page = drawn(made, path)
    upright = page.image.rotate(90 * ("Rotate" in box), expand=True)
    assert is_like(upright, sheet(BOTH), path)
    assert any("pdfium" in each for each in page.warnings)


def test_a_sound_page_is_drawn_by_mupdf_and_nothing_is_told(path: Path) -> None:
    made = sheet(BOTH)
    page = drawn(made, path)
    alone = drawn(made, path, witnessed=False)
    assert page.image.tobytes() == alone.image.tobytes()
    assert (page.doubts, page.warnings) == ((), ())


def test_without_a_witness_what_is_warned_of_is_a_doubt(path: Path) -> None:
    text = b"BT /F 20 Tf 20 150 Td [(Invoice 4711) Tj] TJ ET " + TOTAL
    (doubt,) = drawn(sheet(text), path, witnessed=False).doubts
    assert doubt.code == "not-drawn"


def test_a_font_whose_name_has_a_space_is_not_read_as_other_letters(path: Path) -> None:
    """MuPDF loses the font, and draws the letters' numbers in it as those of another one."""
    with contextlib.closing(pymupdf.open()) as document:
        page = document.new_page(width=420, height=200)
        writer = pymupdf.TextWriter(page.rect)
        writer.append((20, 100), "Total 1234.56 EUR", font=pymupdf.Font("cjk"), fontsize=20)
        writer.write_text(page)
        sound = document.tobytes(no_new_id=True, garbage=0, deflate=False)
    name = re.search(rb"/BaseFont/([A-Za-z+-]+)", sound)
    assert name
    broken = sound.replace(name.group(1), name.group(1)[:3] + b" " + name.group(1)[4:])
    page_drawn = drawn(broken, path)
    wrong = drawn(broken, path, witnessed=False).image
    right = drawn(sound, path).image
    assert strayed(wrong, right) > 0.3, "the letters' numbers are drawn, in their places"
    assert strayed(page_drawn.image, right) < 0.1
    assert [doubt.code for doubt in page_drawn.doubts] == ["drawings-differ"]


def test_lists_to_choose_from_and_icons_of_notes_make_no_difference(path: Path) -> None:
    with contextlib.closing(pymupdf.open()) as document:
        page = document.new_page(width=420, height=200)
        page.insert_text((20, 40), "A form", fontsize=20)
        widget = pymupdf.Widget()
        widget.field_type, widget.field_name = pymupdf.PDF_WIDGET_TYPE_COMBOBOX, "choice"
        widget.choice_values, widget.field_value = ("one", "two"), "one"
        widget.rect = pymupdf.Rect(20, 80, 200, 100)
        page.add_widget(widget)
        page.add_text_annot((300, 80), "a note")
        made = document.tobytes()
    page_drawn = drawn(made, path)
    assert (page_drawn.doubts, page_drawn.warnings) == ((), ())


def test_what_an_expression_hides_is_not_drawn(path: Path) -> None:
    def made(expression: str, state: str = "") -> bytes:
        return sheet(
            INVOICE + b"/OC /M BDC " + TOTAL + b" EMC",
            resources=f"{FONT}/Properties<</M 8 0 R>>",
            catalog=f"/OCProperties<</OCGs[7 0 R]/D<</Order[7 0 R]{state}>>>>",
            more={7: "<</Type/OCG/Name(A)>>", 8: f"<</Type/OCMD/VE[{expression}]>>"},
        )

    for expression, state, shown in (
        ("/Not 7 0 R", "", INVOICE), ("/And 7 0 R [/Not 7 0 R]", "", INVOICE),
        ("/Or 7 0 R [/Not 7 0 R]", "", BOTH), ("/Not 7 0 R", "/OFF[7 0 R]", BOTH),
    ):  # fmt: skip
        assert is_like(drawn(made(expression, state), path).image, sheet(shown), path), expression


# Only warned of


@pytest.mark.parametrize(
    "back",
    [
        stream(b"/GS0 gs"), stream(b""), stream(b"q Q").replace(b"/Length 3", b"/Length 9"),
        stream(b"", "/Filter/FlateDecode"), stream(b"q 1 0 0 1 0 0 cm nonsense Q"),
    ],
    ids=["gs", "empty", "length", "nothing-compressed", "keyword"],
)  # fmt: skip
def test_an_empty_back_page_is_blank_whatever_is_warned_of(path: Path, back: bytes) -> None:
    page = drawn(sheets.two_pages(TOTAL, back), path, 2)
    assert is_blank(page.image)
    assert page.doubts == ()
    assert len(page.warnings) == (back != stream(b""))


@pytest.mark.parametrize(
    "back", [stream(b"x\x9c" + b"torn to pieces" * 9, "/Filter/FlateDecode"), stream(b"/Fm0 Do")]
)
def test_a_page_that_lost_its_content_is_not_blank(path: Path, back: bytes) -> None:
    with pytest.raises(PageError, match="cannot be drawn"):
        drawn(sheets.two_pages(TOTAL, back), path, 2)


@pytest.mark.parametrize("more", ["", "/NeedAppearances true"])
def test_a_field_that_cannot_be_loaded_costs_the_fields_and_not_the_page(
    path: Path, more: str
) -> None:
    made = sheet(
        TOTAL, page="/Annots[7 0 R]", catalog=f"/AcroForm<</Fields[7 0 R]/DA(/F 10 Tf){more}>>",
        more={
            7: "<</Type/Annot/Subtype/Widget/T(a)/Rect[10 10 60 30]/Parent 8 0 R/F 4/V(x)>>",
            8: "<</T(b)/Kids[7 0 R]/Parent 7 0 R>>",
        },
    )  # fmt: skip
    with opened(made, path) as document:
        for _ in range(2):
            page = document.draw(1, SIDE, witness=ask)
            assert any("without its notes" in each for each in page.warnings)
    assert is_like(page.image, sheet(TOTAL), path)


# Opened


def test_a_table_that_is_readable_and_wrong_is_made_anew(path: Path) -> None:
    sound = sheet(TOTAL)
    free = sound.replace(b"0000000015 00000 n", b"0000000015 00000 f")
    assert free != sound
    with opened(free, path) as document:
        assert (document.pages, document.repaired) == (1, False)
        page = document.draw(1, SIDE, witness=ask)
    assert is_like(page.image, sound, path)
    assert any("table of contents" in each for each in page.warnings)


def test_a_whole_file_that_nobody_opens_is_not_waited_for(path: Path) -> None:
    nonsense = b"%PDF-1.7\n" + b"nothing that anybody knows\n" * 9
    with pytest.raises(BrokenError), opened(nonsense + b"startxref\n9\n%%EOF\n", path):
        pass
    with pytest.raises(Exception) as caught, opened(nonsense, path):
        pass
    assert not isinstance(caught.value, BrokenError)


def test_a_document_without_pages_is_corrupt(path: Path) -> None:
    with (
        pytest.raises(CorruptError, match="no pages"),
        opened(book(pages="<</Type/Pages/Kids[]/Count 0>>"), path),
    ):
        pass


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n<html></html>", b"\0" * 64])
def test_a_whole_file_with_damaged_ends_is_read_at_once(path: Path, end: bytes) -> None:
    unix = sheet(TOTAL)
    for content in (unix, unix.replace(b"\n", b"\r\n")):
        with opened(content + end, path) as document:
            assert not document.repaired
            assert document.pages == 1


def test_a_file_cut_short_may_yet_come(path: Path) -> None:
    with opened(sheet(BOTH)[:-40], path) as document:
        assert document.repaired


@pytest.mark.parametrize("junk", [b"\n\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\x1b%-12345X@PJL\n" * 150])
def test_junk_before_the_header_is_looked_past(path: Path, junk: bytes) -> None:
    page = drawn(junk + sheet(TOTAL), path)
    assert is_like(page.image, sheet(TOTAL), path)


# Refused


def test_a_pdf_for_a_certificate_is_encrypted(path: Path) -> None:
    made = pdf(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>", 2: PAGES, 3: PAGE, 4: stream(TOTAL),
            5: "<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s4/V 2/Length 128/Recipients[<00>]>>",
        },
        trailer="/Root 1 0 R/Encrypt 5 0 R/ID[<00><00>]",
    )  # fmt: skip
    with pytest.raises(EncryptedError, match="certificate"), opened(made, path, "secret"):
        pass


@pytest.mark.parametrize("direct", [True, False])
def test_a_pdf_of_which_only_attachments_are_encrypted_is_read(path: Path, direct: bool) -> None:
    key = "<" + "41" * 32 + ">"
    encrypt = (
        f"<</Filter/Standard/V 4/R 4/Length 128/P -4/O{key}/U{key}/StmF/Identity/StrF/Identity"
        "/EFF/StdCF/CF<</StdCF<</AuthEvent/EFOpen/CFM/AESV2/Length 16>>>>>>"
    )
    objects: dict[int, Body] = {
        1: "<</Type/Catalog/Pages 2 0 R>>", 2: PAGES,
        3: f"<</Type/Page/Parent 2 0 R{WIDE}/Resources<<{FONT}>>/Contents 4 0 R>>",
        4: stream(TOTAL),
    }  # fmt: skip
    if not direct:
        objects[5] = encrypt
    made = pdf(
        objects, trailer=f"/Root 1 0 R/Encrypt {encrypt if direct else '5 0 R'}/ID[<00><00>]"
    )
    assert is_like(drawn(made, path).image, sheet(TOTAL), path)
    with (
        pytest.raises(EncryptedError),
        opened(made.replace(b"/StmF/Identity", b"/StmF/StdCF"), path),
    ):
        pass


def test_a_password_opens_both_drawings(path: Path) -> None:
    with contextlib.closing(pymupdf.open(stream=sheet(BOTH), filetype="pdf")) as document:
        made = document.tobytes(
            encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="häßlich", owner_pw="o"
        )
    with opened(made, path, "wrong", "häßlich") as document:
        assert is_like(document.draw(1, SIDE, witness=ask).image, sheet(BOTH), path)
        assert document._sought_second() is not None


def test_a_portfolio_is_refused_by_name(path: Path) -> None:
    names = "/Names<</EmbeddedFiles<</Names[(a.pdf) 9 0 R]>>>>"
    more: dict[int, Body] = {9: "<</Type/Filespec/F(a.pdf)>>"}
    made = sheet(TOTAL, catalog=f"/Collection<</View/D>>{names}", more=more)
    with pytest.raises(UnsupportedError, match="portfolio"), opened(made, path):
        pass
    for catalog in (names, f"/Collection<</View/H>>{names}", "/Collection<</View/D>>"):
        with opened(sheet(TOTAL, catalog=catalog, more=more), path) as document:
            assert document.pages == 1


def test_a_form_that_is_drawn_when_it_is_shown_is_refused_by_name(path: Path) -> None:
    wait = b"BT /F 9 Tf 20 100 Td (Please wait... you need Adobe Reader 8) Tj ET"
    packet = "/AcroForm<</Fields[]/XFA[(template)6 0 R]>>"
    more: dict[int, Body] = {6: stream(b"<template/>")}
    for made in (
        sheet(TOTAL, catalog="/NeedsRendering true/AcroForm<</Fields[]/XFA 6 0 R>>", more=more),
        sheet(wait, catalog=packet, more=more),
    ):
        with pytest.raises(UnsupportedError, match="XFA"), opened(made, path):
            pass
    with opened(sheet(TOTAL, catalog=packet, more=more), path) as document:
        assert document.pages == 1


def test_a_static_form_with_fields_is_read(path: Path) -> None:
    field = "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[10 10 90 30]>>"
    made = sheet(
        TOTAL + b" BT /F 5 Tf 1 1 Td (made for Adobe) Tj ET", page="/Annots[5 0 R]",
        catalog="/AcroForm<</Fields[5 0 R]/XFA 6 0 R>>", more={5: field, 6: stream(b"<xdp/>")},
    )  # fmt: skip
    with opened(made, path) as document:
        assert document.pages == 1


# Large


def test_the_notes_of_a_plan_are_drawn_legibly(path: Path) -> None:
    note = b"BT /F %d Tf %d 750 Td (Note 1: check on site before work) Tj ET"
    for box, unit, content in (
        ("/MediaBox[0 0 2384 1684]", 1, note % (8, 1700)),
        ("/MediaBox[0 0 1192 842]", 2, note % (4, 850)),
    ):
        with opened(sheet(content, box=box, page=f"/UserUnit {unit}"), path) as document:
            page = document.draw(1, 2339, witness=ask)
        assert page.image.width > 4000
        assert page.points_per_pixel * page.image.width == pytest.approx(2384, rel=0.01)


def test_a_figure_is_cut_from_the_drawing_that_was_read(path: Path) -> None:
    made = sheet(b"BT /F 20 Tf 20 150 Td [(Invoice 4711) Tj] TJ 0 -50 Td (Total) Tj ET")
    with opened(made, path) as document:
        read = document.draw(1, SIDE, witness=ask)
        again = document.draw(1, max(read.image.size), legible=False, witness=ask)
    assert read.image.tobytes() == again.image.tobytes()
