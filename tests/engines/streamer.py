"""Writes a text word by word, as a model its tokens: each word is one, with a probability.

Options: ``capacity`` (1); ``text``, what it reads on every page; ``delay``, in seconds before each
word (0); ``again``, how many words it writes and takes back before it begins anew (0: none);
``first``, another text that it writes and takes back before;
``confidence``, of each word (0.9; the last one has ``least``, 0.5). A task's ``max_tokens`` and
``stop`` are honoured. With ``lines`` the answer is lines of text and not a model's markup.
``die_after``: ends its process after so many words, unless the folder ``once`` says that it did.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.engine.telling import Telling, teller
from ocrd.job import Line, Piece, Recognition
from tests.engines import Progress, Scripted, quad

TEXT = "# A heading\n\nFour words in all, and then ten more in a paragraph of its own.\n"
PROMPT_TOKENS = 273


class Streamer(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        telling = teller(progress)
        words = re.findall(r"\s*\S+\s*", str(self.options.get("text", TEXT)))
        if first := self.options.get("first"):
            self._write(re.findall(r"\s*\S+\s*", str(first)), request, telling)
            telling.restart()
        if again := int(self.options.get("again", 0)):
            self._write(words[:again], request, telling)
            telling.restart()
        written, finish = self._write(words, request, telling)
        text = "".join(written)
        likely, least = (float(self.options.get(*one)) for one in (CONFIDENCE, LEAST))
        shares = [*[likely] * (len(written) - 1), least][: len(written)]
        answer = Recognition(
            (), 1000, 1414, seconds=0.001, form="markup", markup=text,
            tokens=len(written), prompt_tokens=PROMPT_TOKENS, finish=finish,
            confidence=sum(shares) / len(shares) if shares else None,
            least=min(shares, default=None),
            pieces=tuple(map(Piece, written, shares)) if request.pieces else (),
        )  # fmt: skip
        return self._as_lines(answer) if self.options.get("lines") else answer

    def _write(
        self, words: list[str], request: Recognise, telling: Telling
    ) -> tuple[list[str], str]:
        """Return what was written, and why it ended."""
        decoding = request.task.decoding
        written: list[str] = []
        for word in words:
            if len(written) == decoding.max_tokens:
                return written, "length"
            if any(stop in word for stop in decoding.stop):
                return written, "stop"
            time.sleep(float(self.options.get("delay", 0)))
            written.append(word)
            telling(len(written))
            telling.text(word)
            if len(written) == self.options.get("die_after"):
                self._die_once()
        return written, "stop"

    def _die_once(self) -> None:
        died = Path(self.options["once"], "died")
        if not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def _as_lines(answer: Recognition) -> Recognition:
        some = [line for line in answer.markup.splitlines() if line.strip()]
        lines = tuple(Line(line, 0.9, quad(place)) for place, line in enumerate(some))
        return Recognition(
            lines, answer.width, answer.height, seconds=answer.seconds, estimated=True,
            tokens=len(answer.markup) // 4, confidence=answer.confidence, least=answer.least,
        )  # fmt: skip


CONFIDENCE, LEAST = ("confidence", 0.9), ("least", 0.5)  # options with what they are else


def load(settings: dict[str, Any]) -> Streamer:
    return Streamer(settings)
