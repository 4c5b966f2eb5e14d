"""One text line: from its image to what the recognition network is shown (pure).

The network has seen lines of 48 pixels' height; what it says is a distribution over its characters
for every eighth column. ``spelling`` makes text of that.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr.spelling import Speller, spelled
from ocrd.engine.rapidocr.turning import Reading

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float32]

HEIGHT = 48  # pixels, given by the network
COLUMN = 8  # pixels of width for each distribution
# Of the width that keeps the letters' form: as exact, and a tenth less to compute. See
# docs/decisions/0009-embedded-engine-speed.md.
SQUEEZE = 0.9
_LEAST_WIDTH = 160  # pixels; narrower lines are filled up with grey, the network's zero


class Recogniser:
    """Reads lines with a network; ``read`` may run in several threads at once."""

    def __init__(self, network: Callable[[Reals], tuple[Reals, Speller]]) -> None:
        """Take the network: from an image batch to distributions, and who makes text of them."""
        self._network = network

    def read(self, strip: Pixels) -> Reading:
        """Return text and score of the line on the image."""
        distributions, speller = self._network(shown(strip))
        return speller.spell(distributions, strip, _columns(strip), self._plain)

    def _plain(self, strip: Pixels) -> str:
        """Return what stands on a part of a line, a figure for example."""
        distributions, speller = self._network(shown(strip))
        return spelled(distributions, speller.characters)[0].strip()


def shown(strip: Pixels) -> Reals:
    """Return the line as a batch of one: channels, height, width, from -1 to 1."""
    wide = _columns(strip) * COLUMN
    resized = cv2.resize(strip, (wide, HEIGHT), interpolation=cv2.INTER_LINEAR)
    batch = np.zeros((1, 3, HEIGHT, max(wide, _LEAST_WIDTH)), np.float32)
    np.multiply(resized.transpose(2, 0, 1), np.float32(1 / 127.5), out=batch[0, :, :, :wide])
    batch[0, :, :, :wide] -= 1
    return batch


def _columns(strip: Pixels) -> int:
    height, width = map(int, strip.shape[:2])
    return max(1, round(HEIGHT * width / height * SQUEEZE / COLUMN))
