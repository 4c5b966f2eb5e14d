"""Small checkpoints of both models, as their makers lay them out: random ones and scripted ones.

Text and vision are tiny; vocabulary, special ids, tile sizes and token counts are the true ones,
so that everything around the weights runs as it does with the real ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    DeepseekOcr2Config,
    DeepseekOcr2ForConditionalGeneration,
    UnlimitedOcrConfig,
    UnlimitedOcrForConditionalGeneration,
)

VOCABULARY = 129_280
BOS, EOS, PAD, IMAGE = 0, 1, 2, 128_815
SPECIAL = {
    "<｜begin▁of▁sentence｜>": BOS,
    "<｜end▁of▁sentence｜>": EOS,
    "<｜▁pad▁｜>": PAD,
    "<image>": IMAGE,
    "<|ref|>": 128_816,
    "<|/ref|>": 128_817,
    "<|det|>": 128_818,
    "<|/det|>": 128_819,
    "<|grounding|>": 128_820,
    "<td>": 128_821,
    "</td>": 128_822,
    "<tr>": 128_823,
    "</tr>": 128_824,
}
# One token each, so that a script can answer each prompt in its own way.
PROMPT_ENDS = (
    "Convert the document to markdown.",
    "OCR this image.",
    "Free OCR.",
    "Parse the figure.",
    "Describe this image in detail.",
    " in the image.",
)
FIRST_BYTE = 3  # ids 3 to 258 are the bytes
FIRST_PROMPT_END = FIRST_BYTE + 256
FIRST_WORD = FIRST_PROMPT_END + len(PROMPT_ENDS)

HIDDEN, LAYERS, HEADS, EXPERTS = 64, 3, 2, 8
VISION = 64
SAM = 32
CLASSES = {
    "deepseek-ocr": (UnlimitedOcrConfig, UnlimitedOcrForConditionalGeneration),
    "deepseek-ocr-2": (DeepseekOcr2Config, DeepseekOcr2ForConditionalGeneration),
}
# Seen through a window over its text, which the other two do without.
WINDOWED = {"unlimited-ocr": (UnlimitedOcrConfig, UnlimitedOcrForConditionalGeneration)}
ALL_CLASSES = {**CLASSES, **WINDOWED}
# Of deepseek-ocr-2, by its makers' modeling code; some programs have it by heart. 0.9 GB.
WHOLE_VISION: dict[str, Any] = {
    "sam_config": {
        "hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12, "mlp_dim": 3072,
        "output_channels": 256, "downsample_channels": [512, 896],
        "global_attn_indexes": [2, 5, 8, 11],
    },
    "encoder_config": {
        "hidden_size": 896, "num_hidden_layers": 24, "intermediate_size": 4864,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
    },
}  # fmt: skip
WINDOW = 16  # tokens of the text that unlimited-ocr sees, where the real one sees 128
Tensors = dict[str, torch.Tensor]


def make(
    folder: Path,
    kind: str,
    layout: str = "transformers",
    *,
    seed: int = 0,
    favour: Mapping[int, float] | None = None,
    global_attention: bool = False,
    vision: Mapping[str, Any] | None = None,
) -> Path:
    """Write a random checkpoint and return its folder.

    ``favour`` scales the output rows of tokens: {EOS: 2.2} ends a page after some forty tokens,
    where otherwise one in 129,280 would. ``global_attention`` gives SAM a layer over all patches,
    as the real one has, at half a second a page. ``vision`` is another than the tiny
    one, such as WHOLE_VISION.
    """
    config = config_of(kind, global_attention=global_attention, vision=vision)
    tensors = _random(_shapes(kind, config), seed)
    for token, factor in (favour or {}).items():
        tensors["lm_head.weight"][token] *= factor
    return write(folder, kind, layout, config, tensors, _vocabulary([]))


def make_scripted(
    folder: Path,
    kind: str,
    text: str,
    layout: str = "transformers",
    *,
    answers: Mapping[str, str] | None = None,
    loop: bool = False,
    vision: Mapping[str, Any] | None = None,
) -> Path:
    """Write a checkpoint that greedily says ``text``, whatever the page, and then ends.

    ``answers`` maps one of PROMPT_ENDS to another text for the prompts that end so. With ``loop``
    the last piece of ``text`` leads back to its first, and the page never ends.
    """
    used: set[str] = set()
    scripts = {end: _pieces(said, used) for end, said in {"": text, **(answers or {})}.items()}
    vocabulary = _vocabulary([piece for pieces in scripts.values() for piece in pieces])
    config = config_of(kind, vision=vision)
    tensors = _silent(_random(_shapes(kind, config), 0))
    embeddings, rows = (
        tensors["model.language_model.embed_tokens.weight"],
        tensors["lm_head.weight"],
    )
    _chain(embeddings, rows, _ids(scripts, vocabulary), loop=loop)
    return write(folder, kind, layout, config, tensors, vocabulary)


def tokens_of(text: str) -> int:
    """Return how many tokens a scripted checkpoint says for this text, if it is its only one."""
    return len(_pieces(text, set()))


# A chain of tokens in weights: attention and MLPs add nothing, so what leaves the last layer is
# the embedding of the current token, and the row of the head that equals it wins.


def _pieces(text: str, used: set[str]) -> list[str]:
    """Cut a text into words, each different from all others and longer than a character."""
    used.update(SPECIAL, PROMPT_ENDS)
    pieces: list[str] = []
    piece = ""
    for part in re.findall(r"\s*[^\s<\[]+|\s+|.", text, re.DOTALL):
        piece += part
        if len(piece) > 1 and piece not in used:
            pieces.append(piece)
            used.add(piece)
            piece = ""
    while piece:  # what is left joins the last piece
        if not pieces:
            raise ValueError(f"no tokens of its own for {text!r}: make it longer")
        piece = pieces.pop() + piece
        if piece not in used:
            pieces.append(piece)
            used.add(piece)
            piece = ""
    return pieces


def _ids(
    scripts: Mapping[str, Sequence[str]], vocabulary: Mapping[str, int]
) -> dict[tuple[int, ...], list[int]]:
    """Return the tokens of each script by the tokens that begin it."""
    own = {vocabulary[end] for end in scripts if end}
    others = tuple(token for token in range(FIRST_WORD) if token not in own)
    return {
        ((vocabulary[end],) if end else (*others, *range(IMAGE, IMAGE + 10))): [
            vocabulary[_as_bytes(piece)] for piece in pieces
        ]
        for end, pieces in scripts.items()
    }


def _chain(
    embeddings: torch.Tensor,
    rows: torch.Tensor,
    scripts: Mapping[tuple[int, ...], Sequence[int]],
    *,
    loop: bool,
) -> None:
    rows.zero_()
    generator = torch.Generator().manual_seed(1)
    end = _direction(generator)
    rows[EOS] = end
    for number, (beginnings, tokens) in enumerate(scripts.items()):
        current = start = _direction(generator)
        embeddings[list(beginnings)] = start
        for token in tokens:
            rows[token] = current
            current = embeddings[token] = _direction(generator)
        if tokens:
            embeddings[tokens[-1]] = start if loop and number == 0 else end
        else:
            embeddings[list(beginnings)] = end


def _direction(generator: torch.Generator) -> torch.Tensor:
    """Return one of many nearly orthogonal vectors, of the length that RMSNorm gives."""
    return torch.randn(HIDDEN, generator=generator).sign()


def _silent(tensors: Tensors) -> Tensors:
    for name, tensor in tensors.items():
        if "language_model" in name and re.search(r"(o_proj|down_proj)(\.weight)?$", name):
            tensor.zero_()
    return tensors


# Weights


def config_of(
    kind: str, *, global_attention: bool = False, vision: Mapping[str, Any] | None = None
) -> Any:
    """Return the tiny configuration in Transformers' own form."""
    text: dict[str, Any] = {
        "vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "intermediate_size": 96,
        "moe_intermediate_size": 24, "n_routed_experts": EXPERTS, "num_experts_per_tok": 2,
        "n_shared_experts": 2, "n_group": 1, "topk_group": 1, "max_position_embeddings": 8192,
        "mlp_layer_types": ["dense"] + ["sparse"] * (LAYERS - 1),
        "bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD,
    }  # fmt: skip
    sam = {
        "hidden_size": SAM, "num_attention_heads": 2, "num_hidden_layers": 2, "mlp_dim": 64,
        "output_channels": 16, "downsample_channels": [24, VISION],
        "global_attn_indexes": [1] if global_attention else [],
    }  # fmt: skip
    encoder: dict[str, Any] = {
        "hidden_size": VISION,
        "num_hidden_layers": 2,
        "intermediate_size": 96,
    }
    if kind == "unlimited-ocr":
        text |= {
            "layer_types": ["reference_sliding_attention"] * LAYERS, "sliding_window": WINDOW,
            "max_position_embeddings": 32_768,
        }  # fmt: skip
    elif kind == "deepseek-ocr":
        text["layer_types"] = ["full_attention"] * LAYERS
    if kind != "deepseek-ocr-2":
        encoder |= {"num_attention_heads": 4}
    else:
        # Heads of 64, as the real encoder has them: no tensor tells their size.
        encoder |= {
            "num_attention_heads": 1, "num_key_value_heads": 1, "vocab_size": 1,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
        }  # fmt: skip
    vision = vision or {"sam_config": sam, "encoder_config": encoder}
    config_class, _ = ALL_CLASSES[kind]
    return config_class(
        text_config=text, vision_config=vision, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD
    )


