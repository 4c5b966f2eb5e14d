"""All GPUs of the machine looked at before one is chosen: what each is, and whether it works.

In processes of their own: asking a GPU leaves some hundred megabytes on it while the asker lives,
a driver in trouble may end the asker, and the process that asks about all could not be shown one
only. ``python -m ocrd.engine.deepseek.network.survey FIRST`` prints a line of JSON for each GPU
from the FIRST on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

COMMAND = (sys.executable, "-P", "-m", "ocrd.engine.deepseek.network.survey")
MOST = 64  # GPUs of a machine: whatever is said, the asking ends


@dataclass(frozen=True, slots=True)
class Seen:
    """One GPU as it was found."""

    number: int  # among those that the process may see
    name: str
    free: int = 0  # bytes
    fault: str = ""  # why it cannot be used, as the end of "it …"
    is_full: bool = False  # and that is because others have its memory


def look(command: Sequence[str] = COMMAND) -> list[Seen]:
    """Return every GPU that there is, in order; empty where none can be told.

    One that ends whoever asks about it is among them, with that as its fault.
    """
    found: list[Seen] = []
    count = MOST
    while len(found) < count:
        asked = subprocess.run(
            [*command, str(len(found))], capture_output=True, text=True, check=False
        )
        told = [_message(line) for line in asked.stdout.splitlines()]
        count = min([MOST, *(message["count"] for message in told if "count" in message)])
        found += [Seen(**message) for message in told if "number" in message][: count - len(found)]
        if asked.returncode == 0 or count == MOST:
            return found
        if len(found) < count:
            how = f"ended the process that asked about it ({_ending(asked.returncode)})"
            found.append(Seen(len(found), "a GPU", fault=how))
    return found


def _message(line: str) -> dict[str, Any]:
    """Return what a line tells; others print, too."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def fault_of_capability(capability: tuple[int, int], codes: Sequence[str]) -> str:
    """Return why a GPU of this compute capability has no code in torch, "" if it has.

    ``codes`` is torch's list: "sm_86" runs from 8.6 on within 8, "sm_90a" on 9.0 alone,
    "compute_90" is translated for all that is later. Where nothing of the kind is listed, nothing
    is known.
    """
    known = [code for code in codes if code.startswith(("sm_", "compute_"))]
    if not known or any(_runs(code, capability) for code in known):
        return ""
    mine = ".".join(map(str, capability))
    return (
        f"has compute capability {mine}, for which this torch has no code"
        f" (it has {', '.join(known)})"
    )


def _runs(code: str, capability: tuple[int, int]) -> bool:
    kind, _, text = code.partition("_")
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    if not digits.isdigit():
        return False
    written = divmod(int(digits), 10)
    if digits != text and not text.endswith("f"):  # made for this one alone
        return written == capability
    if kind == "compute" and digits == text:
        return written <= capability
    return written[0] == capability[0] and written[1] <= capability[1]


def main(first: int) -> None:
    """Print what the GPUs are, each as soon as it is known."""
    import torch

    count = torch.cuda.device_count()
    print(json.dumps({"count": count}), flush=True)  # noqa: T201 - a child, whose word this is
    for number in range(first, count):
        print(json.dumps(asdict(_seen(torch, number))), flush=True)  # noqa: T201


def _seen(torch: Any, number: int) -> Seen:
    """Return a GPU on which a sum was just added up, or why that did not come out."""
    name = "a GPU"
    try:
        name = str(torch.cuda.get_device_name(number))
        capability = torch.cuda.get_device_capability(number)
        if fault := fault_of_capability(tuple(capability), torch.cuda.get_arch_list()):
            return Seen(number, name, fault=fault)
        torch.ones(1, device=torch.device("cuda", number)).add_(1).item()
        return Seen(number, name, int(torch.cuda.mem_get_info(number)[0]))
    except torch.OutOfMemoryError:
        return Seen(number, name, fault="has no memory free", is_full=True)
    except (RuntimeError, AssertionError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        said = f"does not work with this torch ({torch.__version__}): {first.rstrip('.')}"
        return Seen(number, name, fault=said)


if __name__ == "__main__":
    main(int(sys.argv[1]))
