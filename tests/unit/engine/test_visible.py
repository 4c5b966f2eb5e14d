"""A worker is shown exactly the GPU that its device means, however the daemon's own are listed."""

from __future__ import annotations

import pytest

from ocrd.engine.visible import CHOSEN, LIST, ORDER, given, is_gpu, listed, place

GPU = "GPU-5a1b2c3d-0000-1111-2222-333344445555"
OTHER = "GPU-99887766-0000-1111-2222-333344445555"
MIG = "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f"
OLD_MIG = "MIG-GPU-5a1b2c3d-0000-1111-2222-333344445555/7/0"


@pytest.mark.parametrize(
    ("device", "inherited", "shown", "called"),
    [
        ("cuda", None, "0", "cuda:0"),
        ("cuda:0", None, "0", "cuda:0"),
        ("cuda:1", None, "1", "cuda:1"),
        ("cuda:11", None, "11", "cuda:11"),
        (GPU, None, GPU, GPU),
        (MIG, None, MIG, MIG),
        (OLD_MIG, None, OLD_MIG, OLD_MIG),
        ("cuda:1", "2,3", "3", "cuda:1 (device 3)"),
        ("cuda:0", "0", "0", "cuda:0"),
        ("cuda:0", " 3 , 1", "3", "cuda:0 (device 3)"),
        ("cuda:1", f"{OTHER},{GPU}", GPU, f"cuda:1 (device {GPU})"),
        ("cuda:1", f"{MIG},{OLD_MIG}", OLD_MIG, f"cuda:1 (device {OLD_MIG})"),
        (GPU, "0", GPU, GPU),
        (MIG, f"{OTHER}", MIG, MIG),
    ],
)
def test_the_device_alone_is_shown(
    device: str, inherited: str | None, shown: str, called: str
) -> None:
    environment = {} if inherited is None else {LIST: inherited}
    environment |= given(device, environment)
    assert listed(environment) == [shown]
    assert place(environment) == called
    assert environment[CHOSEN] == device


@pytest.mark.parametrize(
    ("device", "inherited"),
    [
        ("cuda:2", "2,3"), ("cuda", ""), ("cuda", "-1"), ("cuda:1", "0,-1,1"),
        ("cuda:0", "NoDevFiles"),
    ],
)  # fmt: skip
def test_what_the_list_hides_stays_hidden(device: str, inherited: str) -> None:
    assert given(device, {LIST: inherited}) == {}


@pytest.mark.parametrize("device", ["auto", "cpu", "tpu:0", "", "cuda:", "cuda:0,1", "GPU-"])
def test_what_is_no_particular_gpu_changes_nothing(device: str) -> None:
    assert not is_gpu(device)
    assert given(device, {}) == {}


def test_numbers_are_those_of_nvidia_smi_unless_somebody_wrote_them_for_another_order() -> None:
    assert given("cuda:1", {})[ORDER] == "PCI_BUS_ID"
    assert given(GPU, {})[ORDER] == "PCI_BUS_ID"
    assert ORDER not in given("cuda:1", {ORDER: "FASTEST_FIRST"})
    assert ORDER not in given("cuda:1", {LIST: "1,0"})


@pytest.mark.parametrize("device", ["cuda:1", GPU, MIG])
def test_what_was_given_is_not_given_again(device: str) -> None:
    environment = {LIST: "4,5"}
    environment |= given(device, environment)
    assert given(device, environment) == {}
