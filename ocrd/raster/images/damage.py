"""Pixels decoded, and what is wrong with them though nobody raised anything.

Decoders that mean well go on behind what they cannot make sense of, and say nothing. So libtiff's
complaints are listened to, a PNG's sums are checked, and a JPEG is handed to its decoder so that
shows whether its rows end where its bytes do.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from ocrd.raster.images import endings, jpegs, kinds, pngs, tiffs, webps

_STDERR = 2
# What libtiff's decoders say of bytes that are wrong; of some they say more than that.
_COMPLAINTS = re.compile(
    r"Bad code word|Uncompressed data|Read error|Decoding error|ZLib error|Not enough data"
    r"|not yet in table|JPEGLib: |Error at scanline|corrupt",
    re.IGNORECASE,
)
_SPARE_BYTES = 16  # behind the last row of a JPEG: fill bytes, which some writers add
_LOOKED_AHEAD = bytes(16)  # behind the last row of a JPEG, before its end mark


class StillComingError(Exception):
    """A part is missing that may yet come."""


class NothingThereError(Exception):
    """Nothing comes of the picture, and nothing more will come of its file."""


def load(
    image: Image.Image, file: BinaryIO, kind: str, directory: tiffs.Page | None = None
) -> bool:
    """Decode the image, and say whether something is wrong with what came of it.

    ``directory`` is that of a TIFF's page. Raises what the library raises where it does not decode.
    """
    match kind:
        case kinds.TIFF:
            with complaints() as said:
                image.load()
            if complained("\n".join(said)):
                return True
            return directory is not None and not _agrees_with_its_sums(file, directory)
        case kinds.JPEG if (begin := jpegs.lone_scan(file)) is not None:
            return _ends_elsewhere(image, file, begin)
        case kinds.PNG:
            image.load()
            return not pngs.is_sound(file)
        case kinds.WEBP:
            image.load()
            return webps.hole(file) > 0
        case _:
            image.load()
            return False


def _agrees_with_its_sums(file: BinaryIO, directory: tiffs.Page) -> bool:
    """Say whether a deflated page's pieces do: libtiff stops before it comes to their sums."""
    if directory.number(tiffs.COMPRESSION) not in (tiffs.DEFLATE, tiffs.OLD_DEFLATE):
        return True
    try:
        for at, length in directory.pieces:
            file.seek(at)
            pngs.inflated(zlib.decompressobj(), file.read(length))
    except zlib.error:
        return False
    return True


def complained(said: str) -> str:
    """Return those of libtiff's lines that tell of wrong bytes."""
    return "\n".join(line for line in said.splitlines() if _COMPLAINTS.search(line))


@contextlib.contextmanager
def complaints() -> Iterator[list[str]]:
    """Take what libraries write to the standard error meanwhile, as far as a pipe holds it.

    One thread works here. The list is filled at the end.
    """
    said: list[str] = []
    sys.stderr.flush()
    before = os.dup(_STDERR)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)  # what is too much is not waited for
    try:
        os.dup2(writing, _STDERR)
        try:
            yield said
        finally:
            os.dup2(before, _STDERR)
            with contextlib.suppress(BlockingIOError):
                while some := os.read(reading, 1 << 16):
                    said += some.decode(errors="replace").splitlines()
    finally:
        for descriptor in (before, reading, writing):
            os.close(descriptor)


def _ends_elsewhere(image: Image.Image, file: BinaryIO, begin: int) -> bool:
    """Decode a JPEG, and say whether its rows end before its bytes do, or these before the rows.

    Its decoder asks for more bytes when it needs them, and for none once it has its rows: of a
    sound picture for the last few, and not for what stands behind them. It looks ahead, so that a
    few more are put there.
    """
    end = endings.end_of(file, kinds.JPEG) - len(endings.EOI)
    pieces = _Pieces(file, [max(begin, end - _SPARE_BYTES), end], _LOOKED_AHEAD)
    image.fp = pieces  # type: ignore[attr-defined]
    image.load()
    return pieces.asked != 1


class _Pieces:
    """A file that is given up to each of two places first, with more bytes behind the second one.

    ``asked`` counts how often more was asked for when one of them was reached.
    """

    def __init__(self, file: BinaryIO, stops: list[int], behind: bytes) -> None:
        self._file, self._stops, self._behind = file, list(stops), behind
        self.asked = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Leave the file open: it is another's."""

    def read(self, size: int = -1) -> bytes:
        at = self._file.tell()
        while self._stops and at >= self._stops[0]:
            self._stops.pop(0)
            self.asked += 1
        if not self._stops:
            return self._file.read(size)
        most = self._stops[0] - at
        content = self._file.read(min(size, most) if size >= 0 else most)
        is_last = len(self._stops) == 1 and len(content) == most
        return content + self._behind if is_last else content
