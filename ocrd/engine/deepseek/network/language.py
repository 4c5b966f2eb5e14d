"""The decoder of DeepSeek-OCR and DeepSeek-OCR-2 over the loaded weights: tokens to scores.

Both models have the same one: plain attention with rotary positions, a block of experts in all
layers but the first, RMS norms before each, no biases. It is computed here and not by Transformers'
layers for the sake of kernels (a decode step is some 240 of them, where it was 700) and so that
nothing of theirs is called that they rename. What it says is what their ``generate`` says; the
tests compare the tokens.

Nothing here asks the host for anything, so every call can be recorded as a CUDA graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ocrd.engine.deepseek.network import experts
from ocrd.engine.deepseek.network.attention import Attention
from ocrd.engine.deepseek.network.layers import Dense, Experts, Layer, layers_of


@dataclass(frozen=True, slots=True)
class Tokens:
    """Where tokens stand that go through the layers together, and what they see."""

    used: Tensor  # [tokens]: the position of each in its page, and one
    cache: Tensor  # [2 * layers, places, heads, head size]
    places: Tensor  # [tokens]: where their keys and values go
    attend: Attention


class Language:
    """The decoder's layers, with the embedding before and the head behind them."""

    def __init__(self, network: Any, context: int) -> None:
        """Take over the weights of a loaded network, for pages of up to ``context`` tokens."""
        language = network.model.language_model
        config = language.config
        self.config = config
        self.layers = layers_of(network)
        self._embeddings = language.embed_tokens.weight
        self._norm = language.norm.weight
        self._head = network.lm_head.weight
        self._epsilon = float(config.rms_norm_eps)
        self._heads, self._key_heads = config.num_attention_heads, config.num_key_value_heads
        self._rotations = rotations_of(language.rotary_emb, context, self._head)
        self._sparse = [one.block for one in self.layers if isinstance(one.block, Experts)]
        self._shares = experts.shared_alone(self._sparse[0]) if self._sparse else None

    @property
    def vocabulary(self) -> int:
        """Return how many tokens there are."""
        return int(self._head.shape[0])

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        device: torch.device = self._head.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """Return the number type of the weights."""
        dtype: torch.dtype = self._head.dtype
        return dtype

    def embed(self, tokens: Tensor) -> Tensor:
        """Return the embeddings ``[tokens, width]`` of ids."""
        return self._embeddings.index_select(0, tokens)

    def run(self, hidden: Tensor, tokens: Tokens, expert_code: str) -> Tensor:
        """Return the last layer's output for ``hidden [tokens, width]``, which is overwritten."""
        rotation = self._rotations.index_select(0, tokens.used)[:, None]
        mix = self._mixed(expert_code, hidden.shape[0])
        for number, layer in enumerate(self.layers):
            attended = self._attend(number, layer, hidden, rotation, tokens)
            hidden.addmm_(attended, layer.out.t())
            inputs = self._normed(hidden, layer.block_norm)
            if isinstance(layer.block, Dense):
                _dense(layer.block, inputs, hidden)
            else:
                mix(layer.block, inputs, hidden)
        return hidden

    def _mixed(self, expert_code: str, tokens: int) -> Callable[[Experts, Tensor, Tensor], None]:
        """Return what adds the experts' part, for one sparse layer after the other.

        What it needs beside them is made for all layers at once, because each would be a kernel.
        """
        if self._shares is None:
            return experts.selected
        code = experts.of_tokens(expert_code, self._sparse[0], tokens)
        if code == experts.SELECTED:
            return experts.selected
        if code == experts.GATHERED:
            shared = self._sparse[0].shared
            sure = self._shares.new_ones((tokens, shared))
            return partial(experts.gathered, sure=sure)
        shares = iter(self._shares.expand(len(self._sparse), tokens, -1).contiguous())
        return lambda block, inputs, hidden: experts.dense(block, inputs, hidden, next(shares))

    def scores(self, hidden: Tensor) -> Tensor:
        """Return the scores ``[tokens, vocabulary]`` in float32 of the last layer's output."""
        return functional.linear(self._normed(hidden, self._norm), self._head).float()

    def _attend(
        self, number: int, layer: Layer, hidden: Tensor, rotation: Tensor, tokens: Tokens
    ) -> Tensor:
        count = hidden.shape[0]
        size = self._rotations.shape[-1] * 2
        turned = self._heads + self._key_heads
        parts = functional.linear(self._normed(hidden, layer.norm), layer.qkv)
        parts = parts.view(count, turned + self._key_heads, size)
        _turn(parts[:, :turned], rotation)
        new = parts[:, self._heads :].view(count, 2, self._key_heads, size)
        tokens.cache[2 * number : 2 * number + 2][:, tokens.places] = new.transpose(0, 1)
        found = tokens.attend(number, parts[:, : self._heads], new[:, 0], new[:, 1])
        return found.reshape(count, -1)

    def _normed(self, hidden: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(hidden, weight.shape, weight, self._epsilon)


def rotations_of(module: Any, context: int, like: Tensor) -> Tensor:
    """Return ``[context + 1, 2, 2, half a head]``: by a token's position and one, how it turns.

    A head's halves x and y become x·cos - y·sin and x·sin + y·cos; the cosines are those of
    Transformers' own module.
    """
    positions = torch.arange(context, device=like.device)[None]
    with torch.no_grad():
        cos, sin = (part[0].chunk(2, dim=-1)[0] for part in module(like[:1], positions))
    turns = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    return functional.pad(turns, (0, 0, 0, 0, 0, 0, 1, 0))


def _turn(heads: Tensor, rotation: Tensor) -> None:
    """Turn ``heads [tokens, heads, size]`` in place by ``rotation [tokens, 1, 2, 2, half]``."""
    halves = heads.unflatten(-1, (2, -1))
    products = halves[:, :, None] * rotation
    torch.sum(products, 3, out=halves)


def _dense(block: Dense, inputs: Tensor, hidden: Tensor) -> None:
    gate, up = functional.linear(inputs, block.gate_up).chunk(2, dim=-1)
    hidden.addmm_(functional.silu(gate) * up, block.down.t())
