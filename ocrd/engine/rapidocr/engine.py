"""The embedded engine: RapidOCR (PP-OCRv6 small) on the CPU.

Runs only in the worker. Never uses the network: the models are named by path, and a missing one
is an error instead of a download. Pages come out upright; skew is left to the layout.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2

from ocrd import confidence
from ocrd.doubts import REPLACEMENT, is_read
from ocrd.engine.protocol import Hello, Recognise
from ocrd.engine.rapidocr import (
    forms,
    framed,
    handwriting,
    ink,
    leaders,
    legibility,
    lone,
    networks,
    overlaid,
    pictures,
    shining,
    singles,
    stamps,
    strips,
    ticks,
    turning,
    weights,
)
from ocrd.engine.rapidocr.finding import Finder
from ocrd.engine.rapidocr.lanes import Lanes, Rank
from ocrd.engine.rapidocr.page_ink import PageInk
from ocrd.engine.rapidocr.strips import Pixels
from ocrd.engine.telling import Telling, teller
from ocrd.job import Box, Line, Quad, Recognition, Rule, Typeface

MODEL = "PP-OCRv6 small"
LONGEST_SIDE = 3508  # A4 at 300 dpi; see docs/decisions/0004-embedded-engine-slots.md
EXPRESS_SLOTS = 1  # so that a letter need not wait for a page of a book to end
SHONE = "Print on the back of the paper shone through; it was left out."

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Share:
    """How the machine is shared among pages.

    ``slots`` pages are in flight and ``lanes`` model runs at once; of one page at most ``spread``
    lines are in the lanes or wait for one; each run has ``threads``.
    """

    slots: int
    lanes: int
    spread: int
    threads: int = 1

    @classmethod
    def of(cls, slots: int | str, threads: int | str, cores: int) -> Share:
        """Return the share for the configured slots and total threads, each a number or "auto"."""
        lanes = cores if threads == "auto" else int(threads)
        # One line more than lanes waits, so that a page that goes first keeps its lanes.
        return cls(slots=lanes if slots == "auto" else int(slots), lanes=lanes, spread=lanes + 1)


class LineReader(Protocol):
    """Reads one line of a page; from several threads at once."""

    def read(self, pixels: Pixels, quad: Quad, *, turned: bool = False) -> turning.Reading:
        """Return text and score of one line, optionally of the line turned by 180 degrees."""
        ...


class RapidOcr:
    """Reads page images; ``recognise`` may run in several threads at once.

    Who reads a page's lines is settled page by page: ``_page`` and ``_reviewed`` are for others to
    say it otherwise.
    """

    def __init__(self, share: Share, dtype: str = "auto", *, reads: bool = True) -> None:
        """Load the networks, the one that reads lines as ``weights.for_lines`` says.

        Without ``reads`` that one is left out, and others have to read.
        """
        self._share = share
        # Single-threaded runs side by side beat one run on several threads, and a lone page
        # still has all lanes for its lines.
        self._lanes = Lanes(share.lanes)
        self._finder = Finder(networks.detector(share.threads), self._lanes, share.lanes)
        self._slot = threading.local()  # .rank: of the page that this slot's thread reads
        cv2.setNumThreads(share.threads)
        self._model = ""
        if reads:
            lines = weights.for_lines(dtype)
            self._model = f"{MODEL}, int8" if lines == weights.EIGHT_BIT else MODEL
            self._recogniser = networks.recogniser(lines, share.threads)

    @property
    def hello(self) -> Hello:
        """The engine's announcement."""
        slots = self._share.slots
        return Hello("rapidocr", self._model, slots, LONGEST_SIDE, express=EXPRESS_SLOTS)

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        """Read the page image; raise PageError if it is no image.

        Lines are told as they are read, from the top of the page to its bottom, columns or not.
        What the page as a whole makes of them (tick boxes, stamps) is in the result alone.
        """
        telling = teller(progress)

        def going_on() -> None:
            telling(0)

        self._slot.rank, self._slot.reader, self._slot.going_on = request.rank, self, going_on
        started = time.monotonic()
        try:
            page = self._page(request, strips.load(request.path), going_on)
            page, warnings = self._front(page, going_on)
            lines = self._reviewed(request, page, self._read_lines(page, telling), telling)
            rules = ink.rules(page.pixels, [line.quad for line in lines])
            shown = pictures.find(page.pixels, lines)
            lines = self._with_lone(page, self._with_ticks(page, lines, rules, shown), shown)
        except networks.failures() as error:
            if "alloc" in str(error).lower():
                raise MemoryError("onnxruntime could not allocate") from error
            raise
        height, width = page.pixels.shape[:2]
        seconds = round(time.monotonic() - started, 3)
        sure = confidence.of_lines(lines)
        return Recognition(
            lines, width, height, page.rotation, seconds, warnings, rules=rules,
            pictures=shown, script=page.script,
            tokens=confidence.estimated_tokens(sum(len(line.text) + 1 for line in lines)),
            estimated=True, confidence=sure.mean, least=sure.least,
        )  # fmt: skip

    def _page(self, request: Recognise, pixels: Pixels, going_on: Callable[[], None]) -> Page:
        """Return the page upright, with where its lines are; who reads them is settled."""
        return self._upright(pixels, going_on)

    def _front(self, page: Page, going_on: Callable[[], None]) -> tuple[Page, tuple[str, ...]]:
        """Return the page without what shines through from its back, and what is to be said."""
        pixels = shining.front(self, page.pixels, page.quads, going_on)
        if pixels is None:
            return page, ()
        quads = self.detect(pixels, going_on=going_on)
        return replace(page, pixels=pixels, quads=quads, readings={}), (SHONE,)

    def _upright(self, pixels: Pixels, going_on: Callable[[], None]) -> Page:
        return _upright(self, pixels, going_on)

    def _reviewed(
        self, request: Recognise, page: Page, lines: tuple[Line, ...], progress: Progress
    ) -> tuple[Line, ...]:
        """Return the lines as they are to stand, once they were read."""
        return lines

    def close(self) -> None:
        """Nothing has to be given back: the lanes end with the process."""

    @property
    def _rank(self) -> Rank:
        rank: Rank = getattr(self._slot, "rank", ())
        return rank

    @property
    def _reader(self) -> LineReader:
        """Who reads the lines of the page that this slot's thread reads."""
        reader: LineReader = getattr(self._slot, "reader", self)
        return reader

    def detect(
        self,
        pixels: Pixels,
        longest_side: int | None = None,
        going_on: Callable[[], None] = lambda: None,
    ) -> list[Quad]:
        """Return the boxes of the text lines, in the image's pixels: see ``Finder.find``."""
        return self._finder.find(pixels, self._rank, longest_side, going_on)

    def read(self, pixels: Pixels, quad: Quad, *, turned: bool = False) -> turning.Reading:
        """Return text and score of one line, optionally of the line turned by 180 degrees."""
        strip = strips.strip(pixels, quad)
        if turned:
            strip = strips.turned(strip, cv2.ROTATE_180)
        return self._recogniser.read(strip)

    def read_many(
        self, pixels: Pixels, quads: Sequence[Quad], *, turned: bool = False
    ) -> Iterator[turning.Reading]:
        """Yield the reading of each line, in order, using the free lanes.

        Few lines are queued at a time, so that other pages of the same rank get their turn. A page
        that is cancelled ends at its next line.
        """
        under_way: list[Future[turning.Reading]] = []
        reader = self._reader
        going_on: Callable[[], None] = getattr(self._slot, "going_on", lambda: None)
        try:
            for quad in quads:
                if len(under_way) >= self._share.spread:
                    yield under_way.pop(0).result()
                    going_on()
                run = self._lanes.submit(self._rank, reader.read, pixels, quad, turned=turned)
                under_way.append(run)
            while under_way:
                yield under_way.pop(0).result()
                going_on()
        finally:
            for future in under_way:
                future.cancel()

    def _read_lines(self, page: Page, telling: Telling) -> tuple[Line, ...]:
        page_ink = PageInk(page.pixels)
        rows = leaders.rows(page_ink, page.quads)
        led = {index for row in rows for index in row.boxes}
        order = sorted(
            (index for index in range(len(page.quads)) if index not in led),
            key=lambda index: min(y for _, y in page.quads[index]),
        )
        rest = [page.quads[index] for index in order if index not in page.readings]
        fresh = self.read_many(page.pixels, rest)
        readings: dict[int, turning.Reading] = {}
        found: dict[int, Line | None] = {}
        for index in order:
            readings[index] = page.readings[index] if index in page.readings else next(fresh)
            telling(len(readings))
            if telling.wants_text:  # else that waits: lanes stand still while lines are judged
                found[index] = self._line(page, page.quads[index], readings[index])
                _tell(page, found[index], telling)
        lines = [
            found[index] if index in found else self._line(page, page.quads[index], reading)
            for index, reading in sorted(readings.items())
        ]
        for row in rows:
            lines.append(self._in_parts(page, row.parts, row.quad))
            _tell(page, lines[-1], telling)
        return stamps.marked(page_ink, [line for line in lines if line is not None])

    def _line(self, page: Page, quad: Quad, reading: turning.Reading) -> Line | None:
        """Return the line with what is not sure of it; None for what never was text."""
        strip = strips.strip(page.pixels, quad)
        judged = legibility.judged(reading, strip)
        if judged is None:
            return None
        text, doubt = judged
        if doubt != "unread":
            # Others' scores are of another scale: by them a hand is not told. What is tells more
            # than a stroke, which a hand's own are taken for.
            is_own = self._reader is self
            is_written = is_own and handwriting.is_written(strip, *reading)
            doubt = "handwritten" if is_written else overlaid.doubt(strip) or doubt
        confidence = round(min(max(reading[1], 0.0), 1.0), 4)
        typeface, bold = ink.measured(strip, text)
        return Line(text, confidence, quad, typeface, doubt, text[:bold].strip())

    def _with_ticks(
        self, page: Page, lines: Sequence[Line], rules: Sequence[Rule], shown: Sequence[Box]
    ) -> tuple[Line, ...]:
        """Return the lines with the signs of tick boxes before what they belong to."""
        boxes = framed.without_icons(ticks.find(page.pixels, page.quads), shown)
        if not boxes:
            return tuple(lines)
        in_doubt = framed.to_read(boxes)
        read = self.read_many(page.pixels, [framed.inside(boxes[index]) for index in in_doubt])
        boxes = framed.told(boxes, dict(zip(in_doubt, read, strict=True)))
        form = forms.of([line.quad for line in lines], boxes, rules)
        found = []
        for index, line in enumerate(lines):
            if some := form.lines.get(index):
                parts = forms.in_order(forms.parts(line.quad, some))
                signs = [part.mark if isinstance(part, ticks.Box) else part for part in parts]
                quad = forms.around(line.quad, some)
                found.append(self._in_parts(page, signs, quad, line.typeface))
            elif index not in form.boxes_only:
                found.append(line)
        found += [Line(box.mark, 1.0, forms.corners(box)) for box in form.alone]
        return tuple(found)

    def _with_lone(
        self, page: Page, lines: tuple[Line, ...], shown: Sequence[Box]
    ) -> tuple[Line, ...]:
        """Return the lines with the signs that stand alone and are read with confidence."""
        marks = [] if page.script else lone.find(page.pixels, lines, shown)
        if not marks:
            return lines
        read = singles.to_read(marks)
        readings = self.read_many(*lone.sheet(page.pixels, read))
        made = [
            Line(
                one.text, round(one.score, 4), one.mark.quad,
                ink.typeface(strips.strip(page.pixels, one.mark.quad), one.text),
            )
            for one in singles.told(marks, list(zip(read, readings, strict=True)), lines)
        ]  # fmt: skip
        return lone.joined(lines, made)

    def _in_parts(
        self,
        page: Page,
        parts: Sequence[Quad | str],
        quad: Quad,
        typeface: Typeface = Typeface(),  # noqa: B008 - it is a value
    ) -> Line:
        """Return a line with signs in it; what stands between them is read by itself."""
        readings = self.read_many(page.pixels, [one for one in parts if not isinstance(one, str)])
        some: list[Line] = []
        texts: list[str] = []
        for part in parts:
            if isinstance(part, str):
                texts.append(part)
            elif (one := self._line(page, part, next(readings))) is not None:
                some.append(one)
                texts.append(one.text.strip() if is_read(one) else REPLACEMENT)
        letters = sum(len(one.text) for one in some)
        score = sum(one.confidence * len(one.text) for one in some) / letters if letters else 1.0
        if some:
            typeface = max(some, key=lambda one: len(one.text)).typeface
        doubt = next((one.doubt for one in some if one.doubt and is_read(one)), "")
        if not doubt and any(not is_read(one) for one in some):
            doubt = "signs" if any(map(is_read, some)) else "unread"
        return Line(" ".join(texts), round(score, 4), quad, typeface, doubt)


