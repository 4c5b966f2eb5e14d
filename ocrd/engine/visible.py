"""Which GPU a worker sees: exactly one, chosen by its environment before it starts (pure).

CUDA numbers the GPUs that CUDA_VISIBLE_DEVICES lists, from 0 on, in its order; whoever sees one
only has it as cuda:0, and no thread, stream or library of the process can stand on another. MIG
devices have no number of their own: they are seen by being named.

A device is written as "cuda:1", the second GPU of those that the daemon sees, or by its name:
"GPU-…" or "MIG-…", as nvidia-smi -L tells them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LIST = "CUDA_VISIBLE_DEVICES"
ORDER = "CUDA_DEVICE_ORDER"
ORDER_OF_THE_BUS = "PCI_BUS_ID"  # that of nvidia-smi; CUDA's own puts the fastest first
CHOSEN = "OCRD_GPU"  # the device that a process was given, as its configuration calls it

_NUMBERED = re.compile(r"cuda(?::(\d{1,2}))?")
_NAMED = re.compile(r"(GPU|MIG)-[0-9A-Za-z][0-9A-Za-z/-]*")


def is_gpu(device: str) -> bool:
    """Say whether a device of the configuration is one particular GPU."""
    return bool(_NUMBERED.fullmatch(device) or _NAMED.fullmatch(device))


def number_of(device: str) -> int | None:
    """Return the number of a device that is written with one; "cuda" is the first."""
    found = _NUMBERED.fullmatch(device)
    return int(found[1] or 0) if found else None


def listed(environment: Mapping[str, str]) -> list[str] | None:
    """Return what CUDA_VISIBLE_DEVICES lists, None where it is not set and all are seen.

    As CUDA reads it: what is no device ends the list.
    """
    if (text := environment.get(LIST)) is None:
        return None
    entries = []
    for entry in (part.strip() for part in text.split(",")):
        if not (re.fullmatch(r"\d+", entry) or _NAMED.fullmatch(entry)):
            break
        entries.append(entry)
    return entries


def entry_of(device: str, environment: Mapping[str, str]) -> str | None:
    """Return what CUDA_VISIBLE_DEVICES has to say for a device; None if the list has no such."""
    number, entries = number_of(device), listed(environment)
    if number is None:
        return device
    if entries is None:
        return str(number)
    return entries[number] if number < len(entries) else None


def chosen(environment: Mapping[str, str]) -> str:
    """Return which device a process with this environment was given, "" if none."""
    return environment.get(CHOSEN, "")


def given(device: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what to add to an environment so that a process sees this device alone.

    Nothing where the device is no GPU, the list has none such, or it was given already.
    """
    if not is_gpu(device) or chosen(environment) == device:
        return {}
    entry = entry_of(device, environment)
    if entry is None:
        return {}
    added = {LIST: entry, CHOSEN: device}
    if LIST not in environment and ORDER not in environment:
        # Numbers that somebody else wrote mean the order that they were written for.
        added[ORDER] = ORDER_OF_THE_BUS
    return added


def place(environment: Mapping[str, str]) -> str:
    """Return where the GPU of a process is on the machine, for a person.

    "cuda:1"; with the number or name that it has there, if a list had changed the numbers.
    """
    device = chosen(environment)
    entry = (listed(environment) or [""])[0]
    number = number_of(device)
    if number is None or entry == str(number):
        return f"cuda:{number}" if number is not None else device
    return f"cuda:{number} (device {entry})"
