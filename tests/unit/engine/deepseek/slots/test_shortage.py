"""Every form in which a lack of memory comes is known, and nothing else is taken for it."""

from __future__ import annotations

import pytest
import torch

from ocrd.engine.deepseek.slots.shortage import is_shortage


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_a_lack_of_memory_is_known_in_every_form(error: Exception) -> None:
    assert is_shortage(error)


def test_the_processors_own_lack_of_memory_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**46, dtype=torch.uint8)
    assert is_shortage(caught.value)


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA error: device-side assert triggered"), ValueError("out of memory")]
)
def test_another_error_is_not_taken_for_it(error: Exception) -> None:
    assert not is_shortage(error)
