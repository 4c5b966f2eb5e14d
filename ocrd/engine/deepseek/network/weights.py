"""A checkpoint's files: its configuration, and what the headers of its weights say.

Nothing here loads a weight, and nothing needs torch: a folder is judged before memory is taken.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocrd.errors import EngineError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
FLOATS = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8}  # bytes an element

_EXPERT = re.compile(r"\.experts\.\d+\.")

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model's files are, and how they got there."""

    name: str  # as the configuration says it
    folder: Path
    is_from_hub: bool

    @property
    def again(self) -> str:
        """Return what to do when its files are not as they should be."""
        if self.is_from_hub:
            return f"Fetch it again: ocrd model pull {self.name}"
        return "Copy the model's files again, or fetch them: ocrd model pull ID --to DIR"


def read_config(source: Source) -> dict[str, Any]:
    """Return the model's config.json; raise EngineError."""
    path = source.folder / CONFIG
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EngineError(
            f"{source.folder} holds no model: there is no {CONFIG}.", hint=source.again
        ) from error
    except (OSError, ValueError) as error:
        raise EngineError(f"{path} cannot be read ({error}).", hint=source.again) from error
    if not isinstance(found, dict):
        raise EngineError(f"{path} holds no table.", hint=source.again)
    return found


def read_shapes(source: Source) -> Shapes:
    """Return the shape of each tensor in the weights; raise EngineError.

    Each file is there, covered by its header to its last byte, and holds plain floats.
    """
    shapes: Shapes = {}
    for path in files(source):
        shapes |= _shapes_of(path, source)
    return shapes


def copied_elements(source: Source, shapes: Shapes, number: str) -> int:
    """Return how many elements loading makes anew in main memory, as numbers of a type ("BF16").

    The rest are looked up in the files as they are: numbers of another type are converted, and
    experts that lie one by one are put together.
    """
    if _types(source) != {number}:
        return sum(map(math.prod, shapes.values()))
    return sum(math.prod(shape) for name, shape in shapes.items() if _EXPERT.search(name))


def _types(source: Source) -> set[str]:
    from safetensors import safe_open

    found: set[str] = set()
    for path in files(source):
        with safe_open(path, framework="numpy") as opened:
            found.update(opened.get_slice(name).get_dtype() for name in opened.keys())  # noqa: SIM118
    return found


def files(source: Source) -> list[Path]:
    """Return the files of the weights; raise EngineError if there are none, or not all."""
    if (source.folder / WEIGHTS).is_file():
        return [source.folder / WEIGHTS]
    paths = [source.folder / name for name in _indexed(source)]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise EngineError(
            f"The weights of {source.name} are not complete: {len(missing)} of {len(paths)} files"
            f" are missing from {source.folder} ({', '.join(missing[:3])}).",
            hint=source.again,
        )
    return paths


def _indexed(source: Source) -> list[str]:
    """Return the names of the files that the index of the weights lists."""
    path = source.folder / INDEX
    try:
        names = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
    except FileNotFoundError as error:
        raise EngineError(
            f"{source.folder} holds no weights: neither {WEIGHTS} nor {INDEX}.", hint=source.again
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{path} is damaged ({error!r}).", hint=source.again) from error
    if not names or not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise EngineError(f"{path} names no files, or such elsewhere.", hint=source.again)
    return sorted(names)


def _shapes_of(path: Path, source: Source) -> Shapes:
    from safetensors import SafetensorError, safe_open

    shapes: Shapes = {}
    try:
        with safe_open(path, framework="numpy") as opened:
            for name in opened.keys():  # noqa: SIM118 - it is no dict
                tensor = opened.get_slice(name)
                if tensor.get_dtype() not in FLOATS:
                    raise EngineError(
                        f"The weights of {source.name} are quantised ({name} is"
                        f" {tensor.get_dtype()}), which ocrd does not read.",
                        hint="Use the original model.",
                    )
                shapes[name] = tuple(tensor.get_shape())
    except (SafetensorError, OSError) as error:
        raise EngineError(f"{path} is damaged ({error}).", hint=source.again) from error
    return shapes
