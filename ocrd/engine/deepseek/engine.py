"""DeepSeek-OCR and DeepSeek-OCR-2 on Transformers: one page's way through the model.

Runs only in the worker. ``recognise`` tells the story, in as many threads as pages are in flight:
load, turn upright, cut into views, decode, and read again where the model ran away. All threads
share one decoder, which decodes their pages together.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from ocrd.engine.deepseek import parts
from ocrd.engine.deepseek.network import checkpoint, preprocessing, vision
from ocrd.engine.deepseek.sizing import Sizing, page_bytes
from ocrd.engine.deepseek.slots.decoding import DecoderThread, DecodingEndedError, Generation, Rules
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.text import prompts, runaway
from ocrd.engine.deepseek.text.ladder import Attempt, ladder
from ocrd.engine.deepseek.text.seen import visible
from ocrd.engine.deepseek.text.watch import Watch
from ocrd.engine.protocol import Hello, Recognise
from ocrd.engine.rapidocr.lanes import Lanes
from ocrd.errors import EngineError, OcrdError, PageError
from ocrd.job import Ink, Recognition
from ocrd.tasks import MODES, Task
from ocrd.witness import extent, held_against

if TYPE_CHECKING:
    from ocrd.engine.rapidocr.upright import Upright

log = logging.getLogger(__name__)

EXPRESS_SLOTS = 1  # so that a letter need not wait for a page of a book to be prepared
WARM_UP_TOKENS = 8
WARM_UP_SIDE = 800  # pixels: enough that the page is cut into tiles, too
INK_DARKER = 48  # of 255, than the paper: the print of a faint copy
TOKENS_OF_A_BLACK_PAGE = 10_000  # a full page of print is a tenth black and has 800 to 1,000
INK_SHARE = 0.0002  # of the page: a short line of small type is about twice as much

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run of the model over a page gave."""

    text: str
    doubt: str  # why it cannot be trusted, "" where it can
    tokens: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page image on its way through the model, upright."""

    image: Image.Image
    request: Recognise
    ink: float  # the share of it that is darker than its paper

    @property
    def must_answer(self) -> bool:
        """Say whether an empty answer is a failure; what is not there cannot be located."""
        return self.request.task.mode != "locate" and self.ink > INK_SHARE

    @property
    def witness(self) -> Ink | None:
        """Return what the page shows of its text, if its text is what is asked for."""
        return self.request.ink if self.request.task.mode in {"markdown", "text"} else None

    @property
    def expected_tokens(self) -> int:
        """Return a guess for which page of a document takes longest; only its order counts."""
        return int(self.ink * TOKENS_OF_A_BLACK_PAGE)


class DeepSeek:
    """Reads page images; ``recognise`` may run in many threads at once."""

    def __init__(self, settings: dict[str, Any], model: checkpoint.Model) -> None:
        """Start the decoder for a loaded model and read a first page, so that all is warm."""
        self._settings = settings
        self._model = model
        cores = len(os.sched_getaffinity(0))
        self._sizing = Sizing(model, settings, page_bytes(model, settings))
        self._plan_now: Callable[[], SlotPlan] = lambda: self._sizing.plan
        self._decoder = DecoderThread(
            model,
            lambda pages: vision.encode(model, pages),
            plan=self._sizing.plan,
            on_notice=self._note,
        )
        self._plan_now = lambda: self._decoder.plan
        self._ahead = min(8, max(2, self._decoder.slots // 4))
        # A page that is cut but not in the decoder yet holds up to 14 MB.
        self._prepared = threading.Semaphore(self._ahead + EXPRESS_SLOTS + cores)
        self._lanes = Lanes(cores)
        self._upright = _upright(cores) if settings["turn"] else None
        self._warm_up()

    @property
    def hello(self) -> Hello:
        """The engine's announcement."""
        kind = self._model.kind
        return Hello(
            name=kind,
            model=self._model.name,
            capacity=self._decoder.slots + self._ahead,
            longest_side=preprocessing.longest_side(self._views(Task())),
            modes=MODES[kind],
            express=EXPRESS_SLOTS,
            device=_device_of(self._model),
            gpus=self._model.place.gpus if self._model.place else (),
        )

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        """Read the page image; raise PageError if it is none.

        A reading that ran away is tried again as :func:`ladder` says. What stays in doubt
        is returned with its doubt.
        """
        started = time.monotonic()
        image, rotation = self._lanes.submit(request.rank, self._load, request.path).result()
        progress(0)
        whole = Page(image, request, _ink(image))
        spans = parts.spans(image, self._views(request.task))
        best: list[Reading] = []
        readings: list[Reading] = []
        for span in spans:
            going_on = _counting_on(progress, sum(reading.tokens for reading in readings))
            page = _part(whole, span) if len(spans) > 1 else whole
            some = self._read_until_sound(page, going_on)
            readings += some
            best.append(_best(some, page.witness))
        texts = [reading.text for reading in best]
        return Recognition(
            (), *image.size, rotation,
            seconds=round(time.monotonic() - started, 3),
            warnings=_remarks(readings, len(spans)),
            form="markup",
            markup=parts.joined(texts, spans, image.size) if len(spans) > 1 else texts[0],
            doubt=next((reading.doubt for reading in best if reading.doubt), ""),
            retries=len(readings) - len(spans),
        )  # fmt: skip

    def _read_until_sound(self, page: Page, progress: Progress) -> list[Reading]:
        """Run the model over the page until it gives a sound text, as often as is worth it."""
        readings: list[Reading] = []
        for attempt in ladder(self._model.kind, page.request.task):
            going_on = _counting_on(progress, sum(reading.tokens for reading in readings))
            readings.append(self._read(page, attempt, going_on))
            if not readings[-1].doubt:
                break
        return readings

    def _note(self, text: str) -> None:
        """Pass on what the decoder says; slots that were halved are halved at the next start."""
        log.warning("%s", text, extra={"memo": self._sizing.memo(self._plan_now())})

    def close(self) -> None:
        """End the decoder's thread."""
        self._decoder.close()

    def _load(self, path: str) -> tuple[Image.Image, int]:
        """Return the page upright, and the clockwise degrees that made it so."""
        try:
            with Image.open(path) as opened:
                opened.load()
                image = opened.copy()  # gray stays gray, which is prepared in a third of the time
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
            raise PageError(f"The drawn page cannot be read ({error}).") from error
        return self._upright.turn(image) if self._upright else (image, 0)

    def _views(self, task: Task) -> preprocessing.ViewSpec:
        return preprocessing.view_spec(self._model.kind, task.size, self._settings["max_tiles"])

    def _read(self, page: Page, attempt: Attempt, progress: Progress) -> Reading:
        """Run the model over the page once."""
        generation = self._submit(page, attempt)
        reason = self._follow(generation, page.witness, progress)
        text = self._decode(generation.tokens)
        doubt = reason or runaway.judge(
            text, finished=generation.finished, has_ink=page.must_answer, ink=page.witness
        )
        asked = prompts.as_asked(self._model.kind, attempt.task, text)
        return Reading(asked, doubt, len(generation.tokens))

    def _submit(self, page: Page, attempt: Attempt) -> Generation:
        """Prepare the page and hand it to the decoder; the views are let go once it has them."""
        kind, rank = self._model.kind, page.request.rank
        self._prepared.acquire()
        try:
            spec = self._views(attempt.task)
            views = self._lanes.submit(rank, preprocessing.prepare, page.image, spec).result()
            prompt = prompts.prompt_of(kind, attempt.task)
            ids = prompts.prompt_ids(self._tokenize, prompt, views.tokens)
            return self._decoder.submit(
                views, ids, self._rules(attempt, len(ids)), rank,
                expected=page.expected_tokens, on_taken=self._prepared.release,
            )  # fmt: skip
        except DecodingEndedError as error:
            raise EngineError(f"{error}.", hint="The engine is restarted.") from error
        except BaseException:
            self._prepared.release()
            raise

    def _follow(self, generation: Generation, ink: Ink | None, progress: Progress) -> str:
        """Wait for the page's end; return why it was stopped before, "" if it was not."""
        watch = Watch(self._decode, ink)
        count = 0
        try:
            for tokens in _tokens_of(generation):
                count += len(tokens)
                progress(count)
                if reason := watch.take(tokens):
                    return reason
        finally:
            generation.cancel()  # of no effect on one that has ended
        return ""

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._model.tokenizer.decode(list(tokens), skip_special_tokens=False)
        return text

    def _tokenize(self, text: str) -> list[int]:
        ids: list[int] = self._model.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _rules(self, attempt: Attempt, prompt_tokens: int) -> Rules:
        room = self._settings["context"] - prompt_tokens
        if room <= 0:
            raise PageError(
                f"The page's {prompt_tokens} tokens leave no room in the context of"
                f" {self._settings['context']}.",
                hint="Raise the engine's context, or lower max_tiles.",
            )
        most = self._settings["max_new_tokens"]
        return Rules(
            max_new_tokens=min(most or room, room),
            ngram=attempt.repeat.ngram,
            window=attempt.repeat.window,
            temperature=attempt.temperature,
            exempt=prompts.REPEATABLE,
        )

    def _warm_up(self) -> None:
        """Decode a few tokens of a page with something on it."""
        pixels = np.full((WARM_UP_SIDE, WARM_UP_SIDE, 3), 255, np.uint8)
        pixels[::40, 100:-100] = 0
        page = Image.fromarray(pixels)
        first = ladder(self._model.kind, Task())[0]
        generation = self._submit(Page(page, Recognise(0, ""), 0.0), first)
        for tokens in _tokens_of(generation):
            if len(generation.tokens) + len(tokens) >= WARM_UP_TOKENS:
                break
        generation.cancel()


