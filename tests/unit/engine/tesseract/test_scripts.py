"""Which script a page is in, from what its longest lines gave."""

from __future__ import annotations

import pytest

from ocrd.doubts import REPLACEMENT as LOST
from ocrd.engine.rapidocr.turning import Reading
from ocrd.engine.tesseract import scripts

GOOD: Reading = ("The mooring belongs to the harbour.", 0.97)
VIETNAMESE: Reading = (f"Thư vi{LOST}n m{LOST} c{LOST}a vào th{LOST} ba", 0.9)


@pytest.mark.parametrize(
    ("readings", "is_foreign", "is_unread"),
    [
        ([GOOD, GOOD], False, False),
        ([], False, True),  # nothing to go by: it is not asked
        ([GOOD, ("", 0.0)], False, False),  # an empty box beside a long line is no foreign page
        ([(f"{LOST * 9} a{LOST * 4}", 0.1), ("", 0.0)], True, True),  # Cyrillic
        ([("LOGLU GUIUU CCL AIN4IO", 0.8), ("AGLI UCGL", 0.76)], True, True),  # Hebrew
        ([VIETNAMESE, ("chín giò sáng", 0.96)], True, False),
        ([("the rnooring belcngs tc", 0.6), ("tbe harbcur", 0.55)], True, False),  # worn
        ([GOOD, (f"Price {LOST} 12", 0.95)], False, False),
    ],
)
def test_lines_that_gave_little_may_be_of_another_script(
    readings: list[Reading], is_foreign: bool, is_unread: bool
) -> None:
    assert scripts.is_foreign(readings) is is_foreign
    assert scripts.is_unread(readings) is is_unread


THERE = ("deu", "ell", "eng", "osd", "rus", "script/Cyrillic", "script/Hebrew", "ukr", "vie")


@pytest.mark.parametrize(
    ("script", "wanted", "expected"),
    [
        ("Cyrillic", (), [("rus",), ("ukr",)]),
        ("Cyrillic", ("ukr", "eng"), [("ukr", "eng")]),
        ("Cyrillic", ("script/Cyrillic",), [("script/Cyrillic",)]),
        ("Cyrillic", ("bul",), []),  # wanted, and not there: no other takes its place
        ("Cyrillic", ("deu",), [("rus",), ("ukr",)]),  # wanted, and of another script
        ("Hebrew", (), [("script/Hebrew",)]),
        ("Thai", (), []),
        ("Latin", (), [("eng",), ("deu",), ("vie",)]),
        ("Han", (), []),
        ("Klingon", (), []),
    ],
)
def test_a_script_is_read_in_the_folders_languages_or_in_those_that_are_there(
    script: str, wanted: tuple[str, ...], expected: list[tuple[str, ...]]
) -> None:
    assert scripts.candidates(script, THERE, wanted) == expected


def test_letters_that_are_boxes_themselves_are_told_from_latin_ones() -> None:
    assert scripts.is_like_latin(["Ja", "Да", "Ναι", "שם"])
    assert not scripts.is_like_latin(["שלום", "OK"])
    assert not scripts.is_like_latin(["미국"])


def test_scripts_that_share_capitals_are_tried_too() -> None:
    assert scripts.mistakable("Latin", THERE) == [("ell",), ("rus",)]
    assert scripts.mistakable("Greek", THERE) == [("rus",)]
    assert scripts.mistakable("Thai", THERE) == []


def test_vietnamese_is_known_by_letters_that_no_other_language_has() -> None:
    assert scripts.is_vietnamese([("Trẻ em được mượn ba quyển", 0.9), ("sách trong", 0.9)])
    assert not scripts.is_vietnamese([("crème brûlée à la façon de l'Île", 0.9)])
    assert not scripts.is_vietnamese([("Nguyễn came with ten of us, who spoke of the sea", 0.9)])


def test_what_nobody_reads_says_what_to_install() -> None:
    said = scripts.unread("Greek", (), has_tesseract=True)
    assert said.startswith("The page is in the script Greek, and nothing here reads it.")
    assert "Install tesseract-ocr-ell, then" in said
    said = scripts.unread("Cyrillic", ("eng", "bul"), has_tesseract=False)
    assert "Install tesseract-ocr and tesseract-ocr-bul, then" in said
    assert "tesseract-ocr-rus for Russian" in scripts.unread("", (), has_tesseract=False)
