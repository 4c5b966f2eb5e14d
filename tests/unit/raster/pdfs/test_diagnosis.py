"""What libraries say, in plain words."""

from __future__ import annotations

import pytest

from ocrd.raster.pdfs.diagnosis import UNKNOWN, Gravity, gravest, in_plain_words


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("code=7: cycle in page tree", "contain each other without end (cycle in page tree)"),
        ("code=5: exception stack overflow!", "nested too deeply (exception stack overflow)"),
        ("cannot find startxref", "table of contents is damaged (cannot find startxref)"),
        ("image file is truncated (0 bytes not processed)", "it ends too early (image file is"),
        ("decoder error -9", "a picture in it is damaged (decoder error -9)"),
        ("code=7: Invalid number of pages", "its list of pages contradicts itself"),
        ("openjpeg error: Invalid number of tiles", "a picture in it is damaged"),
        ("syntax error: unknown keyword: 'x'", "its content is damaged (unknown keyword: 'x')"),
        ("something else", f"{UNKNOWN} (something else)"),
        ("", UNKNOWN),
    ],
)
def test_a_librarys_words_stand_behind_ours(said: str, meant: str) -> None:
    assert meant in in_plain_words(said)


def test_only_one_line_that_can_be_shown_is_quoted() -> None:
    words = in_plain_words("bad \x1b[31m token\nand much more")
    assert words == r"its content is damaged (bad \x1b[31m token)"
    assert len(in_plain_words("x" * 5000)) < 200


@pytest.mark.parametrize(
    ("said", "gravity", "words"),
    [
        ("", Gravity.NOTHING, ""),
        ("... repeated 2 times...", Gravity.NOTHING, ""),
        ("encountered syntax errors; page may not be correct", Gravity.NOTHING, ""),
        ("PDF stream Length incorrect\n... repeated 2 times...", Gravity.ODD, "PDF stream"),
        ("syntax error: cannot find ExtGState resource 'GS0'", Gravity.ODD, "syntax error"),
        ("ignoring broken ICC profile\nsyntax error: syntax error in array", Gravity.GRAVE,
         "syntax error: syntax error in array"),
        ("syntax error: unknown keyword: 'x'\nlibrary error: cannot decode jbig2 image\nzlib error",
         Gravity.LOST, "library error: cannot decode jbig2 image"),
        ("cannot load object (5 0 R) into cache", Gravity.GRAVE, "cannot load object"),
        ("syntax error: cannot find XObject resource 'Fm0'", Gravity.GRAVE, "syntax error: cannot"),
        ("ignoring zlib error: incorrect data check", Gravity.ODD, "ignoring zlib error"),
        ("what nobody has seen yet", Gravity.GRAVE, "what nobody has seen yet"),
    ],
)  # fmt: skip
def test_the_gravest_word_is_quoted(said: str, gravity: Gravity, words: str) -> None:
    remark = gravest(said)
    assert remark.gravity is gravity
    assert remark.words.startswith(words)
