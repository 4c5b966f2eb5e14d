"""Image files as pages: opened, brought upright, on one ground, in eight bits, shrunk to size.

Runs only in the rasterizer's limited children. Decoding never starts before the size that the
header announces was judged. Raises whatever the libraries raise; ``faults`` translates.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL import Image, ImageOps, UnidentifiedImageError

from ocrd.errors import CorruptError, PageError, UnsupportedError
from ocrd.job import Doubt
from ocrd.raster.images import endings, jpegs, kinds, openers, rawtiffs, salvage, tiffs
from ocrd.raster.images.blankness import is_blank
from ocrd.raster.images.deepcolour import deep_colour
from ocrd.raster.images.flattening import Flatten, drawn_mode
from ocrd.raster.images.profiles import Profile
from ocrd.raster.images.resolution import resolution
from ocrd.raster.images.tones import with_contrast
from ocrd.raster.images.window import Window

__all__ = ["Drawn", "Picture", "is_blank", "scale_to_fit", "without_needless_colour"]

_ORIENTATION = 0x0112  # EXIF and TIFF tag
_REDUCED_IMAGE, _MASK = 1, 4  # TIFF 6.0, section 8: a preview, what is transparent
_BAND_PIXELS = 16_000_000  # converted at a time, of a huge image
_SHORT_SHARE = 0.25  # of the longest side: 80 mm of receipt at 2339 pixels is 185 dpi
_MAX_STRETCH = 4.0  # of the longest side, to keep the short one legible
_JPEG_SHRINK = 8  # in each direction, done by the decoder itself
_CONVERT_HINT = "Convert it to PNG, or export it anew."
_ENDS_EARLY = "The file ends early."
_TURNED_BY_DECODER = frozenset({"HEIF"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page in memory: mode L or RGB."""

    image: Image.Image
    points_per_pixel: float
    doubts: tuple[Doubt, ...] = ()  # what may not stand on it
    warnings: tuple[str, ...] = ()  # of the source, that cost no content
    inked: bool = False  # is it known not to be blank?


def scale_to_fit(
    width: float, height: float, longest_side: int, *, most: float, legible: bool = True
) -> float:
    """Return the factor that brings a page to ``longest_side``, at most ``most``.

    If ``legible``, a very long page (a receipt, a banner) gets more than that, so that its lines
    stay legible.
    """
    longest, shortest = max(width, height), min(width, height)
    scale = longest_side / longest
    if not legible:
        return min(scale, most)
    wanted = longest_side * _SHORT_SHARE / shortest
    return min(max(scale, min(wanted, scale * _MAX_STRETCH)), most)


def without_needless_colour(image: Image.Image) -> Image.Image:
    """Return the image in gray if that loses nothing."""
    if image.mode != "RGB" or _has_colour(image.reduce(8)) or _has_colour(image):
        return image
    return image.getchannel("R")


def _has_colour(image: Image.Image) -> bool:
    red, green, blue = (image.getchannel(name).tobytes() for name in "RGB")
    return not red == green == blue


