"""What a decode step has to read: the bytes that its time is compared with.

Of the experts of a layer those are read that any of the tokens chose. Of the cache, what is filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ocrd.engine.deepseek.slots.kvcache import token_bytes


@dataclass(frozen=True, slots=True)
class Traffic:
    """The parts of a network that a decode step reads, in bytes."""

    always: int  # attention, the layer without experts, shared experts, routers, norms, the head
    experts: int  # all of all layers
    count: int  # of experts in a layer
    chosen: int  # of them by a token
    token: int  # of the cache

    def experts_hit(self, tokens: int) -> float:
        """Return how many experts of a layer some of so many tokens choose, if they do at random.

        64 · (1 - (58 / 64)^n) for this model.
        """
        return float(self.count * (1 - (1 - self.chosen / self.count) ** tokens))

    def step(self, slots: int, filled: int) -> float:
        """Return the bytes that a step has to read, ``filled`` tokens in all slots together."""
        hit = self.experts_hit(slots) / self.count
        return self.always + self.experts * hit + self.token * filled


def traffic_of(network: Any) -> Traffic:
    """Return what a network's decode step reads."""
    language = network.model.language_model
    text = network.config.text_config
    size = network.lm_head.weight.element_size()
    sparse = list(text.mlp_layer_types).count("sparse")
    expert = 3 * text.hidden_size * text.moe_intermediate_size
    experts = sparse * text.n_routed_experts * expert
    whole = sum(parameter.numel() for parameter in language.parameters())
    always = whole - language.embed_tokens.weight.numel() - experts + network.lm_head.weight.numel()
    return Traffic(
        always=size * always,
        experts=size * experts,
        count=text.n_routed_experts,
        chosen=text.num_experts_per_tok,
        token=token_bytes(text, network.lm_head.weight.dtype),
    )
