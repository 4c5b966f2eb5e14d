"""What a lack of memory looks like when it is raised."""

from __future__ import annotations

import torch

# The driver's and cuBLAS's own words on a GPU, torch's allocator's on the processor.
SIGNS = ("out of memory", "can't allocate memory", "ALLOC_FAILED")


def is_shortage(error: BaseException) -> bool:
    """Say whether an error means that there was too little memory, on the device or the host."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)
