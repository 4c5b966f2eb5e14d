"""One page at a time with Transformers' own generate: what every faster decoder must equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor

from ocrd.engine.deepseek.slots.generation import Rules
from tests import checkpoints
from tests.checkpoints import EOS, IMAGE, PAD


def plain_ban(generated: Sequence[int], rules: Rules) -> set[int]:
    """Return the tokens that would complete an n-gram which the window already holds."""
    n = rules.ngram
    if n < 2 or len(generated) < n:
        return set()
    latest = list(generated[len(generated) - n + 1 :])
    starts = range(max(0, len(generated) - rules.window), len(generated) - n + 1)
    repeated = {
        generated[start + n - 1]
        for start in starts
        if list(generated[start : start + n - 1]) == latest
    }
    return repeated - set(rules.exempt)


class PlainBan(LogitsProcessor):  # type: ignore[misc]
    """The rule as generate calls it; without a prompt in ids, these are the generated tokens."""

    def __init__(self, rules: Rules, prompt: int = 0) -> None:
        self._rules = rules
        self._prompt = prompt

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        banned = plain_ban(ids[0, self._prompt :].tolist(), self._rules)
        if banned:
            scores = scores.clone()
            scores[0, sorted(banned)] = -torch.inf
        return scores


def generate(network: Any, rules: Rules, *, prompt: int = 0, **inputs: Any) -> list[int]:
    """Return what generate says, without the prompt and without the end token."""
    config = GenerationConfig(
        do_sample=False, eos_token_id=EOS, pad_token_id=PAD, max_new_tokens=rules.max_new_tokens
    )
    with torch.no_grad():
        said: list[int] = network.generate(
            **inputs, generation_config=config, logits_processor=[PlainBan(rules, prompt)]
        )[0, prompt:].tolist()
    return said[:-1] if said and said[-1] == EOS else said


def read(network: Any, prompt: Sequence[int], features: torch.Tensor, rules: Rules) -> list[int]:
    """Return what generate says to a prompt whose image has these features."""
    device = network.lm_head.weight.device
    ids = torch.tensor(prompt, device=device)
    with torch.no_grad():
        embeddings = network.get_input_embeddings()(ids).clone()
    embeddings[ids == image_of(network)] = features.to(embeddings.dtype)
    mask = torch.ones((1, len(prompt)), dtype=torch.long, device=device)
    return generate(network, rules, inputs_embeds=embeddings[None], attention_mask=mask)


def network(
    kind: str,
    favour: Mapping[int, float] | None = None,
    *,
    seed: int = 0,
    vocabulary: int = checkpoints.VOCABULARY,
) -> Any:
    """Return a tiny random network of a kind, without the way over files.

    A smaller vocabulary than the true one makes it several times faster; its last id is the
    image's.
    """
    config = checkpoints.config_of(kind)
    config.text_config.vocab_size = vocabulary
    config.image_token_id = min(IMAGE, vocabulary - 1)
    config._attn_implementation = "sdpa"
    built = checkpoints.ALL_CLASSES[kind][1](config).eval().requires_grad_(False)
    shapes = {name: tensor.shape for name, tensor in built.state_dict().items()}
    tensors = checkpoints._random(shapes, seed)
    for token, factor in (favour or {}).items():
        tensors["lm_head.weight"][token] *= factor
    built.load_state_dict(tensors)
    return built


def image_of(network: Any) -> int:
    """Return the id that stands for a piece of the image."""
    return int(network.config.image_token_id)
