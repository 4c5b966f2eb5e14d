"""Stage 1: the attention of one decode step, by the code that computes it.

Every layer's own keys and values are read in turn, so that the cache of the chip does not help, and
all of it is replayed as one graph. Times are of one layer. The masked backends compute what the
engine asks of them where no kernel is told lengths: the whole slot under a mask. FlashAttention
with ``seqused_k`` is told how much of each slot is filled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.gpu import timing
from benchmarks.gpu.workplace import Workplace, first_line

MASKED = {
    "as torch chooses": None,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}
FLASH = "flash, seqused_k"
PACKAGE = "package flash-attn, seqused"
GPU_ONLY = ("cudnn", "efficient", FLASH)  # torch has them for no other device
CALLS = 48  # of one layer in a graph, at least
SHARE = 0.6  # of the free memory, for keys and values
COMPARED_SLOTS = 4


@dataclass(frozen=True, slots=True)
class Case:
    """Slots of a length, equally filled, and one token for each."""

    queries: Tensor  # [layers, slots, heads, 1, head_size]
    planes: Tensor  # [2 * layers, slots, length, heads, head_size], as the engine has it
    filled: int

    @property
    def layers(self) -> int:
        """Return how many layers there are."""
        return len(self.queries)

    @property
    def slots(self) -> int:
        """Return how many slots there are."""
        return int(self.planes.shape[1])

    @property
    def length(self) -> int:
        """Return the length of a slot."""
        return int(self.planes.shape[2])

    @property
    def scale(self) -> float:
        """Return what the products are multiplied with."""
        return float(self.planes.shape[-1] ** -0.5)

    @property
    def needed_bytes(self) -> int:
        """Return the bytes of one layer's filled keys and values."""
        _, slots, _, heads, size = self.planes.shape
        return int(2 * slots * heads * self.filled * size * self.planes.element_size())


def measure(place: Workplace) -> None:
    """Time each backend over each shape."""
    for length in place.scale.attention_lengths:
        for slots in place.scale.attention_slots:
            shape = f"{slots} slots of {length}"
            if not place.goes_on(1.0, shape):
                continue
            with torch.inference_mode():
                _compare(place, slots, length)
            place.tidy()


def _compare(place: Workplace, slots: int, length: int) -> None:
    case = case_of(place, slots, length)
    exact = exactly(case)
    for name, run in ways(case):
        cells: dict[str, Any] = {"slots": slots, "length": length, "filled": case.filled}
        cells |= {"layers": case.layers, "backend": name}
        try:
            cells |= _figures(place, case, run, exact)
        except (RuntimeError, NotImplementedError, TypeError) as error:
            _require_sound(place)
            cells["fault"] = first_line(error)
        if name == "as torch chooses":
            cells["chosen"] = chosen(case)
        place.row(**cells)
    if not place.on_gpu:
        for name in GPU_ONLY:
            place.row(slots=slots, length=length, backend=name, fault="needs CUDA")


