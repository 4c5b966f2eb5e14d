"""What goes to the device arrives as it was, and waits for nothing on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ocrd.engine.deepseek.network.staging import staged, staged_pixels

CPU = torch.device("cpu")


@pytest.mark.parametrize("values", [[], [3, -1, 2**40], np.arange(5)])
def test_whole_numbers_arrive(values: Any) -> None:
    found = staged(values, CPU)
    assert found.dtype is torch.long and found.tolist() == list(values)


def test_images_lie_one_behind_the_other() -> None:
    noise = np.random.default_rng(0)
    images = [noise.integers(0, 256, (count, 3, 4, 4), np.uint8) for count in (2, 0, 1)]
    found = staged_pixels(images, CPU)
    assert found.dtype is torch.uint8
    assert np.array_equal(found.numpy(), np.concatenate(images))


def test_a_grey_image_beside_a_coloured_one_is_grey_in_three_channels() -> None:
    grey = np.full((1, 1, 2, 2), 7, np.uint8)
    colour = np.arange(12, dtype=np.uint8).reshape(1, 3, 2, 2)
    found = staged_pixels([grey, colour], CPU)
    assert found[0].tolist() == [[[7, 7], [7, 7]]] * 3
    assert np.array_equal(found[1].numpy(), colour[0])
    assert staged_pixels([grey, grey], CPU).shape == (2, 1, 2, 2)


@pytest.mark.parametrize(
    "send",
    [
        lambda to: staged([1, 2], to),
        lambda to: staged_pixels([np.zeros((1, 1, 2, 2), np.uint8)], to),
    ],
)
def test_to_a_gpu_it_goes_from_pinned_memory_and_is_not_waited_for(
    send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No GPU is at hand: what is asked of torch is looked at."""
    pinned, sent = [], []
    empty = torch.empty

    def noted(*shape: Any, pin_memory: bool = False, **options: Any) -> torch.Tensor:
        pinned.append(pin_memory)
        return empty(*shape, **options)

    def to(_: torch.Tensor, device: Any, **options: Any) -> str:
        sent.append((device.type, options))
        return "there"

    monkeypatch.setattr(torch, "empty", noted)
    monkeypatch.setattr(torch.Tensor, "to", to)
    assert send(torch.device("cuda")) == "there"
    assert pinned == [True] and sent == [("cuda", {"non_blocking": True})]
