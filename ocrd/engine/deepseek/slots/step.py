"""The decode step: every slot feeds its next token and gets the one that follows.

For each slot the device holds the token to feed and how many tokens there are with it. A step
reads both, writes keys and values where they belong, chooses the tokens that follow, and only then
changes anything. A step that fails, for want of memory, can be taken again and gives the same.

All of it is on the device and of one shape for a number of slots, so that it can be recorded: from
the embedding to the choice, with the rule against repetition and the positions of the next step.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ocrd.engine.deepseek.network.attention import Attention, Lengths, Masked
from ocrd.engine.deepseek.network.language import Language, Tokens
from ocrd.engine.deepseek.slots.kvcache import SlotCache
from ocrd.engine.deepseek.slots.ngram import RepeatBan

LEAST_CHANCE = 2.0**-25  # half of the smallest that the dice throw above nothing


@dataclass(frozen=True, slots=True)
class Round:
    """One token for each of some pages, on the device."""

    ids: Tensor  # [pages], int64
    logprobs: Tensor  # [pages], float32: by the network alone, before rules and temperature


@dataclass(frozen=True, slots=True)
class Draw:
    """What a page's temperature needs: which slot, how hot, and which throw of which dice."""

    slot: int
    temperature: float
    seed: int
    number: int  # of the token in its page


class Step:
    """What the slots are about to do, and how they do it."""

    def __init__(
        self,
        language: Language,
        cache: SlotCache,
        ban: RepeatBan,
        slots: int,
        *,
        longest: int,
        expert_code: str,
        knows_lengths: bool,
        window: int = 0,
    ) -> None:
        """Make empty slots; ``longest`` is what no page has more tokens than.

        With a ``window``, so many tokens of its text are all that a page keeps and sees, beside
        its prompt: the latest takes the place of the oldest.
        """
        device = language.device
        self.knows_lengths = knows_lengths
        self._language = language
        self._cache = cache
        self._ban = ban
        self._longest = longest
        self.expert_code = expert_code
        self.tokens = torch.zeros(slots, dtype=torch.long, device=device)
        # With the token that is fed next: a slot without a page looks at one, its own first.
        self.used = torch.ones(slots, dtype=torch.int32, device=device)
        self.live = torch.zeros(slots, dtype=torch.int32, device=device)  # 1 where there is a page
        self._window = window
        self._prompts = torch.zeros_like(self.used)  # tokens of each, where there is a window
        self._temperatures = torch.zeros(slots, device=device)
        self._noise: Tensor | None = None
        self._is_hot = False

    @property
    def state(self) -> tuple[Tensor, ...]:
        """Return all that a step changes but the cache, where it writes the same again."""
        return (self.tokens, self.used, *self._ban.state)

    @property
    def vocabulary(self) -> int:
        """Return how many tokens there are."""
        return self._language.vocabulary

    @property
    def layout(self) -> Hashable:
        """Return what a recorded step depends on: it is void when this changes."""
        cut = 0 if self.knows_lengths else self._cache.length
        return self._cache.flat.data_ptr(), cut, self._ban.version

    def take(self, slots: int, length: int, *, hot: bool | None = None) -> Round:
        """Take a step with the first slots and return what follows in each.

        ``length`` tokens of each are looked at, where the attention does not know their lengths.
        ``hot`` has temperatures counted; else they are where there are any.
        """
        tokens, used = self.tokens[:slots], self.used[:slots]
        language = self._language
        hidden = language.run(language.embed(tokens), self.fed(slots, length), self.expert_code)
        scores = language.scores(hidden)
        logs = scores.log_softmax(-1)
        self._ban.forbid(scores)
        if self._is_hot if hot is None else hot:
            scores.addcmul_(self.noise[:slots], self._temperatures[:slots, None], value=-1)
        chosen = scores.argmax(-1)
        found = Round(chosen, logs.gather(1, chosen[:, None])[:, 0])
        self._ban.push(chosen)
        tokens.copy_(chosen)
        used.add_(self.live[:slots])
        return found

    def heat(self, draws: Sequence[Draw]) -> None:
        """Throw the dice for the next step."""
        if self._is_hot:
            self._temperatures.zero_()
        self._is_hot = bool(draws)
        for draw in draws:
            self._temperatures[draw.slot].fill_(draw.temperature)
            throw(draw, self.noise[draw.slot])

    @property
    def noise(self) -> Tensor:
        """Return the throws for each slot and token; they take memory once they are asked for."""
        if self._noise is None:
            shape = (len(self.tokens), self._language.vocabulary)
            self._noise = torch.zeros(shape, device=self._language.device)
        return self._noise

    def seat(self, first: int, ids: Tensor, used: Tensor, prompts: Tensor) -> None:
        """Begin pages in slots that follow each other; ``used`` with the token to feed."""
        some = slice(first, first + len(ids))
        self.tokens[some] = ids
        self.used[some] = used
        self.live[some].fill_(1)
        if self._window:
            self._prompts[some] = prompts

    def move(self, source: int, target: int) -> None:
        """Copy a slot to another."""
        for table in (self.tokens, self.used, self.live, self._prompts):
            table[target] = table[source]

    def clear(self, slot: int) -> None:
        """Leave a slot so that computing it along with others is harmless."""
        self.tokens[slot].fill_(0)
        self.used[slot].fill_(1)
        self.live[slot].fill_(0)
        self._prompts[slot].fill_(0)

    def tokens_of(self, slot: int) -> tuple[int, int]:
        """Return how many tokens a page has with the one to feed, and how many its prompt had."""
        return int(self.used[slot]), int(self._prompts[slot])

    def clear_all(self) -> None:
        """Leave all slots so."""
        self.tokens.zero_()
        self.used.fill_(1)
        self.live.zero_()
        self._prompts.zero_()

    def fed(self, slots: int, length: int) -> Tokens:
        """Return where the tokens stand that the first slots feed next."""
        used = self.used[:slots]
        before, seen = used, used
        if self._window:
            prompts = self._prompts[:slots]
            # Rotated already, keys may stand in any order: the text goes round behind the prompt.
            before = (used - prompts - 1).remainder_(self._window).add_(prompts).add_(1)
            seen = torch.minimum(used, prompts + self._window)
        places = self._cache.before[:slots] + before
        return Tokens(used, self._cache.flat, places, self._attention(seen, length))

    def _attention(self, seen: Tensor, length: int) -> Attention:
        cache = self._cache
        if not self.knows_lengths:
            return Masked(cache.planes, seen, length)
        ends = slice(0, len(seen) + 1)
        return Lengths(cache.flat, cache.starts[ends], seen, cache.ordinals[ends], self._longest)


def throw(draw: Draw, noise: Tensor) -> None:
    """Fill ``noise [V]`` so that scores less noise times temperature are largest where drawn.

    That is the Gumbel-max trick. Seed and token number alone make the noise, so a page draws the
    same whatever runs beside it and however often a step is taken again.
    """
    generator = torch.Generator(device=noise.device)
    generator.manual_seed((draw.seed * 1_000_003 + draw.number) % 2**63)
    uniform = torch.rand(noise.shape, generator=generator, device=noise.device)
    torch.log(uniform.clamp_(min=LEAST_CHANCE).log_().neg_(), out=noise)
