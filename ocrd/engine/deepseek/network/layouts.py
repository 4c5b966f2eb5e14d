"""The two layouts of a checkpoint, and the configuration that Transformers builds each from.

"transformers" is Transformers' own config.json. "upstream" is that of the makers: it describes a
model in code of their own and leaves sizes out, which the shapes of the weights then tell. The
tensors' names in either layout are known to Transformers. Remote code is never run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ocrd.engine.deepseek.network.weights import Shapes, Source
from ocrd.errors import EngineError
from ocrd.tasks import MODELS

NAMES = {
    "deepseek-ocr": "DeepSeek-OCR",
    "deepseek-ocr-2": "DeepSeek-OCR-2",
    "unlimited-ocr": "Unlimited-OCR",
}
BOS, EOS, PAD = 0, 1, 2

# No tensor tells the size of a head; from modeling_deepseekocr.py and deepencoderv2.py upstream.
ENCODER_HEAD = 64  # of CLIP-L and of the Qwen2 encoder
ENCODER_ROPE_THETA = 1e6  # of the Qwen2 encoder
CONTEXT = 8192
# Unlimited-OCR: a token sees the image, the prompt and so many tokens of the text, itself included.
WINDOW = 128

_TYPES = {"deepseek_ocr2": "deepseek-ocr-2", "unlimited_ocr": "deepseek-ocr"}
_MAKERS = {
    "DeepseekOCRForCausalLM": "deepseek-ocr",
    "DeepseekOCR2ForCausalLM": "deepseek-ocr-2",
    "UnlimitedOCRForCausalLM": "unlimited-ocr",
}
_SAM, _CLIP, _QWEN = "model.sam_model.", "model.vision_model.", "model.qwen2_model."
_FULL, _SLIDING = "full_attention", "reference_sliding_attention"


def kind_of(raw: Mapping[str, Any]) -> str | None:
    """Return which engine kind a config.json is of, None if it is of neither."""
    if _is_upstream(raw):
        makers = raw.get("architectures") or [""]
        return _MAKERS.get(str(makers[0]))
    kind = _TYPES.get(str(raw.get("model_type")))
    if kind == "deepseek-ocr" and _is_sliding(raw):
        return "unlimited-ocr"  # the same network with its window, and another model
    return kind


def require_kind(kind: str, raw: Mapping[str, Any], source: Source) -> None:
    """Raise EngineError unless the config.json is of this engine kind."""
    found = kind_of(raw)
    if found is None:
        called = raw.get("architectures") or [raw.get("model_type")]
        raise EngineError(
            f"{source.name} is not {NAMES[kind]} but another model ({called[0]}).",
            hint=f'Set model = "{MODELS[kind]}".',
        )
    if found != kind:
        raise EngineError(
            f"{source.name} is {NAMES[found]}, and the engine's kind is {kind}.",
            hint=f'Set kind = "{found}", or model = "{MODELS[kind]}".',
        )
    if "quantization_config" in raw:
        raise EngineError(
            f"{source.name} is quantised, which ocrd does not read.",
            hint=f'Set model = "{MODELS[kind]}".',
        )


def network_class(kind: str) -> Any:
    """Return the class of Transformers that is the network of this kind.

    DeepSeek-OCR has none of its own name; Unlimited-OCR's is the same network with a window over
    the text, which full attention switches off.
    """
    import transformers

    if kind == "deepseek-ocr-2":
        return transformers.DeepseekOcr2ForConditionalGeneration
    return transformers.UnlimitedOcrForConditionalGeneration


def config_of(kind: str, raw: Mapping[str, Any], shapes: Shapes, source: Source) -> Any:
    """Return the configuration that the network is built from; raise EngineError."""
    config_class = network_class(kind).config_class
    try:
        config = config_class.from_dict(
            _native(kind, raw, shapes) if _is_upstream(raw) else dict(raw)
        )
    # What pydantic-like checks of huggingface_hub raise derives from ValueError or TypeError.
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise EngineError(
            f"The configuration of {source.name} cannot be used ({type(error).__name__}: {error}).",
            hint=source.again,
        ) from error
    _require_experts(config.text_config.n_routed_experts, shapes, source)
    return config


def _require_experts(count: int, shapes: Shapes, source: Source) -> None:
    """Raise EngineError unless each layer that stores its experts one by one has all of them.

    Transformers puts them together, and does not say which one it misses.
    """
    stems = {match[1] for name in shapes if (match := re.match(r"(.*\.mlp\.experts)\.\d+\.", name))}
    missing = [
        name
        for stem in sorted(stems)
        for number in range(count)
        for part in ("gate", "up", "down")
        if (name := f"{stem}.{number}.{part}_proj.weight") not in shapes
    ]
    if missing:
        raise EngineError(
            f"The weights of {source.name} are not those of its model: {len(missing)} tensors of"
            f" its experts are missing ({', '.join(missing[:3])}).",
            hint=source.again,
        )


def _native(kind: str, raw: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return Transformers' config.json for upstream's."""
    return {
        "text_config": _text_of(kind, raw),
        "vision_config": _vision_of(kind, raw["vision_config"]["width"], shapes),
        "bos_token_id": BOS,
        "eos_token_id": EOS,
        "pad_token_id": PAD,
    }


