"""A PDF's bytes opened by whoever can: as they are, without their table, without their junk.

MuPDF is asked first, then MuPDF with a file that ends before what says where its table is, so that
it makes one anew, then pdfium.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Sequence

from ocrd.errors import BrokenError, CorruptError, EncryptedError
from ocrd.raster.pdfs import wholeness
from ocrd.raster.pdfs.mupdf import MuPdf, encrypts_attachments_only
from ocrd.raster.pdfs.pdfium import UNKNOWN_SECURITY, WRONG_PASSWORD, Pdfium, PdfiumError

_MOST_COPIED = 1 << 28  # bytes of a file that is changed in memory before it is opened
_ENCRYPT = re.compile(rb"/Encrypt(?=[\s<])")
_FOR_A_CERTIFICATE = (
    "The PDF is encrypted for the holder of a certificate, or in a way that is not known here."
)


class Opening:
    """A mapped PDF file, and the passwords to try."""

    def __init__(self, mapped: mmap.mmap, passwords: Sequence[str]) -> None:
        self._map = mapped
        self._before = max(0, wholeness.start(mapped[: wholeness.SEEN_BYTES]))  # is junk
        self._content = memoryview(mapped)[self._before :]
        self._passwords = passwords
        self._is_for_a_certificate = False

    def release(self) -> None:
        """Let go of the file's bytes; raise BufferError if a library still has them."""
        self._content.release()

    def by_mupdf(self) -> MuPdf | None:
        """Return it opened by MuPDF, None where that sees no pages.

        Raises EncryptedError, and what MuPDF says of a file that it cannot open at all.
        """
        fault: Exception | None = None
        for length in (len(self._map), *wholeness.without_tables(self._map)):
            try:
                document = self._unlocked(self._content[: max(0, length - self._before)])
            except (EncryptedError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 -- raised below
                fault = fault or error
                continue
            if document.pages:
                return document
            document.close()
        if fault is not None:
            raise fault
        return None

    def by_pdfium(self) -> Pdfium | None:
        """Return it opened by pdfium, None where that cannot, or sees no pages."""
        for password in ("", *self._passwords):
            try:
                document = Pdfium(self._content, password)
            except PdfiumError as error:
                self._is_for_a_certificate = error.code == UNKNOWN_SECURITY
                if error.code != WRONG_PASSWORD:
                    return None
            else:
                return document if document.pages else None
        return None

    def by_anybody(self) -> tuple[MuPdf | None, Pdfium | None]:
        """Return it opened by MuPDF, or else by pdfium.

        Raises EncryptedError; what MuPDF says of a damaged file, and BrokenError for one that is
        as complete as it will be.
        """
        fault: Exception | None = None
        try:
            if (first := self.by_mupdf()) is not None:
                return first, None
        except (EncryptedError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 -- raised below
            fault = error
        if (second := self.by_pdfium()) is not None:
            return None, second
        if self._is_for_a_certificate:
            raise EncryptedError(_FOR_A_CERTIFICATE, hint="Drop an unprotected copy.")
        if wholeness.may_still_grow(self._map):
            raise fault or CorruptError("The PDF has no pages.")
        raise BrokenError("its structure cannot be followed." if fault else "The PDF has no pages.")

    def _unlocked(self, content: memoryview) -> MuPdf:
        try:
            return MuPdf(content, self._passwords)
        except EncryptedError:
            if len(content) > _MOST_COPIED or not encrypts_attachments_only(content):
                raise
            self._content = memoryview(_ENCRYPT.sub(b"/Encrypz", content))
            return MuPdf(self._content, self._passwords)
