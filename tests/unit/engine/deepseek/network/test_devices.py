"""Which device is taken, what is said where it is another than hoped for, and what this sees."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ocrd import installation
from ocrd.engine import visible
from ocrd.engine.deepseek.network import devices, survey
from ocrd.engine.deepseek.network.devices import Place, device_of
from ocrd.errors import EngineError, GpuGoneError
from tests.unit.engine.deepseek.network.gpus import ECC, GIB, Gpus

pytestmark = pytest.mark.usefixtures("one_thread")

UUIDS = ("GPU-5a1b2c3d-0000-1111-2222-333344445555", "GPU-99887766-0000-1111-2222-333344445555")


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (visible.LIST, visible.CHOSEN, visible.ORDER):
        monkeypatch.setenv(name, "")  # and deleted: so what the code sets is undone
        monkeypatch.delenv(name)


def device_error(wanted: str, had_gpus: tuple[str, ...] = ()) -> EngineError:
    with pytest.raises(EngineError) as caught:
        device_of(wanted, had_gpus)
    return caught.value


def driver(monkeypatch: pytest.MonkeyPatch, folder: Path, *uuids: str) -> None:
    """Have the driver tell of these cards."""
    for number, uuid in enumerate(uuids):
        card = folder / f"0000:{number + 1:02x}:00.0"
        card.mkdir()
        (card / "information").write_text(
            "Model: \t\t NVIDIA H200\nIRQ:   \t\t 36\n"
            f"GPU UUID: \t {uuid}\nBus Location: \t {card.name}\n"
        )
    monkeypatch.setattr(devices, "CARDS", folder)


# The processor


def test_the_processor_is_taken_where_torch_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(devices, "DRIVER", Path("/no/driver"))
    place = device_of("auto")
    assert (place.device, place.label, place.gpus) == (torch.device("cpu"), "cpu", ())
    (remark,) = place.remarks
    assert remark.startswith('device = "auto" took the processor: this torch')
    assert 'device = "cpu" chooses it unasked' in remark
    assert device_of("cpu", ("GPU 0",)) == Place(torch.device("cpu"), "cpu")


def test_a_gpu_that_torch_cannot_use_is_remarked_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(devices, "DRIVER", tmp_path)
    (remark,) = device_of("auto").remarks
    assert "although there is an NVIDIA driver: this torch" in remark
    assert installation.replacing("torch", "gpu") in remark


def test_a_torch_for_the_processor_is_named_where_a_gpu_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch)
    monkeypatch.setattr(torch.version, "cuda", None)
    error = device_error("cuda:1")
    assert "built for the processor only" in error.what
    assert installation.replacing("torch", "gpu") in error.hint


def test_a_driver_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Gpus(monkeypatch)
    driver(monkeypatch, tmp_path, *UUIDS)

    def init() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).\nX")

    monkeypatch.setattr(torch.cuda, "init", init)
    for device in ("cuda", "cuda:1", UUIDS[1]):
        error = device_error(device)
        assert error.what.endswith("is too old (found version 11040).")
        assert "CUDA 12.8" in error.hint
        for name in (visible.LIST, visible.CHOSEN):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("wanted", ["", "gpu", "cuda:", "cuda:x", "mps", "CPU", "GPU-", "MIG"])
def test_an_unknown_device_is_refused(wanted: str) -> None:
    assert "none that this engine knows" in device_error(wanted).what


# One GPU, which is all that this process sees


@pytest.mark.parametrize(("wanted", "index"), [("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_the_gpu_that_is_named_is_the_only_one_here_and_the_first(
    wanted: str, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus = Gpus(monkeypatch, GIB, GIB)
    name = f"GPU {index}"
    expected = Place(torch.device("cuda", 0), f"cuda:{index}", name, (name,))
    for _ in range(2):
        assert device_of(wanted) == expected
    assert os.environ[visible.LIST] == str(index)
    assert gpus.looks == 0, "the others are none of its business"


def test_a_gpu_is_one_of_those_that_the_daemon_sees_and_called_by_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, GIB, GIB, GIB)
    monkeypatch.setenv(visible.LIST, "3,2")
    place = device_of("cuda:1")
    assert (place.device, place.label, place.name) == (
        torch.device("cuda", 0), "cuda:1 (device 2)", "GPU 2",
    )  # fmt: skip


def test_a_worker_that_was_started_for_its_gpu_takes_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, GIB)
    for key, value in visible.given("cuda:1", {}).items():
        monkeypatch.setenv(key, value)
    assert device_of("cuda:1") == Place(torch.device("cuda", 0), "cuda:1", "GPU 1", ("GPU 1",))


def test_who_comes_after_cuda_has_begun_has_the_gpu_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpus = Gpus(monkeypatch, GIB, 3 * GIB)
    gpus.has_begun = True
    for wanted in ("cuda:1", "auto"):
        place = device_of(wanted)
        assert (place.device, place.label) == (torch.device("cuda", 1), "cuda:1")
        assert visible.LIST not in os.environ
    assert "has begun to use CUDA" in device_error(UUIDS[0]).what
    monkeypatch.setenv(visible.LIST, "1,0")
    assert device_of("cuda:1").device == torch.device("cuda", 1)
    assert os.environ[visible.LIST] == "1,0"


@pytest.mark.parametrize("wanted", ["cuda:2", "GPU-01234567", "cuda:10"])
def test_a_gpu_that_is_not_there_is_named_with_those_that_are(
    wanted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gpus = Gpus(monkeypatch, GIB, GIB)
    driver(monkeypatch, tmp_path, *UUIDS)
    monkeypatch.setattr(gpus, "free", [])
    error = device_error(wanted)
    assert error.what.endswith(
        f" The driver has no {wanted}, only cuda:0 (NVIDIA H200, {UUIDS[0]}),"
        f" cuda:1 (NVIDIA H200, {UUIDS[1]})."
    )


def test_a_gpu_that_the_list_hides_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB, GIB, GIB)
    monkeypatch.setenv(visible.LIST, "1,2")
    error = device_error("cuda:2")
    assert error.what == "There is no cuda:2: CUDA_VISIBLE_DEVICES lists 1, 2."
    assert "where the daemon is started" in error.hint
    monkeypatch.setenv(visible.LIST, "")
    assert device_error("cuda").what.endswith("lists none.")


def test_a_gpu_that_this_torch_has_no_code_for_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = Gpus(monkeypatch, GIB)
    gpus.faults[0] = RuntimeError("CUDA error: no kernel image is available for execution")
    error = device_error("cuda:0")
    assert "no kernel image" in error.what and "cuda:0 (GPU 0)" in error.what
    gpus.capabilities[0] = (6, 1)
    error = device_error("cuda:0")
    assert error.what == (
        "cuda:0 (GPU 0) has compute capability 6.1, for which this torch has no code"
        " (it has sm_75, sm_80, sm_90, compute_120)."
    )
    assert "Install a torch" in error.hint


# The best of several


def test_the_gpu_with_the_most_free_memory_is_taken_and_the_others_are_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, 3 * GIB, 2 * GIB)
    names = ("GPU 0", "GPU 1", "GPU 2")
    assert device_of("auto") == Place(torch.device("cuda", 0), "cuda:1", "GPU 1", names)
    assert os.environ[visible.LIST] == "1"


def test_the_best_of_those_that_the_daemon_sees_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, 9 * GIB, GIB, 3 * GIB, 2 * GIB)
    monkeypatch.setenv(visible.LIST, "1,3")
    place = device_of("auto")
    assert (place.label, place.name, place.gpus) == (
        "cuda:1 (device 3)", "GPU 3", ("GPU 1", "GPU 3"),
    )  # fmt: skip


def test_a_card_that_this_torch_has_no_code_for_is_passed_over_with_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpus = Gpus(monkeypatch, 24 * GIB, 8 * GIB)
    gpus.capabilities[0] = (5, 2)
    place = device_of("auto")
    assert (place.label, place.name) == ("cuda:1", "GPU 1")
    (remark,) = place.remarks
    assert remark.startswith("cuda:0 (GPU 0) has compute capability 5.2, for which this torch")
    assert remark.endswith(" The engine runs on cuda:1 (GPU 1).")


def test_where_nothing_can_be_told_of_the_gpus_the_first_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, 2 * GIB)
    monkeypatch.setattr(survey, "look", list)
    assert device_of("auto").label == "cuda:0"


@pytest.mark.parametrize(
    ("environment", "several"),
    [({}, True), ({visible.LIST: "1"}, False), ({visible.LIST: "0,1"}, True)],
)
def test_who_can_have_one_only_does_not_ask_about_all(
    environment: dict[str, str], several: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    driver(monkeypatch, tmp_path, *UUIDS)
    assert devices._may_be_several() is several


def test_one_card_is_not_chosen_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    driver(monkeypatch, tmp_path, UUIDS[0])
    assert not devices._may_be_several()


# A GPU that the engine had


def no_torch_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)


def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)


def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)

    def init() -> None:
        raise RuntimeError("Found no NVIDIA driver on your system. Please check.")

    monkeypatch.setattr(torch.cuda, "init", init)


def no_device_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)


def no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB).faults[0] = RuntimeError(f"{ECC}\nMore of it.")


def no_sum_and_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    no_sum(monkeypatch)

    def name(device: int) -> str:
        raise RuntimeError("CUDA error: unknown error")

    monkeypatch.setattr(torch.cuda, "get_device_name", name)


def none_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = Gpus(monkeypatch, GIB, GIB)
    gpus.faults = {number: RuntimeError(f"{ECC}\nMore of it.") for number in (0, 1)}


LOSSES: dict[Callable[[pytest.MonkeyPatch], None], str] = {
    no_torch_for_gpus: "was built for the processor only.",
    no_gpu: "no GPU",
    no_driver: "Found no NVIDIA driver on your system. Please check.",
    no_device_counted: "there is no GPU, or CUDA_VISIBLE_DEVICES hides it.",
    no_sum: f"{ECC}.",
    no_sum_and_no_name: f"{ECC}.",
    none_of_two: f"{ECC}.",
}


@pytest.mark.parametrize("lose", LOSSES)
def test_the_processor_is_no_stand_in_for_a_gpu_that_is_gone(
    lose: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch)
    error = device_error("auto", ("NVIDIA H200", "NVIDIA H200"))
    assert isinstance(error, GpuGoneError)
    assert "had (NVIDIA H200, NVIDIA H200) cannot be used any more" in error.what
    if lose is not no_gpu:
        assert error.what.endswith(LOSSES[lose])
    assert 'device = "cpu"' in error.hint


def test_a_named_gpu_that_was_had_is_gone_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch)
    assert isinstance(device_error("cuda:1", ("A", "B")), GpuGoneError)
    assert not isinstance(device_error("cuda:1"), GpuGoneError)


def test_of_two_gpus_the_one_that_works_is_taken_and_the_other_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpus = Gpus(monkeypatch, 3 * GIB, GIB)
    gpus.faults[0] = RuntimeError(f"{ECC}\nMore of it.")
    place = device_of("auto", ("GPU 0", "GPU 1"))
    assert (place.label, place.gpus) == ("cuda:1", ("GPU 0", "GPU 1"))
    (remark,) = place.remarks
    assert remark.startswith("cuda:0 (GPU 0) does not work")
    assert remark.endswith("ECC error encountered. The engine runs on cuda:1 (GPU 1).")


def test_of_two_equal_gpus_the_one_that_is_left_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)
    place = device_of("auto", ("GPU 0", "GPU 0"))
    assert place.label == "cuda:0"
    assert place.remarks == ("GPU 0 is gone. The engine runs on cuda:0 (GPU 0).",)
    assert device_of("auto", ("GPU 0",)).remarks == ()


def test_a_gpu_whose_memory_others_have_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = Gpus(monkeypatch, GIB, GIB)
    full = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")
    gpus.faults = {0: RuntimeError(ECC), 1: full}
    error = device_error("auto", ("GPU 0", "GPU 1"))
    assert not isinstance(error, GpuGoneError)
    assert error.what == "cuda:1 (GPU 1) has no memory free."
    assert "Stop what else uses it" in error.hint
    gpus.free, gpus.faults = [GIB], {0: full}
    error = device_error("auto", ("GPU 0",))
    assert not isinstance(error, GpuGoneError)
    assert error.what == "cuda:0 (GPU 0) has no memory free."


def test_a_gpu_that_never_worked_is_an_error_and_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    no_sum(monkeypatch)
    error = device_error("auto")
    assert not isinstance(error, GpuGoneError)
    assert "cuda:0 (GPU 0) does not work with this torch" in error.what
