"""Every form in which a lack of memory comes is known, and nothing else is taken for it."""

from __future__ import annotations

import pytest
import torch

from ocrd.engine.deepseek.network.shortage import is_shortage


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate()`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
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
    "error",
    [
        RuntimeError("CUDA error: device-side assert triggered"),
        RuntimeError("cuDNN error: CUDNN_STATUS_BAD_PARAM"),
        RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
        ValueError("out of memory"),
    ],
)
def test_another_error_is_not_taken_for_it(error: Exception) -> None:
    assert not is_shortage(error)


class Recording:
    """Ends a recording as torch.cuda.graph does: with an error of its own if one came before."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        raise RuntimeError("CUDA error: operation failed due to a previous error during capture")


def recorded(cause: Exception) -> BaseException:
    with pytest.raises(RuntimeError) as caught, Recording():
        raise cause
    return caught.value


def test_a_lack_of_memory_in_a_recording_is_found_behind_the_recordings_own_error() -> None:
    error = recorded(torch.OutOfMemoryError("CUDA out of memory."))
    assert not isinstance(error, torch.OutOfMemoryError)
    assert is_shortage(error)
    assert not is_shortage(recorded(ValueError("a shape that does not fit")))


def test_it_is_found_however_far_back_and_by_either_way() -> None:
    shortage = torch.OutOfMemoryError("CUDA out of memory.")
    middle, outer = RuntimeError("capture"), RuntimeError("decode")
    middle.__context__, outer.__cause__ = shortage, middle
    assert is_shortage(outer)


def test_what_was_taken_back_does_not_count() -> None:
    with pytest.raises(RuntimeError) as caught:
        try:
            raise MemoryError
        except MemoryError:
            raise RuntimeError("a fault of its own") from None
    assert not is_shortage(caught.value)


def test_a_chain_that_is_a_circle_has_an_end() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__context__, other.__context__ = other, one
    assert not is_shortage(one)
