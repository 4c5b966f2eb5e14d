"""A campaign: mutants through the real rasterizer's children, and what became of them."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.errors import DocumentError, OcrdError, PageError
from ocrd.files import file_key
from ocrd.raster.rasterize import Rasterizer, Source
from tests.faults.fuzz.mutations import mutant
from tests.faults.hostile.children import Watched
from tests.faults.hostile.wording import faults

LONGEST_SIDE = 600  # pixels: enough to decode all of a page, and quick
SMALL_SHARE = 0.9  # of the mutants are of small documents
PAGE_TIMEOUT = 5.0  # seconds
MEMORY = 1 << 30


@dataclass
class Tally:
    """What became of the mutants."""

    mutants: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_bytes: int = 0
    deaths: list[str] = field(default_factory=list)


class Campaign:
    """Mutants of the seeds, one after another in each of some children, until it is over.

    Mutant ``n`` of a seed number is the same every time: its own chance decides all of it.
    """

    def __init__(
        self, seeds: Mapping[str, bytes], large: Mapping[str, bytes], number: int, *,
        keep: Path | None = None,
    ) -> None:  # fmt: skip
        self._small, self._large = sorted(seeds.items()), sorted(large.items())
        self._number = number
        self._keep = keep
        self.tally = Tally()

    def mutant(self, index: int) -> tuple[str, bytes]:
        """Return the name and the content of a mutant."""
        chance = random.Random(f"{self._number}:{index}")
        pool = self._small if chance.random() < SMALL_SHARE or not self._large else self._large
        name, content = chance.choice(pool)
        return f"{index}-{name}", mutant(content, chance)

    async def run(self, *, mutants: int = 0, seconds: float = 0.0, children: int = 2) -> Tally:
        """Go on until there were so many, or for so long."""
        began = time.monotonic()
        settings = RasterSettings(children=children, page_timeout=PAGE_TIMEOUT, memory=MEMORY)
        with tempfile.TemporaryDirectory(dir=_fast_folder(), prefix="ocrd-fuzz-") as folder:
            async with Rasterizer(settings, LimitSettings()) as raster, Watched(raster) as watched:
                numbers = iter(range(mutants)) if mutants else _until(began + seconds)
                works = (self._work(raster, Path(folder), numbers) for _ in range(children + 1))
                await asyncio.gather(*works)
            left = [path.name for path in Path(folder).iterdir()]
        self.tally.seconds = time.monotonic() - began
        self.tally.peak_bytes = watched.peak_bytes
        if left:
            self.tally.violations.append(f"left behind: {left[:5]}")
        if watched.peak_bytes > MEMORY:
            self.tally.violations.append(f"a child took {watched.peak_bytes} bytes")
        return self.tally

    async def _work(self, raster: Rasterizer, folder: Path, numbers: Iterator[int]) -> None:
        for index in numbers:
            name, content = self.mutant(index)
            path = folder / name
            path.write_bytes(content)
            outcome = await self._read(raster, path)
            path.unlink()
            self.tally.mutants += 1
            self.tally.outcomes[outcome] += 1
            if outcome.startswith("poisonous"):
                self._note(name, content, self.tally.deaths, outcome)

    async def _read(self, raster: Rasterizer, path: Path) -> str:
        """Have the first and the last page drawn; return how that ended, in a word."""
        into = path.with_suffix(".ppm")
        limit = PAGE_TIMEOUT * 3 * 4 + 30  # each call may end three children
        try:
            async with asyncio.timeout(limit):
                source = Source(path, file_key(path))
                info = await raster.inspect(source)
                for page in sorted({1, info.pages}):
                    await raster.draw(source, page, into, LONGEST_SIDE)
            return "drawn"
        except (DocumentError, PageError) as error:
            wrong = faults(error, path.name)
            if wrong:
                self._note(path.name, path.read_bytes(), self.tally.violations,
                           f"{wrong}: {error!s}")  # fmt: skip
            return error.code
        except OcrdError as error:  # a cause that passes: there is none here
            self._note(path.name, path.read_bytes(), self.tally.violations, repr(error))
            return error.code
        except Exception as error:
            self._note(path.name, path.read_bytes(), self.tally.violations, repr(error))
            return type(error).__name__
        finally:
            into.unlink(missing_ok=True)

    def _note(self, name: str, content: bytes, notes: list[str], what: str) -> None:
        notes.append(f"{self._number}:{name}: {what}")
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / f"{self._number}-{name}").write_bytes(content)


def _until(end: float) -> Iterator[int]:
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count())


def _fast_folder() -> Path | None:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None