def _is_upstream(raw: Mapping[str, Any]) -> bool:
    return isinstance(raw.get("language_config"), Mapping)


def _is_sliding(raw: Mapping[str, Any]) -> bool:
    text = raw.get("text_config")
    kinds = text.get("layer_types") if isinstance(text, Mapping) else None
    return not kinds or any(kind != _FULL for kind in kinds)


def _text_of(kind: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the decoder's configuration from upstream's, without what its own code alone knows."""
    language = raw["language_config"]
    layers = language["num_hidden_layers"]
    dense = language.get("first_k_dense_replace", 1)
    copied = (
        "vocab_size", "hidden_size", "intermediate_size", "moe_intermediate_size",
        "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "n_routed_experts",
        "n_shared_experts", "num_experts_per_tok",
    )  # fmt: skip
    optional = {"n_group": 1, "topk_group": 1, "topk_method": "greedy", "rms_norm_eps": 1e-6,
                "routed_scaling_factor": 1.0, "max_position_embeddings": CONTEXT}  # fmt: skip
    found = {key: language[key] for key in copied}
    found |= {key: language.get(key, value) for key, value in optional.items()}
    found["mlp_layer_types"] = ["dense"] * dense + ["sparse"] * (layers - dense)
    found |= {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD}
    if kind == "deepseek-ocr":
        found["layer_types"] = [_FULL] * layers
    elif kind == "unlimited-ocr":
        found["layer_types"] = [_SLIDING] * layers
        # The makers have the window beside the language's table, not in it.
        found["sliding_window"] = (
            raw.get("sliding_window") or language.get("sliding_window") or WINDOW
        )
    return found


def _vision_of(kind: str, width: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    encoder = _qwen(shapes) if kind == "deepseek-ocr-2" else _clip(width, shapes)
    return {"sam_config": _sam(shapes), "encoder_config": encoder}


def _sam(shapes: Shapes) -> dict[str, Any]:
    """Return SAM's configuration; upstream's own names other channels than its weights have."""
    layers = _layers(shapes, rf"{_SAM}blocks\.(\d+)\.")
    hidden, _, patch, _ = shapes[f"{_SAM}patch_embed.proj.weight"]
    rows = [shapes[f"{_SAM}blocks.{n}.attn.rel_pos_h"] for n in range(layers)]
    side = shapes[f"{_SAM}pos_embed"][1]
    # A layer's relative positions reach over all patches, or over a window.
    over_all = [n for n, (count, _) in enumerate(rows) if count == 2 * side - 1]
    windows = [count for count, _ in rows if count != 2 * side - 1]
    return {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": hidden // rows[0][1],
        "mlp_dim": shapes[f"{_SAM}blocks.0.mlp.lin1.weight"][0],
        "output_channels": shapes[f"{_SAM}neck.0.weight"][0],
        "downsample_channels": [shapes[f"{_SAM}net_{n}.weight"][0] for n in (2, 3)],
        "global_attn_indexes": over_all,
        "image_size": side * patch,
        "patch_size": patch,
        **({"window_size": (windows[0] + 1) // 2} if windows else {}),
    }


def _clip(width: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    positions, hidden = shapes[f"{_CLIP}embeddings.position_embedding.weight"]
    written = width.get("clip-l-14-224", {})
    patch = written.get("patch_size", 14)
    return {
        "hidden_size": hidden,
        "num_hidden_layers": _layers(shapes, rf"{_CLIP}transformer\.layers\.(\d+)\."),
        "num_attention_heads": written.get("heads", hidden // ENCODER_HEAD),
        "intermediate_size": shapes[f"{_CLIP}transformer.layers.0.mlp.fc1.weight"][0],
        "image_size": round((positions - 1) ** 0.5) * patch,  # one position is the class token's
        "patch_size": patch,
    }


def _qwen(shapes: Shapes) -> dict[str, Any]:
    first = f"{_QWEN}model.model.layers.0."
    hidden = shapes[f"{_QWEN}query_1024.weight"][1]
    return {
        "hidden_size": hidden,
        "num_hidden_layers": _layers(shapes, rf"{_QWEN}model\.model\.layers\.(\d+)\."),
        "num_attention_heads": hidden // ENCODER_HEAD,
        "num_key_value_heads": shapes[f"{first}self_attn.k_proj.weight"][0] // ENCODER_HEAD,
        "intermediate_size": shapes[f"{first}mlp.gate_proj.weight"][0],
        "vocab_size": 1,  # it embeds no words
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": ENCODER_ROPE_THETA},
    }


def _layers(shapes: Shapes, pattern: str) -> int:
    found = {int(match[1]) for name in shapes if (match := re.match(pattern, name))}
    return len(found)
