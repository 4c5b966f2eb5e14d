"""Which shades of grey an image has: counted, which is faster than sorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quantiles(grey: NDArray[np.uint8], *shares: float) -> tuple[float, ...]:
    """Return for each share, up to 1, the grey level that it of the pixels is no lighter than."""
    counts = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    return tuple(map(float, np.searchsorted(counts, np.array(shares) * grey.size)))


def inked(
    grey: NDArray[np.uint8], ends: tuple[float, float], *, share: float, contrast: float
) -> NDArray[np.bool_] | None:
    """Return where a line's ink is, None where there is none; its letters may be light on dark.

    ``ends`` are the shares of the pixels whose levels are taken for darkest and lightest; ink is
    ``share`` of the way from paper to ink, and at least ``contrast`` levels lie between the ends.
    """
    dark, middle, light = quantiles(grey, ends[0], 0.5, ends[1])
    if light - dark < contrast:
        return None
    if middle - dark < light - middle:
        return np.asarray(grey > middle + share * (light - middle))
    return np.asarray(grey < middle - share * (middle - dark))
