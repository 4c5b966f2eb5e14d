"""What only a GPU shows of looking at images: no waiting, recorded looks, a stream of its own."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ocrd.engine.deepseek.network import vision
from ocrd.engine.deepseek.network.preprocessing import VALUES, PreparedPage
from ocrd.engine.deepseek.network.tower import Tower
from ocrd.engine.deepseek.network.visiongraphs import VisionGraphs
from ocrd.engine.deepseek.slots.sight import Aside
from tests import checkpoints, sequential

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

KINDS = tuple(checkpoints.CLASSES)
GPU = torch.device("cuda")


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Iterator[Any]:
    network = sequential.network(request.param, vocabulary=300).to("cuda")
    yield SimpleNamespace(kind=request.param, network=network, device=GPU, dtype=torch.float32)
    gc.collect()
    torch.cuda.empty_cache()


def page_of(kind: str, seed: int) -> PreparedPage:
    noise = np.random.default_rng(seed)
    side, tokens = (640, 273 + 10 * 21) if kind == "deepseek-ocr" else (768, 257 + 288)
    views = noise.integers(0, 256, (1, 1, 1024, 1024), np.uint8)
    tiles = noise.integers(0, 256, (2, 1, side, side), np.uint8)
    return PreparedPage(views, tiles, (2, 1), tokens)


def test_what_bytes_are_to_the_encoder_is_exact_on_the_device(model: Any) -> None:
    tower = Tower(model.network)
    every = torch.arange(256, device=GPU, dtype=torch.uint8)
    assert np.array_equal(tower._values[every.int()].cpu().numpy(), VALUES)


def test_looking_waits_for_the_device_in_no_place(model: Any) -> None:
    pages = [page_of(model.kind, seed) for seed in range(2)]
    vision.encode(model, pages)
    vision.encode(model, pages)  # recorded by now, where there is room
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        vision.encode(model, pages)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_recorded_looks_are_those_of_the_plain_way(model: Any) -> None:
    tower = Tower(model.network)
    graphs = VisionGraphs(tower.look, GPU)
    side = page_of(model.kind, 0).tiles.shape[-1]
    generator = torch.Generator("cuda").manual_seed(1)
    with torch.inference_mode():
        for count in (6, 6, 5, 6, 2, 2, 1, 2):
            pixels = torch.randint(
                0, 256, (count, 1, side, side), device=GPU, generator=generator, dtype=torch.uint8
            )
            expected, found = tower.look(pixels), graphs.look(pixels)
            assert (found - expected).abs().max() <= 1e-3 * expected.abs().max()
    assert graphs.usable and len(graphs._graphs) == 2


def test_features_from_a_stream_of_their_own_are_those_of_the_plain_way(model: Any) -> None:
    pages = [page_of(model.kind, seed) for seed in range(6)]
    expected = [vision.encode(model, [page])[0] for page in pages]
    sight = Aside(lambda some: vision.encode(model, some), GPU)
    busy = torch.randn(4096, 4096, device=GPU)
    for page, wanted in zip(pages, expected, strict=True):
        sight.begin([SimpleNamespace(image=page)])  # type: ignore[list-item]
        for _ in range(50):
            busy = (busy @ busy).tanh()  # beside it, on this stream
        seen = sight.take(wait=True)
        assert seen is not None and seen.error is None
        assert (seen.features[0] - wanted).abs().max() <= 1e-3 * wanted.abs().max()
    sight.close()
