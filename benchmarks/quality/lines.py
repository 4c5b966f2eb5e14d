"""What the engine reads on page images, kept by image and engine."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from benchmarks.quality.documents import CACHE
from ocrd.engine.protocol import Recognise, recognition_from_json
from ocrd.engine.rapidocr import (
    amounts,
    captioned,
    engine,
    finding,
    forms,
    fractions,
    framed,
    gutters,
    handwriting,
    heads,
    ink,
    leaders,
    leads,
    legibility,
    line_pieces,
    lone,
    lookalikes,
    mosaic,
    networks,
    overlaid,
    overlaps,
    overlooked,
    page_ink,
    pictures,
    pieces,
    quotes,
    raised,
    recognition,
    remains,
    signs,
    singles,
    spacing,
    spelling,
    stamps,
    staves,
    strips,
    strokes,
    ticks,
    tiles,
    turning,
    weights,
)
from ocrd.engine.rapidocr.engine import RapidOcr
from ocrd.job import Recognition

READING: tuple[Any, ...] = (
    RapidOcr.detect, RapidOcr.read, strips, engine._upright, engine._stands, engine._probe,
    turning, recognition, spacing, spelling, overlooked, finding, tiles, signs,
    legibility, overlaid, RapidOcr._line, ticks, framed, forms, RapidOcr._with_ticks, leaders,
    RapidOcr._in_parts, strokes, stamps, lookalikes, fractions,
    amounts, quotes, line_pieces, raised,
    handwriting, mosaic, overlaps, gutters, heads, page_ink,
    RapidOcr._with_lone, lone, singles,
)  # fmt: skip
_LIBRARIES = ("rapidocr", "onnxruntime", "opencv-python-headless")


def reading_key(dtype: str = "auto") -> str:
    """Return a name for how lines are found and read: settings, code, network and libraries."""
    parts = [
        *(_hash(file.read_bytes()) for file in (weights.for_lines(dtype), *weights.heads())),
        str(networks._DETECTION),
        *(inspect.getsource(part) for part in READING),
        *(f"{name} {metadata.version(name)}" for name in _LIBRARIES),
    ]
    return _hash("\n".join(parts).encode())


def ink_key() -> str:
    """Return a name for how type and rules are measured, and pictures found."""
    parts = (ink, leads, remains, pieces, captioned, staves, pictures)
    return _hash("".join(map(inspect.getsource, parts)).encode())


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


class Drawn(Protocol):
    """What has an image."""

    @property
    def path(self) -> Path:
        """Where it lies."""


Image = TypeVar("Image", bound=Drawn)


def recognitions(
    scans: Iterable[Image], *, seconds: float, stale: bool = False, dtype: str = "auto"
) -> Iterator[tuple[Image, Recognition]]:
    """Yield the scans with what is read on them.

    After ``seconds`` of reading only those are yielded that were read before. With ``stale``,
    what another engine read counts too. ``dtype`` is the engine's.
    """
    read, measured = reading_key(dtype), ink_key()
    deadline = time.monotonic() + seconds
    for scan in scans:
        image = _hash(scan.path.read_bytes())
        kept = CACHE / "lines" / f"{image}.{read}.json"
        if not kept.exists() and stale:
            kept = next(iter((CACHE / "lines").glob(f"{image}.*.json")), kept)
        if not kept.exists():
            if time.monotonic() > deadline:
                continue
            _keep(kept, _reader(dtype).read(scan.path))
        with_ink = CACHE / "ink" / f"{kept.stem}.{measured}.json"
        if not with_ink.exists():
            _keep(with_ink, _measured(scan.path, _kept(kept)))
        yield scan, _kept(with_ink)


@cache
def _reader(dtype: str) -> _Reader:
    return _Reader(dtype)


class _Reader:
    """The engine, one page at a time."""

    def __init__(self, dtype: str) -> None:
        threads = os.environ.get("THREADS", "auto")
        self._engine = engine.load({"slots": 1, "threads": threads, "dtype": dtype})

    def read(self, path: Path) -> Recognition:
        return self._engine.recognise(Recognise(1, str(path)), lambda _count: None)


def _measured(path: Path, recognition: Recognition) -> Recognition:
    """Return what was read with type and rules measured again, and pictures found."""
    page = strips.load(str(path))
    turns = recognition.rotation // 90
    page = np.ascontiguousarray(np.rot90(page, -turns))
    lines = []
    for line in recognition.lines:
        typeface, bold = ink.measured(strips.strip(page, line.quad), line.text)
        lines.append(replace(line, typeface=typeface, lead=line.text[:bold].strip()))
    rules = ink.rules(page, [line.quad for line in lines])
    found = pictures.find(page, lines)
    return replace(recognition, lines=tuple(lines), rules=rules, pictures=found)


def _kept(path: Path) -> Recognition:
    return recognition_from_json(json.loads(path.read_text()))


def _keep(path: Path, recognition: Recognition) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(recognition)))
    part.rename(path)
