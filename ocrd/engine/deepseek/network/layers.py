"""The decoder's weights as its layers use them: what is multiplied together lies together.

Transformers loads a checkpoint into modules of its own. Here their matrices are laid out anew,
layer by layer: queries, keys and values as one, gates and ups as one, and the shared experts behind
the routed ones. The modules then look into that memory, so that nothing is held twice and they give
what they gave; only the gates and ups of the shared experts, 1.5 % of all, stand in two orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ocrd.errors import EngineError


@dataclass(frozen=True, slots=True)
class Dense:
    """A block without experts."""

    gate_up: Tensor  # [2 * inner, width]: the gates, then the ups
    down: Tensor  # [width, inner]


@dataclass(frozen=True, slots=True)
class Experts:
    """A block of experts, of which each token chooses some and takes the shared ones as well."""

    router: Tensor  # [routed, width], float32
    gate_up: Tensor  # [(routed + shared) * 2 * inner, width]: gates and ups by expert
    down: Tensor  # [(routed + shared) * inner, width]
    routed: int
    shared: int
    chosen: int  # by a token, of the routed ones
    scaling: float  # of their weights
    narrow_router: Tensor | None = None  # in half precision, where that holds the same values

    @property
    def count(self) -> int:
        """Return how many experts there are."""
        return self.routed + self.shared


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer."""

    norm: Tensor  # before the attention
    qkv: Tensor  # [(heads + 2 * key heads) * head size, width]
    out: Tensor  # [width, heads * head size]
    block_norm: Tensor  # before the block
    block: Dense | Experts


_FULL, _WINDOWED = "full_attention", "reference_sliding_attention"  # as Transformers calls them
_KNOWN: WeakKeyDictionary[Any, tuple[Layer, ...]] = WeakKeyDictionary()


def layers_of(network: Any) -> tuple[Layer, ...]:
    """Return the decoder's layers; raise EngineError if it is not built as ours is.

    The first call lays the weights out anew and needs memory for a layer's once more meanwhile;
    further ones return the same.
    """
    modules = network.model.language_model.layers
    known = _KNOWN.get(network)
    if known is None or not _is_current(known[0], modules[0]):
        require_known(network.model.language_model.config)
        known = tuple(map(_layer, modules))
        _KNOWN[network] = known
    return known


def require_known(config: Any) -> None:
    """Raise EngineError unless a text configuration is of the decoder that is computed here."""
    rope = getattr(config, "rope_parameters", None) or {}
    grouped = config.topk_method != "greedy" and (config.n_group or 1) > 1
    faults = [
        name
        for name, is_so in (
            ("attention_bias", bool(config.attention_bias)),
            ("mlp_bias", bool(config.mlp_bias)),
            (f"hidden_act = {config.hidden_act}", config.hidden_act != "silu"),
            (f"rope_type = {rope.get('rope_type')}", rope.get("rope_type", "default") != "default"),
            (f"topk_method = {config.topk_method}", grouped),
            ("a window in some layers", len(set(_kinds(config))) > 1),
            ("a window of another kind", not set(_kinds(config)) <= {_FULL, _WINDOWED}),
        )
        if is_so
    ]
    if faults:
        raise EngineError(
            f"The model's decoder is not DeepSeek-OCR's: it has {', '.join(faults)}.",
            hint="Use the original model.",
        )


def window_of(config: Any) -> int:
    """Return how many tokens of its text a page sees, itself included; 0 is all of them.

    The image and the prompt are always seen.
    """
    return int(config.sliding_window) if _WINDOWED in _kinds(config) else 0


def _kinds(config: Any) -> Sequence[str]:
    return getattr(config, "layer_types", None) or ()


def _is_current(layer: Layer, module: Any) -> bool:
    """Say whether the module still looks into the layer's memory: it may have been moved."""
    weight = module.self_attn.q_proj.weight
    mine, theirs = ((one.data_ptr(), one.dtype, one.device) for one in (layer.qkv, weight))
    return bool(mine == theirs)


def _layer(module: Any) -> Layer:
    attention = module.self_attn
    block = _experts(module.mlp) if hasattr(module.mlp, "experts") else _dense(module.mlp)
    return Layer(
        norm=module.input_layernorm.weight.data,
        qkv=_joined([attention.q_proj, attention.k_proj, attention.v_proj]),
        out=attention.o_proj.weight.data,
        block_norm=module.post_attention_layernorm.weight.data,
        block=block,
    )


def _joined(modules: Sequence[Any]) -> Tensor:
    """Return the rows of several matrices as one; the modules look into it."""
    whole = torch.cat([module.weight.data for module in modules])
    parts = whole.split([module.weight.shape[0] for module in modules])
    for module, part in zip(modules, parts, strict=True):
        module.weight.data = part
    return whole


def _dense(module: Any) -> Dense:
    return Dense(_joined([module.gate_proj, module.up_proj]), module.down_proj.weight.data)


def _experts(module: Any) -> Experts:
    experts, shared, router = module.experts, module.shared_experts, module.gate
    routed, twice, width = experts.gate_up_proj.shape
    inner = twice // 2
    extra = shared.gate_proj.weight.shape[0] // inner
    options = {"dtype": experts.gate_up_proj.dtype, "device": experts.gate_up_proj.device}
    gate_up = torch.empty(((routed + extra), 2, inner, width), **options)
    gate_up[:routed].copy_(experts.gate_up_proj.data.view(routed, 2, inner, width))
    gate_up[routed:, 0].copy_(shared.gate_proj.weight.data.view(extra, inner, width))
    gate_up[routed:, 1].copy_(shared.up_proj.weight.data.view(extra, inner, width))
    experts.gate_up_proj.data = gate_up[:routed].view(routed, twice, width)
    down = torch.empty((routed + extra, inner, width), **options)
    down[:routed].copy_(experts.down_proj.data.transpose(1, 2))
    down[routed:].copy_(shared.down_proj.weight.data.t().reshape(extra, inner, width))
    experts.down_proj.data = down[:routed].transpose(1, 2)
    shared.down_proj.weight.data = down[routed:].reshape(extra * inner, width).t()
    return Experts(
        router=router.weight.data.float(),
        gate_up=gate_up.view(-1, width),
        down=down.view(-1, width),
        routed=routed,
        shared=extra,
        chosen=router.top_k,
        scaling=float(router.routed_scaling_factor),
        narrow_router=_narrow(router.weight.data, options["dtype"]),
    )


def _narrow(weight: Tensor, dtype: torch.dtype) -> Tensor | None:
    """Return a matrix in half precision if that is as exact: Transformers widens the router's."""
    if dtype == torch.float32:
        return None
    if weight.dtype == dtype:
        return weight
    narrow = weight.to(dtype)
    return narrow if torch.equal(narrow.to(weight.dtype), weight) else None
