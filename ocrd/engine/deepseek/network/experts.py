"""Which code computes the experts of the mixture-of-experts layers, in prefill and in decode.

Transformers keeps a table of such codes and looks them up by name in each forward pass. One is
added here: every expert for every token, in two batched products. For the few tokens of a decode
step it reads the same weights as a selective code would, needs no sorting and no word from the
device to the host, and has one shape whatever the router says. For a prompt it would be wasteful.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

DENSE = "dense_bmm"
CHOICES = ("auto", DENSE, "grouped_mm", "batched_mm", "eager")


def dense_bmm(experts: Any, hidden: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of the chosen experts for ``hidden [tokens, width]``.

    ``chosen`` and ``weights`` are ``[tokens, k]``: the experts of each token and their weights.
    """
    tokens = hidden.shape[0]
    share = weights.new_zeros((tokens, experts.num_experts)).scatter_(1, chosen, weights)
    every = hidden.expand(experts.num_experts, *hidden.shape)
    gate, up = torch.bmm(every, experts.gate_up_proj.transpose(1, 2)).chunk(2, dim=-1)
    outputs = torch.bmm(experts.act_fn(gate) * up, experts.down_proj.transpose(1, 2))
    # Summed in the weights' own precision, which is float32 whatever the model's is.
    return (outputs * share.t()[:, :, None]).sum(0).to(hidden.dtype)


def choose(setting: str, device: torch.device) -> str:
    """Return the code for decode steps. Raises ValueError for a name that there is not."""
    if setting not in CHOICES:
        raise ValueError(f"experts must be one of {', '.join(CHOICES)}, not {setting!r}")
    ALL_EXPERTS_FUNCTIONS.register(DENSE, dense_bmm)
    if setting != "auto":
        return setting
    # The processor is bound by the products themselves, the GPU by reading weights and by syncs.
    return DENSE if device.type == "cuda" else "grouped_mm"


@contextmanager
def using(config: Any, name: str) -> Iterator[None]:
    """Have the layers of a text configuration use this code meanwhile."""
    before = config._experts_implementation
    config._experts_implementation = name
    try:
        yield
    finally:
        config._experts_implementation = before
