"""Runaways: does a model still read the page, or does it only repeat itself (pure).

``Watch`` stops a page while it decodes, which saves the rest of the context; ``judge`` looks at
the finished text; ``ladder`` says what to try next.

Sound pages repeat things too: blank forms, dotted leaders, tables of zeros, lists of similar
lines. What they repeat is filler, or each row has a label of its own; so filler is given more
room, and rows with labels break a repetition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocrd.engine.deepseek.text.prompts import TD, TD_END, TR, TR_END, RepeatRule, repeat_rule
from ocrd.engine.deepseek.text.repetition import Periods, runs
from ocrd.tasks import Task

# While decoding, in tokens. The figures are ours: a page has about 800 tokens, a runaway 7000.
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

# Afterwards, in characters.
REPEATED_CHARACTERS = 500  # chandra looks at the last 500 characters
FILLER_CHARACTERS = 6000  # of dots, lines, zeros: forty ruled lines of a page are 4000
LONGEST_UNIT = 2000
SUFFIX_SHARE = 0.5  # PaddleX: a unit 5 times, over half the text
SUFFIX_LEAST = 120  # a short page may say one thing a few times
TABLE_CELLS = 60  # the rule of the degenerate table: one value in > 70 % of >= 60 cells
TABLE_SHARE = 0.7
MARK_LETTERS = 4  # "yes", "x", "OK", "n/a": ticks of a list, which tables are full of
MARK_SHARE = 0.95
MARK_CELLS = 400
LETTER_SHARE = 0.6  # the commonest letter of a language has a sixth of its texts
LETTER_LEAST = 30
LINE_LENGTH = 15
LINES_LEAST = 30
LINES_DIFFERENT = 3
LINES_SHARE = 0.7

STRICT = RepeatRule(15, 256)  # for retries: reaches loops that upstream's window of 90 cannot see
RETRY_TEMPERATURE = 0.2  # olmOCR's retries begin with 0.1, 0.1, 0.2, 0.3, 0.5
LAST_TEMPERATURE = 0.5
_OTHER_SIZE = {"gundam": "base", "base": "gundam", "large": "gundam", "small": "gundam",
               "tiny": "gundam"}  # fmt: skip

_TABLE_TOKENS = (TD, TD_END, TR, TR_END)
_BLOCK_START = re.compile(
    r"<\|ref\|>(?P<label>[^<]*)<\|/ref\|>|^(?P<bare>[a-z_]{1,30})(?=\[\[\d)", re.MULTILINE
)
_BOXES = re.compile(r"<\|det\|>[^<]*(?:<\|/det\|>)?|\[(?:\[[\d\s,.]{0,80}\][\s,]{0,4}){1,60}\]")
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15})\b[^<>]{0,200}>")
_TICKED_CELL = re.compile(r"<t[dh]>\s?\S\s?</t[dh]>")
_SPECIAL = re.compile(r"<[|｜][^<>]{0,40}[|｜]>")
_CONTENT = re.compile(r"[^\W0_]")  # a letter or a digit other than 0
_LETTER = re.compile(r"[^\W\d_]")
_TEXT_LABELS = frozenset({"text", "title", "sub_title", "table", "equation"})

# By period: how many tokens in a row must equal the one a period before.
_NEEDED = np.maximum(REPEATED_TOKENS, REPEATED_COPIES * np.arange(1, LONGEST_PERIOD + 1))

Decode = Callable[[Sequence[int]], str]


class Watch:
    """Looks at one page's tokens as they are generated.

    With ``decode`` filler (dots, lines, zeros, empty cells) is told from text and given more room;
    it is called only where something repeats.
    """

    def __init__(self, decode: Decode | None = None) -> None:
        self._decode = decode
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
        return self._periodic() or self._same_cells() or self._stale()

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
        if self._decode and not _LETTER.search(as_read(self._decode(recent[-BLOCK:]))):
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


def judge(text: str, *, finished: str, has_ink: bool) -> str:
    """Return why the finished text cannot be trusted, as a sentence for a person; "" if it can.

    ``finished`` is why decoding ended: "eos" is the model's own end of the page.
    """
    return (
        (_nothing_read(text) if has_ink else "")
        or _one_letter(text)
        or _degenerate_table(text)
        or _repeated_text(text)
        or _repeated_lines(text)
        or _unfinished(finished)
    )


def as_read(text: str) -> str:
    """Return the text without tags, a row to a line and a cell to a tab; boxes are kept.

    Boxes stay because they tell apart blocks that say the same.
    """
    return _TAG.sub(lambda tag: "\n" if tag["name"].lower() in {"tr", "table"} else "\t", text)


def visible(text: str) -> str:
    """Return what a person would see of the model's text: no labels, boxes, tags or tokens."""
    bare = _BOXES.sub(" ", _BLOCK_START.sub(" ", text))
    return _SPECIAL.sub(" ", as_read(bare)).strip()


def has_content(text: str) -> bool:
    """Say whether it holds more than filler: a letter, a digit other than 0, or a box."""
    return _CONTENT.search(visible(text)) is not None or _BOXES.search(text) is not None


def _nothing_read(text: str) -> str:
    if visible(text):
        return ""
    labels = {found["label"] or found["bare"] for found in _BLOCK_START.finditer(text)}
    if not labels:
        return "The model read nothing on a page that is not blank."
    if labels <= _TEXT_LABELS:
        return "The model found text on the page but read none of it."
    return ""


