"""Loading: both layouts to the same network, and a clear error for each thing that can be wrong."""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import UnlimitedOcrConfig

from ocrd.engine.deepseek.network import checkpoint, hub, layouts, placement, weights
from ocrd.engine.deepseek.network.checkpoint import Model
from ocrd.errors import EngineError
from tests import checkpoints

KINDS = ("deepseek-ocr", "deepseek-ocr-2")
NAME = "someone/some-model"
GIB = 1024**3


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return a function that makes each checkpoint once."""
    known: dict[tuple[str, str], Path] = {}

    def make(kind: str, layout: str = "upstream") -> Path:
        if (kind, layout) not in known:
            folder = tmp_path_factory.mktemp("checkpoint") / "model"
            known[kind, layout] = checkpoints.make(folder, kind, layout, global_attention=True)
        return known[kind, layout]

    return make


@pytest.fixture
def copied(made: Callable[[str, str], Path], tmp_path: Path) -> Path:
    """Return a checkpoint of the first model, upstream's layout, to be damaged."""
    return Path(shutil.copytree(made("deepseek-ocr", "upstream"), tmp_path / "model"))


def load(folder: Path | str, kind: str = "deepseek-ocr", **settings: Any) -> Model:
    return checkpoint.load(kind, str(folder), **{"device": "cpu", **settings})


