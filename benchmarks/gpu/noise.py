"""Pages and texts of noise, each from a seed of its own.

No two are alike: pages that were would choose the same experts, and reading these would look
several times too cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.gpu.scale import CONTEXT, KIND
from ocrd.engine.deepseek.network import preprocessing
from ocrd.engine.deepseek.slots.generation import Rules
from ocrd.engine.deepseek.text.prompts import BOS, IMAGE, REPEATABLE, repeat_rule

# Ids that are plain words in the real tokenizer; the special ones lie beyond.
FIRST_ID, LAST_ID = 1000, 100_000
TEXT_TOKENS = 5  # of a prompt, behind the image
# Sides of a page that is cut into so many tiles.
_SIDES = {0: (700, 700), 2: (768, 1536), 6: (1536, 2304)}


def page(seed: int, width: int, height: int) -> Image.Image:
    """Return a grey page of patches with a grain, its own contrast and patch size."""
    chance = np.random.default_rng(seed)
    patch = int(chance.integers(16, 97))
    contrast = int(chance.integers(96, 193))
    rows, columns = -(-height // patch), -(-width // patch)
    coarse = chance.integers(0, contrast, (rows, columns), np.uint8).repeat(patch, 0)
    pixels = coarse.repeat(patch, 1)[:height, :width]
    return Image.fromarray(pixels + chance.integers(0, 63, (height, width), np.uint8))


def prepared(seed: int, tiles: int) -> Any:
    """Return a page as the encoder takes it, cut into so many tiles."""
    found = preprocessing.prepare(page(seed, *_SIDES[tiles]), preprocessing.view_spec(KIND))
    assert len(found.tiles) == tiles
    return found


def words(seed: int, count: int) -> list[int]:
    """Return random token ids, BOS first."""
    chance = np.random.default_rng(seed)
    return [BOS, *map(int, chance.integers(FIRST_ID, LAST_ID, count - 1))]


def prompt(seed: int, image_tokens: int) -> list[int]:
    """Return a page's prompt: BOS, the image's tokens, and a text of its own."""
    first, *text = words(seed, 1 + TEXT_TOKENS)
    return [first, *[IMAGE] * image_tokens, *text]


def places(ids: Sequence[int]) -> list[int]:
    """Return where the image's tokens stand in a prompt."""
    return [place for place, token in enumerate(ids) if token == IMAGE]


def rules(tokens: int) -> Rules:
    """Return the model's rules, for so many tokens at most."""
    rule = repeat_rule(KIND)
    return Rules(min(tokens, CONTEXT), rule.ngram, rule.window, exempt=REPEATABLE)
