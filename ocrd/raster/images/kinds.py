"""What a file is, by its first bytes: a picture that is read, or something that has a name (pure).

A name spares people the search for what is wrong with a file in which nothing is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 8192  # that these functions want to see
_JUNK_BYTES = 4096  # before a picture's header: a mail's or a server's words, empty lines

# Formats of pictures that are read, by the names that Pillow gives them.
PNG, JPEG, TIFF, BMP, WEBP, GIF, PPM = "PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM"
HEIF, AVIF, JPEG2000, JXL = "HEIF", "AVIF", "JPEG2000", "JXL"

READ = "PDF, PNG, JPEG, TIFF, BMP, WEBP, GIF, HEIC, AVIF, JPEG 2000, JPEG XL and PNM"

_MAGIC = (
    (0, b"\x89PNG\r\n\x1a\n", PNG), (0, b"\xff\xd8\xff", JPEG), (0, b"GIF87a", GIF),
    (0, b"GIF89a", GIF), (0, b"II*\x00", TIFF), (0, b"MM\x00*", TIFF), (0, b"II+\x00", TIFF),
    (0, b"MM\x00+", TIFF), (8, b"WEBP", WEBP), (0, b"\xff\x4f\xff\x51", JPEG2000),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG2000), (0, b"\xff\x0a", JXL),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", JXL),
)  # fmt: skip
_PNM = re.compile(rb"P([1-6]|f)\s+(#[^\n]*\n\s*)*\d+\s")
# ISO base media files say by "brands" what may be expected in them (ISO/IEC 14496-12 and 23008-12).
_AVIF_BRANDS = (b"avif", b"avis")
_HEIF_BRANDS = (b"hei", b"hev", b"mif1", b"msf1", b"mif2", b"miaf", b"MiHE", b"MiHB", b"unif")
# What may stand behind junk: marks that text does not hold.
_BURIED = ((b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG), (b"GIF87a", GIF), (b"GIF89a", GIF))

# Offset, bytes there, and what the file is: what people drop by mistake.
_FOREIGN = (
    (8, b"CR\x02\x00", "a camera's raw picture (CR2)"),
    (4, b"ftypcrx", "a camera's raw picture (CR3)"),
    (4, b"ftypqt", "a video (QuickTime)"),
    (4, b"ftyp", "a video or another file of its family (MP4)"),
    (0, b"IIU\x00", "a camera's raw picture (RW2)"),
    (0, b"IIRO", "a camera's raw picture (ORF)"),
    (0, b"IIRS", "a camera's raw picture (ORF)"),
    (0, b"MMOR", "a camera's raw picture (ORF)"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw picture (RAF)"),
    (0, b"\x00MRM", "a camera's raw picture (MRW)"),
    (0, b"FOVb", "a camera's raw picture (X3F)"),
    (0, b"II\xbc", "a JPEG XR picture"),
    (0, b"\x97JB2\r\n\x1a\n", "a JBIG2 picture"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"gimp xcf", "a GIMP picture (XCF)"),
    (0, b"%!PS-Adobe-3.0 EPSF", "an Encapsulated PostScript picture"),
    (0, b"%!PS-Adobe-3.1 EPSF", "an Encapsulated PostScript picture"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\x04%!PS", "a PostScript document"),
    (0, b"\xc5\xd0\xd3\xc6", "an Encapsulated PostScript picture"),
    (0, b"\x1b%-12345X", "a printer's data (PJL)"),
    (0, b"AT&TFORM", "a DjVu document"),
    (128, b"DICM", "a DICOM picture"),
    (0, b"SIMPLE  =", "an astronomical picture (FITS)"),
    (0, b"v/1\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance picture (HDR)"),
    (0, b"#?RGBE", "a Radiance picture (HDR)"),
    (0, b"BPG\xfb", "a BPG picture"),
    (0, b"FLIF", "a FLIF picture"),
    (0, b"qoif", "a QOI picture"),
    (0, b"DDS ", "a DirectDraw picture (DDS)"),
    (0, b"SDPX", "a film scanner's picture (DPX)"),
    (0, b"XPDS", "a film scanner's picture (DPX)"),
    (0, b"Y\xa6j\x95", "a Sun raster picture"),
    (0, b"\x01\xda\x00", "an SGI picture"),
    (0, b"\x01\xda\x01", "an SGI picture"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)"),
    (40, b" EMF", "a Windows metafile (EMF)"),
    (0, b"icns", "a Macintosh icon"),
    (0, b"\x00\x00\x01\x00", "a Windows icon (ICO)"),
    (0, b"\x00\x00\x02\x00", "a Windows cursor (CUR)"),
    (0, b"\x8aMNG\r\n\x1a\n", "an MNG animation"),
    (0, b"\x8bJNG\r\n\x1a\n", "a JNG picture"),
    (0, b"P7\n", "a PAM picture"),
    (0, b"PF\n", "a PFM picture in colour"),
    (0, b"/* XPM */", "an XPM picture"),
    (0, b"#define ", "an XBM picture or program text"),
    (0, b"PK\x03\x04", "an Office document or a ZIP archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"BZh", "a bzip2 file"),
    (0, b"\xfd7zXZ\x00", "an xz file"),
    (0, b"(\xb5/\xfd", "a zstd file"),
    (257, b"ustar", "a TAR archive"),
    (0, b"SQLite format 3\x00", "a database"),
    (0, b"ID3", "a sound file"),
    (0, b"fLaC", "a sound file"),
    (0, b"OggS", "a sound or video file"),
    (0, b"\x1aE\xdf\xa3", "a video (Matroska)"),
    (8, b"AVI ", "a video (AVI)"),
    (8, b"WAVE", "a sound file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)  # fmt: skip
# A ZIP archive that says first what it is (OpenDocument and EPUB do, ISO/IEC 21320 and EPUB OCF).
_ZIPPED = (
    (b"application/epub+zip", "an EPUB book"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"image/openraster", "an OpenRaster picture"),
    (b"application/x-krita", "a Krita picture"),
)
_OFFICE = ((b"word/", "a Word document"), (b"xl/", "an Excel sheet"), (b"ppt/", "a presentation"))
_MARKUP = (
    (b"<svg", "an SVG drawing"), (b"<!doctype svg", "an SVG drawing"), (b"<html", "a web page"),
    (b"<!doctype html", "a web page"), (b"<?xml", "an XML file"),
)  # fmt: skip
_TRUEVISION = b"TRUEVISION-XFILE.\x00"  # the last bytes of a TGA file


@dataclass(frozen=True, slots=True)
class Kind:
    """A picture's format, and how many bytes of junk stand before it."""

    format: str
    junk: int = 0


