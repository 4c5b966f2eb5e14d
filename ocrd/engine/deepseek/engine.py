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

from ocrd import confidence
from ocrd.engine.deepseek import parts, readings
from ocrd.engine.deepseek.network import checkpoint, preprocessing, vision
from ocrd.engine.deepseek.readings import Reading
from ocrd.engine.deepseek.sizing import Sizing, page_bytes
from ocrd.engine.deepseek.slots.decoding import DecoderThread, DecodingEndedError, Generation, Rules
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.text import prompts, runaway
from ocrd.engine.deepseek.text.ladder import Attempt, ladder
from ocrd.engine.deepseek.text.transcript import Transcript
from ocrd.engine.deepseek.text.watch import Watch
from ocrd.engine.protocol import Hello, Recognise
from ocrd.engine.rapidocr.lanes import Lanes
from ocrd.engine.telling import PARTIAL_SECONDS, Telling, teller
from ocrd.errors import EngineError, OcrdError, PageError
from ocrd.job import Ink, Recognition
from ocrd.tasks import MODES, Task

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
        telling = teller(progress)
        image, rotation = self._lanes.submit(request.rank, self._load, request.path).result()
        telling(0)
        whole = Page(image, request, _ink(image))
        spans = parts.spans(image, self._views(request.task))
        best, all_readings, is_full = self._read_parts(whole, spans, telling)
        texts = [reading.text for reading in best]
        logprobs = [logprob for reading in best for logprob in reading.logprobs]
        return Recognition(
            (), *image.size, rotation,
            seconds=round(time.monotonic() - started, 3),
            warnings=readings.remarks(all_readings, len(best)),
            form="markup",
            markup=self._joined(texts, spans, whole),
            doubt=next((reading.doubt for reading in best if reading.doubt), ""),
            retries=len(all_readings) - len(best),
            tokens=len(logprobs),
            prompt_tokens=sum(reading.prompt_tokens for reading in best),
            finish="length" if is_full or "length" in [one.finish for one in best] else "stop",
            confidence=(sure := confidence.of_tokens(logprobs)).mean,
            least=sure.least,
            pieces=tuple(piece for reading in best for piece in reading.pieces),
        )  # fmt: skip

    def _read_parts(
        self, whole: Page, spans: Sequence[parts.Span], telling: Telling
    ) -> tuple[list[Reading], list[Reading], bool]:
        """Read a page part by part, as far as its task lets it grow.

        Return the reading that counts of each part, all of them, and whether the page is as long as
        was asked for before it is read.
        """
        left = whole.request.task.decoding.max_tokens
        best: list[Reading] = []
        some: list[Reading] = []
        for span in spans:
            page = _part(whole, span) if len(spans) > 1 else whole
            readings_of_part = self._read_until_sound(page, left, telling, live=len(spans) == 1)
            some += readings_of_part
            best.append(readings.best(readings_of_part, page.witness))
            if len(spans) > 1:  # a part's places are the page's once it is there
                telling.settle(self._joined([reading.text for reading in best], spans, whole))
            left = None if left is None else left - best[-1].tokens
            if best[-1].is_cut or left == 0:
                break
        return best, some, left == 0 and len(best) < len(spans)

    def _joined(self, texts: Sequence[str], spans: Sequence[parts.Span], whole: Page) -> str:
        if len(spans) == 1:
            return texts[0]
        return parts.joined(texts, spans[: len(texts)], whole.image.size)

    def _read_until_sound(
        self, page: Page, most: int | None, telling: Telling, *, live: bool
    ) -> list[Reading]:
        """Run the model over the page until it gives a sound text, as often as is worth it.

        ``most`` tokens are asked for. With ``live`` the text is told as it comes.
        """
        found: list[Reading] = []
        for attempt in ladder(self._model.kind, page.request.task):
            telling.count_on()
            if live:
                telling.restart()
            found.append(self._read(page, attempt, most, telling, live=live))
            if not found[-1].doubt:
                break
        return found

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

    def _read(
        self, page: Page, attempt: Attempt, most: int | None, telling: Telling, *, live: bool
    ) -> Reading:
        """Run the model over the page once."""
        kind = self._model.kind
        generation, prompt_tokens = self._submit(page, attempt, most)
        live = live and telling.wants_text
        said = Transcript(self._decode, page.request.task.decoding.stop, live=live)
        reason = self._follow(generation, said, page.witness, attempt.task, telling)
        is_full = generation.finished in {"length", "context"} and not said.is_stopped
        is_cut = said.is_stopped or (is_full and len(said.tokens) == most)
        text = said.whole()
        doubt = reason
        if not (reason or is_cut):
            doubt = runaway.judge(
                text, finished=generation.finished, has_ink=page.must_answer, ink=page.witness
            )
        logprobs = tuple(generation.logprobs[: len(said.tokens)])
        return Reading(
            prompts.as_asked(kind, attempt.task, text), doubt, logprobs, prompt_tokens,
            finish="length" if is_full else "stop", is_cut=is_cut,
            pieces=confidence.pieces(said.by_token(), logprobs) if page.request.pieces else (),
        )  # fmt: skip

    def _submit(
        self, page: Page, attempt: Attempt, most: int | None = None
    ) -> tuple[Generation, int]:
        """Prepare the page and hand it to the decoder; the views are let go once it has them.

        Return how many tokens its prompt has, too.
        """
        kind, rank = self._model.kind, page.request.rank
        self._prepared.acquire()
        try:
            spec = self._views(attempt.task)
            views = self._lanes.submit(rank, preprocessing.prepare, page.image, spec).result()
            prompt = prompts.prompt_of(kind, attempt.task)
            ids = prompts.prompt_ids(self._tokenize, prompt, views.tokens)
            generation = self._decoder.submit(
                views, ids, self._rules(attempt, len(ids), most), rank,
                expected=page.expected_tokens, on_taken=self._prepared.release,
            )  # fmt: skip
            return generation, len(ids)
        except DecodingEndedError as error:
            raise EngineError(f"{error}.", hint="The engine is restarted.") from error
        except BaseException:
            self._prepared.release()
            raise

    def _follow(
        self,
        generation: Generation,
        said: Transcript,
        ink: Ink | None,
        task: Task,
        telling: Telling,
    ) -> str:
        """Wait for the page's end; return why it was stopped before, "" if it was not.

        It is stopped where the task says so, too, without a reason.
        """
        watch = Watch(self._decode, ink)
        told, text = 0, ""
        if telling.wants_text:
            generation.hurry(PARTIAL_SECONDS)
        with telling.when_cancelled(generation.cancel):
            try:
                for tokens in _tokens_of(generation):
                    if fresh := said.take(tokens):
                        text += fresh
                        settled = prompts.settled(self._model.kind, task, text)
                        telling.text(settled[told:])
                        told = len(settled)
                    telling(len(said.tokens))
                    if said.is_stopped:
                        return ""
                    if reason := watch.take(tokens):
                        return reason
            finally:
                generation.cancel()  # of no effect on one that has ended
        telling(len(said.tokens))  # cancelled, perhaps
        return ""

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._model.tokenizer.decode(list(tokens), skip_special_tokens=False)
        return text

    def _tokenize(self, text: str) -> list[int]:
        ids: list[int] = self._model.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _rules(self, attempt: Attempt, prompt_tokens: int, asked: int | None) -> Rules:
        room = self._settings["context"] - prompt_tokens
        if room <= 0:
            raise PageError(
                f"The page's {prompt_tokens} tokens leave no room in the context of"
                f" {self._settings['context']}.",
                hint="Raise the engine's context, or lower max_tiles.",
            )
        limits = (room, self._settings["max_new_tokens"], asked)
        return Rules(
            max_new_tokens=min(limit for limit in limits if limit),
            ngram=attempt.repeat.ngram,
            window=attempt.repeat.window,
            temperature=max(attempt.temperature, attempt.task.decoding.temperature),
            exempt=prompts.REPEATABLE,
        )

    def _warm_up(self) -> None:
        """Decode a few tokens of a page with something on it."""
        pixels = np.full((WARM_UP_SIDE, WARM_UP_SIDE, 3), 255, np.uint8)
        pixels[::40, 100:-100] = 0
        page = Image.fromarray(pixels)
        first = ladder(self._model.kind, Task())[0]
        generation, _ = self._submit(Page(page, Recognise(0, ""), 0.0), first)
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