@dataclass(frozen=True, slots=True)
class Page:
    """An upright page with its line boxes, and the lines that are read already."""

    pixels: Pixels
    rotation: int  # clockwise degrees that made it upright
    quads: list[Quad]
    readings: dict[int, turning.Reading]
    probed: tuple[turning.Reading, ...] = ()  # of the longest lines: what made it upright
    script: str = ""  # a sentence: why nobody here reads what stands on it


def _tell(page: Page, line: Line | None, telling: Telling) -> None:
    """Tell a line's text, if anybody can read it."""
    if line is not None and is_read(line) and not page.script:
        telling.text(f"{line.text}\n")


def _upright(engine: RapidOcr, pixels: Pixels, going_on: Callable[[], None]) -> Page:
    """Turn the page until its text is upright; the detection is reused if it was upright."""
    rotation = 0
    quads = engine.detect(pixels, going_on=going_on)
    if turning.is_sideways(quads) and _stands(engine, pixels, quads):
        pixels, rotation = strips.turned(pixels, cv2.ROTATE_90_CLOCKWISE), 90
        quads = engine.detect(pixels, going_on=going_on)
    readings, turned, upside_down = _probe(engine, pixels, quads)
    probed = tuple(turned if upside_down else readings.values())
    if upside_down:
        pixels, rotation = strips.turned(pixels, cv2.ROTATE_180), rotation + 180
        quads, readings = engine.detect(pixels, going_on=going_on), {}
    return Page(pixels, rotation, quads, readings, probed)


