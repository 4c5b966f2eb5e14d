"""Pages to views and tiles, against upstream's numbers and Transformers' own processor."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ocrd.engine.deepseek.network import preprocessing
from ocrd.engine.deepseek.network.preprocessing import (
    UNLIMITED,
    V1,
    V2,
    VALUES,
    ViewSpec,
    grid_of,
    longest_side,
    token_count,
    view_spec,
)

GREY = np.float32((np.float32(127) / np.float32(255) - np.float32(0.5)) / np.float32(0.5))


def prepare(image: Image.Image, spec: ViewSpec) -> Any:
    """Return a prepared page as the encoder sees it: in values, three channels of them."""
    page = preprocessing.prepare(image, spec)
    views, tiles = (seen(pixels) for pixels in (page.views, page.tiles))
    return SimpleNamespace(views=views, tiles=tiles, grid=page.grid, tokens=page.tokens)


def seen(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    count, _, height, width = pixels.shape
    return np.broadcast_to(VALUES[pixels], (count, 3, height, width))


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a page whose every pixel tells where it came from."""
    generator = np.random.default_rng(width * 7919 + height)
    coarse = generator.integers(0, 256, (max(height // 8, 1), max(width // 8, 1), 3), np.uint8)
    page = Image.fromarray(coarse).resize((width, height), Image.Resampling.NEAREST)
    return page.convert(mode)


def upstream_values(image: Image.Image) -> NDArray[np.float32]:
    """Return ToTensor and Normalize(0.5, 0.5) of an RGB image, [3, height, width]."""
    pixels = np.asarray(image).astype(np.float32).transpose(2, 0, 1)
    return (pixels / np.float32(255) - np.float32(0.5)) / np.float32(0.5)


@pytest.mark.parametrize(
    ("kind", "size", "most", "spec"),
    [
        (V1, "tiny", None, ViewSpec(512, 512, False, 6, V1)),
        (V1, "small", None, ViewSpec(640, 640, False, 6, V1)),
        (V1, "base", None, ViewSpec(1024, 1024, False, 6, V1)),
        (V1, "large", None, ViewSpec(1280, 1280, False, 6, V1)),
        (V1, "gundam", None, ViewSpec(1024, 640, True, 6, V1)),
        (V1, "", None, ViewSpec(1024, 640, True, 6, V1)),
        (V1, "", 9, ViewSpec(1024, 640, True, 9, V1)),
        (V1, "", 1, ViewSpec(1024, 640, True, 1, V1)),
        (UNLIMITED, "", None, ViewSpec(1024, 640, True, 32, V1)),
        (UNLIMITED, "gundam", 6, ViewSpec(1024, 640, True, 6, V1)),
        (UNLIMITED, "base", None, ViewSpec(1024, 1024, False, 32, V1)),
        (V2, "", None, ViewSpec(1024, 768, True, 6, V2)),
        (V2, "", 2, ViewSpec(1024, 768, True, 2, V2)),
    ],
)
def test_a_page_is_looked_at_as_the_model_cards_say(
    kind: str, size: str, most: int | None, spec: ViewSpec
) -> None:
    assert view_spec(kind, size, most) == spec


def test_unlimited_ocr_looks_at_a_sharp_page_through_many_tiles() -> None:
    spec = view_spec(UNLIMITED)
    assert grid_of(2480, 3508, spec) == (4, 6)
    assert token_count((4, 6), spec) == 273 + 60 * 41
    assert grid_of(1240, 1754, spec) == (2, 3), "a coarser one through fewer"
    with pytest.raises(ValueError, match="no size 'large', only base, gundam"):
        view_spec(UNLIMITED, "large")


@pytest.mark.parametrize(
    ("size", "tokens"), [("tiny", 73), ("small", 111), ("base", 273), ("large", 421)]
)
@pytest.mark.parametrize("shape", [(1700, 2200), (400, 300), (3000, 200)])
def test_v1_without_tiles_has_the_published_tokens_for_every_page(
    size: str, tokens: int, shape: tuple[int, int]
) -> None:
    spec = view_spec(V1, size)
    grid = grid_of(*shape, spec)
    assert grid == (1, 1)
    assert token_count(grid, spec) == tokens


@pytest.mark.parametrize(
    ("shape", "most", "grid", "tokens"),
    [
        ((1654, 2339), 6, (2, 3), 903),  # A4 at 200 dpi
        ((1700, 2200), 6, (2, 3), 903),  # US letter
        ((1700, 2200), 9, (2, 3), 903),
        ((2339, 1654), 6, (3, 2), 273 + 20 * 31),
        ((700, 1400), 6, (1, 2), 493),
        ((1000, 1000), 6, (2, 2), 693),
        ((3000, 3000), 9, (3, 3), 1203),
        ((1000, 1000), 9, (2, 2), 693),  # too small for three by three
        ((641, 100), 6, (6, 1), 273 + 10 * 61),
        ((100, 641), 6, (1, 6), 273 + 60 * 11),
        ((640, 640), 6, (1, 1), 273),
        ((640, 641), 6, (2, 2), 693),
        ((1700, 2200), 1, (1, 1), 273),
    ],
)
def test_v1_tiles_as_upstream(
    shape: tuple[int, int], most: int, grid: tuple[int, int], tokens: int
) -> None:
    spec = view_spec(V1, "gundam", most)
    assert grid_of(*shape, spec) == grid
    assert token_count(grid, spec) == tokens
    assert view_spec(V1, "", most) == spec


@pytest.mark.parametrize(
    ("shape", "grid", "tokens"),
    [
        ((1654, 2339), (2, 3), 1121),
        ((2550, 3300), (2, 3), 1121),
        ((3300, 2550), (3, 2), 1121),
        ((768, 768), (1, 1), 257),
        ((769, 768), (2, 2), 833),
        ((800, 1600), (1, 2), 545),
        ((600, 2400), (1, 4), 833),
        ((2000, 500), (4, 1), 833),
        ((2000, 400), (5, 1), 977),
    ],
)
def test_v2_tiles_as_upstream(shape: tuple[int, int], grid: tuple[int, int], tokens: int) -> None:
    spec = view_spec(V2)
    assert grid_of(*shape, spec) == grid
    assert token_count(grid, spec) == tokens


def test_of_two_grids_of_one_ratio_the_larger_needs_a_page_of_half_its_pixels() -> None:
    spec = view_spec(V1, "gundam", 9)
    half = 0.5 * 640 * 640 * 9
    side = int(half**0.5)
    assert side * side <= half < (side + 1) ** 2
    assert grid_of(side, side, spec) == (2, 2)
    assert grid_of(side + 1, side + 1, spec) == (3, 3)


def test_half_the_pixels_of_the_larger_grid_are_not_more_than_half() -> None:
    spec = view_spec(V1, "gundam", 9)
    assert 2 * 1280 * 1440 == 9 * 640 * 640
    assert grid_of(1280, 1440, spec) == (2, 2)
    assert grid_of(1281, 1440, spec) == (3, 3)
    assert grid_of(576, 2560, view_spec(V2)) == (1, 4)


@pytest.mark.parametrize(
    ("kind", "most", "shape", "grid"),
    [
        (V2, 6, (1250, 1000), (2, 2)),  # 1.25 lies between 2 x 2 and 3 x 2
        (V2, 6, (2000, 1600), (3, 2)),
        (V1, 6, (180, 800), (1, 4)),
        (V1, 6, (540, 2400), (1, 5)),
        (V1, 4, (660, 440), (2, 1)),
        (V1, 4, (7980, 5320), (2, 2)),
        (V2, 3, (800, 640), (1, 2)),  # of two tiles each
        (V2, 3, (900, 720), (2, 1)),
    ],
)
def test_a_page_right_between_two_ratios_goes_to_the_larger_grid_if_it_fills_it(
    kind: str, most: int, shape: tuple[int, int], grid: tuple[int, int]
) -> None:
    assert grid_of(*shape, view_spec(kind, "", most)) == grid


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(2, 12), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_the_grid_depends_on_no_order_among_grids_of_as_many_tiles(
    width: int, height: int, most: int, seed: int
) -> None:
    """Upstream leaves that order to a set."""
    spec = view_spec(V1, "gundam", most)
    ratios = [(c, r) for c in range(1, most + 1) for r in range(1, most + 1) if 2 <= c * r <= most]
    if most > 3:
        random.Random(seed).shuffle(ratios)
    ratios.sort(key=lambda grid: grid[0] * grid[1])
    best, least = (1, 1), float("inf")
    for columns, rows in ratios if max(width, height) > 640 else []:
        difference = abs(width / height - columns / rows)
        if difference < least:
            best, least = (columns, rows), difference
        elif difference == least and width * height > 0.5 * 640 * 640 * columns * rows:
            best = (columns, rows)
    assert grid_of(width, height, spec) == best


@pytest.mark.parametrize("most", range(4, 13))
def test_pages_right_between_two_grids_of_as_many_tiles_are_closer_to_a_third(most: int) -> None:
    grids = [(c, r) for c in range(1, most + 1) for r in range(1, most + 1) if 2 <= c * r <= most]
    for first in grids:
        for second in grids:
            if first < second and first[0] * first[1] == second[0] * second[1]:
                middle = (first[0] / first[1] + second[0] / second[1]) / 2
                least = min(abs(middle - c / r) for c, r in grids)
                assert least < abs(middle - first[0] / first[1])


SMALL = st.builds(
    ViewSpec,
    base=st.sampled_from([64, 128, 192]),
    tile=st.sampled_from([64, 128]),
    crop=st.booleans(),
    max_tiles=st.integers(1, 9),
    family=st.sampled_from([V1, V2]),
)


@given(st.integers(1, 400), st.integers(1, 400), SMALL, st.sampled_from(["L", "RGB"]))
@settings(max_examples=60, deadline=None)
def test_tiles_cover_the_page_and_its_tokens_are_counted_from_what_is_looked_at(
    width: int, height: int, spec: ViewSpec, mode: str
) -> None:
    page = noise(width, height, mode)
    prepared = prepare(page, spec)
    columns, rows = prepared.grid
    tiled = spec.crop and max(width, height) > spec.tile and spec.max_tiles > 1
    assert columns * rows <= spec.max_tiles
    assert len(prepared.tiles) == (columns * rows if tiled else 0)
    assert (columns * rows > 1) is tiled
    if tiled:
        whole = prepared.tiles.reshape(rows, columns, 3, spec.tile, spec.tile)
        whole = whole.transpose(2, 0, 3, 1, 4).reshape(3, rows * spec.tile, columns * spec.tile)
        size = (columns * spec.tile, rows * spec.tile)
        stretched = page.resize(size, Image.Resampling.BICUBIC).convert("RGB")
        assert np.array_equal(whole, upstream_values(stretched))
    if spec.family == V2:
        expected = 257 + 144 * len(prepared.tiles)
    else:  # a token for 64 pixels each way, one to end each row, and one behind all
        expected = (spec.base // 64) * (spec.base // 64 + 1) + 1
        if tiled:
            expected += (rows * spec.tile // 64) * (columns * spec.tile // 64 + 1)
    assert prepared.tokens == token_count(prepared.grid, spec) == expected


@given(st.integers(4, 400), st.integers(4, 400), st.sampled_from(["L", "RGB"]))
@settings(max_examples=20, deadline=None)
def test_the_global_view_holds_the_whole_page_in_the_middle_of_grey(
    width: int, height: int, mode: str
) -> None:
    page = noise(width, height, mode)
    (view,) = prepare(page, ViewSpec(128, 64, True, 6, V1)).views
    scale = 128 / max(width, height)
    inner = (max(round(width * scale), 1), max(round(height * scale), 1))
    left, top = round((128 - inner[0]) / 2), round((128 - inner[1]) / 2)
    shrunk = page.resize(inner, Image.Resampling.BICUBIC).convert("RGB")
    expected = np.full((3, 128, 128), GREY)
    expected[:, top : top + inner[1], left : left + inner[0]] = upstream_values(shrunk)
    assert np.array_equal(view, expected)


@pytest.mark.parametrize("shape", [(900, 1300), (1301, 907), (650, 2000), (500, 400), (640, 640)])
@pytest.mark.parametrize("kind", [V1, V2])
def test_views_and_tiles_hold_upstreams_values(kind: str, shape: tuple[int, int]) -> None:
    spec, page = view_spec(kind), noise(*shape)
    prepared = prepare(page, spec)
    view = ImageOps.pad(page, (1024, 1024), color=(127, 127, 127))
    assert np.array_equal(prepared.views, upstream_values(view)[None])
    columns, rows = prepared.grid
    side = spec.tile
    count = 0 if columns * rows == 1 else columns * rows
    assert prepared.tiles.shape == (count, 3, side, side)
    assert prepared.views.dtype == prepared.tiles.dtype == np.float32
    whole = page.resize((columns * side, rows * side), Image.Resampling.BICUBIC)
    for number in range(count):
        left, top = number % columns * side, number // columns * side
        tile = whole.crop((left, top, left + side, top + side))
        assert np.array_equal(prepared.tiles[number], upstream_values(tile))


@pytest.mark.parametrize(
    ("spec", "padded"),
    [
        (view_spec(V1, "tiny"), False),
        (view_spec(V1, "small"), False),
        (view_spec(V1, "base"), True),
        (view_spec(V1, "large"), True),
        (ViewSpec(641, 641, False, 1, V1), True),
        (ViewSpec(768, 768, False, 1, V2), False),
        (ViewSpec(769, 769, False, 1, V2), True),
        (ViewSpec(1024, 1024, False, 1, V2), True),
    ],
)
def test_small_views_without_tiles_are_stretched_and_large_ones_padded(
    spec: ViewSpec, padded: bool
) -> None:
    page = noise(900, 1300)
    size = (spec.base, spec.base)
    view = ImageOps.pad(page, size, color=(127, 127, 127)) if padded else page.resize(size)
    prepared = prepare(page, spec)
    assert np.array_equal(prepared.views, upstream_values(view)[None])
    assert prepared.tiles.shape == (0, 3, spec.tile, spec.tile)
    assert bool((prepared.views[0, :, 0, 0] == GREY).all()) is padded


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("1", 1), ("RGB", 3), ("P", 3)])
def test_what_goes_to_the_device_are_bytes_and_of_a_grey_page_one_channel(
    mode: str, channels: int
) -> None:
    page = preprocessing.prepare(noise(700, 900, "L").convert(mode), view_spec(V2))
    assert page.views.shape == (1, channels, 1024, 1024)
    assert page.tiles.shape == (6, channels, 768, 768)
    for pixels in (page.views, page.tiles):
        assert pixels.dtype == np.uint8 and pixels.flags.c_contiguous


def test_each_byte_is_to_the_encoder_what_upstream_makes_of_it() -> None:
    every = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).convert("RGB")
    assert np.array_equal(VALUES, upstream_values(every)[0].flatten())
    assert VALUES[[0, 255]].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_kind_of_image_gives_what_its_rgb_form_gives(mode: str) -> None:
    page = noise(700, 900, "L").convert(mode)
    spec = view_spec(V2)
    one, other = prepare(page, spec), prepare(page.convert("RGB"), spec)
    assert np.array_equal(one.views, other.views)
    assert np.array_equal(one.tiles, other.tiles)


def test_a_photo_is_turned_by_its_exif_tag() -> None:
    page = noise(700, 900)
    sideways = page.transpose(Image.Transpose.ROTATE_90)
    sideways.getexif()[0x0112] = 6  # shown turned clockwise
    spec = view_spec(V2)
    assert np.array_equal(prepare(sideways, spec).tiles, prepare(page, spec).tiles)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 9000)])
