"""A page while it decodes: does the model still read it, or does it only repeat itself (pure).

Stopping a runaway early saves the rest of the context. Sound pages repeat things too: blank forms,
dotted leaders, tables of zeros. What they repeat is filler, and filler is given more room. Where
the page's ink was counted, text may repeat itself, too, until there is more of it than there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ocrd.engine.deepseek.text.prompts import TD, TD_END, TR, TR_END
from ocrd.engine.deepseek.text.repetition import Periods
from ocrd.engine.deepseek.text.seen import LETTER, as_read, has_content, visible
from ocrd.job import Ink
from ocrd.witness import extent, held_against

# In tokens. The figures are ours: a page has about 800 tokens, a runaway 7000.
BLOCK = 32  # looked at together
LONGEST_PERIOD = 400
REPEATED_TOKENS = 400
REPEATED_COPIES = 4  # copies after the first; PaddleX (repeat truncation) asks for five in all
PATIENCE = 4  # times as much filler may be repeated: a blank form has hundreds of empty cells
SAME_CELLS = 300  # one after the other
STALE_WINDOW = 1024
STALE_EVERY = 256
STALE_GRAMS = 40  # different 4-grams in the window; a list that counts its lines has twice as many
STALE_GRAM = 4
STALE_TABLE_SHARE = 0.25  # tables repeat their tags by nature and are judged by cells
FULL = 1.75  # times the characters that were counted on the page, which may be too few
FULL_OF_PIECES, SPARE_PIECES = 3, 15  # times the rows that were, some of which hold several cells

_TABLE_TOKENS = (TD, TD_END, TR, TR_END)

# By period: how many tokens in a row must equal the one a period before.
_NEEDED = np.maximum(REPEATED_TOKENS, REPEATED_COPIES * np.arange(1, LONGEST_PERIOD + 1))

Decode = Callable[[Sequence[int]], str]


class Watch:
    """Looks at one page's tokens as they are generated.

    With ``decode`` filler (dots, lines, zeros, empty cells) is told from text and given more room;
    without ``ink`` it is called only where something repeats. With ``ink``, which is what the page
    shows of its text, the watch knows when the page is full.
    """

    def __init__(self, decode: Decode | None = None, ink: Ink | None = None) -> None:
        self._decode = decode
        self._ink = ink if decode else None
        self._rows, self._pieces, self._characters = 0, 0, 0  # written, but for the last tokens
        self._unread: list[int] = []  # those last tokens
        self._waiting: list[int] = []
        self._recent: list[int] = []  # the last STALE_WINDOW tokens
        self._taken = 0
        self._periods = Periods(LONGEST_PERIOD)
        self._cells = _CellRun()
        self._reason = ""

    def take(self, tokens: Sequence[int]) -> str:
        """Take newly generated tokens; return why to stop now, "" to go on."""
        self._waiting.extend(tokens)
        while len(self._waiting) >= BLOCK and not self._reason:
            block, self._waiting = self._waiting[:BLOCK], self._waiting[BLOCK:]
            self._reason = self._look_at(block)
        return self._reason

    def _look_at(self, block: list[int]) -> str:
        self._recent = (self._recent + block)[-STALE_WINDOW:]
        self._taken += len(block)
        self._periods.take(np.array(block, np.int32))
        self._cells.take(block)
        if self._ink and self._decode:
            return self._past_the_page(block, self._ink, self._decode)
        return self._repeating()

    def _repeating(self) -> str:
        return self._periodic() or self._same_cells() or self._stale()

    def _past_the_page(self, block: list[int], ink: Ink, decode: Decode) -> str:
        """Say whether more is written than the page holds, or what repeats once it is full."""
        self._unread += block
        reason = self._repeating()
        if not reason and len(self._unread) < STALE_EVERY:
            return ""
        seen = visible(decode(self._unread))
        self._unread = []
        rows, characters = extent(seen)
        self._rows, self._characters = self._rows + rows, self._characters + characters
        self._pieces += extent(seen.replace("\t", "\n"))[0]
        doubt = held_against(ink, self._rows, self._characters)
        if doubt and doubt.code == "more-than-page":
            return doubt.message
        is_full = self._characters > FULL * ink.characters or (
            self._pieces > FULL_OF_PIECES * ink.rows + SPARE_PIECES
        )
        return reason if is_full or (reason and not self._says_something(decode)) else ""

    def _says_something(self, decode: Decode) -> bool:
        """Say whether there is more than filler in what was written last."""
        _, characters = extent(visible(decode(self._recent)))
        return characters > 0

    def _periodic(self) -> str:
        matched = self._periods.matched
        enough = np.flatnonzero(matched >= _NEEDED)
        if not len(enough):
            return ""
        period = int(enough[0]) + 1
        count = int(matched[period - 1])
        if self._is_filler(self._recent[-period:]) and count < PATIENCE * _NEEDED[period - 1]:
            return ""
        return f"The model wrote the same {period} tokens {count // period + 1} times in a row."

    def _same_cells(self) -> str:
        if self._cells.count < SAME_CELLS:
            return ""
        patience = PATIENCE if self._is_filler(self._cells.value) else 1
        if self._cells.count < SAME_CELLS * patience:
            return ""
        return f"The model filled {self._cells.count} cells of a table with one value."

    def _stale(self) -> str:
        """Say whether little new came for long, even if it does not repeat exactly.

        The no-repeat rule turns short loops into loops with small variations.
        """
        if self._taken % STALE_EVERY or self._taken < STALE_WINDOW:
            return ""
        recent = self._recent
        grams = set(zip(*(recent[start:] for start in range(STALE_GRAM)), strict=False))
        if len(grams) > STALE_GRAMS:
            return ""
        if sum(map(recent.count, _TABLE_TOKENS)) > STALE_TABLE_SHARE * len(recent):
            return ""
        if self._decode and not LETTER.search(as_read(self._decode(recent[-BLOCK:]))):
            return ""
        return f"The last {len(recent)} tokens of the model are variations of a few."

    def _is_filler(self, tokens: Sequence[int]) -> bool:
        if all(token in _TABLE_TOKENS for token in tokens):
            return True
        return self._decode is not None and not has_content(self._decode(tokens))


class _CellRun:
    """How many cells with one value came in a row; rows may break anywhere."""

    def __init__(self) -> None:
        self.count = 0
        self.value: tuple[int, ...] = ()
        self._open: list[int] | None = None

    def take(self, tokens: Sequence[int]) -> None:
        if self._open is None and TD not in tokens:
            return
        for token in tokens:
            if token == TD:
                self._open = []
            elif token == TD_END and self._open is not None:
                value, self._open = tuple(self._open), None
                self.count = self.count + 1 if value == self.value else 1
                self.value = value
            elif self._open is not None:
                self._open.append(token)
