"""The network over its slots: a page's prompt into a slot, one token for all slots, slots moved.

The running pages sit in the first slots, without gaps. For each slot the device holds the next
token to feed and the position where it belongs; a decode step reads both, writes keys and values
there, chooses the tokens that follow, and only then changes anything. A step that fails, for want
of memory, can be taken again and gives the same tokens.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ocrd.engine.deepseek.network import experts
from ocrd.engine.deepseek.slots.generation import Rules
from ocrd.engine.deepseek.slots.graphs import StepGraphs
from ocrd.engine.deepseek.slots.kvcache import DecodeView, PrefillView, SlotCache
from ocrd.engine.deepseek.slots.ngram import RepeatBan
from ocrd.engine.deepseek.slots.slotplan import SlotPlan

PREFILL_EXPERTS = "grouped_mm"
MASKED_ATTENTION = ("sdpa", "eager")  # those that take a mask of one's own


@dataclass(frozen=True, slots=True)
class Draw:
    """What a page's temperature needs: which slot, how hot, and which throw of which dice."""

    slot: int
    temperature: float
    seed: int
    number: int  # of the token in its page


@dataclass(frozen=True, slots=True)
class Saved:
    """A page taken out of its slot, on the host."""

    planes: Tensor
    token: Tensor
    ban: tuple[Tensor, ...]
    length: int