def _part(whole: Page, span: parts.Span) -> Page:
    """Return a part of a page as a page of its own."""
    image = parts.cropped(whole.image, span)
    share = _ink(image)
    ink = parts.ink_of(whole.request.ink, share, whole.ink, span, max(whole.image.size))
    return Page(image, replace(whole.request, ink=ink), share)


def _best(readings: Sequence[Reading], witness: Ink | None) -> Reading:
    """Return the sound reading, or the most useful of those in doubt."""
    if not readings[-1].doubt:
        return readings[-1]
    return max(readings, key=lambda reading: _usefulness(reading, witness))


def _tokens_of(generation: Generation) -> Iterator[list[int]]:
    """Yield the page's tokens as they come; raise EngineError if decoding itself has failed."""
    try:
        yield from generation.follow()
    except (MemoryError, OcrdError):
        raise
    except Exception as error:
        raise EngineError(
            f"Decoding failed ({type(error).__name__}: {error}).", hint="The engine is restarted."
        ) from error


def _upright(cores: int) -> Upright:
    """Return what turns pages upright; only then is the embedded engine loaded."""
    from ocrd.engine.rapidocr.upright import Upright

    return Upright(cores)


def _device_of(model: checkpoint.Model) -> str:
    """Return what the model runs on, for a person."""
    number = str(model.dtype).removeprefix("torch.")
    if model.place is None:
        return f"{model.device}, {number}"
    return ", ".join(filter(None, (model.place.label, model.place.name, number)))