def picture(head: bytes) -> Kind | None:
    """Return the kind of picture that begins so, if it is one that is read."""
    for offset, magic, name in _MAGIC:
        if head.startswith(magic, offset) and foreign(head) == "":
            return Kind(name)
    if head.startswith(b"BM") and head[15:18] == bytes(3):
        return Kind(BMP)  # a weak mark: a bitmap header of under 256 bytes must follow
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if _PNM.match(head):
        return Kind(PPM)
    return None


def buried_picture(head: bytes) -> Kind | None:
    """Return the picture that stands behind junk: the first mark of one, not at the beginning."""
    if foreign(head):
        return None
    found = [(head.find(magic, 1, _JUNK_BYTES), name) for magic, name in _BURIED]
    at, name = min(((at, name) for at, name in found if at > 0), default=(0, ""))
    return Kind(name, at) if at else None


def foreign(head: bytes, tail: bytes = b"") -> str:
    """Return what a file that is not read is called, with its article; "" if it has no name."""
    if head[4:8] == b"ftyp" and _by_brands(head):
        return ""
    if tail.endswith(_TRUEVISION) or _is_targa(head):
        return "a TGA picture"
    for offset, magic, name in _FOREIGN:
        if head.startswith(magic, offset):
            return _zipped(head) or name if magic == b"PK\x03\x04" else name
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        return next((name for mark, name in _MARKUP if mark in start), "")
    return ""


def _is_targa(head: bytes) -> bool:
    """Say whether a head may be a TGA's, which has no mark: no palette, no name, a usual depth."""
    return (
        len(head) >= 18 and head[0:2] == bytes(2) and head[2] in (2, 3, 10, 11)
        and head[3:12] == bytes(9) and head[16] in (8, 15, 16, 24, 32) and head[17] < 64
        and any(head[12:14]) and any(head[14:16])
    )  # fmt: skip


def _by_brands(head: bytes) -> Kind | None:
    size = int.from_bytes(head[:4], "big")
    listed = head[8 : min(max(size, 12), len(head))]
    brands = [listed[:4], *(listed[at : at + 4] for at in range(8, len(listed), 4))]
    if brands[0] == b"crx ":
        return None
    if any(brand in _AVIF_BRANDS for brand in brands):
        return Kind(AVIF)
    if any(brand.startswith(_HEIF_BRANDS) for brand in brands):
        return Kind(HEIF)
    return None


def _zipped(head: bytes) -> str:
    if head[30:38] == b"mimetype":
        return next((name for mark, name in _ZIPPED if head.startswith(mark, 38)), "")
    return next((name for mark, name in _OFFICE if mark in head), "")
