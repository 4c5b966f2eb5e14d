"""A fixture checkpoint in the two files that llama.cpp reads, made by llama.cpp's own converter.

The converter comes with the sources that ``tests/manual/llama_cpp.sh`` has built. It was made for
the real models: what it takes from their size alone is told to it of ours.

Usage: python -m tests.manual.gguf_files FOLDER TEXT [loops]
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from tests import checkpoints
from tests.installation import ROOT

KIND = "deepseek-ocr-2"
SOURCE = ROOT / "build" / "llamacpp" / "source"
MODEL, PROJECTOR = "model.gguf", "mmproj.gguf"
PRE_TOKENIZER = "deepseek-llm"  # the converter knows a tokenizer by its hash, ours it does not
# Small, but with a layer of SAM where llama.cpp has one over all patches.
VISION: dict[str, Any] = {
    "sam_config": {
        "hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 3, "mlp_dim": 64,
        "output_channels": 16, "downsample_channels": [24, 64], "global_attn_indexes": [2],
    },
    "encoder_config": {
        "hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 96,
        "num_attention_heads": 1, "num_key_value_heads": 1, "vocab_size": 1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
    },
}  # fmt: skip
MERGE = "þ ÿ"  # of bytes that no text has: llama.cpp wants one at least, our vocabulary has none
MOST_LAYERS = 128  # names that it looks for; it takes SAM's neck for layers of the encoder


def make(folder: Path, says: str, *, loop: bool = False) -> Path:
    """Write a checkpoint that says a text, and its two GGUF files, and return its folder."""
    checkpoint = folder / "checkpoint"
    checkpoints.make_scripted(checkpoint, KIND, says, "upstream", loop=loop, vision=VISION)
    _complete(checkpoint)
    # Behind our own, for there is a package "tests" in it, too.
    sys.path += [str(SOURCE / "gguf-py"), str(SOURCE)]
    base: Any = importlib.import_module("conversion.base")
    deepseek: Any = importlib.import_module("conversion.deepseek")
    gguf: Any = importlib.import_module("gguf")
    converter: Any = importlib.import_module("convert_hf_to_gguf")
    names = base.MmprojModel.map_tensor_name
    add_words = gguf.SpecialVocab.add_to_gguf

    def map_name(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        self.tensor_map = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, MOST_LAYERS)
        return names(self, name, *rest, **named)

    def head_count_kv(self: Any, _: int) -> None:
        key_value_heads = VISION["encoder_config"]["num_key_value_heads"]
        self.add_uint32(gguf.Keys.ClipVision.Attention.HEAD_COUNT_KV, key_value_heads)

    def with_merges(self: Any, *rest: Any, **named: Any) -> Any:
        self.merges = self.merges or [MERGE]
        return add_words(self, *rest, **named)

    with (
        mock.patch.object(base.TextModel, "get_vocab_base_pre", lambda *_: PRE_TOKENIZER),
        mock.patch.object(deepseek.DeepseekOCR2VisionModel, "map_tensor_name", map_name),
        mock.patch.object(gguf.SpecialVocab, "add_to_gguf", with_merges),
        mock.patch.object(gguf.GGUFWriter, "add_vision_head_count_kv", head_count_kv),
    ):
        for more, name in (((), MODEL), (("--mmproj",), PROJECTOR)):
            command = ["", str(checkpoint), "--outfile", str(folder / name), "--outtype", "f32"]
            with mock.patch.object(sys, "argv", [*command, *more]):
                converter.main()
    return folder


def _complete(checkpoint: Path) -> None:
    """Write down what the converter has by heart of the real one: the encoder's size."""
    encoder = VISION["encoder_config"]
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    config["vision_config"] |= {
        "layers": encoder["num_hidden_layers"],
        "num_attention_heads": encoder["num_attention_heads"],
        "intermediate_size": encoder["intermediate_size"], "patch_size": 16,
    }  # fmt: skip
    path.write_text(json.dumps(config))
    (checkpoint / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"})
    )
    (checkpoint / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]), sys.argv[2], loop="loops" in sys.argv[3:])
