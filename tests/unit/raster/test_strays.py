"""What nobody waits for, told from what an owner waits for."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tarfile
import zipfile
from pathlib import Path, PurePath

import pytest

from ocrd.raster.images import kinds
from ocrd.raster.strays import is_named_document, stray, stray_content

ROOT = Path(__file__).parents[3]
PICTURE = (ROOT / "tests" / "resources" / "typewriter.png").read_bytes()
PDF = (ROOT / "tests" / "resources" / "c02-22.pdf").read_bytes()
TEXTS = {
    "python": b'"""A module."""\n\nimport os\n\nPDF = b"%PDF-1.7"\n',
    "shell": b"#!/bin/sh\nset -e\nexec true\n",
    "c": b"#define WIDTH 16\n#define HEIGHT 16\nint main(void) { return 0; }\n",
    "table": b"name;price\nscrews;3,20\n",
    "umlauts": "Grüße aus Köln; viele Grüße\n".encode("latin-1") * 9,
    "utf-16": "notes".encode("utf-16"),
    "cut in a letter": ("x" * 8191 + "ä").encode()[:8192],
    "web page": b"<!DOCTYPE html>\n<html><body><svg width='1'/></body></html>",
    "json": b'{"a": [1, 2]}',
    "xml": b'<?xml version="1.0"?>\n<config><a/></config>\n',
    "P2 in a sentence": b"P2 3 meetings were held on Monday\n",
    "a list that names a PDF": b"- see %PDF-1.4, chapter 3\n",
    "a long text about PDFs": b"A header is\n" * 200 + b"\n%PDF-1.7\n",
}


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(__file__, "a.py")
    return out.getvalue()


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", ["notes.txt", "main.py", "Makefile", "t.csv", "a.html", "no end"])
def test_texts_are_strays_by_whatever_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    what = stray(tmp_path / name)
    assert any(word in what for word in ("text", "web page", "XML")), what


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (zipped("a.txt"), "archive"),
        (gzip.compress(b"x"), "gzip"),
        (tarred(), "TAR"),
        (b"\x7fELF" + bytes(99), "program"),
        (b"ID3\x04" + bytes(99), "sound"),
        (b"\0\0\0\x20ftypisom" + bytes(99), "video"),
        (b"SQLite format 3\0" + bytes(99), "database"),
        (bytes(99), "zeros"),
        (bytes(range(256)) * 9, "known here"),
    ],
    ids=range(9),
)
def test_archives_programs_and_sounds_are_strays(content: bytes, what: str) -> None:
    assert what in stray_content(content)
    assert stray_content(content)


def test_a_database_is_a_stray_where_it_lies(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.execute("CREATE TABLE a (b)")
    db.close()
    assert stray(tmp_path / "a.db") == "a database"


@pytest.mark.parametrize(
    "content",
    [
        PICTURE, PDF, b"\n\n" + PDF, b"HTTP/1.1 200 OK\r\n\r\n" + PDF,
        b"a printer's words\n" * 300 + PDF, b"Content-Type: image/png\r\n\r\n" + PICTURE,
        b"P5\n# by hand\n3 4\n255\n" + bytes(12),
        b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg xmlns='x'></svg>", b"{\\rtf1 hello}",
        b"%!PS-Adobe-3.0\n", b"8BPS\0\x01", b"AT&TFORM\0\0\0\x09DJVU",
        zipped("word/document.xml"), zipped("xl/workbook.xml"), b"\xd0\xcf\x11\xe0" + bytes(99),
    ],
    ids=range(15),
)  # fmt: skip
@pytest.mark.parametrize("name", ["scan", "download.bin", "page.txt"])
def test_pictures_and_documents_are_none_by_whatever_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert stray(tmp_path / name) == ""


@pytest.mark.parametrize(("junk", "is_one"), [(1023, True), (1024, True), (1025, False)])
def test_where_a_pdf_may_begin_in_what_is_else_a_text(junk: int, is_one: bool) -> None:
    content = b"x" * (junk - 1) + b"\n\n%PDF-1.4\n"
    assert (stray_content(content) == "") is is_one
    assert stray_content(content + b"\0") == "", "and behind that, where it is none"


def test_a_marks_place_is_the_end_of_the_file(tmp_path: Path) -> None:
    """A TGA picture has its mark in its last bytes alone."""
    end = b"TRUEVISION-XFILE.\0"
    for size in (0, 1, 14, 9000):
        (tmp_path / "a").write_bytes(b"\x07" * size + end)
        assert stray(tmp_path / "a") == "", size
        (tmp_path / "b").write_bytes(b"\x07" * size + end + b"\x07")
        assert stray(tmp_path / "b"), size


@pytest.mark.parametrize(
    "name",
    ["a.PDF", "b.docx", "c.odt", "d.svg", "e.psd", "f.heic", "g.cr2", "h.djvu", "i.xls", "j.tga"],
)
def test_who_named_a_document_waits_for_it_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"only words")
    assert stray(tmp_path / name) == ""


@pytest.mark.parametrize("name", ["id_rsa.pub", "server.key", "graph.dot", "a.py", "pdf", ".pdf"])
def test_endings_that_others_have_too_say_nothing(name: str) -> None:
    assert not is_named_document(name)


def test_each_foreign_kind_is_one_or_the_other() -> None:
    strays = {
        name for offset, magic, name in kinds._FOREIGN if stray_content(bytes(offset) + magic)
    }
    words = ("archive", "sound", "video", "program", "database", " file", "icon", "cursor", "SGI")
    for _, _, name in kinds._FOREIGN:
        is_one = any(word in name for word in (*words, "PAM", "PFM"))
        assert (name in strays) == is_one, name


@pytest.mark.parametrize(
    "name",
    ["a.pdf", "A.PDF", "a.b.PnG", ".pdf", "..pdf", "a.", "pdf", "a.pdf.", "a.pdf.txt", "é.tif"],
)
def test_a_names_ending_is_that_of_its_path(name: str) -> None:
    suffix = PurePath(name).suffix.lower()
    assert is_named_document(name) is (suffix in {".pdf", ".png", ".tif"})
