"""Loading: both layouts to the same network, and a clear error for each thing that can be wrong."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ocrd import installation
from ocrd.engine.deepseek.network import checkpoint, layouts, weights
from ocrd.engine.deepseek.network.checkpoint import Model
from tests import checkpoints
from tests.unit.engine.deepseek.network.loading import KINDS, load, refused

pytestmark = pytest.mark.usefixtures("one_thread")


# What loads


@pytest.mark.parametrize("kind", KINDS)
def test_both_layouts_of_the_same_weights_give_the_same_logits(
    kind: str, made: Callable[[str, str], Path]
) -> None:
    given = []
    for layout in ("transformers", "upstream"):
        network = load(made(kind, layout), kind).network
        generator = torch.Generator().manual_seed(1)
        views = torch.randn(1, 3, 1024, 1024, generator=generator)
        with torch.inference_mode():
            (features,) = network.get_image_features(views).pooler_output
            ids = torch.tensor([[0, *[checkpoints.IMAGE] * len(features), 13, 259]])
            given.append(network(input_ids=ids, pixel_values=views).logits[0, -4:])
    assert given[0].std() > 0.1
    assert torch.equal(*given)


def test_weights_that_transformers_itself_saved_load(
    made: Callable[[str, str], Path], tmp_path: Path
) -> None:
    folder = made("deepseek-ocr-2", "transformers")
    model = load(folder, "deepseek-ocr-2")
    theirs = layouts.network_class("deepseek-ocr-2").from_pretrained(folder, dtype=torch.float32)
    theirs.save_pretrained(tmp_path / "saved")
    shutil.copy(folder / "tokenizer.json", tmp_path / "saved")
    again = load(tmp_path / "saved", "deepseek-ocr-2")
    for name, tensor in again.network.state_dict().items():
        assert torch.equal(tensor, model.network.state_dict()[name])
        assert torch.equal(tensor, theirs.state_dict()[name])


def test_weights_in_several_files_load(tmp_path: Path) -> None:
    config = checkpoints.config_of("deepseek-ocr")
    whole = checkpoints.make(tmp_path / "whole", "deepseek-ocr")
    parts = Path(shutil.copytree(whole, tmp_path / "parts"))
    (parts / weights.WEIGHTS).unlink()
    checkpoints.write_weights(parts, load_file(whole / weights.WEIGHTS), shards=3)
    assert not (parts / weights.WEIGHTS).exists()
    model = load(parts)
    assert model.network.config.text_config.hidden_size == config.text_config.hidden_size


def test_a_loaded_model_is_ready_to_read(made: Callable[[str, str], Path]) -> None:
    model = load(made("deepseek-ocr", "upstream"))
    assert (model.device, model.dtype) == (torch.device("cpu"), torch.float32)
    assert {tensor.dtype for tensor in model.network.parameters()} == {torch.float32}
    assert not any(tensor.requires_grad for tensor in model.network.parameters())
    assert not model.network.training
    ids = model.tokenizer.encode("<image>\nFree OCR.", add_special_tokens=False).ids
    assert ids[0] == checkpoints.IMAGE


def test_a_number_type_that_is_set_is_taken(made: Callable[[str, str], Path]) -> None:
    model = load(made("deepseek-ocr", "upstream"), dtype="bfloat16")
    assert model.network.lm_head.weight.dtype is torch.bfloat16


# The fixture that other tests stand on


@pytest.mark.parametrize("kind", KINDS)
def test_a_scripted_checkpoint_says_its_text_and_ends(kind: str, tmp_path: Path) -> None:
    text = "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nthe the the <td>ö</td>\n\naaaaaa!"
    folder = checkpoints.make_scripted(
        tmp_path, kind, text, "upstream", answers={"Free OCR.": "Something else."}
    )
    model = load(folder, kind)
    assert said(model, "<|grounding|>Convert the document to markdown.") == text
    assert said(model, "what is this") == text
    assert said(model, "Free OCR.") == "Something else."


def test_a_looping_checkpoint_never_ends(tmp_path: Path) -> None:
    folder = checkpoints.make_scripted(tmp_path, "deepseek-ocr-2", "one two three ", loop=True)
    assert said(load(folder, "deepseek-ocr-2"), "Free OCR.", 30).startswith("one two three " * 9)


def said(model: Model, prompt: str, most: int = 100) -> str:
    prompt_ids = model.tokenizer.encode(prompt, add_special_tokens=False).ids
    given = torch.tensor([[checkpoints.BOS, *prompt_ids]])
    with torch.inference_mode():
        output = model.network.generate(input_ids=given, max_new_tokens=most, do_sample=False)
    tokens = output[0, given.shape[1] :].tolist()
    if tokens[-1] == checkpoints.EOS:
        tokens.pop()
    else:
        assert len(tokens) == most
    text: str = model.tokenizer.decode(tokens, skip_special_tokens=False)
    return text


# Tokenizers that are not right


def test_a_missing_tokenizer_is_named(copied: Path) -> None:
    (copied / checkpoint.TOKENIZER).unlink()
    assert "holds no tokenizer.json" in refused(copied).what


def test_a_damaged_tokenizer_is_refused(copied: Path) -> None:
    (copied / checkpoint.TOKENIZER).write_text("{}")
    assert "tokenizer.json is damaged" in refused(copied).what


def test_the_tokenizer_of_another_model_is_refused(copied: Path) -> None:
    from tokenizers import Tokenizer, models

    Tokenizer(models.BPE(vocab={"a": 0}, merges=[])).save(str(copied / checkpoint.TOKENIZER))
    assert "<image> is None in it, not 128815" in refused(copied).what


# Libraries


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, copied: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    error = refused(copied)
    assert "tokenizers" in error.what
    assert installation.adding("gpu") in error.hint


def test_a_transformers_that_is_too_old_is_named(
    monkeypatch: pytest.MonkeyPatch, copied: Path
) -> None:
    import types

    old = types.ModuleType("transformers")
    old.__version__ = "4.57.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", old)
    error = refused(copied)
    assert "Transformers 4.57.0 does not have DeepSeek-OCR" in error.what
    assert "5.23" in error.what
