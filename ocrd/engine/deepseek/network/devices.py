"""Which device a model runs on; a GPU is the only one that this process sees, and cuda:0 in it.

The choice is made before CUDA begins here, for it cannot be changed afterwards. "auto" gives way
to what there is, but not where the engine had a GPU before: what that read in minutes would take
the processor days.
"""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ocrd import installation
from ocrd.engine import visible
from ocrd.engine.deepseek.network import survey
from ocrd.engine.deepseek.network.survey import Seen
from ocrd.errors import EngineError, GpuGoneError

DRIVER = Path("/dev/nvidiactl")  # there where an NVIDIA driver is loaded and may be used
CARDS = Path("/proc/driver/nvidia/gpus")  # a folder for each card, by its place on the bus
WSL = Path("/dev/dxg")  # GPUs there, which no folder tells of

INSTALL_OTHER = "Install a torch whose CUDA build knows this GPU, and a driver for it."
STOP_OTHERS = "Stop what else uses it, or choose another device."
WAIT = (
    "The engine waits for it and goes on by itself. nvidia-smi says what the driver sees: after an"
    " upgrade of the driver start the machine anew, after a suspend load its module nvidia_uvm"
    ' again. If there is to be no GPU any more, set device = "cpu" in the engine\'s table.'
)
KNOWN = '"auto", "cpu", "cuda", "cuda:1", or a GPU\'s or MIG device\'s UUID (nvidia-smi -L)'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model runs."""

    device: torch.device  # in this process
    label: str  # on the machine, for a person
    name: str = ""  # of the GPU
    gpus: tuple[str, ...] = ()  # the names of those that it may run on, if it runs on one
    remarks: tuple[str, ...] = ()  # what a person should know of the choice


def device_of(wanted: str, had_gpus: tuple[str, ...] = ()) -> Place:
    """Return the device that a setting means; a GPU was just made to add up a sum.

    "auto" is the GPU with the most free memory of those that work, or the processor where no GPU
    can be used. ``had_gpus`` names those there were when the engine last had one: with them, raise
    GpuGoneError rather than take the processor; else EngineError where the setting cannot be met.
    """
    if wanted == "cpu":
        return Place(torch.device("cpu"), "cpu")
    if wanted == "auto":
        return _any_device(had_gpus)
    if not visible.is_gpu(wanted):
        raise EngineError(
            f'device = "{wanted}" is none that this engine knows.', hint=f"Write {KNOWN}."
        )
    _require_listed(wanted)
    index = _show_only(wanted)
    if why := _why_no_gpu():
        if had_gpus:
            raise _gone(had_gpus, why)
        raise EngineError(
            f'device = "{wanted}" cannot be used: {why}{_strangers(wanted)}', hint=_remedy()
        )
    return _usable(index)


def _any_device(had_gpus: tuple[str, ...]) -> Place:
    """Return a GPU that works, of those the one with the most free memory, and what is amiss.

    Raise EngineError where none does, GpuGoneError if one did before.
    """
    if not _is_for_gpus():
        return _processor(_why_no_gpu(), had_gpus)
    seen = survey.look() if _may_be_several() else []
    best = _roomiest(seen, had_gpus)
    faults = [_told(one) for one in seen if one.fault]  # as they are called while all are seen
    index = _show_only(f"cuda:{best.number if best else 0}")
    if why := _why_no_gpu():
        return _processor(why, had_gpus)
    try:
        place = _usable(index)
    except _FullError:
        raise
    except EngineError as error:
        if had_gpus:
            raise _gone(had_gpus, error.what) from error
        raise
    names = tuple(one.name for one in seen) or place.gpus
    missing = Counter(had_gpus) - Counter(names)
    amiss = [f"{name} is gone." for name in missing.elements()] + faults
    remark = f"{' '.join(amiss)} The engine runs on {place.label} ({place.name})."
    return replace(place, gpus=names, remarks=(remark,) if amiss else ())


def _processor(why: str, had_gpus: tuple[str, ...]) -> Place:
    """Return the processor, which is no stand-in for a GPU that was there."""
    if had_gpus:
        raise _gone(had_gpus, why)
    return Place(torch.device("cpu"), "cpu", remarks=(_remark(why),))


def _roomiest(seen: Sequence[Seen], had_gpus: tuple[str, ...]) -> Seen | None:
    """Return the GPU with the most free memory of those that work; None where nothing was told.

    Raise as :func:`_any_device` does where none works.
    """
    if not seen:
        return None
    if working := [one for one in seen if not one.fault]:
        return max(working, key=lambda one: (one.free, -one.number))
    for one in seen:
        if one.is_full:
            raise _FullError(_told(one), hint=STOP_OTHERS)
    if had_gpus:
        raise _gone(had_gpus, _told(seen[0]))
    raise EngineError(_told(seen[0]), hint=INSTALL_OTHER)


class _FullError(EngineError):
    """A GPU is there, and others have its memory."""


def _told(one: Seen) -> str:
    """Return a sentence on what is wrong with a GPU."""
    device = f"cuda:{one.number}"
    label = visible.place({**os.environ, **visible.given(device, os.environ)})
    return f"{label} ({one.name}) {one.fault.rstrip('.')}."


def _show_only(device: str) -> int:
    """Let this process see a GPU alone, and return its number here.

    Where CUDA has begun already that comes too late: the process goes on seeing them all.
    """
    added = visible.given(device, os.environ)
    before = {key: os.environ.get(key) for key in added}
    os.environ.update(added)
    if not added or _sees_one():
        return 0
    for key, value in before.items():
        if value is None:
            del os.environ[key]
        else:
            os.environ[key] = value
    number = visible.number_of(device)
    if number is None:
        raise EngineError(
            f"{device} cannot be chosen any more: this process has begun to use CUDA.",
            hint=f"Set {visible.LIST} before it starts.",
        )
    return number


def _sees_one() -> bool:
    """Say whether CUDA shows this process no more than one GPU, as it counts and not as we hope."""
    count = getattr(torch._C, "_cuda_getDeviceCount", None)  # no such thing without CUDA
    try:
        return count is None or count() <= 1
    except RuntimeError:  # none can be used, which is said elsewhere
        return True


def _require_listed(device: str) -> None:
    """Raise EngineError if CUDA_VISIBLE_DEVICES hides the device."""
    entries = visible.listed(os.environ)
    if visible.chosen(os.environ) == device or visible.entry_of(device, os.environ) is not None:
        return
    raise EngineError(
        f"There is no {device}: {visible.LIST} lists {', '.join(entries or ()) or 'none'}.",
        hint=f"Set device to one of these, or change {visible.LIST} where the daemon is started.",
    )


def _strangers(device: str) -> str:
    """Say which cards the driver has, if the device that this process is shown is none of them."""
    entry = (visible.listed(os.environ) or [""])[0]
    cards = _cards()
    if entry.isdigit():
        is_there = int(entry) < len(cards)
    else:
        is_there = entry.startswith("MIG-") or any(uuid.startswith(entry) for _, uuid in cards)
    if is_there or not cards:
        return ""
    told = [f"cuda:{n} ({name}, {uuid})" for n, (name, uuid) in enumerate(cards)]
    return f" The driver has no {device}, only {', '.join(told)}."


def _cards() -> list[tuple[str, str]]:
    """Return name and UUID of each card that the driver has, in the order of the bus."""
    found = []
    for folder in sorted(CARDS.iterdir()) if CARDS.is_dir() else ():
        try:
            text = (folder / "information").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        said = {
            key.strip(): value.strip()
            for key, _, value in (line.partition(":") for line in text.splitlines())
        }
        found.append((said.get("Model", "a GPU"), said.get("GPU UUID", "no UUID")))
    return found


def _may_be_several() -> bool:
    """Say whether there may be more than one GPU to choose from."""
    entries = visible.listed(os.environ)
    if entries is not None:
        return len(entries) > 1
    if CARDS.is_dir():
        return sum(1 for _ in CARDS.iterdir()) > 1
    return torch.version.hip is not None or WSL.exists() or DRIVER.exists()


def _gone(had_gpus: tuple[str, ...], why: str) -> GpuGoneError:
    return GpuGoneError(
        f"The GPU that this engine had ({', '.join(had_gpus)}) cannot be used any more:"
        f" {why.rstrip('.')}.",
        hint=WAIT if _is_for_gpus() else _install_cuda(),
    )


def _usable(index: int) -> Place:
    """Return a GPU on which a sum was just added up; raise EngineError."""
    device = torch.device("cuda", index)
    label = visible.place(os.environ) if visible.chosen(os.environ) else str(device)
    name = _name(index)
    told = f"{label} ({name})"
    capability = _capability(index)
    fault = capability and survey.fault_of_capability(capability, torch.cuda.get_arch_list())
    if fault:
        raise EngineError(f"{told} {fault}.", hint=INSTALL_OTHER)
    try:
        torch.ones(1, device=device).add_(1).item()
    except torch.OutOfMemoryError as error:
        raise _FullError(f"{told} has no memory free.", hint=STOP_OTHERS) from error
    except RuntimeError as error:
        raise EngineError(
            f"{told} does not work with this torch ({torch.__version__}): {_first_line(error)}",
            hint=INSTALL_OTHER,
        ) from error
    return Place(device, label, name, (name,))


def _name(index: int) -> str:
    """Return the GPU's name, which a driver in trouble does not tell."""
    try:
        return str(torch.cuda.get_device_name(index))
    except (RuntimeError, AssertionError):
        return "a GPU"


