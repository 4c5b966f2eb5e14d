"""The thread that decodes: it alone touches the network; others submit, follow and cancel."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ocrd.engine.deepseek.slots.decoder import Decoder, Encode
from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.kvcache import token_bytes
from ocrd.engine.deepseek.slots.slotplan import TYPICAL_LENGTH, SlotPlan

__all__ = [
    "Decoder", "DecoderThread", "DecodingEndedError", "Generation", "Rules", "SlotPlan", "plan_of",
]  # fmt: skip

MAX_SLOTS_GPU = 128  # beyond, the roofline of decoding is flat
MAX_SLOTS_CPU = 16
LENGTH_STEP_GPU = 512  # few shapes, each recorded once
LENGTH_STEP_CPU = 64
# Kept free for encoding images and feeding prompts, whose needs come and go.
SPARE_BYTES = 3 << 29

log = logging.getLogger(__name__)


def plan_of(
    network: Any, *, context: int, max_slots: int | None = None, memory_share: float = 0.9
) -> SlotPlan:
    """Return how many slots this network can have where it is now, after loading.

    ``memory_share`` is the part of the GPU's free memory that may be used, encoding included.
    """
    weight = network.lm_head.weight
    on_gpu = weight.is_cuda
    slots = max_slots or (MAX_SLOTS_GPU if on_gpu else MAX_SLOTS_CPU)
    size = token_bytes(network.model.language_model.config, weight.dtype)
    budget = _spendable_bytes(weight.device, memory_share) // size
    # The processor's memory is other programs' too: only what pages usually need.
    budget = min(budget, slots * (context if on_gpu else TYPICAL_LENGTH))
    return SlotPlan(
        budget=max(budget, min(context, TYPICAL_LENGTH)),
        max_slots=slots,
        context=context,
        step=LENGTH_STEP_GPU if on_gpu else LENGTH_STEP_CPU,
        few_shapes=on_gpu,
    )


def _spendable_bytes(device: torch.device, memory_share: float) -> int:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(device)
        return max(0, int(free * memory_share) - SPARE_BYTES)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") // 4


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
        self._decoder = Decoder(model.network, encode, plan, on_notice=on_notice, **options)
        self._wake = threading.Condition()
        self._closing = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self._thread.start()

    @property
    def slots(self) -> int:
        """Return how many pages of usual length can be decoded together."""
        return self._decoder.slots

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

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify()

    def _run(self) -> None:
        try:
            while self._wait():
                self._decoder.step()
        except BaseException as error:  # whatever it is, nobody may wait for ever
            log.exception("decoding has ended")
            self._end(error)
        else:
            self._decoder.cancel_all()

    def _wait(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._decoder.busy)
            return not self._closing

    def _end(self, error: BaseException) -> None:
        with self._wake:
            self._error = error
            self._decoder.fail(error)
