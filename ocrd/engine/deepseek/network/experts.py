"""The experts of a layer, computed in one of two ways.

``dense`` is every expert for every token, in two products, of which the token's own are kept. For
the few tokens of a decode step it reads the same weights as a selective code would, needs no
sorting and no word from the device to the host, and has one shape whatever the router says. For a
prompt it would be wasteful: there ``selected`` sorts the tokens by expert and computes the chosen
ones alone.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from ocrd.engine.deepseek.network.layers import Experts

DENSE = "dense"
SELECTED = "grouped_mm"  # named after torch's product of groups
CHOICES = ("auto", DENSE, SELECTED)
LEAST_CAPABILITY = (8, 0)  # of a GPU on which torch has that product; below it is a loop of ours


def choose(setting: str, device: torch.device) -> str:
    """Return the code for decode steps. Raises ValueError for a name that there is not."""
    if setting not in CHOICES:
        raise ValueError(f"experts must be one of {', '.join(CHOICES)}, not {setting!r}")
    if setting != "auto":
        return setting
    # The processor is bound by the products themselves, the GPU by reading weights and by syncs.
    return SELECTED if device.type == "cpu" else DENSE


def shared_alone(experts: Experts) -> Tensor:
    """Return ``[experts]``, float32: 1 for the shared ones, which all tokens take, 0 for others."""
    ordinals = torch.arange(experts.count, device=experts.router.device)
    return (ordinals >= experts.routed).float()


def dense(experts: Experts, inputs: Tensor, hidden: Tensor, shares: Tensor) -> None:
    """Add to ``hidden [tokens, width]`` what the experts make of ``inputs``.

    ``shares [tokens, experts]`` begin as :func:`shared_alone` for each token. What a token did not
    choose is left out, not multiplied by nothing: in half precision it may be infinite.
    """
    chosen, weights = routed(experts, inputs)
    shares.scatter_(1, chosen, weights)
    tokens = inputs.shape[0]
    both = functional.linear(inputs, experts.gate_up).view(tokens, experts.count, 2, -1)
    inner = functional.silu(both[:, :, 0]) * both[:, :, 1]
    share = shares[:, :, None]
    # As torch.where(share > 0, inner, 0), without making the condition first.
    torch.ops.aten.threshold_backward.grad_input(inner, share, 0.0, grad_input=inner)
    inner.mul_(share)
    hidden.addmm_(inner.view(tokens, -1), experts.down)


def selected(experts: Experts, inputs: Tensor, hidden: Tensor) -> None:
    """Add the same, the chosen experts computed alone."""
    tokens, width = inputs.shape
    inner = experts.down.shape[0] // experts.count
    split = experts.routed * inner
    chosen, weights = routed(experts, inputs)
    found = _groups(experts, inputs, chosen)
    parts = found.view(tokens, experts.chosen, width) * weights[:, :, None]  # in float32
    hidden.add_(parts.sum(1))
    if experts.shared:
        both = functional.linear(inputs, experts.gate_up[2 * split :])
        gate, up = both.view(tokens, experts.shared, 2, inner).unbind(2)
        hidden.addmm_((functional.silu(gate) * up).view(tokens, -1), experts.down[split:])


def routed(experts: Experts, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the experts of each token and their weights, ``[tokens, chosen]`` both."""
    scores = functional.linear(inputs.float(), experts.router).softmax(-1)
    weights, chosen = scores.topk(experts.chosen, dim=-1, sorted=False)
    return chosen, weights if experts.scaling == 1.0 else weights * experts.scaling


def _groups(experts: Experts, inputs: Tensor, chosen: Tensor) -> Tensor:
    """Return what each token's chosen experts make of it, ``[tokens * chosen, width]``."""
    width = inputs.shape[1]
    inner = experts.down.shape[0] // experts.count
    gate_up = experts.gate_up.view(experts.count, 2 * inner, width)[: experts.routed]
    down = experts.down.view(experts.count, inner, width)[: experts.routed]
    pairs = chosen.flatten()
    order = pairs.argsort()
    ordinals = torch.arange(experts.routed, device=pairs.device)
    ends = (pairs[:, None] == ordinals).sum(0).cumsum(0, dtype=torch.int32)
    made = _product(inputs.index_select(0, order // experts.chosen), gate_up.transpose(1, 2), ends)
    gate, up = made.chunk(2, dim=-1)
    inside = functional.silu(gate) * up
    del made, gate, up  # 4,096 tokens of prompts: 90 MB
    found = _product(inside, down, ends)
    back = torch.empty_like(found)
    back[order] = found
    return back


def _product(rows: Tensor, weights: Tensor, ends: Tensor) -> Tensor:
    """Multiply each group of rows with its own matrix; ``ends`` says where the groups end."""
    if _has_groups(rows.device, rows.dtype):
        found: Tensor = functional.grouped_mm(rows, weights, offs=ends)
        return found
    found = rows.new_empty((rows.shape[0], weights.shape[2]))
    start = 0
    for number, end in enumerate(ends.tolist()):  # waits for the device
        if end > start:
            torch.mm(rows[start:end], weights[number], out=found[start:end])
        start = end
    return found


@cache
def _has_groups(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether torch has its product of groups there; it is tried."""
    if not hasattr(functional, "grouped_mm"):
        return False
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < LEAST_CAPABILITY:
        return False
    rows = torch.zeros((16, 16), device=device, dtype=dtype)
    ends = torch.tensor([16], device=device, dtype=torch.int32)
    try:
        functional.grouped_mm(rows, rows[None], offs=ends)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, NotImplementedError):
        return False
    return True
