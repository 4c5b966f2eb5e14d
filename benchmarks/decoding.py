"""Pages decoded together, against one page at a time with Transformers' generate.

``python -m benchmarks.decoding`` takes a tiny random network on the processor: 64 pages, 5 to 600
tokens long, in slots, and prints decode steps and wall time as ratios, measured in one run. Both
sides feed the same embeddings and obey the same rule against repetition; the tokens are compared.
``--full-size`` takes the whole architecture of DeepSeek-OCR-2 with random weights in bfloat16 on a
GPU, images encoded too, at several numbers of slots, and names the share of the roofline: the
memory bandwidth that is measured first, over the bytes that a step has to read.
:mod:`benchmarks.gpu` asks a GPU much more, in nine minutes.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks import machine
from benchmarks.gpu import noise
from benchmarks.gpu.network import full_size
from benchmarks.gpu.traffic import traffic_of
from ocrd.engine.deepseek.slots.decoding import Decoder, Rules, SlotPlan, plan_of
from ocrd.engine.deepseek.text.prompts import BOS, EOS, IMAGE, REPEATABLE

KIND = "deepseek-ocr-2"
CONTEXT = 8192
TEXT = [201, 7, 33, 95, 412]  # a prompt's length of ids, behind the image
FULL_TILES = 6
DIFFERENT_IMAGES = 8  # of full size


@dataclass(frozen=True)
class Page:
    """A page of known length."""

    image: Any  # what the encoder takes
    prompt: list[int]
    rules: Rules
    guess: int  # of its length, as one can have it before reading


@dataclass(frozen=True)
class Run:
    """What one way of decoding took."""

    name: str
    seconds: float
    rounds: int
    tokens: list[list[int]]

    @property
    def count(self) -> int:
        """Return the tokens of all pages."""
        return sum(map(len, self.tokens))


def lengths_of(pages: int, median: int, most: int) -> list[int]:
    """Return lengths as books and letters have them: many middling, a few short, a few long."""
    chance = random.Random(1)
    return [max(5, min(most, round(median * chance.lognormvariate(0, 1.0)))) for _ in range(pages)]


def pages_of(
    lengths: Sequence[int], image: Callable[[int], Any], tiles: Sequence[int]
) -> list[Page]:
    """Return a page for each length; the number of its tiles comes from ``tiles`` in turn."""
    chance = random.Random(2)
    pages = []
    for number, length in enumerate(lengths):
        count = 257 + 144 * tiles[number % len(tiles)]
        # The ink on a page says about how much there is to read, within a third or so.
        guess = round(length * chance.uniform(0.67, 1.5))
        rules = Rules(length, ngram=20, window=90, exempt=REPEATABLE)
        pages.append(Page(image(count), [BOS, *[IMAGE] * count, *TEXT], rules, guess))
    return pages


def sequential(network: Any, pages: Sequence[Page], features: Callable[[Page], Any]) -> Run:
    """Decode page after page with generate."""
    from tests.sequential import read

    started = time.perf_counter()
    tokens = [read(network, page.prompt, features(page), page.rules) for page in pages]
    seconds = time.perf_counter() - started
    return Run("generate, one page at a time", seconds, sum(map(len, tokens)), tokens)


def together(
    name: str, network: Any, encode: Any, plan: SlotPlan, pages: Sequence[Page], *, guessed: bool
) -> Run:
    """Decode all pages with a decoder of this plan."""
    decoder = Decoder(network, encode, plan, on_notice=print)
    started = time.perf_counter()
    generations = [
        decoder.submit(page.image, page.prompt, page.rules, expected=page.guess if guessed else 0)
        for page in pages
    ]
    while decoder.busy:
        decoder.step()
    seconds = time.perf_counter() - started
    decoder.close()
    for generation in generations:
        if generation.error is not None:
            raise generation.error
    return Run(name, seconds, decoder.rounds, [generation.tokens for generation in generations])


def on_processor(count: int, slots: Sequence[int]) -> None:
    """Measure the tiny network."""
    from tests.sequential import network as tiny

    network = tiny(KIND, {EOS: 0.0})  # pages end where their length says
    text = network.config.text_config
    generator = torch.Generator().manual_seed(3)
    pages = pages_of(
        lengths_of(count, 120, 600),
        lambda tokens: torch.randn((tokens, text.hidden_size), generator=generator),
        range(FULL_TILES + 1),
    )
    machine.heading(f"Decoding {count} pages together, tiny network on the processor")
    sizes = sum(parameter.numel() for parameter in network.model.language_model.parameters())
    head = network.lm_head.weight.numel()
    print(
        f"  {text.num_hidden_layers} layers of width {text.hidden_size},"
        f" {text.n_routed_experts} experts, a vocabulary of {text.vocab_size};"
        f" {(sizes + head) / 1e6:.1f} M parameters, float32, threads: {torch.get_num_threads()}."
        "\n  Most of a step is the product with the vocabulary and the host's own overhead: what a"
        "\n  real model gains on a GPU is another matter."
    )
    half = len(pages) // 2
    runs: list[Run] = []
    # Half of it before and half after, so that a busy machine slows both sides alike.
    before = sequential(network, pages[:half], lambda page: page.image)
    for number in slots:
        plan = plan_of(network, context=CONTEXT, max_slots=number)
        for guessed in (False, True):
            order = "longest first by a guess" if guessed else "as they come"
            name = f"{number} slots, {order}"
            runs.append(together(name, network, list, plan, pages, guessed=guessed))
    after = sequential(network, pages[half:], lambda page: page.image)
    whole = Run(
        before.name,
        before.seconds + after.seconds,
        before.rounds + after.rounds,
        before.tokens + after.tokens,
    )
    report([whole, *runs], slots)


def report(runs: Sequence[Run], slots: Sequence[int]) -> None:
    """Print every run against the first, and its steps against the ideal packing."""
    first = runs[0]
    longest = max(map(len, first.tokens))
    print(f"  {first.count} tokens, the longest page {longest}; first tokens come with the prompt")
    print(f"  {'':40} {'seconds':>8} {'faster':>8} {'steps':>7} {'of ideal':>9} {'same':>7}")
    ideals = {number: max(-(-first.count // number), longest) for number in (1, *slots)}
    for run in runs:
        same = sum(a == b for a, b in zip(run.tokens, first.tokens, strict=True))
        number = 1 if run is first else int(run.name.split()[0])
        print(
            f"  {run.name:40} {run.seconds:8.1f} {first.seconds / run.seconds:7.1f}x"
            f" {run.rounds:7} {run.rounds / ideals[number]:8.2f}x {same:4}/{len(first.tokens)}"
        )


# The full architecture on a GPU


def full_pages(lengths: Sequence[int]) -> list[Page]:
    """Return pages of full size: some images, and to each page words of its own behind them.

    Pages that are alike choose the same experts, and reading these looks several times too cheap.
    """
    images = [noise.prepared(seed, FULL_TILES) for seed in range(DIFFERENT_IMAGES)]
    pages = []
    for number, length in enumerate(lengths):
        image = images[number % DIFFERENT_IMAGES]
        prompt = noise.prompt(number, image.tokens)
        rules = Rules(length, ngram=20, window=90, exempt=REPEATABLE)
        pages.append(Page(image, prompt, rules, length))
    return pages


def bandwidth(device: str) -> float:
    """Return the bytes a second that a large copy reads and writes."""
    block = torch.empty(2**30, dtype=torch.uint8, device=device)
    target = torch.empty_like(block)
    target.copy_(block)
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(20):
        target.copy_(block)
    torch.cuda.synchronize()
    return 40 * 2**30 / (time.perf_counter() - started)


def roofline(network: Any, slots: int, context: int, speed: float) -> float:
    """Return the tokens a second that reading weights and cache allows at the most."""
    return slots * speed / traffic_of(network).step(slots, slots * context)


def on_gpu(count: int, slots: Sequence[int], device: str, alone: int) -> None:
    """Measure the full architecture at several numbers of slots."""
    from ocrd.engine.deepseek.network.checkpoint import Model
    from ocrd.engine.deepseek.network.vision import encode

    machine.heading(f"Decoding pages together, full size, on {torch.cuda.get_device_name(device)}")
    speed = bandwidth(device)
    network = full_size(device)
    model = Model(KIND, "random", network, None, torch.device(device), torch.bfloat16)
    lengths = lengths_of(count, 640, 4000)
    pages = full_pages(lengths)
    mean = sum(lengths) / count
    print(
        f"  {count} pages of {FULL_TILES} tiles, {mean:.0f} tokens each on average; random weights"
        f" in bfloat16; memory copies {speed / 1e12:.2f} TB/s; torch {torch.__version__}"
    )

    def features(page: Page) -> torch.Tensor:
        return encode(model, [page.image])[0]

    sequential(network, pages[:1], features)  # warm
    one_by_one = sequential(network, pages[:alone], features)
    base = one_by_one.count / one_by_one.seconds
    print(f"  {'':28} {'pages/s':>8} {'tokens/s':>9} {'faster':>8} {'of roofline':>12}")
    print(f"  {one_by_one.name:28} {alone / one_by_one.seconds:8.2f} {base:9.0f} {1.0:7.1f}x")
    context = round(len(pages[0].prompt) + mean / 2)
    for number in slots:
        for code in ("dense", "grouped_mm"):
            some = pages if number > 1 else pages[:alone]
            plan = plan_of(network, context=CONTEXT, max_slots=number)
            decoder = Decoder(network, lambda some: encode(model, some), plan, expert_code=code,
                              on_notice=print)  # fmt: skip
            drain(decoder, some[: min(len(some), 2 * number)])  # records what is recorded once
            torch.cuda.synchronize()
            started = time.perf_counter()
            tokens = drain(decoder, some)
            seconds = time.perf_counter() - started
            share = tokens / seconds / roofline(network, number, context, speed)
            print(
                f"  {f'{number} slots, {code}':28} {len(some) / seconds:8.2f}"
                f" {tokens / seconds:9.0f} {tokens / seconds / base:7.1f}x {share:11.0%}",
                flush=True,
            )
            decoder.close()
            del decoder
            torch.cuda.empty_cache()


def drain(decoder: Decoder, pages: Sequence[Page]) -> int:
    """Decode pages and return how many tokens they have."""
    generations = [decoder.submit(page.image, page.prompt, page.rules) for page in pages]
    while decoder.busy:
        decoder.step()
    return sum(len(generation.tokens) for generation in generations)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full-size", action="store_true")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--pages", type=int, help="64; 256 with --full-size")
    parser.add_argument("--slots", type=int, nargs="+", help="16; 1 16 64 128 with --full-size")
    parser.add_argument(
        "--threads", type=int, default=1, help="of the processor; one is disturbed least by others"
    )
    parser.add_argument("--alone", type=int, default=6, help="pages for generate on a GPU")
    options = parser.parse_args()
    if options.full_size:
        slots = options.slots or (1, 16, 64, 128)
        on_gpu(options.pages or 256, slots, options.device, options.alone)
    else:
        torch.set_num_threads(options.threads)
        on_processor(options.pages or 64, options.slots or (16,))


if __name__ == "__main__":
    main()
