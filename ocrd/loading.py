"""Why a library cannot be loaded on this machine, and the way out (pure).

A child that loads libraries can be ended by one of them before it has said a word, or be told by
the import that something is missing. Either lasts until a person changes the machine or the
installation, so it is worth a sentence that says what.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import NamedTuple

# What compilers take for granted as x86-64-v2, and numpy, OpenCV and onnxruntime are built with.
# The names are those of /proc/cpuinfo, then those that people know (x86-64 psABI, section 3.1.1).
X86_64_V2 = {
    "cx16": "CMPXCHG16B",
    "lahf_lm": "LAHF/SAHF",
    "popcnt": "POPCNT",
    "pni": "SSE3",
    "ssse3": "SSSE3",
    "sse4_1": "SSE4.1",
    "sse4_2": "SSE4.2",
}
PROCESSOR_HINT = (
    "Use a machine whose processor has x86-64-v2 (Intel and AMD since about 2009). In a virtual"
    " machine, give it the host's processor: in libvirt <cpu mode='host-passthrough'/>, in Proxmox"
    " the type host or x86-64-v2-AES."
)
_TRAP_HINT = (
    "If that is so on this machine with every document, a library is built for a newer processor:"
    f" {PROCESSOR_HINT}"
)
_CRASHED = "Fatal Python error: "  # what faulthandler begins with


class Obstacle(NamedTuple):
    """What is in the way, as the rest of a sentence, and the way out."""

    what: str
    hint: str


def of_import(error: BaseException, remedy: str) -> Obstacle | None:
    """Return what keeps a library from being loaded; None for an error of another kind.

    ``remedy`` is the way out where a package is not installed, or is of no use as it is.
    """
    said = " ".join(str(error).split())
    if re.search(r"baseline optimizations|machine doesn't support", said):  # numpy
        return Obstacle(f"this processor lacks what numpy is built with ({said})", PROCESSOR_HINT)
    if not isinstance(error, ImportError):
        return None
    return of_words(said, remedy)


def of_words(said: str, remedy: str) -> Obstacle:
    """Return what an import's last words mean."""
    if absent := re.search(r"(\S+): cannot open shared object file", said):
        library = absent[1]
        return Obstacle(
            f"the shared library {library} is missing on this system ({said})",
            f"Install the system's package that has it: apt-file search {library} (Debian).",
        )
    if old := re.search(r"version [`'\"]?([\w.]+)[`'\"]? not found", said):
        return Obstacle(
            f"this system's libraries are too old: there is no {old[1]} ({said})",
            "Use a newer release of the system, or a package that is built for this one.",
        )
    if absent := re.search(r"No module named '([\w.]+)'", said):
        return Obstacle(f"the Python package {absent[1]} is not installed", remedy)
    return Obstacle(f"a library cannot be imported ({said})", remedy)


def of_illegal_instruction(last_words: str, *, is_loading: bool) -> Obstacle:
    """Return what SIGILL says of a child that had these last words."""
    where = crash_site(last_words)
    built = f"{where} is" if where else "a library is"
    if not is_loading:
        what = f"SIGILL: the processor was given an instruction that it lacks{_in(where)}"
        return Obstacle(what, _TRAP_HINT)
    lacking = missing_instructions()
    names = f": {', '.join(lacking)}" if lacking else ""
    return Obstacle(
        f"SIGILL: this processor lacks instructions that {built} built with{names}", PROCESSOR_HINT
    )


def _in(where: str) -> str:
    return f", in {where}" if where else ""


def crash_site(last_words: str) -> str:
    """Return the installed package in which faulthandler saw a process crash, "" where in none."""
    _, crashed, dump = last_words.partition(_CRASHED)
    if not crashed:
        return ""
    _, current, stack = dump.partition("Current thread ")
    found = re.search(r"/(?:site|dist)-packages/([^/\"]+)", stack if current else dump)
    return found[1].removesuffix(".py") if found else ""


def before_crash(last_words: str) -> str:
    """Return what a process said before faulthandler said where it crashed."""
    return last_words.partition(_CRASHED)[0]


def missing_instructions(cpuinfo: str | None = None) -> tuple[str, ...]:
    """Return what this processor lacks of x86-64-v2; nothing where it is of another kind."""
    if cpuinfo is None:
        if platform.machine() != "x86_64":
            return ()
        try:
            cpuinfo = Path("/proc/cpuinfo").read_text("utf-8", "replace")
        except OSError:
            return ()
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    if flags is None:
        return ()
    has = set(flags[1].split())
    return tuple(name for flag, name in X86_64_V2.items() if flag not in has)
