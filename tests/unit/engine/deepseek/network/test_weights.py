"""Weights and folders that are not right."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ocrd.engine.deepseek.network import weights
from ocrd.engine.deepseek.network.weights import Source
from tests import checkpoints
from tests.unit.engine.deepseek.network.loading import refused

pytestmark = pytest.mark.usefixtures("one_thread")


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(folder / weights.WEIGHTS)
    change(tensors)
    checkpoints.write_weights(folder, tensors)


@pytest.mark.parametrize(
    "name",
    ["lm_head.weight", "model.image_newline", "model.sam_model.blocks.1.mlp.lin2.bias"],
)
def test_a_missing_tensor_is_named(name: str, copied: Path) -> None:
    rewrite(copied, lambda tensors: tensors.__delitem__(name))
    told = refused(copied).what
    assert "1 tensors are missing" in told


def test_a_missing_expert_is_refused(copied: Path) -> None:
    name = "model.layers.1.mlp.experts.3.up_proj.weight"
    rewrite(copied, lambda tensors: tensors.__delitem__(name))
    assert f"1 tensors of its experts are missing ({name})" in refused(copied).what


def test_a_tensor_of_no_use_is_named(copied: Path) -> None:
    rewrite(copied, lambda tensors: tensors.update({"model.more.weight": torch.ones(2)}))
    assert "of no use to the model (model.more.weight)" in refused(copied).what


def test_a_tensor_of_another_size_is_refused(copied: Path) -> None:
    rewrite(copied, lambda tensors: tensors.update({"model.norm.weight": torch.ones(63)}))
    assert "model.language_model.norm.weight" in refused(copied).what


def test_quantised_weights_are_refused(copied: Path) -> None:
    from safetensors.torch import save_file

    tensors = load_file(copied / weights.WEIGHTS)
    tensors["model.norm.weight"] = torch.ones(64, dtype=torch.int8)
    save_file(tensors, copied / weights.WEIGHTS)
    assert "quantised (model.norm.weight is I8)" in refused(copied).what


def test_a_file_cut_short_is_refused(copied: Path) -> None:
    path = copied / weights.WEIGHTS
    with path.open("r+b") as opened:
        opened.truncate(path.stat().st_size // 2)
    assert f"{path} is damaged" in refused(copied).what


def test_a_missing_file_of_several_is_named(copied: Path) -> None:
    tensors = load_file(copied / weights.WEIGHTS)
    (copied / weights.WEIGHTS).unlink()
    checkpoints.write_weights(copied, tensors, shards=3)
    (copied / "model-00002-of-00003.safetensors").unlink()
    told = refused(copied).what
    assert "1 of 3 files are missing" in told
    assert "model-00002-of-00003.safetensors" in told


def test_an_index_that_points_elsewhere_is_refused(copied: Path) -> None:
    (copied / weights.WEIGHTS).unlink()
    index = {"weight_map": {"lm_head.weight": "../elsewhere.safetensors"}}
    (copied / weights.INDEX).write_text(json.dumps(index))
    assert "such elsewhere" in refused(copied).what


def test_a_folder_without_weights_is_refused(copied: Path) -> None:
    (copied / weights.WEIGHTS).rename(copied / "pytorch_model.bin")
    assert "holds no weights" in refused(copied).what


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "holds no model" in refused(tmp_path).what


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_damaged_configuration_is_refused(text: str, copied: Path) -> None:
    (copied / weights.CONFIG).write_text(text)
    assert str(copied / weights.CONFIG) in refused(copied).what


@pytest.mark.parametrize("kind", ["deepseek-ocr", "deepseek-ocr-2", "unlimited-ocr"])
def test_what_loading_makes_anew_is_what_is_put_together_or_converted(
    kind: str, made: Callable[[str, str], Path]
) -> None:
    for layout in ("upstream", "transformers"):
        source = Source("it", made(kind, layout), is_from_hub=False)
        shapes = weights.read_shapes(source)
        whole = sum(map(math.prod, shapes.values()))
        alone = [shape for name, shape in shapes.items() if ".experts.0." in name]
        assert bool(alone) is (layout == "upstream"), "one by one, or together already"
        experts = checkpoints.EXPERTS * sum(map(math.prod, alone))
        assert weights.copied_elements(source, shapes, "BF16") == experts
        assert weights.copied_elements(source, shapes, "F32") == whole
