"""Our decoder over the loaded weights gives the scores that Transformers' gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network import experts
from ocrd.engine.deepseek.network.attention import Masked, Prompts
from ocrd.engine.deepseek.network.language import Language, Tokens
from ocrd.engine.deepseek.network.layers import layers_of
from ocrd.errors import EngineError
from tests import checkpoints, sequential

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = tuple(checkpoints.CLASSES)
VOCABULARY = 300
LENGTHS = (7, 1, 20)
CODES = (experts.DENSE, experts.GATHERED, experts.SELECTED)


def prompts() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(3, VOCABULARY, (count,), generator=generator) for count in LENGTHS]


def expected(network: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = network(input_ids=ids[None]).logits[0]
    return found


def cache_of(network: Any, tokens: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    config = network.model.language_model.config
    shape = (2 * config.num_hidden_layers, tokens, config.num_key_value_heads, config.head_dim)
    return torch.zeros(shape, dtype=dtype)


def fed(language: Language, cache: torch.Tensor, code: str) -> torch.Tensor:
    """Feed all prompts in one piece; return the scores of all their tokens."""
    ids = torch.cat(prompts())
    used = torch.cat([torch.arange(1, count + 1) for count in LENGTHS])
    tokens = Tokens(used, cache, torch.arange(len(ids)), Prompts(LENGTHS, None))
    hidden = language.run(language.embed(ids), tokens, code)
    return language.scores(hidden)


def assert_close(found: torch.Tensor, wanted: torch.Tensor, share: float = 1e-4) -> None:
    assert (found - wanted).abs().max() <= share * wanted.abs().max()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", KINDS)
def test_prompts_in_one_piece_have_the_scores_of_each_alone(kind: str, code: str) -> None:
    network = sequential.network(kind, vocabulary=VOCABULARY)
    wanted = torch.cat([expected(network, ids) for ids in prompts()])
    with torch.inference_mode():
        found = fed(Language(network, 64), cache_of(network, sum(LENGTHS)), code)
    assert found.dtype is torch.float32
    assert_close(found, wanted)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_behind_each_prompt_has_the_scores_of_the_whole(kind: str, code: str) -> None:
    network = sequential.network(kind, vocabulary=VOCABULARY)
    wanted = torch.stack([expected(network, ids)[-1] for ids in prompts()])
    language = Language(network, 64)
    length = 24
    cache = cache_of(network, 3 * length)
    planes = cache.unflatten(1, (3, length))
    used = torch.tensor(LENGTHS, dtype=torch.int32)
    with torch.inference_mode():
        for slot, ids in enumerate(prompts()):
            head = ids[:-1]
            if len(head):
                places = slot * length + torch.arange(len(head))
                seen = Prompts([len(head)], None)
                tokens = Tokens(torch.arange(1, len(head) + 1), cache, places, seen)
                language.run(language.embed(head), tokens, code)
        last = torch.stack([ids[-1] for ids in prompts()])
        places = torch.arange(3) * length + used - 1
        tokens = Tokens(used, cache, places, Masked(planes, used, length))
        hidden = language.run(language.embed(last), tokens, code)
        assert_close(language.scores(hidden), wanted)


@pytest.mark.parametrize("code", CODES)
def test_fewer_heads_for_keys_than_for_queries_are_no_other_model(code: str) -> None:
    network = grouped_heads()
    wanted = torch.cat([expected(network, ids) for ids in prompts()])
    with torch.inference_mode():
        found = fed(Language(network, 64), cache_of(network, sum(LENGTHS)), code)
    assert_close(found, wanted)


def grouped_heads() -> Any:
    config = checkpoints.config_of(KINDS[1])
    text = config.text_config
    text.vocab_size, text.num_attention_heads, text.num_key_value_heads = VOCABULARY, 4, 2
    text.head_dim = text.hidden_size // 4
    config._attn_implementation = "sdpa"
    network = checkpoints.CLASSES[KINDS[1]][1](config).eval().requires_grad_(False)
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    network.load_state_dict(checkpoints._random(shapes, 3))
    return network


@pytest.mark.parametrize("kind", KINDS)
def test_transformers_own_network_says_the_same_after_its_weights_were_laid_out_anew(
    kind: str,
) -> None:
    network = sequential.network(kind, vocabulary=VOCABULARY)
    before = [expected(network, ids) for ids in prompts()]
    layers = layers_of(network)
    for ids, wanted in zip(prompts(), before, strict=True):
        assert_close(expected(network, ids), wanted, 1e-5)
    again = layers_of(network)
    assert again is layers


def test_nothing_is_held_twice_but_the_shared_gates() -> None:
    network = sequential.network(KINDS[1], vocabulary=VOCABULARY)
    ours = {
        tensor.untyped_storage().data_ptr()
        for layer in layers_of(network)
        for tensor in (layer.qkv, layer.out, layer.block.gate_up, layer.block.down)
    }
    apart = [
        name
        for name, parameter in network.model.language_model.layers.named_parameters()
        if parameter.dim() > 1 and parameter.untyped_storage().data_ptr() not in ours
    ]
    assert {name.split(".", 1)[1] for name in apart} == {
        "mlp.gate.weight", "mlp.shared_experts.gate_proj.weight",
        "mlp.shared_experts.up_proj.weight",
    }  # fmt: skip


def test_a_network_that_was_moved_is_taken_over_anew() -> None:
    network = sequential.network(KINDS[0], vocabulary=VOCABULARY)
    first = layers_of(network)
    second = layers_of(network.to(torch.bfloat16))
    assert second[0].qkv.dtype is torch.bfloat16
    assert second is not first
    assert second is layers_of(network)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_no_farther_from_float32_than_transformers_is(
    kind: str, dtype: torch.dtype
) -> None:
    network = sequential.network(kind, vocabulary=VOCABULARY)
    exact = torch.cat([expected(network, ids) for ids in prompts()])
    network.to(dtype)
    theirs = torch.cat([expected(network, ids) for ids in prompts()])
    for code in CODES:
        with torch.inference_mode():
            ours = fed(Language(network, 64), cache_of(network, sum(LENGTHS), dtype), code)
        # By token: where two experts are nearly equal, rounding chooses, and all is another.
        assert off(ours, exact) <= 1.5 * off(theirs.float(), exact)


def off(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the median over the tokens of how far their scores are off."""
    return float(((found - exact).abs().mean(1) / exact.abs().mean(1)).median())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"attention_bias": True}, "attention_bias"),
        ({"mlp_bias": True}, "mlp_bias"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"topk_method": "group_limited_greedy", "n_group": 2}, "group_limited_greedy"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "yarn"),
        ({"layer_types": ["reference_sliding_attention"] + ["full_attention"] * 2}, "in some"),
        ({"layer_types": ["sliding_attention"] * 3}, "window of another kind"),
    ],
)
def test_another_decoder_is_refused_by_name(change: dict[str, Any], word: str) -> None:
    network = sequential.network(KINDS[0], vocabulary=VOCABULARY)
    config = network.model.language_model.config
    for name, value in change.items():
        setattr(config, name, value)
    with pytest.raises(EngineError, match=word) as caught:
        layers_of(network)
    assert caught.value.hint