class Slots:
    """The device's side of decoding. One thread uses it, in inference mode."""

    def __init__(
        self,
        network: Any,
        plan: SlotPlan,
        *,
        device: torch.device,
        dtype: torch.dtype,
        expert_code: str,
        on_notice: Callable[[str], None],
    ) -> None:
        self._language = network.model.language_model
        self._head = network.lm_head
        self._config = self._language.config
        self._cache_word = cache_word(self._language)
        self._device = device
        self._expert_code = experts.choose(expert_code, device)
        self._graphs = StepGraphs(self._logits, on_notice) if device.type == "cuda" else None
        self._columns = torch.arange(plan.context, device=device)
        self._tokens = torch.zeros(plan.max_slots, dtype=torch.long, device=device)
        self._positions = torch.zeros(plan.max_slots, dtype=torch.long, device=device)
        self._ban = RepeatBan(plan.max_slots, device)
        self.cache = SlotCache(self._config, device, dtype)

    # One page

    def prefill(self, slot: int, embeddings: Tensor, rules: Rules) -> Tensor:
        """Feed a page's prompt ``[tokens, hidden]`` into a slot and return its first token."""
        length = embeddings.shape[0]
        positions = self._columns[None, :length]
        with self._codes(PREFILL_EXPERTS, mask=False):
            hidden = self._language(
                inputs_embeds=embeddings[None],
                attention_mask=self._prefill_mask(length, embeddings.dtype),
                position_ids=positions,
                use_cache=True,
                **{self._cache_word: PrefillView(self.cache, slot)},
            ).last_hidden_state
            scores = self._head(hidden[:, -1]).float()
        self._ban.seat(slot, rules.ngram, rules.window, rules.exempt)
        if rules.temperature > 0:
            _heat(scores[0], Draw(slot, rules.temperature, rules.seed, 0))
        token = scores.argmax(-1)
        self._ban.begin(slot, token[0])
        self._tokens[slot] = token[0]
        self._positions[slot] = length
        return token

    def embed(self, prompt: Sequence[int], places: Sequence[int], features: Tensor) -> Tensor:
        """Return the prompt's embeddings ``[tokens, hidden]``, with an image's at their places."""
        ids = torch.tensor(prompt, dtype=torch.long).to(self._device)
        embeddings = self._language.embed_tokens(ids)
        if places:
            index = torch.tensor(places, dtype=torch.long).to(self._device)
            embeddings[index] = features.to(embeddings.device, embeddings.dtype)
        return embeddings

    def move(self, source: int, target: int, length: int) -> None:
        """Copy a page with so many tokens to another slot."""
        self.cache.move(source, target, length)
        self._ban.move(source, target)
        self._tokens[target] = self._tokens[source]
        self._positions[target] = self._positions[source]

    def clear(self, slot: int) -> None:
        """Leave a slot so that decoding it along with others is harmless."""
        self._tokens[slot] = 0
        self._positions[slot] = 0

    def save(self, slot: int, length: int) -> Saved:
        """Return a copy of a page with so many tokens, on the host."""
        token = self._tokens[slot].to("cpu", copy=True)
        return Saved(self.cache.save(slot, length), token, self._ban.save(slot), length)

    def restore(self, slot: int, saved: Saved) -> None:
        """Bring a page back, into any slot."""
        self.cache.restore(slot, saved.planes)
        self._ban.restore(slot, saved.ban)
        self._tokens[slot] = saved.token.to(self._device)
        self._positions[slot] = saved.length

    # All of them

    def decode(self, running: int, batch: int, length: int, draws: Sequence[Draw] = ()) -> Tensor:
        """Feed the next token of the running pages and return those that follow, ``[running]``.

        ``batch`` slots are computed, over the first ``length`` tokens of each.
        """
        if self._graphs is None:
            scores = self._logits(batch, length)[:running].float()
        else:
            layout = (self.cache.planes.data_ptr(), self.cache.length)
            logits = self._graphs.run(batch, length, layout)
            # Copied, because the graph writes to the same place when it is replayed.
            scores = logits[:running].to(torch.float32, copy=True)
        self._ban.forbid(scores)
        for draw in draws:
            _heat(scores[draw.slot], draw)
        chosen = scores.argmax(-1)
        self._ban.push(chosen)
        self._tokens[:running] = chosen
        self._positions[:running] += 1
        return chosen

    def free(self) -> None:
        """Give back all memory that can be had again; the slots' content is lost."""
        if self._graphs is not None:
            self._graphs.clear()
        self.cache.free()
        self._tokens.zero_()
        self._positions.zero_()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _logits(self, batch: int, length: int) -> Tensor:
        positions = self._positions[:batch]
        with self._codes(self._expert_code, mask=True):
            hidden = self._language(
                inputs_embeds=self._language.embed_tokens(self._tokens[:batch, None]),
                attention_mask=self._decode_mask(positions, length),
                position_ids=positions[:, None],
                use_cache=True,
                **{self._cache_word: DecodeView(self.cache, positions, length)},
            ).last_hidden_state
            return self._head(hidden[:, -1])

    # Masks

    @contextmanager
    def _codes(self, expert_code: str, *, mask: bool) -> Iterator[None]:
        """Have the network use these experts, and an attention that takes our mask if it must."""
        before = self._config._attn_implementation
        if mask and before not in MASKED_ATTENTION:
            self._config._attn_implementation = MASKED_ATTENTION[0]
        try:
            with experts.using(self._config, expert_code):
                yield
        finally:
            self._config._attn_implementation = before

    def _decode_mask(self, positions: Tensor, length: int) -> Any:
        """Let each slot see its tokens up to the new one."""
        seen = self._columns[:length] <= positions[:, None]
        return self._as_asked(seen[:, None, None, :], self._head.weight.dtype)

    def _prefill_mask(self, length: int, dtype: torch.dtype) -> Any:
        if self._config._attn_implementation != "eager":
            return self._by_layer_type(None)  # causal by itself, with the faster kernels
        places = self._columns[:length]
        return self._as_asked((places <= places[:, None])[None, None], dtype)

    def _as_asked(self, seen: Tensor, dtype: torch.dtype) -> Any:
        if self._config._attn_implementation == "eager":  # adds its mask to the scores
            hidden = torch.finfo(dtype).min
            added = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
            return self._by_layer_type(added.masked_fill(~seen, hidden))
        return self._by_layer_type(seen)

    def _by_layer_type(self, mask: Tensor | None) -> Any:
        """Return the mask as this network takes it: DeepSeek-OCR's class wants it by layer type."""
        kinds = getattr(self._config, "layer_types", None)
        return dict.fromkeys(kinds, mask) if kinds else mask


def cache_word(language: Any) -> str:
    """Return what the network calls its cache: Transformers 5.24 has renamed the argument."""
    arguments = inspect.signature(language.forward).parameters
    return "cache" if "cache" in arguments else "past_key_values"


def _heat(scores: Tensor, draw: Draw) -> None:
    """Add noise to a slot's scores so that the largest is a draw from their softmax.

    That is the Gumbel-max trick. Seed and token number alone make the noise, so a page draws the
    same whatever runs beside it and however often a step is taken again.
    """
    generator = torch.Generator(device=scores.device)
    generator.manual_seed((draw.seed * 1_000_003 + draw.number) % 2**63)
    uniform = torch.rand(scores.shape, generator=generator, device=scores.device)
    scores.sub_(uniform.log_().neg_().log_(), alpha=draw.temperature)
