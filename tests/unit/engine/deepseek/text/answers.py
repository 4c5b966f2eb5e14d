"""Answers of a model, as its tokens come and as a whole."""

from __future__ import annotations

import re

from ocrd.engine.deepseek.text.prompts import DET, DET_END, REF, REF_END, TD, TD_END, TR, TR_END
from ocrd.engine.deepseek.text.watch import Watch
from tests.unit.soundpages import SOUND_PAGES, grounded, html, prose

SPECIAL = {
    "<td>": TD, "</td>": TD_END, "<tr>": TR, "</tr>": TR_END,
    "<|ref|>": REF, "<|/ref|>": REF_END, "<|det|>": DET, "<|/det|>": DET_END,
}  # fmt: skip
PLAIN = SOUND_PAGES["plain_page"]


class Vocabulary:
    """A tokenizer like the models': tags, short words, up to three digits, single signs."""

    def __init__(self) -> None:
        self._ids = dict(SPECIAL)
        self._pieces = {number: piece for piece, number in SPECIAL.items()}

    def encode(self, text: str) -> list[int]:
        return [
            self._id(piece)
            for piece in re.findall(r"<\|?/?\w+\|?>|\d{1,3}|[^\W\d]{1,6}|\s|[^\w\s]", text)
        ]

    def decode(self, ids: list[int] | tuple[int, ...]) -> str:
        return "".join(self._pieces[number] for number in ids)

    def _id(self, piece: str) -> int:
        if piece not in self._ids:
            self._ids[piece] = 100 + len(self._ids)
            self._pieces[self._ids[piece]] = piece
        return self._ids[piece]


def watched(text: str) -> tuple[str, int]:
    """Return why a watch stops this text, and how many tokens it let pass before."""
    words = Vocabulary()
    watch = Watch(lambda ids: words.decode(list(ids)))
    ids = words.encode(text)
    for number, token in enumerate(ids, start=1):
        if reason := watch.take([token]):
            return reason, number
    return "", len(ids)


LOOPS = {
    "a word": "tide " * 2000,
    "a letter": "A" * 12000,
    "a spaced letter": "l " * 3000,
    "a sentence": "The boat was written into the book. " * 300,
    "a paragraph": (prose(70, 3) + "\n") * 20,
    "a list's line": "- nobody leaves without a receipt\n" * 200,
    "a numbered digit": "7 1 " * 1000,
    "a cell": "<table><tr>" + "<td>Timber</td>" * 1500,
    "rows of a cell": html([["48.20"] * 6] * 200),
    "a row": html([["Timber, sawn", "12 m", "100.80"]] * 150),
    "a block in one place": grounded("text", "The harbour office", 100, 200) * 100,
    "TeX": "\\[ \\frac{a}{b} + \\frac{a}{b} \\]\n" * 150,
    "far east": "潮が満ちる前に帳簿に記入される。" * 200,
}  # fmt: skip