def _stands(engine: RapidOcr, pixels: Pixels, quads: list[Quad]) -> bool:
    """Say whether standing lines are text rather than the lying ones: what is legible decides."""
    lying, standing = (
        [quads[index] for index in turning.longest(quads, turning.PROBES, standing=stand)]
        for stand in (False, True)
    )
    if len(lying) < turning.PROBES:
        return True
    if not turning.is_surely_upright(list(engine.read_many(pixels, lying))):
        return True
    both = (engine.read_many(pixels, standing, turned=turned) for turned in (False, True))
    return any(turning.is_surely_upright(list(readings)) for readings in both)


def _probe(
    engine: RapidOcr, pixels: Pixels, quads: list[Quad]
) -> tuple[dict[int, turning.Reading], list[turning.Reading], bool]:
    """Read a few of the longest lines both ways; return the readings, and whether to turn it."""
    candidates = turning.longest(quads)
    # The print on the back may stand on its head.
    own = shining.dark(pixels, [quads[index] for index in candidates])
    candidates = [candidates[index] for index in own]
    readings: dict[int, turning.Reading] = {}
    turned: list[turning.Reading] = []
    verdict: bool | None = None
    for start in range(0, len(candidates), turning.PROBES):
        some = candidates[start : start + turning.PROBES]
        boxes = [quads[index] for index in some]
        readings.update(zip(some, engine.read_many(pixels, boxes), strict=True))
        if not turned and turning.is_surely_upright(list(readings.values())):
            return readings, turned, False
        turned += engine.read_many(pixels, boxes, turned=True)
        verdict = turning.is_upside_down(list(readings.values()), turned)
        if verdict is not None:
            break
    return readings, turned, bool(verdict)


def load(settings: dict[str, Any]) -> RapidOcr:
    """Load the engine as configured; "auto" is what this process may use of the machine."""
    cores = len(os.sched_getaffinity(0))
    share = Share.of(settings.get("slots", "auto"), settings.get("threads", "auto"), cores)
    return RapidOcr(share, settings.get("dtype", "auto"))
