"""Reads who a page is from squares on it, and writes down every page that it was given.

Options: ``journal``, the file with a line before and after each page; ``refuse``, the number of a
page that cannot be read (0: none). Text and two figures are on every page.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.errors import PageError
from ocrd.job import Recognition
from tests.engines import Scripted

SIDE = 400  # pixels and points: the pages that are read here are square
BITS, SQUARE, TOP = 32, 10, 20  # a row of squares, black for 1, the highest bit first
PAGE_BITS = 8  # of them the number of the page, the others that of the document

MARKUP = """<|ref|>title<|/ref|><|det|>[[100, 150, 900, 200]]<|/det|>
# Document {document}, page {page}

<|ref|>image<|/ref|><|det|>[[50, 250, 450, 450]]<|/det|>

<|ref|>text<|/ref|><|det|>[[100, 510, 900, 590]]<|/det|>
Between the figures of document {document}, page {page}.

<|ref|>image<|/ref|><|det|>[[500, 600, 900, 900]]<|/det|>

<|ref|>text<|/ref|><|det|>[[100, 910, 900, 990]]<|/det|>
End of document {document}, page {page}.
"""


def identity(image: bytes) -> tuple[int, int]:
    """Return the numbers of document and page that the squares say."""
    found = re.match(rb"P([56])\s+(\d+)\s+(\d+)\s+255\s", image)
    assert found is not None
    width, samples = int(found[2]), 1 if found[1] == b"5" else 3
    row = found.end() + (TOP + SQUARE // 2) * width * samples
    number = 0
    for bit in range(BITS):
        dark = image[row + (bit * SQUARE + SQUARE // 2) * samples] < 128
        number = number << 1 | dark
    return number >> PAGE_BITS, number & ((1 << PAGE_BITS) - 1)


class Journal(Scripted):
    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__({**settings, "options": {"longest_side": SIDE, **settings["options"]}})
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._journal = os.open(self.options["journal"], flags, 0o600)

    def answer(self, request: Recognise) -> Recognition:
        document, page = identity(Path(request.path).read_bytes())
        os.write(self._journal, f"begin {document} {page}\n".encode())
        if page == int(self.options.get("refuse", 0)):
            raise PageError("It is refused.", page=page)
        text = MARKUP.format(document=document, page=page)
        os.write(self._journal, f"end {document} {page}\n".encode())
        return Recognition((), width=SIDE, height=SIDE, seconds=0.001, form="markup", markup=text)


def load(settings: dict[str, Any]) -> Journal:
    return Journal(settings)
