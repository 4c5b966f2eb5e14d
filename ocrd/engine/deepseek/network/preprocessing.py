"""A page image to what the DeepSeek-OCR models look at: one global view and up to a few tiles.

Bit for bit what the models were trained on (both upstream repositories, DeepSeek-OCR and
DeepSeek-OCR-2): a view that is shifted by one pixel changes the text that comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

V1 = "deepseek-ocr"
V2 = "deepseek-ocr-2"
UNLIMITED = "unlimited-ocr"  # looks at pages as the first model does, at more tiles of them

PIXELS_A_TOKEN = 64  # patches of 16, shrunk four times by the convolutions between the encoders
V2_GLOBAL_TOKENS = 257  # v2's encoder has 256 queries for a global view; and the separator
V2_TILE_TOKENS = 144
DEFAULT_MAX_TILES = 6  # of upstream's vLLM configuration; its other one has 9 for v1
STRETCHED_UP_TO = {V1: 640, V2: 768}  # without tiles, views of at most this side are not padded
_MAX_TILES = {UNLIMITED: 32}  # its own configuration; an A4 page at 300 dpi has 24
_FILL = 127  # int(0.5 * 255), as upstream rounds the mean colour
_HALF = np.float32(0.5)  # mean and standard deviation of the normalisation
_WHITE = np.float32(255)
_GREY_MODES = frozenset({"1", "L"})
_A4 = (2480, 3508)  # pixels at 300 dpi

# Name -> side of the global view, side of a tile, tiles at all (upstream's README of v1).
_V1_SIZES = {
    "tiny": (512, 512, False),
    "small": (640, 640, False),
    "base": (1024, 1024, False),
    "large": (1280, 1280, False),
    "gundam": (1024, 640, True),
}
_V1_DEFAULT = "gundam"
_FIRST = {V1: tuple(_V1_SIZES), UNLIMITED: ("base", "gundam")}  # kinds of this family


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """How one model, in one size mode, looks at a page. Sides are in pixels."""

    base: int  # side of the global view
    tile: int  # side of a tile; pages larger than it are tiled
    crop: bool  # whether there are tiles at all
    max_tiles: int
    family: str  # V1 or V2


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A page as it goes to the vision encoder, in bytes; one channel where all would be equal.

    What the encoder sees of them is :data:`VALUES`.
    """

    views: NDArray[np.uint8]  # (1, channels, base, base): the global view
    tiles: NDArray[np.uint8]  # (n, channels, tile, tile), row by row; n may be 0
    grid: tuple[int, int]  # columns and rows of the tiles; (1, 1) without tiles
    tokens: int  # image tokens to be fed


def view_spec(kind: str, size: str = "", max_tiles: int | None = None) -> ViewSpec:
    """Return how the model looks at pages; raise ValueError for a size that it does not have.

    ``size`` "" is the model's default; with fewer than two tiles only the global view remains.
    """
    most = _MAX_TILES.get(kind, DEFAULT_MAX_TILES) if max_tiles is None else max_tiles
    if most < 1:
        raise ValueError(f"max_tiles is {most}; it must be at least 1.")
    if kind == V2:
        if size:
            raise ValueError(f"{V2} has one size only, so size = {size!r} means nothing to it.")
        return ViewSpec(1024, 768, True, most, V2)
    if kind not in _FIRST:
        raise ValueError(f"{kind!r} is no DeepSeek engine.")
    if size and size not in _FIRST[kind]:
        raise ValueError(f"{kind} has no size {size!r}, only {', '.join(_FIRST[kind])}.")
    base, tile, crop = _V1_SIZES[size or _V1_DEFAULT]
    return ViewSpec(base, tile, crop, most, V1)


def prepare(image: Image.Image, spec: ViewSpec) -> PreparedPage:
    """Return the page's views and tiles; an EXIF orientation is applied, the colours become RGB."""
    page = _loaded(image)
    grid = grid_of(*page.size, spec)
    views = _planes(_global_view(page, spec))[None]
    return PreparedPage(views, _tiles(page, grid, spec), grid, token_count(grid, spec))


def grid_of(width: int, height: int, spec: ViewSpec) -> tuple[int, int]:
    """Return columns and rows of the tiles for a page of this size; (1, 1) is no tiles.

    Upstream's rule: the grid whose aspect ratio is closest to the page's. Among grids of the same
    ratio a larger one is preferred as long as the page has more than half its pixels.
    """
    if not spec.crop or max(width, height) <= spec.tile:
        return 1, 1
    best, least = (1, 1), float("inf")
    for columns, rows in _grids(spec.max_tiles):
        difference = abs(width / height - columns / rows)
        roomy = width * height > 0.5 * spec.tile * spec.tile * columns * rows
        if difference < least or (difference == least and roomy):
            best, least = (columns, rows), difference
    return best