def _figures(
    place: Workplace, case: Case, run: Callable[[int], Tensor], exact: Tensor
) -> dict[str, Any]:
    said = run(0)[: len(exact)].float()
    difference = said - exact
    passes = max(1, -(-CALLS // case.layers)) if place.on_gpu else 1

    def many() -> Tensor:
        for _ in range(passes):
            for layer in range(case.layers):
                kept = run(layer)
        return kept

    took = place.timed(timing.recorded(many, place.device), most=2.0, repeats=10)
    seconds = took.device / 1000 / passes / case.layers
    return {
        "us": seconds * 1e6,
        "gb_s": case.needed_bytes / seconds / 1e9,
        "largest_difference": float(difference.abs().max()),
        "relative_difference": float(difference.norm() / exact.norm()),
    }


def _require_sound(place: Workplace) -> None:
    """Raise RuntimeError if a fault was the device's: nothing after it would mean anything."""
    timing.settle(place.device)


def case_of(place: Workplace, slots: int, length: int) -> Case:
    """Return random queries, keys and values, of fewer layers where memory is short."""
    scale = place.scale
    plane = slots * scale.heads * length * scale.head_size * place.dtype.itemsize
    layers = scale.layers
    if place.on_gpu:
        free, _ = torch.cuda.mem_get_info(place.device)
        layers = max(1, min(layers, int(SHARE * free / (2 * plane))))
    generator = torch.Generator(device=place.device).manual_seed(slots * length)
    options = {"device": place.device, "dtype": place.dtype}
    queries = torch.empty((layers, slots, scale.heads, 1, scale.head_size), **options)
    planes = torch.empty((2 * layers, slots, length, scale.heads, scale.head_size), **options)
    queries.normal_(generator=generator)
    for part in planes:  # one after another: an index of 32 bits ends at two thousand million
        part.normal_(generator=generator)
    return Case(queries, planes, min(scale.filled, length))


def exactly(case: Case) -> Tensor:
    """Return what the first slots of the first layer attend to, in float32 and step by step."""
    some = slice(0, COMPARED_SLOTS)
    query = case.queries[0, some].float()
    keys, values = (
        case.planes[part, some, : case.filled].transpose(1, 2).float() for part in (0, 1)
    )
    shares = (query @ keys.transpose(-1, -2) * case.scale).softmax(-1)
    return (shares @ values)[:, :, 0]


def ways(case: Case) -> Iterator[tuple[str, Callable[[int], Tensor]]]:
    """Yield every way of attending: its name, and a function of the layer.

    Each returns ``[slots, heads, head_size]``.
    """
    mask = mask_of(case)
    for name, backend in MASKED.items():
        if case.planes.is_cuda or name not in GPU_ONLY:
            yield name, _masked(case, mask, backend)
    if not case.planes.is_cuda:
        return
    flat = case.planes.flatten(1, 2)
    yield FLASH, flash(case, flat)
    if "seqused_k" in _parameters_of_varlen():
        yield "varlen_attn, seqused_k", varlen(case, flat)
        if "num_splits" in _parameters_of_varlen():
            yield "varlen_attn, one split", varlen(case, flat, num_splits=1)
    if has_package():
        yield PACKAGE, packaged(case)


def mask_of(case: Case) -> Tensor:
    """Return the mask as the engine makes it: every slot sees its tokens up to the new one."""
    device = case.planes.device
    used = torch.full((case.slots,), case.filled, device=device)
    hidden = torch.arange(case.length, device=device) >= used[:, None]
    mask = torch.zeros(hidden.shape, dtype=case.planes.dtype, device=device)
    return mask.masked_fill_(hidden, -torch.inf)[:, None, None, :]


def _masked(case: Case, mask: Tensor, backend: Any) -> Callable[[int], Tensor]:
    def run(layer: int) -> Tensor:
        only: AbstractContextManager[Any]
        only = nullcontext() if backend is None else sdpa_kernel(backend)
        with only:
            found = functional.scaled_dot_product_attention(
                case.queries[layer], case.planes[2 * layer].transpose(1, 2),
                case.planes[2 * layer + 1].transpose(1, 2), attn_mask=mask, scale=case.scale,
            )  # fmt: skip
        return found[:, :, 0]

    return run


def flash(case: Case, flat: Tensor) -> Callable[[int], Tensor]:
    """Attend with torch's own FlashAttention, over ``flat [planes, slots * length, heads, size]``.

    The slots stand one behind the other, ``cu_k`` says where each begins and ``used`` how much of
    it is filled.
    """
    whole = {"device": flat.device, "dtype": torch.int32}
    cu_q = torch.arange(case.slots + 1, **whole)
    cu_k = cu_q * case.length
    used = torch.full((case.slots,), case.filled, **whole)

    def run(layer: int) -> Tensor:
        return torch.ops.aten._flash_attention_forward(
            case.queries[layer, :, :, 0], flat[2 * layer], flat[2 * layer + 1], cu_q, cu_k,
            1, case.length, 0.0, False, False, scale=case.scale, seqused_k=used,
        )[0]  # fmt: skip

    return run


def varlen(case: Case, flat: Tensor, **options: Any) -> Callable[[int], Tensor]:
    """Attend with ``varlen_attn``, which knows ``seqused_k`` from torch 2.12 on."""
    from torch.nn.attention.varlen import varlen_attn

    whole = {"device": flat.device, "dtype": torch.int32}
    cu_q = torch.arange(case.slots + 1, **whole)
    cu_k = cu_q * case.length
    used = torch.full((case.slots,), case.filled, **whole)

    def run(layer: int) -> Tensor:
        return varlen_attn(
            case.queries[layer, :, :, 0], flat[2 * layer], flat[2 * layer + 1], cu_q, cu_k,
            1, case.length, scale=case.scale, seqused_k=used, **options,
        )  # fmt: skip

    return run


def has_package() -> bool:
    """Say whether the package flash-attn is installed: others bring folders of its name."""
    try:
        version("flash-attn")
        from flash_attn import flash_attn_with_kvcache  # noqa: F401
    except (PackageNotFoundError, ImportError):
        return False
    return True


def packaged(case: Case) -> Callable[[int], Tensor]:
    """Attend with the package flash-attn, to see whether the engine misses something without it."""
    from flash_attn import flash_attn_with_kvcache

    used = torch.full((case.slots,), case.filled, device=case.planes.device, dtype=torch.int32)

    def run(layer: int) -> Tensor:
        found: Tensor = flash_attn_with_kvcache(
            case.queries[layer].transpose(1, 2), case.planes[2 * layer],
            case.planes[2 * layer + 1], cache_seqlens=used, softmax_scale=case.scale,
        )  # fmt: skip
        return found[:, 0]

    return run


def _parameters_of_varlen() -> frozenset[str]:
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return frozenset()
    return frozenset(inspect.signature(varlen_attn).parameters)


def chosen(case: Case) -> str:
    """Return which backend torch takes by itself for the masked attention."""
    try:
        number = torch._fused_sdp_choice(
            case.queries[0],
            case.planes[0].transpose(1, 2),
            case.planes[1].transpose(1, 2),
            mask_of(case),
            scale=case.scale,
        )
        return str(SDPBackend(number).name).lower().removesuffix("_attention")
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        return first_line(error)  # it is torch's own and may go
