"""Stage 5: pages end to end, from an image file to its tokens, as the engine reads them.

It is the engine itself, :class:`ocrd.engine.deepseek.engine.DeepSeek`, with its threads, its
preparation of pages, its decoder and its watch over what comes. Two things differ: a page ends
where its length says, and a random network's text is read once, whatever the watch thinks of it.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gpu import noise, timing
from benchmarks.gpu.rounds import Gauge, Rounds
from benchmarks.gpu.scale import CONTEXT, KIND
from benchmarks.gpu.workplace import Workplace
from ocrd.engine.deepseek import engine as engines
from ocrd.engine.deepseek.engine import DeepSeek
from ocrd.engine.deepseek.slots.decoding import Generation
from ocrd.engine.deepseek.text.ladder import ladder
from ocrd.engine.deepseek.text.transcript import Transcript
from ocrd.engine.deepseek.text.watch import Watch
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr.lanes import Lanes
from ocrd.engine.telling import Telling
from ocrd.job import Ink
from ocrd.tasks import Task

SPREAD = 0.3  # of the lengths' logarithms: two thirds lie between 3/4 and 4/3 of the median
SEED = 11


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page to be read: its file, what is asked of it, and how long its text is."""

    path: str
    task: Task
    tokens: int
    guess: float  # of its ink, from which the engine guesses its length


class Unjudged(DeepSeek):
    """The engine; each page ends where its length says."""

    def read(self, sheet: Sheet) -> int:
        """Read a page once; return how many tokens it gave."""
        request = Recognise(0, sheet.path, sheet.task)
        image, _ = self._lanes.submit(request.rank, self._load, sheet.path).result()
        engines._ink(image)  # for its time: noise has no paper that ink could stand on
        page = engines.Page(image, request, sheet.guess)
        attempt = ladder(KIND, sheet.task)[0]
        telling = Telling(request, lambda _message: None)
        return self._read(page, attempt, sheet.tokens, telling, live=False).tokens

    def use_lanes(self, count: int) -> None:
        """Prepare pages in so many threads from now on."""
        self._lanes = Lanes(count)
        self._prepared = threading.Semaphore(self._ahead + engines.EXPRESS_SLOTS + count)

    @property
    def loop(self) -> Any:
        """The decoder that its thread runs."""
        return self._decoder._decoder

    def _follow(
        self,
        generation: Generation,
        said: Transcript,
        ink: Ink | None,
        task: Task,
        telling: Telling,
    ) -> str:
        watch = Watch(self._decode, ink)
        for tokens in generation.follow():
            said.take(tokens)
            telling(len(said.tokens))
            watch.take(tokens)
        return ""


@dataclass(slots=True)
class Load:
    """Pages that are being read by as many threads as the engine has requests in flight."""

    engine: Unjudged
    pool: ThreadPoolExecutor
    futures: list[Future[int]]
    started: float

    @property
    def done(self) -> int:
        """Return how many pages have ended."""
        return sum(future.done() for future in self.futures)

    def wait(self, seconds: float) -> bool:
        """Wait for all pages; return whether they are there in time. Raise what ended one."""
        finished, open_ = wait(self.futures, seconds, FIRST_EXCEPTION)
        for future in finished:
            future.result()
        return not open_

    def give_up(self) -> None:
        """Begin no further pages and end the decoder, and with it those in work."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.engine.close()
        self.pool.shutdown()


def measure(place: Workplace) -> None:
    """Read pages with few and with many threads that prepare them."""
    scale = place.scale
    with tempfile.TemporaryDirectory() as folder:
        sheets = sheets_of(Path(folder), place, scale.pages)
        with engine_of(place) as engine:
            # Half of them first, so that the engine has recorded what it records.
            warm = sheets[: max(scale.reading_slots, len(sheets) // 2)]
            passes = [("first", scale.thread_counts[-1], warm)]
            passes += [(f"{count} threads", count, sheets) for count in scale.thread_counts]
            each = 0.0  # seconds of a page in the pass before
            for name, threads, some in passes:
                if not place.goes_on(0.7 * each * len(some), name):
                    continue
                took = _read(place, engine, name, threads, some)
                if not took:
                    return  # the decoder has been ended
                each = took / len(some)


def _read(
    place: Workplace, engine: Unjudged, name: str, threads: int, sheets: Sequence[Sheet]
) -> float:
    """Report one pass; return its seconds, 0 if it was cut short."""
    engine.use_lanes(threads)
    rounds = Rounds(engine.loop, place.device)
    gauge = Gauge(wanted=place.on_gpu)
    load = start(engine, sheets)
    try:
        whole = load.wait(place.left())
    except BaseException:
        load.give_up()
        raise
    finally:
        seconds = time.perf_counter() - load.started
        driver = gauge.stop()
        rounds.stop()
    ended = [future.result() for future in load.futures if future.done()]
    if whole:
        load.pool.shutdown()
    else:
        load.give_up()
        place.shorten(f"{name}: {len(ended)} of {len(sheets)} pages")
    timing.settle(place.device)
    found = rounds.figures()
    counted = sum(ended)
    place.row(
        **{"pass": name}, pages=len(ended), threads=threads, seconds=seconds,
        pages_s=len(ended) / seconds, tokens_s=counted / seconds,
        tokens_a_page=counted / max(1, len(ended)),
        mean_running=(counted - len(ended)) / max(1, found.get("rounds", 1)),
        **found, **driver,
    )  # fmt: skip
    return seconds if whole else 0.0


def start(engine: Unjudged, sheets: Sequence[Sheet]) -> Load:
    """Begin to read pages, with as many in flight as the engine announces."""
    hello = engine.hello
    pool = ThreadPoolExecutor(hello.capacity + hello.express, "page")
    started = time.perf_counter()
    return Load(engine, pool, [pool.submit(engine.read, sheet) for sheet in sheets], started)


@contextmanager
def engine_of(place: Workplace) -> Iterator[Unjudged]:
    """Start the engine over the network that is loaded already."""
    settings = {
        "kind": KIND, "max_slots": place.scale.reading_slots, "context": CONTEXT,
        "memory_share": 0.9, "turn": False, "max_tiles": None, "max_new_tokens": 0,
    }  # fmt: skip
    engine = Unjudged(settings, place.model)
    try:
        yield engine
    finally:
        engine.close()


def sheets_of(folder: Path, place: Workplace, count: int) -> list[Sheet]:
    """Draw pages, each its own, and say how long their texts are."""
    chance = random.Random(SEED)
    sheets = []
    for number in range(count):
        path = folder / f"{number}.pgm"
        noise.page(number, *place.scale.drawn).save(path, "PPM")
        tokens = max(2, round(place.scale.page_tokens * chance.lognormvariate(0, SPREAD)))
        guess = tokens * chance.uniform(0.67, 1.5) / engines.TOKENS_OF_A_BLACK_PAGE
        task = Task(mode="prompt", prompt=f"Page {number + 1}. Convert the document to markdown.")
        sheets.append(Sheet(str(path), task, tokens, guess))
    return sheets
