"""What the host hands to the device, without waiting for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def staged(values: Sequence[int] | NDArray[np.int64], device: torch.device) -> Tensor:
    """Return whole numbers on the device, int64.

    The copy to a GPU starts from pinned memory: from any other the thread would have to wait until
    the device has done all that it was asked before.
    """
    host = torch.empty(len(values), dtype=torch.long, pin_memory=device.type == "cuda")
    host.numpy()[:] = values
    return host.to(device, non_blocking=True)


def staged_pixels(images: Sequence[NDArray[np.uint8]], device: torch.device) -> Tensor:
    """Return images ``[count, channels, side, side]`` one behind the other on the device.

    Grey ones have one channel; beside coloured ones they get as many as these.
    """
    channels = max(image.shape[1] for image in images)
    count, side = sum(map(len, images)), images[0].shape[2:]
    shape = (count, channels, *side)
    host = torch.empty(shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
    written = host.numpy()
    start = 0
    for image in images:
        written[start : start + len(image)] = image
        start += len(image)
    return host.to(device, non_blocking=True)
