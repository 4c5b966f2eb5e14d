"""Lines as the network is shown them."""

from __future__ import annotations

import numpy as np
import pytest

from ocrd.engine.rapidocr.recognition import shown


@pytest.mark.parametrize(
    ("size", "columns"),
    [((1000, 50), 108), ((1000, 25), 216), ((1, 1), 20), ((1, 3000), 20), ((3000, 5), 3240)],
)
def test_a_line_is_shown_at_nine_tenths_of_its_width_in_whole_columns(
    size: tuple[int, int], columns: int
) -> None:
    width, height = size
    batch = shown(np.full((height, width, 3), 255, np.uint8))
    assert batch.shape == (1, 3, 48, columns * 8)
    assert batch.dtype == np.float32


def test_black_is_minus_one_white_is_one_and_a_short_line_is_filled_up_with_grey() -> None:
    strip = np.zeros((48, 48, 3), np.uint8)
    strip[:, 24:] = 255
    batch = shown(strip)
    assert batch[0, :, :, 0].max() == -1
    assert batch[0, :, :, 39].min() == 1
    assert set(np.unique(batch[0, :, :, 40:])) == {0}