def _capability(index: int) -> tuple[int, int] | None:
    """Return the GPU's compute capability, which a driver in trouble does not tell."""
    try:
        major, minor = torch.cuda.get_device_capability(index)
    except (RuntimeError, AssertionError):
        return None
    return int(major), int(minor)


def _why_no_gpu() -> str:
    """Return why torch can use no GPU, or "" if it can."""
    if not _is_for_gpus():
        return f"this torch ({torch.__version__}) was built for the processor only."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same is said below
        if torch.cuda.is_available() and torch.cuda.device_count():
            return ""
        try:
            torch.cuda.init()
        except (RuntimeError, AssertionError) as error:
            return _sentence(_first_line(error))
    return "there is no GPU, or CUDA_VISIBLE_DEVICES hides it."


def _is_for_gpus() -> bool:
    return torch.version.cuda is not None or torch.version.hip is not None


def _remark(why: str) -> str:
    """Return what is said of the choice of the processor, more of it where a GPU lies idle."""
    if not DRIVER.exists():
        return f'device = "auto" took the processor: {why} device = "cpu" chooses it unasked.'
    return (
        f'device = "auto" took the processor although there is an NVIDIA driver: {why} {_remedy()}'
    )


def _remedy() -> str:
    if not _is_for_gpus():
        return _install_cuda()
    return (
        f"Install a driver for CUDA {torch.version.cuda or torch.version.hip}, which this torch is"
        ' built for, or a torch for an older one; or set device = "cpu".'
    )


def _install_cuda() -> str:
    line = installation.replacing("torch", "gpu")
    return f'Install PyPI\'s torch, which is built for CUDA: {line}; or set device = "cpu".'


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _sentence(text: str) -> str:
    return text if re.search(r"[.!?]$", text) else f"{text}."
