"""Both layouts of a configuration, and those of other models."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import UnlimitedOcrConfig

from ocrd.engine.deepseek.network import layouts, weights
from tests import checkpoints
from tests.unit.engine.deepseek.network.loading import KINDS, refused

pytestmark = pytest.mark.usefixtures("one_thread")


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_built_from_upstreams_is_the_one_that_transformers_would_write(
    kind: str, made: Callable[[str, str], Path]
) -> None:
    source = weights.Source("it", made(kind, "upstream"), is_from_hub=False)
    built = layouts.config_of(
        kind, weights.read_config(source), weights.read_shapes(source), source
    )
    assert built.to_dict() == checkpoints.config_of(kind, global_attention=True).to_dict()


def test_the_full_size_of_deepseek_ocr_is_the_published_one() -> None:
    config = UnlimitedOcrConfig()
    tensors = {
        name: torch.empty(shape, device="meta")
        for name, shape in checkpoints._shapes("deepseek-ocr", config).items()
    }
    raw = checkpoints.upstream_config("deepseek-ocr", config)
    shapes = {
        name: tuple(tensor.shape)
        for name, tensor in checkpoints.upstream_tensors("deepseek-ocr", tensors).items()
    }
    # Both from model.safetensors.index.json of deepseek-ai/DeepSeek-OCR.
    assert len(shapes) == 2710
    assert sum(map(math.prod, shapes.values())) * 2 == 6_672_212_480

    source = weights.Source("it", Path("/nowhere"), is_from_hub=False)
    built = layouts.config_of("deepseek-ocr", raw, shapes, source)
    with torch.device("meta"):
        network = layouts.network_class("deepseek-ocr")(built)
    # CLIP's own patch embedding, 1024 x 3 x 14 x 14, is not used.
    assert sum(tensor.numel() for tensor in network.parameters()) == 3_335_504_128
    assert set(built.text_config.layer_types) == {"full_attention"}
    assert built.vision_config.sam_config.global_attn_indexes == [2, 5, 8, 11]
    assert built.vision_config.encoder_config.num_attention_heads == 16


def test_a_configuration_without_a_size_is_refused(copied: Path) -> None:
    edit(copied / weights.CONFIG, language_config={"hidden_size": 64})
    assert "num_hidden_layers" in refused(copied).what


@pytest.mark.parametrize("layout", ["transformers", "upstream"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_the_other_kind_is_refused(
    kind: str, layout: str, made: Callable[[str, str], Path]
) -> None:
    for other in set(KINDS) - {kind}:
        error = refused(made(other, layout), kind)
        assert f"is {layouts.NAMES[other]}, and the engine's kind is {kind}" in error.what
        assert f'kind = "{other}"' in error.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"architectures": ["DotsOCRForCausalLM"]},
        {"architectures": []},
        {"language_config": None, "model_type": "qwen2_vl"},
    ],
)
def test_another_model_is_refused(changes: dict[str, Any], copied: Path) -> None:
    edit(copied / weights.CONFIG, **changes)
    assert "another model" in refused(copied).what


def test_unlimited_ocr_is_not_taken_for_deepseek_ocr(
    made: Callable[[str, str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(made("deepseek-ocr", "transformers"), tmp_path / "model"))
    raw = json.loads((folder / weights.CONFIG).read_text())
    raw["text_config"]["layer_types"] = ["reference_sliding_attention"] * checkpoints.LAYERS
    (folder / weights.CONFIG).write_text(json.dumps(raw))
    assert "is Unlimited-OCR, and the engine's kind is deepseek-ocr" in refused(folder).what


@pytest.mark.parametrize("layout", ["transformers", "upstream"])
def test_the_window_of_unlimited_ocr_is_its_checkpoints(
    layout: str, made: Callable[[str, str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(made("unlimited-ocr", layout), tmp_path / "model"))
    source = weights.Source("it", folder, is_from_hub=False)

    def window() -> tuple[int, set[str]]:
        raw, shapes = weights.read_config(source), weights.read_shapes(source)
        text = layouts.config_of("unlimited-ocr", raw, shapes, source).text_config
        return text.sliding_window, set(text.layer_types)

    assert window() == (checkpoints.WINDOW, {"reference_sliding_attention"})
    raw = json.loads((folder / weights.CONFIG).read_text())
    for table in (raw, raw.get("text_config", {})):
        table.pop("sliding_window", None)
    (folder / weights.CONFIG).write_text(json.dumps(raw))
    assert window() == (128, {"reference_sliding_attention"}), "that of the published one"


def test_a_quantised_model_is_refused(copied: Path) -> None:
    edit(copied / weights.CONFIG, quantization_config={"quant_method": "bitsandbytes"})
    assert "quantised" in refused(copied).what