@pytest.mark.parametrize("spec", [view_spec(V1), view_spec(V2), view_spec(V1, "base")])
def test_slivers_of_pages_are_prepared_too(shape: tuple[int, int], spec: ViewSpec) -> None:
    prepared = prepare(Image.new("RGB", shape, "black"), spec)
    assert prepared.views.shape == (1, 3, spec.base, spec.base)
    assert (prepared.views == -1).any()
    assert prepared.tokens == token_count(prepared.grid, spec)


@pytest.mark.parametrize("length", [2000, 2048, 4000])
def test_a_page_too_thin_for_the_view_is_one_pixel_thick_there(length: int) -> None:
    """2048 pixels are shrunk to a half of one, which rounds to none."""
    spec = view_spec(V1, "base")
    upright = prepare(Image.new("RGB", (1, length), "black"), spec).views[0, 0] == -1
    assert upright.sum(axis=0).tolist() == [0] * 512 + [1024] + [0] * 511
    lying = prepare(Image.new("RGB", (length, 1), "black"), spec).views[0, 0] == -1
    assert np.array_equal(lying, upright.T)


def test_sizes_and_kinds_that_do_not_exist_are_refused() -> None:
    for kind, size, most in [
        (V1, "huge", None),
        (V2, "base", None),
        ("rapidocr", "", None),
        (V1, "", 0),
    ]:
        with pytest.raises(ValueError, match=r"."):
            view_spec(kind, size, most)


