"""The page that is measured is the largest that can come."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network import fullpage, preprocessing
from ocrd.engine.deepseek.network.preprocessing import V1, V2, PreparedPage, view_spec


@pytest.mark.parametrize(
    ("kind", "size", "most", "tiles", "tokens"),
    [
        (V2, "", None, 6, 1121),
        (V2, "", 2, 2, 545),
        (V2, "", 5, 5, 977),
        (V1, "", 6, 6, 903),
        (V1, "", 9, 9, 1203),
        (V1, "large", None, 0, 421),
        (V1, "tiny", None, 0, 73),
    ],
)
def test_a_full_page_has_every_tile_that_the_model_looks_at(
    kind: str, size: str, most: int | None, tiles: int, tokens: int
) -> None:
    spec = view_spec(kind, size, most)
    page = fullpage.full_page(spec)
    assert len(page.tiles) == tiles
    assert page.tokens == preprocessing.token_count(page.grid, spec)
    if tiles != 5:  # of a prime number's grids none is square
        assert page.tokens == tokens


def test_on_the_processor_nothing_is_measured() -> None:
    model: Any = SimpleNamespace(device=torch.device("cpu"))
    assert fullpage.bytes_of_encoding(model, full(), lambda _: pytest.fail("encoded")) is None


def test_what_is_taken_for_a_moment_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    held, peak = 7000, 0

    def reset(_: torch.device) -> None:
        nonlocal peak
        peak = held

    def encode(pages: list[PreparedPage]) -> None:
        nonlocal held, peak
        assert len(pages) == 1 and len(pages[0].tiles) == 6
        peak = held + 1000  # for a moment
        held += 10  # its features

    for name, stub in {
        "synchronize": lambda _: None,
        "empty_cache": lambda: None,
        "reset_peak_memory_stats": reset,
        "memory_allocated": lambda _: held,
        "max_memory_allocated": lambda _: peak,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stub)
    model: Any = SimpleNamespace(device=torch.device("cuda", 0))
    assert fullpage.bytes_of_encoding(model, full(), encode) == int(1000 * fullpage.ROUNDING)


def full() -> PreparedPage:
    return fullpage.full_page(view_spec(V2))
