"""The tower looks positions up, asks the host for nothing, and sees what Transformers' sees."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks.gpu.network import full_size
from ocrd.engine.deepseek.network import sam
from ocrd.engine.deepseek.network.preprocessing import VALUES
from ocrd.engine.deepseek.network.tower import Tower
from tests import checkpoints, sequential
from tests.operations import Operations

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = tuple(checkpoints.CLASSES)
META = torch.device("meta")


def attention(side: int) -> Any:
    """Return one of SAM's attentions, over ``side`` patches each way."""
    from transformers.models.deepseek_ocr2.configuration_deepseek_ocr2 import (
        DeepseekOcr2SamVisionConfig,
    )
    from transformers.models.deepseek_ocr2.modeling_deepseek_ocr2 import (
        DeepseekOcr2SamVisionSdpaAttention,
    )

    config = DeepseekOcr2SamVisionConfig(hidden_size=16, num_attention_heads=2)
    made = DeepseekOcr2SamVisionSdpaAttention(config, side)
    made.rel_pos_h.data.normal_()
    return made


@pytest.mark.parametrize("trained", [14, 64, 9])
@pytest.mark.parametrize(("queries", "keys"), [(14, 14), (64, 64), (48, 48), (7, 12), (12, 7)])
def test_relative_positions_are_those_that_transformers_gathers(
    trained: int, queries: int, keys: int
) -> None:
    made = attention(trained)
    with torch.no_grad():
        expected = made.get_rel_pos(queries, keys, made.rel_pos_h)
        gathered = sam.Gathered()
        found = gathered(queries, keys, made.rel_pos_h)
        assert torch.equal(found, expected)
        assert gathered(queries, keys, made.rel_pos_h) is found
        moved = made.rel_pos_h.to(torch.bfloat16)
        assert gathered(queries, keys, moved).dtype is torch.bfloat16


def network(kind: str) -> Any:
    config = checkpoints.config_of(kind, global_attention=True)
    config.text_config.vocab_size = 300
    config._attn_implementation = "sdpa"
    built = checkpoints.CLASSES[kind][1](config).eval().requires_grad_(False)
    shapes = {name: tensor.shape for name, tensor in built.state_dict().items()}
    built.load_state_dict(checkpoints._random(shapes, 5))
    return built


@pytest.mark.parametrize("side", [1024, 768, 640, 512])
@pytest.mark.parametrize("kind", KINDS)
def test_a_view_is_seen_as_transformers_sees_it(kind: str, side: int) -> None:
    if kind == "deepseek-ocr-2" and side not in {1024, 768}:
        pytest.skip("it has queries for two sides alone")
    built = network(kind)
    generator = torch.Generator().manual_seed(side)
    grey = torch.randint(0, 256, (1, 1, side, side), generator=generator, dtype=torch.uint8)
    values = torch.from_numpy(VALUES)[grey.long()].expand(-1, 3, -1, -1)
    with torch.inference_mode():
        model = built.model
        expected = model.multi_modal_projector(model.vision_tower(values).last_hidden_state)
        tower = Tower(built)
        for _ in range(2):  # the second time all is looked up
            found = tower.look(grey)
            assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.fixture(scope="module")
def whole() -> Any:
    return full_size(META)


def test_a_page_is_looked_at_without_a_word_from_the_host(whole: Any) -> None:
    tower = Tower(whole)
    page = [torch.empty((1, 1, 1024, 1024), dtype=torch.uint8, device=META),
            torch.empty((6, 1, 768, 768), dtype=torch.uint8, device=META)]  # fmt: skip
    with torch.inference_mode():
        with Operations() as first:
            for pixels in page:
                tower.look(pixels)
        with Operations() as asked:
            for pixels in page:
                tower.look(pixels)
    assert first.waits == asked.waits == []  # not even where the tables are made
    assert asked.count < first.count
    assert asked.count <= 1800, asked.counts


def test_settling_twice_is_settling_once() -> None:
    built = sequential.network(KINDS[0], vocabulary=300)
    tower = built.model.vision_tower
    sam.settle(tower)
    before = [layer.attn.get_rel_pos for layer in tower.sam_encoder.layers]
    sam.settle(tower)
    assert [layer.attn.get_rel_pos for layer in tower.sam_encoder.layers] == before
