"""A model's finished answer: did it read the page, or did it run away (pure).

The page is the first witness: an answer that holds far more than its ink, or far less, is none of
it, whatever it says, and what repeats itself in as many rows as the page has is what the page says.
Where nobody counted the ink, or the answer is of another extent, it speaks for itself.

Sound pages repeat things too: blank forms, dotted leaders, tables of zeros, lists of similar
lines. What they repeat is filler, or each row has a label of its own; so filler is given more
room, and rows with labels break a repetition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from ocrd.engine.deepseek.text.repetition import runs
from ocrd.engine.deepseek.text.seen import BLOCK_START, TAG, as_read, has_content, visible
from ocrd.job import Ink
from ocrd.witness import extent, held_against

# In characters.
REPEATED_COPIES = 4  # after the first; PaddleX (repeat truncation) asks for five in all
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

# Of the page's ink.
LIKE_PAGE = (0.45, 1.75)  # times its characters: a text as long as the page's
MORE_ROWS, SPARE_ROWS = 1.5, 3  # an answer's rows to the page's, which may be counted in parts
FEWER_PIECES = 0.15  # of the page's rows: a paragraph is one piece, lines are as many
EMPTY_ROWS = 10
ROW_SHARE = 1e-4  # of a page, that the rule below an empty row takes at least
LETTER_SHARE_OF_PAGE = 1e-5  # that a small letter takes at least

_TICKED_CELL = re.compile(r"<t[dh]>\s?\S\s?</t[dh]>")
_TEXT_LABELS = frozenset({"text", "title", "sub_title", "table", "equation"})


def judge(text: str, *, finished: str, has_ink: bool, ink: Ink | None = None) -> str:
    """Return why the finished text cannot be trusted, as a sentence for a person; "" if it can.

    ``finished`` is why decoding ended: "eos" is the model's own end of the page. ``ink`` is what
    the page shows of its text, None where that was not counted or something else was asked for.
    """
    return (
        (_nothing_read(text) if has_ink else "")
        or _one_letter(text)
        or (_contradicted(text, ink) if ink else "")
        or ("" if ink and _repeats_the_page(text, ink) else _repeated(text))
        or _unfinished(finished)
    )


def _repeated(text: str) -> str:
    return _degenerate_table(text) or _repeated_text(text) or _repeated_lines(text)


def _contradicted(text: str, ink: Ink) -> str:
    """Say what the page holds against the extent of the text."""
    if doubt := held_against(ink, *extent(visible(text))):
        return doubt.message
    empty = sum(1 for rows in _tables(text) for row in rows if not any(row))
    drawn = empty * ROW_SHARE + ink.characters * LETTER_SHARE_OF_PAGE
    if empty >= EMPTY_ROWS and ink.share < drawn:
        return f"The model wrote {empty} empty rows of a table, and the page has no ink for them."
    return ""


def _repeats_the_page(text: str, ink: Ink) -> bool:
    """Say whether the text has about the rows and the characters that stand on the page."""
    seen = visible(text)
    rows, characters = extent(seen)
    pieces, _ = extent(seen.replace("\t", "\n"))
    least, most = LIKE_PAGE
    return (
        least * ink.characters <= characters <= most * ink.characters
        and rows <= MORE_ROWS * ink.rows + SPARE_ROWS
        and pieces >= FEWER_PIECES * ink.rows
    )


def _nothing_read(text: str) -> str:
    if visible(text):
        return ""
    labels = {
        found["label"] or found["bare"] or found["within"] for found in BLOCK_START.finditer(text)
    }
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
    for tag in TAG.finditer(text):
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
