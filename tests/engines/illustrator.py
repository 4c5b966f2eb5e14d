"""Finds a title, a text and two figures on every page, whatever its ink says of that.

``options.refuse`` is the number of a page that it cannot read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.errors import PageError
from ocrd.job import Recognition
from tests.engines import Scripted

# Boxes in thousandths of the page, as DeepSeek-OCR gives them.
MARKUP = """<|ref|>title<|/ref|><|det|>[[100, 50, 900, 100]]<|/det|>
# An illustrated page

<|ref|>image<|/ref|><|det|>[[0, 200, 499, 499]]<|/det|>

<|ref|>text<|/ref|><|det|>[[100, 510, 900, 590]]<|/det|>
Between the figures.

<|ref|>image<|/ref|><|det|>[[500, 600, 999, 999]]<|/det|>
"""


class Illustrator(Scripted):
    def answer(self, request: Recognise) -> Recognition:
        if Path(request.path).stem.endswith(f"-{self.options.get('refuse', 0)}"):
            raise PageError("It is all colours.")
        with Path(request.path).open("rb") as image:  # PGM or PPM: the size is in the header
            found = re.match(rb"P[56]\s+(\d+)\s+(\d+)\s", image.read(64))
        assert found is not None
        return Recognition(
            (), width=int(found[1]), height=int(found[2]), seconds=0.001, form="markup",
            markup=str(self.options.get("markup", MARKUP)),
        )


def load(settings: dict[str, Any]) -> Illustrator:
    return Illustrator(settings)
