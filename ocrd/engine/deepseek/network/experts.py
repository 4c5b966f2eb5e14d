"""The experts of a layer, computed in one of three ways.

``dense`` is every expert for every token, in two products, of which the token's own are kept. For
the tokens of a decode step that have all experts chosen among them it reads the same weights as a
selective code would, needs no sorting and no word from the device to the host, and has one shape
whatever the router says. ``gathered`` copies the matrices of the chosen experts together first and
multiplies these: for so few tokens that three times their bytes are less than all, and of one
shape, too. For a prompt either would be wasteful: there ``selected`` sorts the tokens by expert and
computes the chosen ones alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from ocrd.engine.deepseek.network.layers import Experts

DENSE = "dense"
GATHERED = "gathered"
SELECTED = "grouped_mm"  # named after torch's product of groups
AUTO = "auto"
CHOICES = (AUTO, DENSE, GATHERED, SELECTED)
TOUCHED = 3  # times that gathered bytes are moved: read, written, and read again
# Major compute capabilities of GPUs on which torch's product of groups is a kernel, in bfloat16.
# Elsewhere it is a loop that asks the device where the groups end, each time.
WITH_GROUPS = (9, 10)


def choose(setting: str, device: torch.device) -> str:
    """Return the code for decode steps; AUTO is one that goes by the number of tokens.

    Raises ValueError for a name that there is not.
    """
    if setting not in CHOICES:
        raise ValueError(f"experts must be one of {', '.join(CHOICES)}, not {setting!r}")
    # The processor is bound by the products themselves, the GPU by reading weights and by syncs.
    return SELECTED if setting == AUTO and device.type == "cpu" else setting


def of_tokens(code: str, experts: Experts, tokens: int) -> str:
    """Return the code for so many tokens: the one that moves fewer bytes, where that is open."""
    if code != AUTO:
        return code
    return GATHERED if tokens <= most_gathered(experts) else DENSE


def most_gathered(experts: Experts) -> int:
    """Return for how many tokens gathering moves fewer bytes than reading all experts.

    Two of DeepSeek-OCR's: 3 · (6 + 2) · n < 64 + 2.
    """
    return (experts.count - 1) // (TOUCHED * (experts.chosen + experts.shared))


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


def gathered(experts: Experts, inputs: Tensor, hidden: Tensor, sure: Tensor) -> None:
    """Add the same from copies of the chosen experts' matrices.

    ``sure [tokens, shared]``, float32, is 1 throughout: no expert is likelier than the shared ones.
    """
    tokens, width = inputs.shape
    inner = experts.down.shape[0] // experts.count
    taken = experts.chosen + experts.shared
    likely = torch.cat([likelihoods(experts, inputs), sure], 1)
    weights, chosen = likely.topk(taken, dim=-1, sorted=False)
    if experts.scaling != 1.0:
        weights = torch.where(chosen < experts.routed, weights * experts.scaling, weights)
    numbers = chosen.flatten()
    # In brackets, for index_select copies few large rows element by element.
    gate_up = experts.gate_up.view(experts.count, -1)[numbers].view(tokens, -1, width)
    both = torch.bmm(inputs[:, None], gate_up.transpose(1, 2)).view(tokens, taken, 2, inner)
    del gate_up  # 37 MB a token
    inside = functional.silu(both[:, :, 0]) * both[:, :, 1]
    inside.mul_(weights[:, :, None])
    down = experts.down.view(experts.count, -1)[numbers].view(tokens, -1, width)
    hidden[:, None].baddbmm_(inside.view(tokens, 1, -1), down)


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
    found = likelihoods(experts, inputs).topk(experts.chosen, dim=-1, sorted=False)
    weights, chosen = found
    return chosen, weights if experts.scaling == 1.0 else weights * experts.scaling


def likelihoods(experts: Experts, inputs: Tensor) -> Tensor:
    """Return how likely the router finds each expert, ``[tokens, routed]``, float32."""
    if experts.narrow_router is not None and _has_wide_product(inputs.device, inputs.dtype):
        # Products of two numbers of half precision are exact in float32: the same, in one kernel.
        scores = torch.mm(inputs, experts.narrow_router.t(), out_dtype=torch.float32)
    else:
        scores = functional.linear(inputs.float(), experts.router)
    return scores.softmax(-1)


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
    product = _product(ends, inputs.dtype)
    made = product(inputs.index_select(0, order // experts.chosen), gate_up.transpose(1, 2))
    gate, up = made.chunk(2, dim=-1)
    inside = functional.silu(gate) * up
    del made, gate, up  # 4,096 tokens of prompts: 90 MB
    found = product(inside, down)
    back = torch.empty_like(found)
    back[order] = found
    return back


def _product(ends: Tensor, dtype: torch.dtype) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what multiplies each group of rows with its own matrix.

    ``ends`` says where the groups end; where torch has no kernel for that it is waited for, once.
    """
    if _has_groups(ends.device, dtype):
        return lambda rows, weights: functional.grouped_mm(rows, weights, offs=ends)
    bounds = ends.tolist()  # waits for the device

    def loop(rows: Tensor, weights: Tensor) -> Tensor:
        found = rows.new_empty((rows.shape[0], weights.shape[2]))
        start = 0
        for number, end in enumerate(bounds):
            if end > start:
                torch.mm(rows[start:end], weights[number], out=found[start:end])
            start = end
        return found

    return loop


@cache
def _has_groups(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether torch has its product of groups there, as a kernel; it is tried."""
    if not hasattr(functional, "grouped_mm"):
        return False
    if device.type == "cuda" and not knows_groups(device, dtype):
        return False
    rows = torch.zeros((16, 16), device=device, dtype=dtype)
    ends = torch.tensor([16], device=device, dtype=torch.int32)
    return _works(lambda: functional.grouped_mm(rows, rows[None], offs=ends))


def knows_groups(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether a GPU has a kernel for groups in these numbers: there prompts wait for none."""
    major, _ = torch.cuda.get_device_capability(device)
    return dtype == torch.bfloat16 and major in WITH_GROUPS


@cache
def _has_wide_product(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether torch multiplies half precision into float32 there; it is tried."""
    if dtype not in (torch.bfloat16, torch.float16):
        return False
    rows = torch.zeros((16, 16), device=device, dtype=dtype)
    return _works(lambda: torch.mm(rows, rows, out_dtype=torch.float32))


def _works(attempt: Callable[[], object]) -> bool:
    """Say whether a call succeeds; a lack of memory says nothing of that and is raised."""
    try:
        attempt()
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, TypeError, NotImplementedError):
        return False
    return True