@pytest.mark.parametrize(
    ("spec", "side"),
    [
        (view_spec(V1), 1920),
        (view_spec(V2), 2304),
        (view_spec(V1, "tiny"), 512),
        (view_spec(V1, "large"), 1280),
        (view_spec(V1, "gundam", 1), 1024),
        (view_spec(V1, "gundam", 9), 1920),
    ],
)
def test_drawing_is_asked_for_as_large_as_an_a4_page_is_looked_at(
    spec: ViewSpec, side: int
) -> None:
    assert longest_side(spec) == side


@pytest.fixture(scope="module")
def theirs() -> Any:
    pytest.importorskip("transformers")
    from transformers.models.deepseek_ocr2.image_processing_pil_deepseek_ocr2 import (
        DeepseekOcr2ImageProcessorPil,
    )

    return DeepseekOcr2ImageProcessorPil()


SHAPES = [(1654, 2339), (1700, 2200), (1280, 720), (800, 2400), (1000, 1000), (768, 700),
          (901, 1303), (2001, 999), (769, 768), (640, 480)]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_v2_equals_transformers_tile_by_tile(theirs: Any, shape: tuple[int, int]) -> None:
    page = noise(*shape)
    ours = prepare(page, view_spec(V2))
    result = theirs(images=[page], return_tensors="np")
    assert int(result["num_local_patches"][0]) == len(ours.tiles)
    for number, tile in enumerate(ours.tiles):
        assert np.array_equal(bytes_of(tile), bytes_of(result["pixel_values_local"][number]))
    # Its padding rounds down where upstream's rounds to the even pixel.
    thin = round(min(shape) / max(shape) * 1024)
    if round((1024 - thin) / 2) == (1024 - thin) // 2:
        assert np.array_equal(bytes_of(ours.views[0]), bytes_of(result["pixel_values"][0]))


def test_the_shapes_compared_with_transformers_include_paddings_that_coincide() -> None:
    gaps = [1024 - round(min(shape) / max(shape) * 1024) for shape in SHAPES]
    assert sum(round(gap / 2) == gap // 2 for gap in gaps) >= 5


def bytes_of(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the pixels that normalised values stand for, asserting that they are on the grid."""
    pixels = (np.asarray(values, np.float64) * 0.5 + 0.5) * 255
    assert np.abs(pixels - np.round(pixels)).max() < 1e-3
    return np.round(pixels).astype(np.uint8)