def _shapes(kind: str, config: Any) -> dict[str, torch.Size]:
    with torch.device("meta"):
        network = ALL_CLASSES[kind][1](config)
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def _random(shapes: Mapping[str, torch.Size], seed: int) -> Tensors:
    """Return weights that are lively everywhere: what the page shows reaches each token."""
    generator = torch.Generator().manual_seed(seed)
    return {name: _weight(name, shape, generator) for name, shape in shapes.items()}


def _weight(name: str, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(shape, generator=generator)
    if re.search(r"norm\d?\.weight$", name):
        return 1 + noise / 10
    if name.endswith("bias"):
        return noise / 10
    if len(shape) < 2 or re.search(r"embed|query_|rel_pos", name):
        return noise / 2
    fan_in = shape[1:].numel() if len(shape) == 4 else shape[-1]
    gain = 3.0 if re.search(r"[qk]_proj|qkv|patch_embed", name) else 1.4
    return noise * gain / float(fan_in) ** 0.5


# Files


def write(
    folder: Path,
    kind: str,
    layout: str,
    config: Any,
    tensors: Tensors,
    vocabulary: Mapping[str, int],
    *,
    shards: int = 1,
) -> Path:
    """Write a checkpoint's files in one of the two layouts and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = config.to_dict() if layout == "transformers" else upstream_config(kind, config)
    if layout == "upstream":
        tensors = upstream_tensors(kind, tensors)
    (folder / "config.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
    write_weights(folder, tensors, shards)
    _tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    return folder


def write_weights(folder: Path, tensors: Tensors, shards: int = 1) -> None:
    """Write the tensors in bfloat16, in one file or in several with an index."""
    small = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in tensors.items()}
    names = sorted(small)
    files = {
        "model.safetensors"
        if shards == 1
        else f"model-{number + 1:05}-of-{shards:05}.safetensors": names[number::shards]
        for number in range(shards)
    }
    for file, held in files.items():
        save_file({name: small[name] for name in held}, folder / file, {"format": "pt"})
    if shards > 1:
        size = sum(tensor.numel() * 2 for tensor in small.values())
        where = {name: file for file, held in files.items() for name in held}
        index = {"metadata": {"total_size": size}, "weight_map": where}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


_UPSTREAM_NAMES = (
    (r"vision_tower\.sam_encoder\.layers\.(\d+)\.layer_norm(\d)", r"sam_model.blocks.\1.norm\2"),
    (r"vision_tower\.sam_encoder\.layers", "sam_model.blocks"),
    (r"vision_tower\.sam_encoder\.patch_embed\.projection", "sam_model.patch_embed.proj"),
    (r"vision_tower\.sam_encoder\.neck\.conv1", "sam_model.neck.0"),
    (r"vision_tower\.sam_encoder\.neck\.layer_norm1", "sam_model.neck.1"),
    (r"vision_tower\.sam_encoder\.neck\.conv2", "sam_model.neck.2"),
    (r"vision_tower\.sam_encoder\.neck\.layer_norm2", "sam_model.neck.3"),
    (r"vision_tower\.sam_encoder\.proj\.conv1", "sam_model.net_2"),
    (r"vision_tower\.sam_encoder\.proj\.conv2", "sam_model.net_3"),
    (r"vision_tower\.sam_encoder\.pos_embed", "sam_model.pos_embed"),
    (r"vision_tower\.query_(\d+)_resolution", r"qwen2_model.query_\1"),
    (r"multi_modal_projector", "projector.layers"),
    (r"view_separator", "view_seperator"),
    (r"language_model\.", ""),
)
_ENCODER_NAMES = {
    "deepseek-ocr": (
        (r"vision_tower\.vision_encoder\.encoder", "vision_model.transformer"),
        (r"vision_tower\.vision_encoder", "vision_model"),
    ),
    "deepseek-ocr-2": ((r"vision_tower\.vision_encoder", "qwen2_model.model.model"),),
}
_ENCODER_NAMES["unlimited-ocr"] = _ENCODER_NAMES["deepseek-ocr"]


def upstream_tensors(kind: str, tensors: Tensors) -> Tensors:
    """Return the tensors under the names, and in the pieces, that upstream stores."""
    found: Tensors = {}
    for name, tensor in tensors.items():
        for pattern, written in (*_UPSTREAM_NAMES, *_ENCODER_NAMES[kind]):
            name = re.sub(pattern, written, name)  # noqa: PLW2901 - rename by rename
        found |= dict(_upstream_pieces(name, tensor))
    if kind != "deepseek-ocr-2":
        for name in [name for name in found if ".q_proj." in name and "vision_model" in name]:
            parts = [found.pop(name.replace(".q_", f".{letter}_")) for letter in "qkv"]
            found[name.replace(".q_proj.", ".qkv_proj.")] = torch.cat(parts)
        # CLIP's own patches are stored and never used: SAM's features take their place.
        hidden = len(found["model.vision_model.pre_layrnorm.weight"])
        found["model.vision_model.embeddings.patch_embedding.weight"] = torch.ones(
            hidden, 3, 14, 14
        )
    return found


def _upstream_pieces(name: str, tensor: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    if name.endswith("experts.gate_up_proj"):
        stem = name.removesuffix("gate_up_proj")
        for number, both in enumerate(tensor):
            gate, up = both.chunk(2)
            yield f"{stem}{number}.gate_proj.weight", gate
            yield f"{stem}{number}.up_proj.weight", up
    elif name.endswith("experts.down_proj"):
        stem = name.removesuffix("down_proj")
        for number, down in enumerate(tensor):
            yield f"{stem}{number}.down_proj.weight", down
    else:
        yield name, tensor


_MAKERS_NAMES = {
    "deepseek-ocr": "DeepseekOCRForCausalLM",
    "deepseek-ocr-2": "DeepseekOCR2ForCausalLM",
    "unlimited-ocr": "UnlimitedOCRForCausalLM",
}


def upstream_config(kind: str, config: Any) -> dict[str, Any]:
    """Return config.json as upstream writes it, with the keys that are missing there missing."""
    text, sam = config.text_config, config.vision_config.sam_config
    encoder = config.vision_config.encoder_config
    language = {
        "architectures": ["DeepseekV2ForCausalLM"], "bos_token_id": BOS, "eos_token_id": EOS,
        "first_k_dense_replace": 1, "kv_lora_rank": None, "lm_head": True, "n_group": 1,
        "q_lora_rank": None, "qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "rm_head": False,
        "topk_group": 1, "topk_method": "greedy", "torch_dtype": "bfloat16", "use_mla": False,
        "v_head_dim": 0,
    } | {
        key: getattr(text, key)
        for key in (
            "hidden_size", "intermediate_size", "max_position_embeddings", "moe_intermediate_size",
            "n_routed_experts", "n_shared_experts", "num_attention_heads", "num_experts_per_tok",
            "num_hidden_layers", "num_key_value_heads", "vocab_size",
        )
    }  # fmt: skip
    is_first = kind != "deepseek-ocr-2"
    inner = {
        "heads": encoder.num_attention_heads, "image_size": 224, "patch_size": 14,
        "layers": encoder.num_hidden_layers, "width": encoder.hidden_size,
    }  # fmt: skip
    name = _MAKERS_NAMES[kind]
    window = {"sliding_window": WINDOW} if kind == "unlimited-ocr" else {}
    return {
        **window,
        "architectures": [name],
        "auto_map": {"AutoModel": f"modeling_deepseekocr.{name}"},
        "language_config": language,
        "model_type": "deepseek_vl_v2",
        "projector_config": {
            "input_dim": encoder.hidden_size * (2 if is_first else 1),
            "model_type": "mlp_projector", "n_embed": text.hidden_size, "projector_type": "linear",
        },
        "tile_tag": "2D",
        "torch_dtype": "bfloat16",
        "vision_config": {
            "image_size": 1024,
            "mlp_ratio": 3.7362,
            "model_name": "deeplip_b_l" if is_first else "deepencoderv2",
            "model_type": "vision",
            "width": {
                ("clip-l-14-224" if is_first else "qwen2-0-5b"): inner
                if is_first
                else {"dim": encoder.hidden_size},
                "sam_vit_b": {
                    "downsample_channels": [512, 1024],
                    "global_attn_indexes": list(sam.global_attn_indexes),
                    "heads": sam.num_attention_heads,
                    "layers": sam.num_hidden_layers,
                    "width": sam.hidden_size,
                },
            },
        },
        # Upstream repeats most of it here.
        **{key: value for key, value in language.items() if key != "architectures"},
    }  # fmt: skip


# The tokenizer: bytes, a token for each prompt's end, and a word for each id that is left.


@cache
def _byte_letters() -> dict[int, str]:
    """Return the letter of each byte in a byte-level vocabulary (GPT-2's table)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in plain)
    return {byte: chr(byte) for byte in plain} | {
        byte: chr(256 + number) for number, byte in enumerate(others)
    }


def _as_bytes(text: str) -> str:
    return "".join(_byte_letters()[byte] for byte in text.encode())


@cache
def _words() -> tuple[str, ...]:
    syllables = [a + b for a, b in product("bcdfghjklmnprstvwz", "aeiou")]
    words = (" " + "".join(three) for three in product(syllables, repeat=3))
    return tuple(_as_bytes(word) for word, _ in zip(words, range(VOCABULARY), strict=False))


def _vocabulary(pieces: Sequence[str]) -> dict[str, int]:
    """Return a token for every id; the given pieces take the place of as many words."""
    fixed = {_byte_letters()[byte]: FIRST_BYTE + byte for byte in range(256)}
    fixed |= {end: FIRST_PROMPT_END + number for number, end in enumerate(PROMPT_ENDS)}
    fixed |= SPECIAL
    taken = set(fixed.values())
    free = (token for token in range(VOCABULARY) if token not in taken)
    said = dict(zip(map(_as_bytes, pieces), free, strict=False))
    words = (word for word in _words() if word not in said)
    return fixed | said | dict(zip(words, free, strict=False))


def _tokenizer(vocabulary: Mapping[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=dict(vocabulary), merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in SPECIAL])
    tokenizer.add_tokens([AddedToken(end, normalized=False) for end in PROMPT_ENDS])
    return tokenizer
