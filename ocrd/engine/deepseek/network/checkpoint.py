"""Loading a model: from a name or a folder to a network on its device, ready to read.

:func:`load` tells the story. After it returns, every tensor of the network came from the
checkpoint and every tensor of the checkpoint went into the network. Nothing of the model's own
code is run, and unless told to download, nothing reaches the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocrd import installation, loading
from ocrd.engine.deepseek.network import hub, weights
from ocrd.engine.deepseek.network.weights import Source
from ocrd.errors import EngineError, EngineUnusableError

if TYPE_CHECKING:
    import torch

    from ocrd.engine.deepseek.network.devices import Place

LEAST_TRANSFORMERS = "5.23"  # the first with both networks as they are used here
TOKENIZER = "tokenizer.json"
# The special tokens that prompts and output are made of.
TOKEN_IDS = {
    "<image>": 128815,
    "<|ref|>": 128816,
    "<|/ref|>": 128817,
    "<|det|>": 128818,
    "<|/det|>": 128819,
    "<|grounding|>": 128820,
    "<td>": 128821,
    "</td>": 128822,
}
SHOWN = 3  # tensors that an error names


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model."""

    kind: str
    name: str
    network: Any  # Transformers' *ForConditionalGeneration, without gradients
    tokenizer: Any  # tokenizers.Tokenizer
    device: torch.device
    dtype: torch.dtype
    place: Place | None = None  # where its device is on the machine, and what is said of that
    attention: str = "auto"  # of the decoder: auto | sdpa | flash


def load(
    kind: str,
    name: str,
    *,
    revision: str | None = None,
    device: str = "auto",
    had_gpus: tuple[str, ...] = (),
    dtype: str = "auto",
    attention: str = "auto",
    download: bool = False,
) -> Model:
    """Load a model by its name on the hub or its folder; raise EngineError with the remedy.

    ``had_gpus`` names the GPUs there were when the engine last had one.
    """
    require_libraries()
    from ocrd.engine.deepseek.network import devices, layers, layouts, placement

    place = devices.device_of(device, had_gpus)
    number = placement.dtype_of(dtype, place.device)
    way = placement.attention_of(attention, place.device, number)
    source = hub.find(name, revision=revision, download=download)
    raw = weights.read_config(source)
    layouts.require_kind(kind, raw, source)
    shapes = weights.read_shapes(source)
    config = layouts.config_of(kind, raw, shapes, source)
    tokenizer = _tokenizer(source)
    elements = sum(map(math.prod, shapes.values()))
    copied = weights.copied_elements(source, shapes, placement.TYPES[number])
    placement.require_room(name, elements, copied, place, number)
    network = _network(source, layouts.network_class(kind), config, number)
    placed = _placed(network, place)
    layers.layers_of(placed)  # laid out anew before anything is measured
    return Model(kind, name, placed, tokenizer, place.device, number, place=place, attention=way)


def require_libraries() -> None:
    """Raise EngineError unless torch and a Transformers that has both networks are installed.

    It is an EngineUnusableError: nothing changes by itself.
    """
    try:
        import safetensors  # noqa: F401
        import tokenizers  # noqa: F401
        import torch  # noqa: F401
        import transformers
        from huggingface_hub import snapshot_download  # noqa: F401
    except ImportError as error:
        obstacle = loading.of_words(str(error), f"Install it: {installation.adding('gpu')}.")
        raise EngineUnusableError(
            f"The DeepSeek engines need a library that cannot be imported: {obstacle.what}.",
            hint=obstacle.hint,
        ) from error
    try:
        from transformers import (
            DeepseekOcr2ForConditionalGeneration,  # noqa: F401
            UnlimitedOcrForConditionalGeneration,  # noqa: F401
        )
    except ImportError as error:
        raise EngineUnusableError(
            f"Transformers {transformers.__version__} does not have DeepSeek-OCR; it takes"
            f" {LEAST_TRANSFORMERS} or later.",
            hint=f"Install it: {installation.adding('gpu')}.",
        ) from error


def _tokenizer(source: Source) -> Any:
    """Return the tokenizer; raise EngineError unless its special tokens are the model's."""
    from tokenizers import Tokenizer

    path = source.folder / TOKENIZER
    if not path.is_file():
        raise EngineError(f"{source.folder} holds no {TOKENIZER}.", hint=source.again)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise EngineError(f"{path} is damaged ({error}).", hint=source.again) from error
    for token, expected in TOKEN_IDS.items():
        if tokenizer.token_to_id(token) != expected:
            raise EngineError(
                f"{path} is not DeepSeek-OCR's: {token} is {tokenizer.token_to_id(token)} in it,"
                f" not {expected}.",
                hint=source.again,
            )
    return tokenizer


def _network(source: Source, network_class: Any, config: Any, dtype: torch.dtype) -> Any:
    """Return the network with the checkpoint's weights in it, all of them and no others."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()  # the report that it would print is judged below
    try:
        network, report = network_class.from_pretrained(
            str(source.folder),
            config=config,
            dtype=dtype,
            attn_implementation="sdpa",  # of the vision towers; the decoder's is ours
            local_files_only=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # so that the report names them
            output_loading_info=True,
        )
    except (OSError, RuntimeError, ValueError, ImportError, SafetensorError) as error:
        raise EngineError(
            f"The weights of {source.name} cannot be loaded: {error}", hint=source.again
        ) from error
    _require_all(report, source)
    return network


def _require_all(report: dict[str, Any], source: Source) -> None:
    """Raise EngineError unless names and sizes of all tensors agreed."""
    faults = (
        ("are missing from it", report["missing_keys"]),
        ("are of no use to the model", report["unexpected_keys"]),
        ("have another size", [key for key, *_ in report["mismatched_keys"]]),
        ("could not be converted", report["error_msgs"]),
    )
    told = [
        f"{len(keys)} tensors {what} ({', '.join(sorted(keys)[:SHOWN])})"
        for what, keys in faults
        if keys
    ]
    if told:
        raise EngineError(
            f"The weights of {source.name} are not those of its model: {'; '.join(told)}.",
            hint=source.again,
        )


def _placed(network: Any, place: Place) -> Any:
    """Move the network to its device; raise EngineError if that has no room after all."""
    from ocrd.engine.deepseek.network.shortage import is_shortage

    network.requires_grad_(False)
    try:
        return network.to(place.device).eval()
    except (RuntimeError, MemoryError) as error:
        if not is_shortage(error):
            raise
        raise EngineError(
            f"{place.label} ran out of memory while the weights were loaded.",
            hint="Stop what else uses it, or choose another device.",
        ) from error