def _ink(image: Image.Image) -> float:
    """Return the share of the page that is darker than its paper, which is its median gray."""
    counts = np.asarray(image.convert("L").histogram(), np.int64)
    paper = int(np.searchsorted(np.cumsum(counts), counts.sum() // 2))
    return float(counts[: max(paper - INK_DARKER, 0)].sum() / counts.sum())


def _counting_on(progress: Progress, before: int) -> Progress:
    """Return a progress that goes on where earlier readings of the page ended."""
    return lambda count: progress(before + count)


def _usefulness(reading: Reading, ink: Ink | None) -> tuple[bool, int]:
    """Return whether the page can hold a reading, and how many different lines that has."""
    doubt = held_against(ink, *extent(visible(reading.text))) if ink else None
    is_held = doubt is None or doubt.code != "more-than-page"
    return is_held, len(set(reading.text.split("\n")))


def _remarks(readings: list[Reading], count: int) -> tuple[str, ...]:
    """Return what a person should know of readings, of so many parts, that were thrown away."""
    doubts = [reading.doubt for reading in readings if reading.doubt]
    if not doubts or len(readings) == count:
        return ()
    return (f"Read {len(readings) - count + 1} times; the first time: {doubts[0]}",)


def load(settings: dict[str, Any]) -> DeepSeek:
    """Load the model as configured; raise EngineError with the cause and the way out."""
    kind = settings["kind"]
    model = checkpoint.load(
        kind,
        settings["model"],
        revision=settings["revision"],
        device=settings["device"],
        had_gpus=tuple(settings.get("had_gpus", ())),
        dtype=settings["dtype"],
        attention=settings["attention"],
        download=settings["download"],
    )
    for remark in model.place.remarks if model.place else ():
        log.warning("%s", remark)
    return DeepSeek(settings, model)