def refused(folder: Path | str, kind: str = "deepseek-ocr", **settings: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        load(folder, kind, **settings)
    assert caught.value.hint
    return caught.value


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(folder / weights.WEIGHTS)
    change(tensors)
    checkpoints.write_weights(folder, tensors)


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_built_from_upstreams_is_the_one_that_transformers_would_write(
    kind: str, made: Callable[[str, str], Path]
) -> None:
    source = weights.Source("it", made(kind, "upstream"), is_from_hub=False)
    built = layouts.config_of(
        kind, weights.read_config(source), weights.read_shapes(source), source
    )
    assert built.to_dict() == checkpoints.config_of(kind, global_attention=True).to_dict()


def test_weights_that_transformers_itself_saved_load(
    made: Callable[[str, str], Path], tmp_path: Path
) -> None:
    folder = made("deepseek-ocr-2", "transformers")
    model = load(folder, "deepseek-ocr-2")
    model.network.save_pretrained(tmp_path / "saved")
    shutil.copy(folder / "tokenizer.json", tmp_path / "saved")
    again = load(tmp_path / "saved", "deepseek-ocr-2")
    for name, tensor in again.network.state_dict().items():
        assert torch.equal(tensor, model.network.state_dict()[name])


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


# Weights that are not right


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


# Folders that are not right


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "holds no model" in refused(tmp_path).what


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_damaged_configuration_is_refused(text: str, copied: Path) -> None:
    (copied / weights.CONFIG).write_text(text)
    assert str(copied / weights.CONFIG) in refused(copied).what


def test_a_configuration_without_a_size_is_refused(copied: Path) -> None:
    edit(copied / weights.CONFIG, language_config={"hidden_size": 64})
    assert "num_hidden_layers" in refused(copied).what


@pytest.mark.parametrize("layout", ["transformers", "upstream"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_the_other_kind_is_refused(
    kind: str, layout: str, made: Callable[[str, str], Path]
) -> None:
    (other,) = set(KINDS) - {kind}
    error = refused(made(other, layout), kind)
    assert f"is {layouts.NAMES[other]}, and the engine's kind is {kind}" in error.what
    assert f'kind = "{other}"' in error.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"architectures": ["UnlimitedOCRForCausalLM"]},
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
    assert "another model (unlimited_ocr)" in refused(folder).what


def test_a_quantised_model_is_refused(copied: Path) -> None:
    edit(copied / weights.CONFIG, quantization_config={"quant_method": "bitsandbytes"})
    assert "quantised" in refused(copied).what


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


# Names, and the network


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub; whatever opens a socket fails."""
    from huggingface_hub import constants

    def refuse(*_: object, **__: object) -> socket.socket:
        raise AssertionError("the network was reached for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def store(cache: Path, folder: Path, *, commit: str = "a" * 40, revision: str = "main") -> Path:
    """Lay a model out in the cache as huggingface_hub does."""
    stored = cache / "models--someone--some-model"
    (stored / "refs").mkdir(parents=True, exist_ok=True)
    (stored / "refs" / revision).write_text(commit)
    return Path(shutil.copytree(folder, stored / "snapshots" / commit))


def test_a_cached_model_loads_by_name_without_the_network(
    cache: Path, made: Callable[[str, str], Path]
) -> None:
    store(cache, made("deepseek-ocr", "upstream"))
    assert load(NAME).name == NAME


def test_a_revision_is_looked_up(cache: Path, made: Callable[[str, str], Path]) -> None:
    store(cache, made("deepseek-ocr", "upstream"), revision="v1")
    assert load(NAME, revision="v1").name == NAME
    error = refused(NAME)
    assert error.hint.endswith(f"ocrd model pull {NAME}")


def test_a_model_that_is_not_here_is_not_fetched_unasked(cache: Path) -> None:
    error = refused(NAME, revision="v9")
    assert f"{NAME}, revision v9, is not on this machine (looked in {cache})" in error.what
    assert f"ocrd model pull {NAME} --revision v9" in error.hint


def test_weights_missing_from_the_cache_are_fetched_again(
    cache: Path, made: Callable[[str, str], Path]
) -> None:
    snapshot = store(cache, made("deepseek-ocr", "upstream"))
    (snapshot / weights.WEIGHTS).unlink()
    assert refused(NAME).hint == f"Fetch it again: ocrd model pull {NAME}"


@pytest.mark.parametrize("name", ["/no/such/folder", "~/nothing", "plain", "a/b/c", "../x"])
def test_what_is_neither_folder_nor_name_is_refused(name: str, cache: Path) -> None:
    assert f"There is no folder {name}" in refused(name).what


def test_download_fetches_the_model(
    made: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []

    def fetch(name: str, *, revision: str | None) -> hub.Fetched:
        asked.append((name, revision))
        return hub.Fetched(made("deepseek-ocr", "upstream"), "a" * 40)

    monkeypatch.setattr(hub, "fetch", fetch)
    assert load(NAME, download=True, revision="v1").name == NAME
    assert asked == [(NAME, "v1")]


# Libraries


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, copied: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    error = refused(copied)
    assert "tokenizers" in error.what
    assert "pip install --upgrade 'ocrd-daemon[gpu]'" in error.hint


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


# Devices


class Gpus:
    """Stands for torch.cuda: some GPUs with names and free memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
        monkeypatch.setattr(torch.version, "cuda", "12.8")
        for name, value in {
            "is_available": lambda: bool(free),
            "device_count": lambda: len(free),
            "get_device_name": lambda device: (
                f"GPU {torch.device('cuda', device).index}"
                if isinstance(device, int)
                else f"GPU {device.index}"
            ),
            "mem_get_info": lambda device: (free[torch.device(device).index], 24 * GIB),
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)


def device_error(wanted: str) -> EngineError:
    with pytest.raises(EngineError) as caught:
        placement.device_of(wanted)
    return caught.value


def test_the_processor_is_taken_where_torch_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(placement, "DRIVER", Path("/no/driver"))
    assert placement.device_of("auto") == (torch.device("cpu"), ())


def test_a_gpu_that_torch_cannot_use_is_remarked_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(placement, "DRIVER", tmp_path)
    device, (remark,) = placement.device_of("auto")
    assert device == torch.device("cpu")
    assert "although there is an NVIDIA driver: this torch" in remark
    assert "pip install --force-reinstall torch" in remark


def test_a_torch_for_the_processor_is_named_where_a_gpu_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    error = device_error("cuda:1")
    assert "built for the processor only" in error.what
    assert "pip install --force-reinstall torch" in error.hint


def test_a_driver_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)

    def init() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).\nX")

    monkeypatch.setattr(torch.cuda, "init", init)
    error = device_error("cuda")
    assert error.what.endswith("is too old (found version 11040).")
    assert "CUDA 12.8" in error.hint


