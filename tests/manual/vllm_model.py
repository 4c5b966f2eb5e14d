"""A checkpoint that vLLM loads: DeepSeek-OCR-2's form, its vision as large as the real one's.

vLLM has the vision's size by heart. The language model is small, and its words are random: but
which ones depends on every tile of the page, so that the same words mean the same network. Weights
that are as lively in 36 layers as in the small fixtures' two would make chaos of them, where the
last digit of a sum decides: these change what passes through by a fifth a layer.

Usage: python -m tests.manual.vllm_model FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from safetensors.torch import load_file, save_file

from tests import checkpoints

KIND = "deepseek-ocr-2"
CALM = 0.2  # of what a layer of the vision adds
SHARP = 1 / 3  # of the fixtures' queries and keys
ENDS = 2.2  # how much likelier than a word the end is: a page of about a hundred words


def make(folder: Path) -> None:
    """Write the checkpoint, 0.9 GB, with what vLLM wants beside the weights."""
    checkpoints.make(
        folder, KIND, "upstream", vision=checkpoints.WHOLE_VISION, favour={checkpoints.EOS: ENDS}
    )
    path = folder / "model.safetensors"
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if "qwen2_model" not in name and "sam_model" not in name:
            continue
        if name.endswith(("o_proj.weight", "down_proj.weight", "attn.proj.weight", "lin2.weight")):
            tensor.mul_(CALM)
        if name.endswith(("q_proj.weight", "k_proj.weight", "qkv.weight")):
            tensor.mul_(SHARP)
    save_file(tensors, path, {"format": "pt"})
    begin, end, padding = list(checkpoints.SPECIAL)[:3]
    settings = {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": begin, "eos_token": end, "pad_token": padding,
        },
        "generation_config.json": {
            "bos_token_id": checkpoints.BOS, "eos_token_id": checkpoints.EOS,
        },
    }  # fmt: skip
    for name, said in settings.items():
        (folder / name).write_text(json.dumps(said))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
