"""Image files as pages: opened, brought upright, on one ground, in eight bits, shrunk to size.

Runs only in the rasterizer's limited children. Decoding never starts before the size that the
header announces was judged. Raises whatever the libraries raise; ``faults`` translates.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from ocrd.errors import CorruptError, OcrdError, PageError, TooLargeError, UnsupportedError
from ocrd.raster.images import damage, endings, jpegs, kinds, openers, rawtiffs, salvage, tiffs
from ocrd.raster.images.blankness import is_blank
from ocrd.raster.images.deepcolour import deep_colour
from ocrd.raster.images.resolution import resolution
from ocrd.raster.images.shrinking import Drawn, drawn, scale_to_fit, without_needless_colour
from ocrd.raster.images.tones import with_contrast
from ocrd.raster.images.window import Window

__all__ = ["Drawn", "Picture", "is_blank", "scale_to_fit", "without_needless_colour"]

_ORIENTATION = 0x0112  # EXIF and TIFF tag
_REDUCED_IMAGE, _MASK = 1, 4  # TIFF 6.0, section 8: a preview, what is transparent
_JPEG_SHRINK = 8  # in each direction, done by the decoder itself
_CONVERT_HINT = "Convert it to PNG, or export it anew."
_ENDS_EARLY, _DAMAGED = "The file ends early.", "The file is damaged."
_TURNED_BY_DECODER = frozenset({"HEIF"})


class Picture:
    """An image file, one page or, for TIFF and HEIC, many."""

    def __init__(
        self,
        descriptor: int,
        kind: kinds.Kind,
        *,
        page_pixels: int,
        most_pages: int | None = None,
        awaited: bool = False,
    ) -> None:
        """Read the headers; the descriptor stays the caller's.

        Raises TooLargeError for a single image that is over ``page_pixels``, UnsupportedError for a
        sound one that nothing here decodes, NothingThereError for one of which nothing can be seen,
        nor ever will be. No page is looked for beyond the first one that is over ``most_pages``. If
        it is ``awaited``, none is drawn without a part that may still come.
        """
        self._kind, self._page_pixels = kind.format, page_pixels
        self._awaited = awaited
        self._file: io.BufferedReader  # as it is, or as far as it goes
        self._stream: io.BufferedReader | io.BytesIO  # as its library opens it
        self._stream = io.BufferedReader(Window(descriptor, kind.junk), 1 << 16)
        self.repaired = False
        self._is_known = False  # to the decoder, for a TIFF
        self._directories: list[tiffs.Page] = []
        most = most_pages and most_pages + 1
        if kind.format == kinds.TIFF:
            self._directories = list(self._directories_up_to(most))
            self.repaired |= not endings.are_whole(self._stream, self._directories)
        else:
            self.repaired = not endings.is_whole(self._stream, kind.format)
        self._file = self._stream
        if self.repaired:
            self._file = salvage.completed(descriptor, kind)
        if kind.format == kinds.TIFF and not self._directories:
            # The first one stands at the end, and is cut off.
            self._file = salvage.directories_completed(descriptor, kind)
            self._stream = self._file
            self._directories = list(self._directories_up_to(most))
        self._is_damaged = False  # so that it is not opened as it is
        self._image = self._opened_somehow()
        self.format = "JPEG" if self._image.format == "MPO" else str(self._image.format)
        self._frames = self._page_frames()
        if self.pages == 1:
            self._judge_size()

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self._frames)

    def close(self) -> None:
        """Let go of the decoded image."""
        self._image.close()

    def draw(self, number: int, longest_side: int, *, legible: bool = True) -> Drawn:
        """Return page ``number`` (from 1), upright, at most at its own size."""
        image = self._page(number)
        dpi, stretch = resolution(image)
        width, height = image.width * stretch[0], image.height * stretch[1]
        scale = scale_to_fit(width, height, longest_side, most=1.0, legible=legible)
        target = max(1, round(width * scale)), max(1, round(height * scale))
        if self.format == "JPEG":
            self._draft(image, target)
        openers.refuse_oversize(*image.size, self._page_pixels, image.size)
        rest: salvage.Rest | None = None
        if self._is_sound(image, number):
            image = deep_colour(image, lambda: self._page(number))
        else:
            rest = self._rest(number, target)
            image = rest.image
        made = drawn(image, target)
        page = _upright(rest.painted(made.image) if rest else made.image, image)
        if legible:
            page = with_contrast(page)
        doubts, warnings = rest.told(self._cause) if rest else ((), ())
        return replace(
            made, image=page, points_per_pixel=72.0 / (dpi * scale), doubts=doubts,
            warnings=(*made.warnings, *warnings),
        )  # fmt: skip

    def _is_sound(self, image: Image.Image, number: int) -> bool:
        """Decode the image of a page; say whether all of it came, and nothing is wrong with it.

        Raises StillComingError where that may only be so for now.
        """
        if self.repaired or self._is_damaged:
            return False
        fault: Exception | None = None
        try:
            if not damage.load(image, self._stream, self._kind, self._directory(number)):
                return True
        except (MemoryError, UnsupportedError):
            raise
        except Exception as error:  # noqa: BLE001 -- each library raises what it likes
            fault = error
        if self._awaited and endings.may_still_grow(self._file, self._kind):
            raise damage.StillComingError(str(fault or "a part of it is not there")) from fault
        return False

    def _rest(self, number: int, target: tuple[int, int]) -> salvage.Rest:
        """Return a page that is not whole, decoded as far as it goes."""
        directory = self._directory(number)

        def opened(file: BinaryIO) -> Image.Image:
            image = self._page(number, self._opened(file))
            if self.format == "JPEG":
                self._draft(image, target)
            openers.refuse_oversize(*image.size, self._page_pixels, image.size)
            return image

        try:
            return salvage.rest(self._file, self._kind, directory, opened, is_cut=self.repaired)
        except (MemoryError, OcrdError):
            raise
        except Exception as error:
            if endings.may_still_grow(self._file, self._kind):
                raise
            raise damage.NothingThereError(str(error)) from error

    def _directory(self, number: int) -> tiffs.Page | None:
        frame = self._frames[number - 1]
        return self._directories[frame] if frame < len(self._directories) else None

    @property
    def _cause(self) -> str:
        return _ENDS_EARLY if self.repaired else _DAMAGED

    def _opened_somehow(self) -> Image.Image:
        """Return the file's first image; one that is damaged is opened without what is."""
        fault: Exception
        try:
            return self._opened(self._stream)
        except (MemoryError, UnsupportedError, TooLargeError):
            raise
        except Exception as error:  # noqa: BLE001 -- each library raises what it likes
            fault = error
        may_still_grow = self.repaired or endings.may_still_grow(self._file, self._kind)
        if not (self._awaited and may_still_grow):
            self._is_damaged = True
            self._stream = salvage.openable(self._file, self._kind)
            try:
                return self._opened(self._stream)
            except (MemoryError, UnsupportedError, TooLargeError):
                raise
            except Exception as error:  # noqa: BLE001 -- the first one says more
                fault.add_note(str(error))
        if may_still_grow:
            raise fault
        raise damage.NothingThereError(str(fault)) from fault

    def _opened(self, stream: BinaryIO) -> Image.Image:
        """Return a file's first image; raise UnsupportedError for a sound page of a rare kind."""
        if self._directories and (name := tiffs.unsupported(self._directories[0])):
            raise UnsupportedError(f"The content is {name}.", hint=_CONVERT_HINT)
        try:
            image = openers.opened(stream, self._kind, self._page_pixels)
        except (UnidentifiedImageError, SyntaxError, KeyError, OSError):
            if not self._directories:
                raise
            return self._by_numbers(self._directories[0])
        if self._directories and not self.repaired and not self._is_known:
            self._refuse_rare(self._directories[0])
        return image

    def _refuse_rare(self, directory: tiffs.Page) -> None:
        """Raise UnsupportedError for a page that the decoder, as it was built, does not know.

        A page of a rare kind, of a file that is whole, is decoded to see.
        """
        self._is_known = True
        name = tiffs.rarely_decoded(directory)
        is_jpeg = directory.number(tiffs.COMPRESSION) == tiffs.JPEG
        if not name or (is_jpeg and not self._holds_rare(directory)):
            return
        size = directory.number(tiffs.WIDTH), directory.number(tiffs.HEIGHT)
        openers.refuse_oversize(*size, self._page_pixels, size)
        try:
            openers.opened(self._stream, self._kind, self._page_pixels).load()
        except (OSError, SyntaxError, ValueError) as error:
            raise UnsupportedError(f"The content is {name}.", hint=_CONVERT_HINT) from error

    def _holds_rare(self, directory: tiffs.Page) -> bool:
        """Say whether the JPEG in a page is of a rare kind."""
        at, length = next(iter(directory.pieces), (0, 0))
        self._stream.seek(at)
        return bool(jpegs.unusual(io.BytesIO(self._stream.read(min(length, 1 << 16)))))

    def _by_numbers(self, directory: tiffs.Page) -> Image.Image:
        """Return a TIFF's page that Pillow does not know."""
        if name := tiffs.unsupported(directory):
            raise UnsupportedError(f"The content is {name}.", hint=_CONVERT_HINT)
        size = directory.number(tiffs.WIDTH), directory.number(tiffs.HEIGHT)
        if not all(size) or not directory.pieces:
            raise CorruptError("A page of the TIFF has no size or no content.")
        openers.refuse_oversize(*size, self._page_pixels, size)
        if not rawtiffs.can_decode(directory):
            name = tiffs.samples_in_words(directory)
            raise UnsupportedError(f"The content is {name}.", hint=_CONVERT_HINT)
        return rawtiffs.decoded(self._stream, directory)

    def _directories_up_to(self, count: int | None) -> Iterator[tiffs.Page]:
        """Yield the directories that are there, up to so many pages."""
        pages = 0
        try:
            for directory in tiffs.pages(self._stream):
                yield directory
                pages += _is_page(directory)
                if count and pages >= count:
                    return
        except EOFError:
            self.repaired = True

    def _page_frames(self) -> list[int]:
        """Return the frames that are pages, not previews or masks of one, nor an animation's."""
        if self._kind == kinds.TIFF:
            shown = [index for index, one in enumerate(self._directories) if _is_page(one)]
            return shown or [0]
        if self._kind == kinds.HEIF:
            return list(range(int(getattr(self._image, "n_frames", 1))))
        return [0]

    def _page(self, number: int, image: Image.Image | None = None) -> Image.Image:
        """Return the image of page ``number``, not decoded yet where it comes by itself.

        ``image`` is the file's first one, opened anew, if what was decoded is not to be seen.
        """
        frame = self._frames[number - 1]
        if image is None:
            image = self._opened(self._stream) if len(self._frames) == 1 else self._image
        if len(self._frames) == 1 and frame == 0:
            return image
        try:
            image.seek(frame)
        except (SyntaxError, KeyError, OSError, EOFError) as error:
            if frame >= len(self._directories):
                raise
            try:
                return self._by_numbers(self._directories[frame])
            except UnsupportedError as unknown:
                raise PageError(
                    f"Page {number}: {unknown.what}", hint=unknown.hint, page=number
                ) from error
        return image

    def _judge_size(self) -> None:
        image = self._image if self._frames == [0] else self._page(1)
        shrink = 1
        if self.format == "JPEG" and not image.info.get("progressive"):
            shrink = _JPEG_SHRINK
        width, height = image.size
        size = width // shrink, height // shrink
        openers.refuse_oversize(width, height, self._page_pixels, size)

    def _draft(self, image: Image.Image, target: tuple[int, int]) -> None:
        """Have the JPEG decoder shrink by itself, before anything is allocated."""
        if image.info.get("progressive"):  # all coefficients of the whole image are held anyway
            openers.refuse_oversize(*image.size, self._page_pixels, image.size)
        image.draft(None, target)


def _is_page(directory: tiffs.Page) -> bool:
    return not directory.number(tiffs.SUBFILE) & (_REDUCED_IMAGE | _MASK)


def _upright(flat: Image.Image, source: Image.Image) -> Image.Image:
    """Turn the drawn page as the source's EXIF says."""
    if source.format in _TURNED_BY_DECODER:
        return flat
    try:
        orientation = int(source.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- damaged EXIF raises anything; the page is still readable
        return flat
    if orientation not in range(2, 9):
        return flat
    flat.getexif()[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(flat)
