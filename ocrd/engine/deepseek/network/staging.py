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
