"""What only a GPU shows of decoding: recorded steps, tokens read a round late, real memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network import attention, experts
from ocrd.engine.deepseek.network.layers import Experts, layers_of
from ocrd.engine.deepseek.slots.decoding import Decoder, DecoderThread, Rules, SlotPlan, plan_of
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.text.prompts import BOS, EOS
from tests import checkpoints, sequential


def at_least(capability: tuple[int, int]) -> bool:
    return bool(torch.cuda.is_available() and torch.cuda.get_device_capability() >= capability)


pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

KINDS = tuple(checkpoints.CLASSES)
VOCABULARY = 2000
PLAN = SlotPlan(budget=8 * 1280, max_slots=8, context=8192, step=256, typical=1280, few_shapes=True)


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield sequential.network(request.param, {EOS: 1.5}, vocabulary=VOCABULARY).to("cuda")
    gc.collect()
    torch.cuda.empty_cache()


def pages_of(network: Any, count: int) -> list[tuple[torch.Tensor, list[int], Rules]]:
    pages = []
    for number in range(count):
        generator = torch.Generator().manual_seed(number)
        tokens = (257, 401, 1121)[number % 3]
        features = torch.randn((tokens, checkpoints.HIDDEN), generator=generator).cuda()
        prompt = [BOS, *[sequential.image_of(network)] * tokens, 5, 6, 7 + number]
        pages.append((features, prompt, Rules(20 + number, ngram=2 + number % 9, window=40)))
    return pages


def said(made: Decoder, pages: list[tuple[torch.Tensor, list[int], Rules]]) -> list[list[int]]:
    generations = [made.submit(*page) for page in pages]
    while made.busy:
        made.step()
    for generation in generations:
        assert generation.error is None
    return [generation.tokens for generation in generations]


def read(network: Any, pages: list[tuple[torch.Tensor, list[int], Rules]]) -> list[list[int]]:
    return [sequential.read(network, prompt, image, rules) for image, prompt, rules in pages]


def decoder(network: Any, plan: SlotPlan = PLAN, **options: Any) -> Decoder:
    return Decoder(network, list, plan, image=sequential.image_of(network), **options)


def test_recorded_steps_equal_generate_token_for_token(network: Any) -> None:
    notices: list[str] = []
    made = decoder(network, on_notice=notices.append)
    pages = pages_of(network, 18)
    assert said(made, pages) == read(network, pages)
    assert notices == []
    assert made._slots.graphs is not None and made._slots.graphs._graphs


def test_recorded_steps_that_gather_experts_equal_generate(network: Any) -> None:
    made = decoder(network, expert_code=experts.GATHERED, on_notice=pytest.fail)
    pages = pages_of(network, 6)
    assert said(made, pages) == read(network, pages)
    assert made._slots.graphs is not None and made._slots.graphs._graphs


def experts_of(network: Any) -> Experts:
    block = layers_of(network)[1].block
    assert isinstance(block, Experts)
    return block


@pytest.mark.parametrize("tokens", [1, 2, 4])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_the_codes_for_experts_agree_in_every_number_type(
    network: Any, dtype: torch.dtype, tokens: int
) -> None:
    block = experts_of(network.to(dtype))
    generator = torch.Generator("cuda").manual_seed(tokens)
    width = block.router.shape[1]
    inputs = torch.randn((tokens, width), device="cuda", generator=generator).to(dtype)
    shares = experts.shared_alone(block).expand(tokens, -1).contiguous()
    with torch.inference_mode():
        dense, gathered, selected = (torch.zeros_like(inputs) for _ in range(3))
        experts.dense(block, inputs, dense, shares)
        experts.gathered(block, inputs, gathered, shares.new_ones((tokens, block.shared)))
        experts.selected(block, inputs, selected)
    close = 1e-4 if dtype is torch.float32 else 2e-2
    for found in (gathered, selected):
        assert (found - dense).abs().max() <= close * dense.abs().max()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_router_in_half_precision_says_what_the_wide_one_says(
    network: Any, dtype: torch.dtype
) -> None:
    block = experts_of(network.to(dtype))
    assert block.narrow_router is not None
    assert experts._has_wide_product(torch.device("cuda", 0), dtype)
    generator = torch.Generator("cuda").manual_seed(3)
    width = block.router.shape[1]
    inputs = torch.randn((40, width), device="cuda", generator=generator).to(dtype)
    wide = torch.nn.functional.linear(inputs.float(), block.router).softmax(-1)
    torch.testing.assert_close(experts.likelihoods(block, inputs), wide, atol=1e-5, rtol=1e-4)


def test_plain_steps_equal_generate_token_for_token(network: Any) -> None:
    made = decoder(network)
    made._slots.graphs = None
    pages = pages_of(network, 12)
    assert said(made, pages) == read(network, pages)


def test_a_step_and_a_prompt_wait_for_the_device_in_no_place(network: Any) -> None:
    made = decoder(network.to(torch.bfloat16))  # in which there is a kernel for groups
    pages = pages_of(network, 8)
    said(made, pages)
    slots = made._slots
    some = [prompt_of(network, page) for page in pages[:2]]
    with torch.inference_mode():
        slots.prefill(0, some)
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            slots.step.take(8, 256)
            # Elsewhere a loop asks where the groups end.
            if experts.knows_groups(slots.step.tokens.device, torch.bfloat16):
                slots.prefill(0, some)
        finally:
            torch.cuda.set_sync_debug_mode("default")


def prompt_of(network: Any, page: tuple[torch.Tensor, list[int], Rules]) -> Prompt:
    features, ids, rules = page
    image = sequential.image_of(network)
    return Prompt(
        ids, rules, [place for place, token in enumerate(ids) if token == image], features
    )


def test_bfloat16_agrees_with_float32_as_far_as_its_digits_go(network: Any) -> None:
    logits = []
    prompt = prompt_of(network, pages_of(network, 1)[0])
    for dtype in (torch.float32, torch.bfloat16):
        slots = Slots(
            network.to(dtype), PLAN, device=torch.device("cuda"), dtype=dtype,
            on_notice=pytest.fail,
        )  # fmt: skip
        with torch.inference_mode():
            slots.cache.lay_out(1, 512, keep=0, used=0)
            slots.prefill(0, [prompt])
            slots.step.tokens[0] = 11
            hidden = slots.language.embed(slots.step.tokens[:1])
            hidden = slots.language.run(hidden, slots.step.fed(1, 512), slots.step.expert_code)
            logits.append(slots.language.scores(hidden))
    exact, rounded = logits
    assert (exact - rounded).abs().max() < 0.1 * exact.abs().max()
    assert torch.nn.functional.cosine_similarity(exact, rounded).item() > 0.99


@pytest.mark.skipif(not at_least((8, 0)), reason="the kernel that is told lengths needs Ampere")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("heads", [(10, 10, 128), (4, 2, 64)])
def test_the_kernel_that_is_told_lengths_is_right(
    heads: tuple[int, int, int], dtype: torch.dtype
) -> None:
    assert attention.has_kernel()
    assert attention.is_right(torch.device("cuda"), dtype, *heads)


@pytest.mark.skipif(not at_least((8, 0)), reason="the kernel that is told lengths needs Ampere")
def test_prompts_in_one_piece_attend_as_each_alone() -> None:
    lengths = (300, 1, 77)
    ends = torch.tensor([0, 300, 301, 378], dtype=torch.int32, device="cuda")
    states = torch.randn(3, 378, 10, 128, device="cuda").to(torch.bfloat16)
    together = attention.Prompts(lengths, ends)(0, *states)
    alone = attention.Prompts(lengths, None)(0, *states)
    assert (together.float() - alone.float()).abs().max() < 0.02 * alone.float().abs().max()


def test_running_out_of_real_memory_halves_the_slots_and_changes_no_page(network: Any) -> None:
    notices: list[str] = []
    pages = pages_of(network, 10)
    expected = read(network, pages)
    gc.collect()
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    used = torch.cuda.memory_reserved()
    plan = SlotPlan(1 << 21, 64, 8192, step=256, typical=8192, few_shapes=True)  # some gigabytes
    torch.cuda.set_per_process_memory_fraction((used + (1 << 30)) / total)
    try:
        made = decoder(network, plan, on_notice=notices.append)
        assert said(made, pages) == expected
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert any(notice.startswith("Out of memory with 64 slots") for notice in notices)


def test_the_plan_uses_the_free_memory_and_its_cache_can_be_given_back(network: Any) -> None:
    plan = plan_of(network, context=8192, max_slots=16)
    assert plan.few_shapes and plan.slots_at(8192) == 16
    gc.collect()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    made = decoder(network, plan)
    said(made, pages_of(network, 2))
    full = torch.cuda.memory_allocated()
    with torch.inference_mode():
        made._slots.free()
    assert full - before > 16 * 8192 * 100
    assert torch.cuda.memory_allocated() - before < (full - before) / 4


def test_pages_come_through_the_thread(network: Any) -> None:
    made = DecoderThread(
        SimpleNamespace(network=network), list, plan=PLAN, image=sequential.image_of(network)
    )
    try:
        pages = pages_of(network, 6)
        generations = [made.submit(*page) for page in pages]
        heard = [[token for some in one.follow() for token in some] for one in generations]
        assert heard == read(network, pages)
    finally:
        made.close()