class Picture:
    """An image file, one page or, for TIFF and HEIC, many."""

    def __init__(
        self,
        descriptor: int,
        kind: kinds.Kind,
        *,
        page_pixels: int,
        most_pages: int | None = None,
    ) -> None:
        """Read the headers; the descriptor stays the caller's.

        Raises TooLargeError for a single image that is over ``page_pixels``, UnsupportedError for a
        sound one that nothing here decodes. No page is looked for beyond the first one that is over
        ``most_pages``.
        """
        self._kind, self._page_pixels = kind.format, page_pixels
        self._stream: io.BufferedReader | io.BytesIO
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
        if self.repaired:
            self._stream = self._cut = salvage.completed(descriptor, kind)
            if kind.format == kinds.WEBP:
                self._stream = salvage.with_end(self._cut)
        if kind.format == kinds.TIFF and not self._directories:
            # The first one stands at the end, and is cut off.
            self._stream = salvage.directories_completed(descriptor, kind)
            self._directories = list(self._directories_up_to(most))
        self._image = self._opened()
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
        missing: salvage.Missing | None = None
        if self.repaired:
            image, missing = self._salvaged(number, target)
        else:
            image.load()
            image = deep_colour(image, lambda: self._page(number))
        drawn = _drawn(image, target)
        if missing is not None:
            salvage.painted(drawn.image, missing)
        page = _upright(drawn.image, image)
        if legible:
            page = with_contrast(page)
        doubts, warnings = self._remarks(image, missing)
        return replace(
            drawn, image=page, points_per_pixel=72.0 / (dpi * scale), doubts=doubts,
            warnings=(*drawn.warnings, *warnings),
        )  # fmt: skip

    def _salvaged(
        self, number: int, target: tuple[int, int]
    ) -> tuple[Image.Image, salvage.Missing | None]:
        """Return a page of a file that ends early, decoded as far as it goes."""
        if self._kind == kinds.WEBP:
            return salvage.webp(self._cut)
        image, missing = salvage.decoded(lambda: self._drafted(number, target))
        if self._directories and int(image.getexif().get(_ORIENTATION, 1)) == 1:
            directory = self._directories[self._frames[number - 1]]
            missing = salvage.without_strips(missing, directory, (image.height, image.width))
        return image, missing

    def _remarks(
        self, image: Image.Image, missing: salvage.Missing | None
    ) -> tuple[tuple[Doubt, ...], tuple[str, ...]]:
        if not self.repaired:
            return (), ()
        share = salvage.missing_share(missing)
        if share:
            words = f"{_ENDS_EARLY} {share:.0%} of the page's rows are not there."
        elif self._kind == kinds.JPEG and salvage.is_coarse(self._cut, image):
            words = f"{_ENDS_EARLY} The page is coarser than it was."
        else:
            return (), (f"{_ENDS_EARLY} The picture is there.",)
        return (Doubt("not-drawn", words, share),), ()

    def _opened(self) -> Image.Image:
        """Return the file's first image; raise UnsupportedError for a sound page of a rare kind."""
        if self._directories and (name := tiffs.unsupported(self._directories[0])):
            raise UnsupportedError(f"The content is {name}.", hint=_CONVERT_HINT)
        try:
            image = openers.opened(self._stream, self._kind, self._page_pixels)
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

    def _page(self, number: int) -> Image.Image:
        """Return the image of page ``number``, not decoded yet where it comes by itself."""
        frame = self._frames[number - 1]
        image = self._opened() if len(self._frames) == 1 else self._image
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

    def _drafted(self, number: int, target: tuple[int, int]) -> Image.Image:
        if self.pages > 1:  # a new one: what was decoded of the other is not to be seen
            self._image = self._opened()
        image = self._page(number)
        if self.format == "JPEG":
            self._draft(image, target)
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


def _unpolluted(image: Image.Image) -> Image.Image:
    """Return CMYK as it is meant.

    Pillow takes every CMYK JPEG for an inverted one of Adobe's; without Adobe's marker it is not.
    """
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        plain = Image.eval(image, lambda value: 255 - value)
        plain.info = image.info
        return plain
    return image


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


def _drawn(source: Image.Image, target: tuple[int, int]) -> Drawn:
    """Return the image as L or RGB at the target size, in a screen's colours."""
    image = _unpolluted(source)
    ink = Profile(image.info, "CMYK") if image.mode == "CMYK" else None
    profile = ink if ink is not None and ink.turns_ink else None
    if profile is None:
        profile = Profile({} if ink is not None else image.info, drawn_mode(image))
    page = _shrunk(image, target, Flatten(image, keep_ink=profile.turns_ink), profile)
    warnings = ink.warnings if ink is not None else profile.warnings
    return Drawn(page, 1.0, warnings=tuple(f"{words.capitalize()}." for words in warnings))


def _shrunk(
    image: Image.Image, target: tuple[int, int], flatten: Flatten, profile: Profile
) -> Image.Image:
    """Return the image at the target size; huge ones go in bands."""
    factor = min(image.width // target[0], image.height // target[1]) // 2
    if image.width * image.height > _BAND_PIXELS and factor > 1:
        flat = _reduced_in_bands(image, factor, flatten)
    else:
        flat = flatten(image)
    if not profile.turns:
        flat = without_needless_colour(flat)
    if flat.size != target:
        flat = flat.resize(target, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return without_needless_colour(profile(flat)) if profile.turns else flat


def _reduced_in_bands(image: Image.Image, factor: int, flatten: Flatten) -> Image.Image:
    rows = max(1, _BAND_PIXELS // image.width // factor) * factor
    reduced: Image.Image | None = None
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        band = flatten(image.crop((0, top, image.width, bottom))).reduce(factor)
        if reduced is None:
            size = math.ceil(image.width / factor), math.ceil(image.height / factor)
            reduced = Image.new(band.mode, size)
        reduced.paste(band, (0, top // factor))
    assert reduced is not None
    return reduced
