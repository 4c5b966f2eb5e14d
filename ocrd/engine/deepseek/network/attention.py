"""Attention of one layer: of one token in each slot, and of whole prompts.

The slots' tokens stand in the cache, each slot's at its own length. On a GPU from Ampere on, in
bfloat16 or float16, the kernel in torch (FlashAttention 2) is told these lengths: one long page
then costs the others nothing, and the shape of a step does not depend on it. Elsewhere all slots
are looked at as far as the longest reaches, under a mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

LEAST_CAPABILITY = (8, 0)  # of a GPU: Ampere
LARGEST_HEAD = 256
TOLERANCE = 2e-2  # of the largest value: bfloat16 has 8 bits
WAYS = ("auto", "sdpa", "flash")


class Attention(Protocol):
    """What a layer asks: queries, keys and values are ``[tokens, heads, head size]``."""

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor, /) -> Tensor:
        """Return ``[tokens, heads, head size]``; keys and values are in the cache by now."""


class Masked:
    """Slots of one length under a mask."""

    def __init__(self, planes: Tensor, used: Tensor, length: int) -> None:
        """Look at ``length`` tokens of each slot, of which ``used [slots]`` count.

        ``planes`` is the cache, ``[2 * layers, slots, length, heads, head size]``.
        """
        self._seen = planes[:, : used.shape[0], :length]
        columns = torch.arange(length, device=used.device)
        hidden = columns >= used[:, None]
        mask = torch.zeros(hidden.shape, dtype=planes.dtype, device=used.device)
        self._mask = mask.masked_fill_(hidden, -torch.inf)[:, None, None, :]

    def __call__(self, layer: int, queries: Tensor, _keys: Tensor, _values: Tensor) -> Tensor:
        """Attend under the mask."""
        keys, values = (self._seen[2 * layer + part].transpose(1, 2) for part in (0, 1))
        found: Tensor = functional.scaled_dot_product_attention(
            queries[:, :, None], keys, values, attn_mask=self._mask,
            enable_gqa=keys.shape[1] != queries.shape[1],
        )  # fmt: skip
        return found[:, :, 0]


class Lengths:
    """Slots that begin and end where they are said to."""

    def __init__(
        self, flat: Tensor, starts: Tensor, used: Tensor, ordinals: Tensor, longest: int
    ) -> None:
        """Look at ``used [slots]`` tokens from ``starts [slots + 1]`` on, both int32.

        ``flat`` is the cache, ``[2 * layers, tokens, heads, head size]``; ``ordinals`` are 0, 1, …
        for as many slots and one; ``longest`` is what no slot has more than. All of these are read
        when the kernel runs, so that a recording goes on with what they hold by then.
        """
        self._flat = flat
        self._starts, self._used, self._ordinals = starts, used, ordinals
        self._longest = longest

    def __call__(self, layer: int, queries: Tensor, _keys: Tensor, _values: Tensor) -> Tensor:
        """Attend as far as each slot reaches."""
        found: Tensor = torch.ops.aten._flash_attention_forward(
            queries, self._flat[2 * layer], self._flat[2 * layer + 1], self._ordinals,
            self._starts, 1, self._longest, 0.0, False, False,
            scale=queries.shape[-1] ** -0.5, seqused_k=self._used,
        )[0]  # fmt: skip
        return found


class Prompts:
    """Whole prompts one behind the other: each token sees its own prompt up to itself."""

    def __init__(self, lengths: Sequence[int], ends: Tensor | None) -> None:
        """Attend within prompts of these lengths.

        ``ends`` is 0 and where each ends, int32 on the device, for the kernel that takes all at
        once; None has them computed one by one.
        """
        self._lengths = [*lengths]
        self._ends = ends

    def __call__(self, _layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend within each prompt."""
        if self._ends is not None:
            most = max(self._lengths)
            found: Tensor = torch.ops.aten._flash_attention_forward(
                queries, keys, values, self._ends, self._ends, most, most, 0.0, True, False,
                scale=queries.shape[-1] ** -0.5,
            )[0]  # fmt: skip
            return found
        parts = zip(*(part.split(self._lengths) for part in (queries, keys, values)), strict=True)
        return torch.cat([_causal(*part) for part in parts])


def _causal(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    query, key, value = (part.transpose(0, 1)[None] for part in (queries, keys, values))
    found: Tensor = functional.scaled_dot_product_attention(
        query, key, value, is_causal=True, enable_gqa=keys.shape[1] != queries.shape[1],
    )  # fmt: skip
    return found[0].transpose(0, 1)


def knows_lengths(wanted: str, device: torch.device, dtype: torch.dtype, config: Any) -> bool:
    """Say whether the kernel that is told lengths is used for a text configuration.

    "sdpa" never uses it; "auto" and "flash" do where there is one and it computes what it should.
    Raises ValueError for a name that there is not.
    """
    if wanted not in WAYS:
        raise ValueError(f"attention must be one of {', '.join(WAYS)}, not {wanted!r}")
    if wanted == "sdpa" or why_no_kernel(device, dtype):
        return False
    if config.head_dim % 8 or config.head_dim > LARGEST_HEAD:
        return False
    heads = (config.num_attention_heads, config.num_key_value_heads)
    try:
        return is_right(device, dtype, *heads, config.head_dim)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError):  # a torch that was built without it, or with another one
        return False


def why_no_kernel(device: torch.device, dtype: torch.dtype) -> str:
    """Return why no kernel is told lengths there, "" where one is."""
    if device.type != "cuda":
        return f"it needs a GPU, and the engine runs on {device}"
    if dtype not in (torch.bfloat16, torch.float16):
        return f"it computes in bfloat16 or float16, not in {str(dtype).removeprefix('torch.')}"
    if torch.version.hip:
        return "it is known on GPUs of NVIDIA alone"
    if torch.cuda.get_device_capability(device) < LEAST_CAPABILITY:
        return "it needs a GPU of the Ampere generation or later"
    if not has_kernel():
        return f"this torch ({torch.__version__}) has no kernel that is told lengths"
    return ""


def has_kernel() -> bool:
    """Say whether this torch has the kernel with the argument that tells the lengths."""
    try:
        schema = torch.ops.aten._flash_attention_forward.default._schema
    except AttributeError:
        return False
    return any(argument.name == "seqused_k" for argument in schema.arguments)


def is_right(
    device: torch.device, dtype: torch.dtype, heads: int, key_heads: int, size: int
) -> bool:
    """Try the kernel: three slots that are not full, what lies behind them being nonsense."""
    slots, length = 3, 32
    generator = torch.Generator(device=device).manual_seed(1)

    def noise(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=device).to(dtype)

    planes, queries = noise(2, slots, length, key_heads, size), noise(slots, heads, size)
    ordinals = torch.arange(slots + 1, dtype=torch.int32, device=device)
    used = ordinals[1:] * 9
    told = Lengths(planes.flatten(1, 2), ordinals * length, used, ordinals, length)
    expected = Masked(planes, used, length)(0, queries, queries, queries)
    difference = (told(0, queries, queries, queries).float() - expected.float()).abs().max()
    return bool(difference <= TOLERANCE * expected.float().abs().max())
