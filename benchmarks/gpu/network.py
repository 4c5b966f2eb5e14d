"""The network that is measured, with random weights made on its device."""

from __future__ import annotations

from typing import Any

import torch

from ocrd.engine.deepseek.text.prompts import BOS, EOS, PAD

SEED = 7


def full_size(device: str | torch.device) -> Any:
    """Return DeepSeek-OCR-2's whole network in bfloat16; no page ends by itself."""
    from transformers import DeepseekOcr2Config, DeepseekOcr2ForConditionalGeneration

    text = {
        "vocab_size": 129_280, "hidden_size": 1280, "num_hidden_layers": 12,
        "num_attention_heads": 10, "num_key_value_heads": 10, "intermediate_size": 6848,
        "moe_intermediate_size": 896, "n_routed_experts": 64, "num_experts_per_tok": 6,
        "n_shared_experts": 2, "n_group": 1, "topk_group": 1, "max_position_embeddings": 8192,
        "mlp_layer_types": ["dense"] + ["sparse"] * 11,
        "bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD,
    }  # fmt: skip
    encoder = {
        "hidden_size": 896, "num_hidden_layers": 24, "intermediate_size": 4864,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
    }  # fmt: skip
    config = DeepseekOcr2Config(text_config=text, vision_config={"encoder_config": encoder})
    config._attn_implementation = "sdpa"
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            network = DeepseekOcr2ForConditionalGeneration(config).eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(before)
    for layer in network.model.language_model.layers[1:]:
        layer.mlp.gate.to(torch.bfloat16)  # as the files have it; the class makes it wider
    _fill(network)
    return network


def _fill(network: Any) -> None:
    """Give every matrix lively values: what a page shows reaches its tokens and their experts."""
    device = network.lm_head.weight.device
    if device.type == "meta":
        return
    generator = torch.Generator(device=device).manual_seed(SEED)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, _inputs(parameter) ** -0.5, generator=generator)
        network.lm_head.weight[EOS] = 0  # another of 129,279 tokens is always likelier


def _inputs(parameter: Any) -> int:
    """Return how many products each output of a layer sums up."""
    is_convolution = parameter.dim() == 4 and parameter.shape[0] > 1  # else SAM's positions
    return int(parameter[0].numel() if is_convolution else parameter.shape[-1])


def tiny(kind: str) -> Any:
    """Return a tiny network of a kind on the processor; no page ends by itself."""
    from tests import sequential

    return sequential.network(kind, {EOS: 0.0})
