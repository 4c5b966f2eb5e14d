"""The last layers: few characters first, all where a column shows another one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import networks, weights
from ocrd.engine.rapidocr.heads import EVIDENCE, Head, Heads

Reals = NDArray[np.float32]
ALL = ("blank", "a", "子", "l", "b", " ")
FEW = np.array([0, 1, 3, 4, 5])


class Layers:
    """Two last layers; a column's features are the logits of all characters."""

    def __init__(self) -> None:
        self.asked: list[int] = []  # columns that were compared with all
        few = Head(self._few, [ALL[place] for place in FEW], FEW)
        self.heads = Heads(few, Head(self._all, ALL, np.arange(len(ALL))))

    @staticmethod
    def _said(logits: Reals) -> tuple[Reals, Reals]:
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True), logits.max(axis=1)

    def _few(self, features: Reals) -> tuple[Reals, Reals]:
        return self._said(features[:, FEW])

    def _all(self, features: Reals) -> tuple[Reals, Reals]:
        self.asked.append(len(features))
        return self._said(features)


def column(**logits: float) -> list[float]:
    return [logits.get(character, 0.0) for character in ALL]


def test_columns_that_show_what_the_few_have_are_not_compared_with_all() -> None:
    layers = Layers()
    said, speller = layers.heads.said(np.array([column(a=20), column(b=14)], np.float32))
    assert layers.asked == []
    assert speller.characters[said[1].argmax()] == "b"
    assert said.shape == (2, len(FEW))


def test_only_doubtful_columns_are_compared_with_all() -> None:
    layers = Layers()
    features = np.array([column(a=20), column(b=EVIDENCE - 1, 子=EVIDENCE - 2)], np.float32)
    said, speller = layers.heads.said(features)
    assert layers.asked == [1]
    assert speller.characters[said[1].argmax()] == "b"
    assert said[1].sum() == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01), "the rest is 子's"


@pytest.mark.parametrize(("logit", "asked"), [(12.0, []), (11.75, [1])])
def test_columns_with_enough_evidence_are_not_doubtful(logit: float, asked: list[int]) -> None:
    layers = Layers()
    layers.heads.said(np.array([column(a=20), column(b=logit)], np.float32))
    assert layers.asked == asked


def test_a_line_with_another_character_is_compared_with_all_as_a_whole() -> None:
    layers = Layers()
    features = np.array([column(a=20), column(b=3, 子=18), column(a=20)], np.float32)
    said, speller = layers.heads.said(features)
    assert layers.asked == [1, 3]
    assert [speller.characters[place] for place in said.argmax(axis=1)] == ["a", "子", "a"]


def test_a_line_of_other_characters_is_compared_with_all_once() -> None:
    layers = Layers()
    _, speller = layers.heads.said(np.array([column(子=18)] * 3, np.float32))
    assert layers.asked == [3]
    assert speller.characters is ALL


def written(text: str) -> NDArray[np.uint8]:
    font = ImageFont.load_default(40)
    strip = Image.new("RGB", (420, 56), "white")
    ImageDraw.Draw(strip).text((8, 4), text, fill="black", font=font)
    return np.asarray(strip)


def chinese(text: str) -> NDArray[np.uint8]:
    """Return characters that are boxes and bars, for which no font is needed."""
    strip = Image.new("RGB", (20 + 48 * len(text), 56), "white")
    draw = ImageDraw.Draw(strip)

    def bar(*ends: float) -> None:
        draw.line(ends, fill="black", width=3)

    for place, character in enumerate(text):
        left, right = 10 + 48 * place, 50 + 48 * place
        if character in "日目":
            left, right = left + 6, right - 6
        levels = {"田": (0, 0.5, 1), "日": (0, 0.5, 1), "目": (0, 1 / 3, 2 / 3, 1)}
        for share in levels.get(character, (0, 0.5, 1)):
            bar(left, 8 + 40 * share, right, 8 + 40 * share)
        if character != "王":
            bar(left, 8, left, 48)
            bar(right, 8, right, 48)
        if character in "田王":
            bar((left + right) / 2, 8, (left + right) / 2, 48)
    return np.asarray(strip)


@pytest.mark.parametrize("dtype", ["float32", "auto"])
def test_the_real_ones_read_both(dtype: str) -> None:
    reader = networks.recogniser(weights.for_lines(dtype), 1)
    assert reader.read(written("Gutter and gable"))[0] == "Gutter and gable"
    assert reader.read(chinese("田目日王田"))[0] == "田目日王田"
    assert reader.read(chinese("王田目"))[0] == "王田目"


def test_both_have_the_characters_of_the_wheels_network() -> None:
    few, all_ = (networks._head(path, 1) for path in weights.heads())
    assert len(all_.characters) == 18_710
    assert (all_.characters[0], all_.characters[-1]) == ("blank", " ")
    assert [all_.characters[place] for place in few.columns] == list(few.characters)
    assert {"é", "ß", "Ω", "→", "€", " "} <= set(few.characters)
    assert not {"子", "あ", "，"} & set(few.characters)
