"""The thread that decodes: it alone touches the network; others submit, follow and cancel."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ocrd.engine.deepseek.slots.budget import plan_of
from ocrd.engine.deepseek.slots.decoder import Decoder
from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.sight import Encode
from ocrd.engine.deepseek.slots.slotplan import SlotPlan

__all__ = [
    "Decoder", "DecoderThread", "DecodingEndedError", "Generation", "Rules", "SlotPlan", "plan_of",
]  # fmt: skip

# In which a thread that computes lets this one go on: a step is hundreds of short calls, and with
# the interpreter's own 5 ms each can wait so long for a thread that cuts or watches a page.
SWITCH_SECONDS = 0.0005

log = logging.getLogger(__name__)


class DecodingEndedError(RuntimeError):
    """The loop has ended, by a fault or because it was closed."""


class DecoderThread:
    """Runs a decoder until it is closed; without pages it sleeps.

    A fault of the loop itself ends all pages with that error, and later ones too: the process that
    holds the network is then to be ended.
    """

    def __init__(
        self,
        model: Any,
        encode: Encode,
        *,
        max_slots: int | None = None,
        context: int = 8192,
        memory_share: float = 0.9,
        plan: SlotPlan | None = None,
        on_notice: Callable[[str], None] = log.warning,
        **options: Any,
    ) -> None:
        """Start decoding with a loaded model; ``max_slots`` None is as many as memory holds.

        ``encode`` turns prepared pages into image features; ``options`` are those of Decoder.
        """
        plan = plan or plan_of(
            model.network, context=context, max_slots=max_slots, memory_share=memory_share
        )
        options.setdefault("attention_way", getattr(model, "attention", "auto"))
        self._decoder = Decoder(model.network, encode, plan, on_notice=on_notice, **options)
        self._switch_seconds = sys.getswitchinterval()
        sys.setswitchinterval(min(SWITCH_SECONDS, self._switch_seconds))
        self._wake = threading.Condition()
        self._closing = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    @property
    def slots(self) -> int:
        """Return how many pages of usual length can be decoded together."""
        return self._decoder.slots

    @property
    def plan(self) -> SlotPlan:
        """Return what the slots may have now, after every halving."""
        return self._decoder.plan

    def submit(
        self,
        page: Any,
        prompt: Sequence[int],
        rules: Rules,
        rank: Any = 0,
        *,
        expected: int = 0,
        on_taken: Callable[[], None] = lambda: None,
    ) -> Generation:
        """Take a page; see Decoder.submit. Raises DecodingEndedError if the loop has ended."""
        with self._wake:
            if self._error is not None:
                raise DecodingEndedError(f"Decoding has ended: {self._error}") from self._error
            if self._closing:
                raise DecodingEndedError("Decoding has ended: it was closed")
            generation = self._decoder.submit(
                page, prompt, rules, rank,
                expected=expected, on_taken=on_taken, on_cancel=self._notify,
            )  # fmt: skip
            self._wake.notify()
        return generation

    def close(self) -> None:
        """Cancel all pages and wait for the loop to end."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        sys.setswitchinterval(self._switch_seconds)

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify()

    def _run(self) -> None:
        try:
            self._decoder.record()
            while self._wait():
                self._decoder.step()
        except BaseException as error:  # whatever it is, nobody may wait for ever
            log.exception("decoding has ended")
            self._end(error)
        else:
            self._decoder.close()

    def _wait(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._decoder.busy)
            return not self._closing

    def _end(self, error: BaseException) -> None:
        with self._wake:
            self._error = error
            self._decoder.fail(error)
