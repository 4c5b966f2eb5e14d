"""Files that nobody dropped to be read: code, notes, tables, archives, sounds.

They lie in a folder that was there before it was watched. A file is a stray only if neither its
name nor its content is a picture's or a document's: what is one, and is not read, has an owner who
waits for it, and fails by name.
"""

from __future__ import annotations

import os
import re

from ocrd import files
from ocrd.raster.images import kinds
from ocrd.raster.pdfs import wholeness

# Endings of pictures and documents, whether they are read or not. Those that other kinds of files
# have too (.key, .pub, .dot, .raw, .hdr) are left to the content.
_ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        # read
        "pdf png apng jpg jpeg jpe jfif bmp dib rle tif tiff btf tf8 webp gif heic heif hif avif"
        " jp2 j2k jpc j2c jpf jpx jpm jxl pnm pbm pgm ppm pfm"
        # pictures that are not
        " svg svgz psd psb ai xcf kra ora tga icb vda pcx dcx ico cur icns wmf emf wmz emz cr2 cr3"
        " crw nef nrw arw srf sr2 dng orf rw2 raf pef srw x3f mrw 3fr iiq rwl dcm dicom exr qoi bpg"
        " flif jxr wdp hdp jb2 jbig2 jbg xbm xpm pam sgi rgb ras dds dpx cin fits mng jng pict"
        # documents that are not
        " doc docx docm dotx dotm xls xlsx xlsm xlsb xltx ppt pptx pptm pps ppsx potx odt ott fodt"
        " ods ots fods odp otp fodp odg fodg rtf wpd wps vsd vsdx pages numbers epub mobi azw azw3"
        " fb2 djvu djv ps eps epsf xps oxps prn msg"
    ).split()
)
# What `kinds.foreign` calls what is neither a picture nor a document.
_STRAY_NAME = re.compile(
    r"video|sound|archive|database|program|web page|XML file|\b(gzip|bzip2|xz|zstd) file"
)
# Marks so short, or so common, that the name has to say the same.
_WEAK = re.compile(r"Windows (icon|cursor)|SGI|TGA|PAM|PFM|Macintosh icon")
_SVG = re.compile(rb"(?is)\s*(<\?.*?\?>\s*|<!--.*?-->\s*|<!doctype[^>]*>\s*)*<svg[\s>]")
_PNM = re.compile(rb"P[1-6f]\s+(#[^\n]*\n\s*)*\d+\s+\d+\s")
_PDF = re.compile(rb"(?:\A|[\r\n\0])\s*%PDF-\d\.\d")
_PDF_BYTES = 1024  # within which a PDF mostly begins (PDF 1.7, appendix H, note 13)
_TAIL_BYTES = 32
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_BOMS = (b"\xff\xfe", b"\xfe\xff")


def stray(where: files.Where) -> str:
    """Return what a file is that nobody waits for, "" for a picture or a document.

    Its content is looked at only where its name says neither. Raises OcrdError.
    """
    if is_named_document(where.name):
        return ""
    fd = files.open_source(where, None)
    try:
        with files.translated(where):
            head = os.pread(fd, kinds.HEAD_BYTES, 0)
            size = os.fstat(fd).st_size
            tail = os.pread(fd, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    finally:
        os.close(fd)
    return stray_content(head, tail)


def is_named_document(name: str) -> bool:
    """Say whether a name is a picture's or a document's."""
    stem, _, ending = name.rpartition(".")  # PurePath's suffix, without its price
    return bool(stem) and f".{ending.lower()}" in _ENDINGS


def stray_content(head: bytes, tail: bytes = b"") -> str:
    """Return what content is that is neither a picture nor a document; "" for one that is."""
    if _is_read(head):
        return ""
    name = kinds.foreign(head, tail)
    if name == "an SVG drawing" and not _SVG.match(head):
        name = "a web page or program text"
    if name and not _STRAY_NAME.search(name) and (
        not _WEAK.search(name) or tail.endswith(b"TRUEVISION-XFILE.\x00")
    ):
        return ""
    if name and not _WEAK.search(name):
        return name
    if not head.strip(b"\0"):
        return "nothing but zeros"
    return "text" if _is_text(head) else "of no format that is known here"


def _is_read(head: bytes) -> bool:
    """Say whether content is of a format that is read."""
    kind = kinds.picture(head)
    if kind is not None:
        return kind.format != kinds.PPM or _PNM.match(head) is not None
    buried = None if wholeness.start(head[:_PDF_BYTES]) >= 0 else kinds.buried_picture(head)
    if buried is not None:
        return _is_text(head[: buried.junk])
    begins = _PDF.search(head)
    return begins is not None and (begins.start() < _PDF_BYTES or not _is_text(head))


def _is_text(head: bytes) -> bool:
    """Say whether content has no byte that no text has, of whatever encoding."""
    return head.startswith(_BOMS) or _NO_TEXT.search(head) is None
