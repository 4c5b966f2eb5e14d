"""Vision in micro-batches: the same features as a page at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.deepseek.network import checkpoint, vision
from ocrd.engine.deepseek.network.checkpoint import Model
from ocrd.engine.deepseek.network.preprocessing import VALUES, PreparedPage, prepare, view_spec
from tests import checkpoints

pytestmark = pytest.mark.usefixtures("one_thread")

# Columns and rows: none, two, four, six, nine tiles.
GRIDS = ((1, 1), (2, 1), (2, 2), (2, 3), (3, 2), (1, 1), (1, 4), (3, 3))
SIDES = {
    "deepseek-ocr": (1024, 640), "deepseek-ocr-2": (1024, 768), "unlimited-ocr": (1024, 640),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(SIDES))
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a random model of each kind."""
    kind = request.param
    folder = checkpoints.make(tmp_path_factory.mktemp("checkpoint"), kind)
    return checkpoint.load(kind, str(folder), device="cpu")


def tokens_of(kind: str, grid: tuple[int, int], base: int, tile: int) -> int:
    """Count a page's image tokens by the rule of its kind."""
    columns, rows = grid
    count = columns * rows if columns * rows > 1 else 0
    if kind == "deepseek-ocr-2":
        return 257 + 144 * count
    side, small = base // 64, tile // 64
    return side * (side + 1) + 1 + (small * rows * (small * columns + 1) if count else 0)


def page(kind: str, grid: tuple[int, int], seed: int, sides: tuple[int, int] | None = None) -> Any:
    base, tile = sides or SIDES[kind]
    noise = np.random.default_rng(seed)
    count = grid[0] * grid[1] if grid != (1, 1) else 0
    channels = 3 - 2 * (seed % 2)  # every other page is grey
    return PreparedPage(
        noise.integers(0, 256, (1, channels, base, base), np.uint8),
        noise.integers(0, 256, (count, channels, tile, tile), np.uint8),
        grid,
        tokens_of(kind, grid, base, tile),
    )


def values(pixels: Any) -> torch.Tensor:
    """Return what Transformers' networks take: three channels, -1 to 1."""
    return torch.from_numpy(VALUES[pixels]).expand(-1, 3, -1, -1)


def alone(model: Model, one: PreparedPage) -> torch.Tensor:
    """Return a page's features as Transformers gives them for it alone."""
    more: dict[str, Any] = {}
    if len(one.tiles):
        more["pixel_values_local"] = values(one.tiles)
        more["num_local_patches"] = [len(one.tiles)]
        if model.kind != "deepseek-ocr-2":
            more["patches_grid"] = [list(one.grid)]
    with torch.inference_mode():
        (features,) = model.network.get_image_features(values(one.views), **more).pooler_output
    found: torch.Tensor = features
    return found


def assert_same(features: torch.Tensor, expected: torch.Tensor) -> None:
    """Require equality but for the rounding of sums of float32 in another order."""
    assert features.shape == expected.shape
    assert (features - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_pages_encoded_together_equal_each_alone(model: Model) -> None:
    pages = [page(model.kind, grid, seed) for seed, grid in enumerate(GRIDS)]
    together = vision.encode(model, pages)
    assert len(list(vision.micro_batches(pages))) < len(pages)
    for one, features in zip(pages, together, strict=True):
        assert features.shape == (one.tokens, checkpoints.HIDDEN)
        assert_same(features, alone(model, one))


@pytest.mark.parametrize("model", ["deepseek-ocr"], indirect=True)
def test_pages_of_different_sizes_are_encoded_apart(model: Model) -> None:
    sizes = ((512, 512), (1280, 1280), (512, 512), (640, 640))
    pages = [page(model.kind, (1, 1), seed, sides) for seed, sides in enumerate(sizes)]
    for one, features in zip(pages, vision.encode(model, pages), strict=True):
        assert_same(features, alone(model, one))


def test_a_prepared_image_has_the_features_that_its_tokens_promise(model: Model) -> None:
    from PIL import Image

    spec = view_spec(model.kind)
    for width, height in ((500, 400), (1000, 1400)):
        one = prepare(Image.linear_gradient("L").resize((width, height)).convert("RGB"), spec)
        (features,) = vision.encode(model, [one])
        assert features.shape == (one.tokens, checkpoints.HIDDEN)
        assert_same(features, alone(model, one))


def test_different_pages_have_different_features(model: Model) -> None:
    first, second = vision.encode(model, [page(model.kind, (1, 1), seed) for seed in (1, 2)])
    assert (first - second).abs().mean() > 0.1


def test_no_pages_have_no_features(model: Model) -> None:
    assert vision.encode(model, []) == []


def test_features_have_the_models_number_type(model: Model) -> None:
    import dataclasses

    small = dataclasses.replace(
        model, network=model.network.to(torch.bfloat16), dtype=torch.bfloat16
    )
    try:
        (features,) = vision.encode(small, [page(model.kind, (2, 1), 1)])
    finally:
        model.network.to(torch.float32)
    assert features.dtype is torch.bfloat16


def test_a_wrong_count_of_tokens_is_refused(model: Model) -> None:
    import dataclasses

    wrong = dataclasses.replace(page(model.kind, (1, 1), 1), tokens=7)
    with pytest.raises(ValueError, match="for the 7 image tokens"):
        vision.encode(model, [wrong])


@pytest.mark.parametrize("fits", [1, 2, 3])
def test_a_batch_that_the_memory_has_no_room_for_is_halved(
    fits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def together(_: Model, pages: list[Any]) -> list[str]:
        tried.append(len(pages))
        if len(pages) > fits:
            raise torch.OutOfMemoryError
        return [f"features of {one}" for one in pages]

    monkeypatch.setattr(vision, "_encode_together", together)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    pages: Any = ["a", "b", "c", "d"]
    found = vision._encode_or_halve(None, pages)  # type: ignore[arg-type]
    assert found == [f"features of {one}" for one in pages]
    assert tried[0] == 4


def test_a_page_that_alone_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def together(*_: Any) -> list[Any]:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(vision, "_encode_together", together)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    with pytest.raises(torch.OutOfMemoryError):
        vision._encode_or_halve(None, ["a", "b"])  # type: ignore[arg-type,list-item]


class Shapes:
    """Stands for a prepared page, without its pixels."""

    def __init__(self, base: int, tiles: int) -> None:
        self.views = np.empty((1, 0, base, base), np.float32)
        self.tiles = np.empty((tiles, 0, 640, 640), np.float32)


@given(st.lists(st.builds(Shapes, st.sampled_from([512, 1024]), st.integers(0, 9)), max_size=30))
def test_micro_batches_hold_each_page_once_in_order_and_within_their_limits(
    pages: list[Any],
) -> None:
    batches = list(vision.micro_batches(pages))
    assert sorted(number for batch in batches for number in batch) == list(range(len(pages)))
    for batch in batches:
        assert 1 <= len(batch) <= vision.MOST_PAGES
        assert batch == sorted(batch)
        assert len({pages[number].views.shape for number in batch}) == 1
        assert (
            len(batch) == 1
            or sum(len(pages[number].tiles) for number in batch) <= vision.MOST_TILES
        )
