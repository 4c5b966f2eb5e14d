"""The network over its slots: prompts into slots, one token for all slots, slots moved.

The running pages sit in the first slots, without gaps. One thread uses them, in inference mode;
nothing here waits for the device but the parking of pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ocrd.engine.deepseek.network import attention, experts
from ocrd.engine.deepseek.network.attention import Prompts
from ocrd.engine.deepseek.network.language import Language, Tokens
from ocrd.engine.deepseek.network.layers import window_of
from ocrd.engine.deepseek.slots.graphs import StepGraphs
from ocrd.engine.deepseek.slots.kvcache import SlotCache
from ocrd.engine.deepseek.slots.ngram import EXEMPT, LAGS, RepeatBan
from ocrd.engine.deepseek.slots.packing import Prompt, pack
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.step import Draw, Round, Step, throw
from ocrd.errors import EngineError

__all__ = ["Draw", "Prompt", "Round", "Saved", "Slots"]


@dataclass(frozen=True, slots=True)
class Saved:
    """A page taken out of its slot, on the host."""

    planes: Tensor
    token: Tensor
    ban: tuple[Tensor, ...]
    used: int  # tokens, with the one to feed; those in the cache may be fewer
    prompt: int


class Slots:
    """The device's side of decoding."""

    def __init__(
        self,
        network: Any,
        plan: SlotPlan,
        *,
        device: torch.device,
        dtype: torch.dtype,
        expert_code: str = "auto",
        attention_way: str = "auto",
        on_notice: Callable[[str], None],
    ) -> None:
        """Make slots over a loaded network.

        Raises EngineError if its decoder is another one, or if attention was wanted that is wrong.
        """
        self.language = Language(network, plan.context)
        config = self.language.config
        self._device = device
        on_gpu = device.type == "cuda"
        # A recorded step works on tables of one width.
        widths = {"lags": LAGS, "exempt": EXEMPT} if on_gpu else {}
        self._ban = RepeatBan(plan.max_slots, device, **widths)
        self.cache = SlotCache(config, device, dtype, plan.max_slots)
        self.window = window_of(config)
        told = attention.knows_lengths(attention_way, device, dtype, config)
        if attention_way == "flash" and not told:
            raise EngineError(
                f'attention = "flash" cannot be had: tried on {device}, it is wrong or fails.',
                hint='Set attention = "auto", which then does without.',
            )
        self.step = Step(
            self.language, self.cache, self._ban, plan.max_slots,
            longest=plan.context,
            expert_code=experts.choose(expert_code, device),
            knows_lengths=told,
            window=self.window,
        )  # fmt: skip
        self.graphs = StepGraphs(self.step, on_notice) if on_gpu else None

    # Pages

    def prefill(self, first: int, prompts: Sequence[Prompt]) -> Round:
        """Feed prompts into slots from ``first`` on, and return the first token of each."""
        packed = pack(prompts, first, self.cache.length, self._device)
        hidden = self.language.embed(packed.ids)
        features = [prompt.features for prompt in prompts if prompt.features is not None]
        if features:
            images = features[0] if len(features) == 1 else torch.cat(features)
            hidden[packed.images] = images.to(hidden.device, hidden.dtype)
        attend = Prompts(packed.lengths, packed.ends if self.step.knows_lengths else None)
        tokens = Tokens(packed.used, self.cache.flat, packed.cached, attend)
        hidden = self.language.run(hidden, tokens, experts.SELECTED)
        scores = self.language.scores(hidden.index_select(0, packed.last))
        logs = scores.log_softmax(-1)
        for row, prompt in enumerate(prompts):
            rules = prompt.rules
            self._ban.seat(first + row, rules.ngram, rules.window, rules.exempt)
            if rules.temperature > 0:
                noise = torch.empty_like(scores[row])
                throw(Draw(first + row, rules.temperature, rules.seed, 0), noise)
                scores[row].sub_(noise, alpha=rules.temperature)
        ids = scores.argmax(-1)
        for row in range(len(prompts)):
            self._ban.begin(first + row, ids[row])
        asked = packed.used.index_select(0, packed.last)
        self.step.seat(first, ids, asked + 1, asked)
        return Round(ids, logs.gather(1, ids[:, None])[:, 0])

    def move(self, source: int, target: int, length: int) -> None:
        """Copy a page with so many tokens to another slot."""
        self.cache.move(source, target, length)
        self._ban.move(source, target)
        self.step.move(source, target)

    def clear(self, slot: int) -> None:
        """Leave a slot so that decoding it along with others is harmless."""
        self.step.clear(slot)

    def save(self, slot: int, length: int) -> Saved:
        """Return a copy of a page with so many tokens in the cache, on the host."""
        token = self.step.tokens[slot].to("cpu", copy=True)
        planes, ban = self.cache.save(slot, length), self._ban.save(slot)
        return Saved(planes, token, ban, *self.step.tokens_of(slot))

    def restore(self, slot: int, saved: Saved) -> None:
        """Bring a page back, into any slot."""
        self.cache.restore(slot, saved.planes)
        self._ban.restore(slot, saved.ban)
        token = saved.token.to(self._device)[None]
        used, prompt = (torch.full_like(token, count) for count in (saved.used, saved.prompt))
        self.step.seat(slot, token, used, prompt)

    # All of them

    def decode(self, running: int, batch: int, length: int, draws: Sequence[Draw] = ()) -> Round:
        """Feed the next token of the running pages and return those that follow, ``[running]``.

        ``batch`` slots are computed; ``length`` tokens of each are looked at where the attention
        does not know how many there are. What is returned holds until the next call.
        """
        self.step.heat(draws)
        if self.graphs is None:
            found = self.step.take(batch, length)
        else:
            found = self.graphs.run(batch, length)
        return Round(found.ids[:running], found.logprobs[:running])

    def record(self, batches: Iterable[int]) -> None:
        """Record the step for these numbers of slots, the largest first, where it can be."""
        if self.graphs is not None:
            for batch in sorted(batches, reverse=True):
                self.graphs.record(batch, self.cache.length)

    def free(self) -> None:
        """Give back all memory that can be had again; the slots' content is lost."""
        if self.graphs is not None:
            self.graphs.clear()
        self.cache.free()
        self.step.clear_all()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