def test_a_gpu_that_is_not_there_is_named_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, GIB)
    error = device_error("cuda:2")
    assert "There is no cuda:2; this process sees cuda:0 (GPU 0), cuda:1 (GPU 1)" in error.what


def test_a_gpu_that_this_torch_has_no_code_for_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)

    def ones(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(torch, "ones", ones)
    error = device_error("cuda:0")
    assert "no kernel image" in error.what
    assert "GPU 0" in error.what


def test_the_gpu_with_the_most_free_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, 3 * GIB, 2 * GIB)
    monkeypatch.setattr(placement, "FREE_MEMORY", f"print({GIB}, {3 * GIB}, {2 * GIB})")
    monkeypatch.setattr(placement, "_usable", lambda index: torch.device("cuda", index))
    assert placement.device_of("auto") == (torch.device("cuda", 1), ())


@pytest.mark.parametrize("wanted", ["", "gpu", "cuda:", "cuda:x", "mps", "CPU"])
def test_an_unknown_device_is_refused(wanted: str) -> None:
    assert "none that this engine knows" in device_error(wanted).what


@pytest.mark.parametrize(("has", "taken"), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_gpu_takes_bfloat16_where_it_has_it(
    has: bool, taken: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    monkeypatch.setattr(torch.cuda, "device", contextlib.nullcontext)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has)
    assert placement.dtype_of("auto", torch.device("cuda", 0)) is taken


def test_an_unknown_number_type_is_refused() -> None:
    with pytest.raises(EngineError, match="int4"):
        placement.dtype_of("int4", torch.device("cpu"))


def test_attention_is_pytorchs_own_unless_set() -> None:
    for wanted in ("auto", "sdpa"):
        assert placement.attention_of(wanted, torch.device("cpu"), torch.float32) == "sdpa"


def test_flash_attention_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[str, str], Path]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = refused(made("deepseek-ocr", "upstream"), attention="flash")
    assert "flash-attn, which is not installed" in error.what
    assert 'attention = "sdpa"' in error.hint


def test_flash_attention_is_for_the_decoder_on_a_gpu_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    gpu = torch.device("cuda", 0)
    assert placement.attention_of("flash", gpu, torch.bfloat16) == {
        "text_config": "flash_attention_2"
    }
    for device, dtype in ((torch.device("cpu"), torch.bfloat16), (gpu, torch.float32)):
        with pytest.raises(EngineError, match="works on a GPU"):
            placement.attention_of("flash", device, dtype)


def test_an_unknown_attention_is_refused() -> None:
    with pytest.raises(EngineError, match="ring"):
        placement.attention_of("ring", torch.device("cpu"), torch.float32)


def test_a_model_too_large_for_the_gpu_is_refused_with_both_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, 8 * GIB, 4 * GIB)
    elements = 3_335_504_128
    placement.require_room(NAME, elements, torch.device("cuda", 0), torch.bfloat16)
    with pytest.raises(EngineError) as caught:
        placement.require_room(NAME, elements, torch.device("cuda", 1), torch.bfloat16)
    assert "needs 6.2 GiB for its weights as bfloat16" in caught.value.what
    assert "cuda:1 (GPU 1) has 4.0 GiB free of 24.0 GiB" in caught.value.what


def test_a_model_too_large_for_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Callable[[str, str], Path]
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  2097152 kB\nMemAvailable:  524288 kB\n")
    monkeypatch.setattr(placement, "MEMORY", tmp_path / "meminfo")
    error = refused(made("deepseek-ocr", "upstream"))
    assert "memory has 0.5 GiB free of 2.0 GiB" in error.what
