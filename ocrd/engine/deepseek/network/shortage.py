"""What a lack of memory looks like when it is raised.

It seldom comes under its own name. A library that wants a workspace says that it could not begin;
an allocation that fails while a graph is recorded surfaces as the recording's own end, with the
cause behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

SIGNS = (
    "out of memory",  # the driver, cudaMalloc and cudaHostAlloc
    "OUT_OF_MEMORY",
    "can't allocate memory",  # torch's allocator on the processor
    "ALLOC_FAILED",  # of every library of CUDA's
    "ALLOCATION_FAILED",  # cuDNN 9 names host and device
    # A handle is made at first use and takes memory then; so does a plan of cuDNN's.
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_NOT_INITIALIZED",
    "CUSOLVER_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "unable to find an engine to execute this computation",
)


def is_shortage(error: BaseException) -> bool:
    """Say whether an error means that there was too little memory, on the device or the host.

    What led to the error counts too, unless whoever raised it took that back (``from None``).
    """
    return any(map(_is_itself, _chain(error)))


def _is_itself(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, each once: chains can be circles."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left.append(one.__cause__)
        if not one.__suppress_context__:
            left.append(one.__context__)
