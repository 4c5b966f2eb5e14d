"""Every expert for every token gives what the chosen experts give."""

from __future__ import annotations

import pytest
import torch
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

from ocrd.engine.deepseek.network import experts
from tests import sequential

CPU = torch.device("cpu")


@pytest.mark.parametrize("tokens", [1, 3, 16])
@pytest.mark.parametrize("kind", ["deepseek-ocr", "deepseek-ocr-2"])
def test_all_experts_weighted_equal_the_chosen_ones(kind: str, tokens: int) -> None:
    network = sequential.network(kind, vocabulary=300)
    language = network.model.language_model
    layer = language.layers[1].mlp
    hidden = torch.randn((tokens, language.config.hidden_size))
    with torch.no_grad(), experts.using(language.config, "eager"):
        _, weights, chosen = layer.gate(hidden)
        expected = layer.experts(hidden, chosen, weights)
    with torch.no_grad(), experts.using(language.config, experts.choose("dense_bmm", CPU)):
        found = layer.experts(hidden, chosen, weights)
    torch.testing.assert_close(found, expected)
    assert found.abs().max() > 0.01


def test_a_code_is_used_meanwhile_only() -> None:
    config = sequential.network("deepseek-ocr-2", vocabulary=300).model.language_model.config
    before = config._experts_implementation
    with pytest.raises(ZeroDivisionError), experts.using(config, experts.DENSE):
        assert config._experts_implementation == experts.DENSE
        raise ZeroDivisionError
    assert config._experts_implementation == before


def test_the_choice_is_one_that_transformers_has() -> None:
    for name in experts.CHOICES:
        chosen = experts.choose(name, CPU)
        assert chosen == "eager" or chosen in ALL_EXPERTS_FUNCTIONS
    assert experts.choose("auto", torch.device("cuda")) == experts.DENSE
    with pytest.raises(ValueError, match="dense_bmm"):
        experts.choose("fastest", CPU)
