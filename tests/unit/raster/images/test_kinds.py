"""What people drop has a name, whether it is read or not."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from PIL import Image

from ocrd.raster.images import kinds
from tests.unit.raster.picturing import encoded


def brands(*names: bytes) -> bytes:
    body = names[0] + bytes(4) + b"".join(names[1:])
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + bytes(100)


def zipped(*names: str, mimetype: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.gif", "GIF"), ("a.tif", "TIFF"), ("a.bmp", "BMP"),
        ("a.webp", "WEBP"), ("a.heic", "HEIF"), ("a.avif", "AVIF"), ("a.jp2", "JPEG2000"),
        ("a.jxl", "JXL"), ("a.ppm", "PPM"), ("a.pgm", "PPM"),
    ],
)  # fmt: skip
def test_pictures_that_are_read_are_known_by_their_first_bytes(name: str, kind: str) -> None:
    mode = "L" if name == "a.pgm" else "RGB"
    head = encoded(name, Image.new(mode, (40, 30)))[: kinds.HEAD_BYTES]
    assert kinds.picture(head) == kinds.Kind(kind)
    assert kinds.foreign(head) == ""


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (brands(b"heic", b"mif1", b"heic"), "HEIF"), (brands(b"mif1", b"mif1", b"heic"), "HEIF"),
        (brands(b"heix", b"mif1"), "HEIF"), (brands(b"msf1", b"hevc"), "HEIF"),
        (brands(b"mif1", b"avif", b"miaf"), "AVIF"), (brands(b"avis", b"avif"), "AVIF"),
        (brands(b"heim", b"heim"), "HEIF"), (brands(b"hevx", b"msf1"), "HEIF"),
        (b"P4\n# a comment\n40 30\n\0", "PPM"), (b"P1 4 4 0 1", "PPM"), (b"Pf\n4 4\n-1.0\n", "PPM"),
        (b"II+\0\x08\0\0\0", "TIFF"), (b"\xff\x4f\xff\x51\0", "JPEG2000"),
    ],
)  # fmt: skip
def test_pictures_are_known_by_all_their_marks(head: bytes, kind: str) -> None:
    assert kinds.picture(head) == kinds.Kind(kind)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (brands(b"crx ", b"crx ", b"isom"), "CR3"), (brands(b"isom", b"mp42"), "video"),
        (brands(b"qt  "), "QuickTime"), (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
        (b"II\xbc\x01" + bytes(20), "JPEG XR"), (b"\x97JB2\r\n\x1a\n", "JBIG2"),
        (b"8BPS\0\x01", "Photoshop"), (b"gimp xcf v011", "GIMP"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "Encapsulated"), (b"\xc5\xd0\xd3\xc6", "Encapsulated"),
        (b"AT&TFORMxxxxDJVU", "DjVu"), (bytes(128) + b"DICM", "DICOM"), (b"SIMPLE  = T", "FITS"),
        (b"\0\0\1\0\1\0", "icon"), (b"\0\0\2\0\1\0 \0", "cursor"), (b"v/1\x01", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance"), (b"qoif", "QOI"), (b"DDS |", "DirectDraw"),
        (bytes(40) + b" EMF", "EMF"), (b"\xd7\xcd\xc6\x9a", "WMF"), (b"P7\nWIDTH 4", "PAM"),
        (b'<?xml version="1.0"?>\n<svg xmlns="...">', "SVG"), (b"<svg width='4'>", "SVG"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "web page"), (b"<?xml version='1.0'?><a/>", "XML"),
        (zipped(mimetype="application/epub+zip"), "EPUB"),
        (zipped(mimetype="application/vnd.oasis.opendocument.text"), "OpenDocument"),
        (zipped("word/document.xml"), "Word"), (zipped("xl/workbook.xml"), "Excel"),
        (zipped("a.txt"), "ZIP"), (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Office"),
        (b"{\\rtf1", "RTF"), (b"Rar!\x1a\x07\0", "RAR"), (b"ID3\x04", "sound"),
        (b"\x7fELF", "program"),
    ],
)  # fmt: skip
def test_what_is_not_read_has_a_name(head: bytes, name: str) -> None:
    assert kinds.picture(head) is None
    assert kinds.buried_picture(head) is None
    assert name in kinds.foreign(head)


def test_a_tga_picture_is_known_by_its_last_bytes_or_its_shape() -> None:
    content = encoded("a.tga", Image.new("RGB", (40, 30)))
    assert kinds.foreign(b"whatever", content[-32:]) == "a TGA picture"
    assert kinds.foreign(content) == "a TGA picture"
    assert kinds.foreign(b"\0\0\2" + bytes(40)) != "a TGA picture"


@pytest.mark.parametrize("head", [b"", b"BM is how my text begins", b"P6 is a road", b"<"])
def test_text_is_no_picture(head: bytes) -> None:
    assert kinds.picture(head) is None
    assert kinds.buried_picture(head) is None
    assert kinds.foreign(head) == ""


@pytest.mark.parametrize(("junk", "found"), [(0, False), (1, True), (4000, True), (5000, False)])
def test_a_picture_is_looked_for_behind_a_few_bytes_of_junk(junk: int, found: bool) -> None:
    head = b"x" * junk + encoded("a.png", Image.new("L", (4, 4)))
    kind = kinds.buried_picture(head)
    assert (kind == kinds.Kind("PNG", junk)) is found


def test_the_first_of_two_buried_pictures_counts() -> None:
    one = Image.new("L", (4, 4))
    head = b"--" + encoded("a.jpg", one) + encoded("a.png", one)
    assert kinds.buried_picture(head) == kinds.Kind("JPEG", 2)
