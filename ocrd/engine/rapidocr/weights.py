"""Which file the embedded engine's networks come from.

Both are in RapidOCR's wheel. Of the one that reads lines, which is most of the work, ocrd has an
8-bit form of its own: as exact, and twice as fast where the processor multiplies bytes (see
docs/decisions/0009-embedded-engine-speed.md). Elsewhere it is hardly faster, and on older x86
processors its sums overflow, so that the 32-bit form is used. Both have ocrd's own last layers,
see ``heads``.
"""

from __future__ import annotations

import re
from pathlib import Path

import rapidocr

from ocrd import installation
from ocrd.errors import EngineError

_OURS = Path(__file__).parent / "models"
EIGHT_BIT = _OURS / "PP-OCRv6_rec_small_int8.onnx"  # without its last layer
FEW, ALL = _OURS / "PP-OCRv6_rec_small_few.onnx", _OURS / "PP-OCRv6_rec_small_all.onnx"
_CPUINFO = Path("/proc/cpuinfo")
# Linux's names for x86's products of bytes, summed to 32 bits in one instruction.
_BYTE_PRODUCTS = frozenset({"avx512_vnni", "avx_vnni"})


def of(task: str) -> Path:
    """Return the wheel's network that finds ("det") or reads ("rec") lines.

    Raises EngineError where it is missing.
    """
    return _there(
        Path(rapidocr.__file__).parent / "models" / f"PP-OCRv6_{task}_small.onnx",
        f"Install it again: {installation.again()}.",
    )


def for_lines(dtype: str = "auto", cpuinfo: Path = _CPUINFO) -> Path:
    """Return the network that reads lines, "float32" or "auto", the faster on this processor.

    Raises EngineError where it is missing.
    """
    if dtype == "float32" or not multiplies_bytes(cpuinfo):
        return of("rec")
    return _there(EIGHT_BIT, 'Install ocrd again, or set dtype = "float32" in [engine].')


def heads() -> tuple[Path, Path]:
    """Return the last layer of the network that reads lines, for European print and for all.

    Raises EngineError where one is missing.
    """
    hint = f"Install ocrd again: {installation.again()}."
    return _there(FEW, hint), _there(ALL, hint)


def multiplies_bytes(cpuinfo: Path = _CPUINFO) -> bool:
    """Say whether the processor has instructions for products of bytes; if in doubt, not."""
    try:
        text = cpuinfo.read_text(errors="replace")
    except OSError:
        return False
    cores = [set(flags.split()) for flags in re.findall(r"^flags\s*:(.*)$", text, re.MULTILINE)]
    return bool(cores) and all(flags & _BYTE_PRODUCTS for flags in cores)


def _there(model: Path, hint: str) -> Path:
    if not model.is_file():
        raise EngineError(f"The model {model} is missing.", hint=hint)
    return model