def _one_letter(text: str) -> str:
    ticked_off = _TICKED_CELL.sub(" ", text)  # tables are judged by cells
    letters = [letter for letter in visible(ticked_off) if not letter.isspace()]
    if len(letters) < LETTER_LEAST:
        return ""
    letter, count = Counter(letters).most_common(1)[0]
    if count <= LETTER_SHARE * len(letters) or not letter.isalpha():
        return ""
    return f"Of {len(letters)} characters that the model read, {count} are the letter {letter!r}."


def _degenerate_table(text: str) -> str:
    for rows in _tables(text):
        cells = [cell for row in rows for cell in row]
        values = Counter(filter(None, cells))
        if len(cells) < TABLE_CELLS or not values:
            continue
        value, count = values.most_common(1)[0]
        if count > TABLE_SHARE * len(cells) and not _may_fill(value, count, rows):
            shown = value if len(value) <= 40 else f"{value[:40]}…"
            return f"Of {len(cells)} cells of a table, {count} say “{shown}”."
    return ""


def _may_fill(value: str, count: int, rows: Sequence[Sequence[str]]) -> bool:
    """Say whether a sound table may be full of this value: a zero, a dash, a tick.

    Its rows then have labels of their own, or a head at least.
    """
    if len(re.sub(r"[\W0_]", "", value)) > MARK_LETTERS:
        return False
    if max(row.count(value) for row in rows) >= TABLE_CELLS:
        return False
    different = len({tuple(row) for row in rows})
    if 2 * different > len(rows):
        return True
    return count <= MARK_SHARE * sum(map(len, rows)) and count < MARK_CELLS


def _tables(text: str) -> Iterator[list[list[str]]]:
    """Yield the rows of each table, of HTML or of pipes; unclosed ones too."""
    table: list[list[str]] = []
    start: int | None = None  # where the open cell's text begins
    for tag in _TAG.finditer(text):
        name, is_end = tag["name"].lower(), bool(tag["end"])
        if name not in {"table", "tr", "td", "th"}:
            continue
        if start is not None:
            table[-1].append(_cell(text[start : tag.start()]))
            start = None
        if name == "table":
            yield table
            table = []
        elif name == "tr" and not is_end:
            table.append([])
        elif name in {"td", "th"} and not is_end:
            table = table or [[]]
            start = tag.end()
    yield table
    yield [
        [_cell(cell) for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.lstrip().startswith("|") and line.rstrip().endswith("|")
    ]


def _cell(markup: str) -> str:
    return " ".join(visible(markup).split())


def _repeated_text(text: str) -> str:
    """Look for one unit repeated for long anywhere, or over half of a shorter text."""
    read = as_read(text).strip()
    codes = np.frombuffer(read.encode("utf-32-le", "replace"), np.int32)
    for period in range(1, min(LONGEST_UNIT, len(codes) // (REPEATED_COPIES + 1)) + 1):
        copies = REPEATED_COPIES * period
        half = int(SUFFIX_SHARE * len(codes)) + 1
        suffix = max(half, SUFFIX_LEAST, copies + period) - period
        least = min(max(REPEATED_CHARACTERS, copies), suffix)
        for start, length in runs(codes, period, least):
            unit = read[start - period : start]
            if length >= FILLER_CHARACTERS or has_content(unit):
                shown = " ".join(visible(unit).split())[:40]
                times = length // period + 1
                return f"The model wrote “{shown}” {times} times in a row."
    return ""


def _repeated_lines(text: str) -> str:
    lines = [" ".join(line.split()) for line in as_read(text).splitlines()]
    long = [line for line in lines if len(line) >= LINE_LENGTH and has_content(line)]
    if len(long) < LINES_LEAST:
        return ""
    common = sum(count for _, count in Counter(long).most_common(LINES_DIFFERENT))
    if common <= LINES_SHARE * len(long):
        return ""
    return f"Of {len(long)} lines that the model read, {common} are the same few again and again."


def _unfinished(finished: str) -> str:
    if finished == "eos":
        return ""
    if finished in {"length", "context"}:
        return (
            "The model did not come to an end within its limit, so that the page's text may be"
            " incomplete or invented."
        )
    return "The page was not read to its end."


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of a page: what is asked, and how the answer is decoded."""

    task: Task
    repeat: RepeatRule
    temperature: float = 0.0


def ladder(kind: str, task: Task) -> tuple[Attempt, ...]:
    """Return the readings to try in turn until one is sound, the first as asked.

    The two ways of reading a whole page miss different things, so that free OCR is a rung for
    Markdown. What has no second prompt is only read again at a small temperature.
    """
    rule = repeat_rule(kind)
    first = Attempt(task, rule)
    if task.mode not in {"markdown", "text"}:
        return (
            first,
            replace(first, temperature=RETRY_TEMPERATURE),
            replace(first, temperature=LAST_TEMPERATURE),
        )
    strict = replace(first, repeat=STRICT)
    rungs = [first, strict]
    if kind == "deepseek-ocr":
        other = _OTHER_SIZE[task.size or "gundam"]
        rungs.append(replace(strict, task=replace(task, size=other)))
    if task.mode == "markdown":
        rungs.append(replace(strict, task=replace(task, mode="text")))
    rungs.append(replace(strict, temperature=RETRY_TEMPERATURE))
    return tuple(rungs)