def token_count(grid: tuple[int, int], spec: ViewSpec) -> int:
    """Return how many image tokens a page of this grid takes in the model's context.

    v1 ends every row of a view with a newline token and the page with a separator.
    """
    columns, rows = grid
    tiled = columns * rows > 1
    if spec.family == V2:
        return V2_GLOBAL_TOKENS + (V2_TILE_TOKENS * columns * rows if tiled else 0)
    side = spec.base // PIXELS_A_TOKEN
    part = spec.tile // PIXELS_A_TOKEN
    local = part * rows * (part * columns + 1) if tiled else 0
    return side * (side + 1) + 1 + local


def longest_side(spec: ViewSpec) -> int:
    """Return the pixels of a page's longer side above which drawing it finer is wasted.

    It is that of an A4 page. Pages narrower than about 1 : 3.5 could use more, in grids of one
    column; they are rare, and drawing every page for them would quadruple the work.
    """
    columns, rows = grid_of(*_A4, spec)
    return max(spec.base, spec.tile * max(columns, rows))


def _grids(max_tiles: int) -> list[tuple[int, int]]:
    """Return every grid of two tiles or more as (columns, rows), the smallest first.

    Upstream sorts a set, so that grids of as many tiles come in no promised order. From four tiles
    on, no page is equally close to two such grids without being closer to a third one; below, this
    is the order in which CPython happens to have them.
    """
    sides = range(1, max_tiles + 1)
    grids = [(c, r) for c in sides for r in sides if 2 <= c * r <= max_tiles]
    return sorted(grids, key=lambda grid: grid[0] * grid[1])


def _loaded(image: Image.Image) -> Image.Image:
    """Return the page upright by its EXIF tag, as RGB or, where all channels would be equal, grey.

    Pillow resamples each channel on its own, so a grey page gives the same values in a third of
    the time.
    """
    page = ImageOps.exif_transpose(image)
    return page.convert("L" if page.mode in _GREY_MODES else "RGB")


def _global_view(page: Image.Image, spec: ViewSpec) -> Image.Image:
    size = (spec.base, spec.base)
    if not spec.crop and spec.base <= STRETCHED_UP_TO[spec.family]:
        return page.resize(size, Image.Resampling.BICUBIC)
    fill = _FILL if page.mode == "L" else (_FILL, _FILL, _FILL)
    return ImageOps.pad(_thickened(page, spec.base), size, Image.Resampling.BICUBIC, color=fill)


def _thickened(page: Image.Image, side: int) -> Image.Image:
    """Return a page so thin that it would vanish in the view one pixel thick there.

    Upstream fails on these.
    """
    width, height = page.size
    if round(min(page.size) / max(page.size) * side) > 0:
        return page
    size = (1, side) if width < height else (side, 1)
    return page.resize(size, Image.Resampling.BICUBIC)


def _tiles(page: Image.Image, grid: tuple[int, int], spec: ViewSpec) -> NDArray[np.uint8]:
    """Return the tiles of the page stretched to the grid, row by row."""
    columns, rows = grid
    side = spec.tile
    channels = len(page.getbands())
    if columns * rows == 1:
        return np.empty((0, channels, side, side), np.uint8)
    stretched = page.resize((columns * side, rows * side), Image.Resampling.BICUBIC)
    planes = _planes(stretched).reshape(channels, rows, side, columns, side)
    tiles = planes.transpose(1, 3, 0, 2, 4).reshape(-1, channels, side, side)
    return np.ascontiguousarray(tiles)


def _planes(image: Image.Image) -> NDArray[np.uint8]:
    """Return an image's bytes channel by channel, [channels, height, width]."""
    pixels = np.atleast_3d(np.asarray(image, np.uint8))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _values() -> NDArray[np.float32]:
    """Return what each byte is to the encoder, -1..1.

    With the three roundings of upstream's ToTensor and Normalize: one fused step differs in the
    last bit, and a GPU divides by 255 by multiplying with its reciprocal.
    """
    found = np.arange(256, dtype=np.float32)
    found /= _WHITE
    found -= _HALF
    found /= _HALF
    return found


VALUES = _values()
