"""What may be wrong with a page's text without being an error: the vocabulary, and the rule (pure).

**A page with ink either gives its text, or says that it does not.** Whoever notices something
(the drawing, the engine, the page's own ink) names it by one of these codes; here alone it is
decided what they make of a page: whether it is read, doubtful or failed, and which share of it gave
no text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ocrd import witness
from ocrd.job import (
    Block,
    Doubt,
    Ink,
    Job,
    JobState,
    Line,
    PageImage,
    PageRead,
    PageStatus,
    Recognition,
)

CODES = {
    "unknown-script": "the page is in letters that the engine does not have",
    "no-text": "there is ink on the page, and no text came of it",
    "unread-lines": "lines were found and not read",
    "unknown-signs": "lines hold signs that the engine does not have",
    "less-than-page": "far less text came than there is ink for",
    "more-than-page": "more text came than the page can hold",
    "runaway": "the model did not come to a sound end",
    "not-drawn": "content of the source was not drawn",
    "drawings-differ": "two programs draw the page differently",
    "uncertain-lines": "lines were read with a score under the limit",
    "struck-out": "text is struck out, looks handwritten, or lies under a stamp",
    "low-confidence": "the engine is less sure of the page than its confidence_floor asks",
}

# Of a line.
LINES = {
    "unread": "found, and not read",  # no text, or one that is under the engine's limit
    "signs": "holds signs that the engine does not have",  # they stand as REPLACEMENT in its text
    "uncertain": "read with a score under the limit",
    "struck-out": "struck out",
    "handwritten": "looks handwritten",
    "covered": "lies under a stamp or another mark",
}

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # stands for a sign that could not be read

TOLERANCE = 0.2  # share of a page that may give no text before the page counts as not read
WHOLE_LINE = 4.0  # heights of a line from which a box is as much as any other: a shorter one is
# a cell or a scrap, a logo that was taken for text

_OF_PAGE = {
    "unread": "unread-lines", "signs": "unknown-signs", "uncertain": "uncertain-lines",
    "struck-out": "struck-out", "handwritten": "struck-out", "covered": "struck-out",
}  # fmt: skip
_SAID = {  # of one line, of several
    "unread": ("was found and not read", "were found and not read"),
    "signs": ("holds signs that could not be read", "hold signs that could not be read"),
    "uncertain": ("was read with a score under the limit", "were read with a score under it"),
    "struck-out": ("is struck out", "are struck out"),
    "handwritten": ("looks handwritten", "look handwritten"),
    "covered": ("lies under a stamp or another mark", "lie under a stamp or another mark"),
}
_OF_LINES = frozenset({"unread-lines", "unknown-signs", "uncertain-lines", "struck-out"})
_READING = frozenset({"markdown", "text"})  # modes in which the text is the page's own
_GRAM = 3  # words: a text that says three of them again in this order repeats itself
_CONTENT = re.compile(r"[^\W_]")  # a letter or a digit


def judge(
    image: PageImage,
    answer: Recognition,
    blocks: Sequence[Block],
    mode: str = "markdown",
    *,
    floor: float = 0.0,
) -> tuple[PageStatus, tuple[Doubt, ...]]:
    """Say what a page is that was shown to an engine, and why it is not sure, the gravest first.

    ``blocks`` are what the engine's answer was made into; ``floor`` is the mean confidence that a
    page is to have.
    """
    found = [*image.doubts, *_of_lines(_rows(answer, blocks), image.ink)]
    shows_text = image.ink is None or image.ink.rows > 0  # what nobody counted may be text
    if has_text(blocks):
        found += _held_against(image.ink, blocks) if mode in _READING else []
    elif mode != "locate":  # there, finding nothing is an answer
        found.append(_without_text(answer, image.ink))
    if answer.script:
        share = 0.0 if has_text(blocks) else 1.0  # else its lines say what was lost
        found.append(Doubt("unknown-script", answer.script, share))
    if answer.doubt:
        found.append(Doubt("runaway", answer.doubt, _missing(image.ink, blocks)))
    if answer.confidence is not None and answer.confidence < floor:
        message = f"the engine gives the page {answer.confidence:.2f}, where {floor:g} is asked for"
        found.append(Doubt("low-confidence", message))
    order = {code: place for place, code in enumerate(CODES)}
    found.sort(key=lambda doubt: (-doubt.share, order.get(doubt.code, len(order))))
    if answer.doubt and shows_text and not any(map(_has_content, blocks)):
        return PageStatus.FAILED, tuple(found)
    return (PageStatus.DOUBTFUL if found else PageStatus.READ), tuple(found)


def judge_blank(image: PageImage) -> tuple[PageStatus, tuple[Doubt, ...]]:
    """Say what a page is on which nothing is seen: blank, if all of it was drawn."""
    return (PageStatus.DOUBTFUL if image.doubts else PageStatus.BLANK), image.doubts


def lost(some: Iterable[Doubt]) -> float:
    """Return the share of a page's lines, or of its ink if that is more, that gave no text."""
    some = list(some)
    # Each line has one doubt: what they cost adds up. The others tell of the same ink.
    of_lines = math.fsum(doubt.share for doubt in some if doubt.code in _OF_LINES)
    others = (doubt.share for doubt in some if doubt.code not in _OF_LINES)
    return min(max([of_lines, *others]), 1.0)


def is_unread(page: PageRead, tolerance: float = TOLERANCE) -> bool:
    """Say whether a page counts as one that was not read; ``tolerance`` is the folder's."""
    if page.status is PageStatus.DOUBTFUL:
        return lost(page.doubts) > tolerance + 1e-9  # one line of five is a fifth, as floats too
    return page.status is PageStatus.FAILED


def told(some: Iterable[Doubt]) -> str:
    """Return the doubts in one line, without a full stop."""
    return "; ".join(dict.fromkeys(" ".join(doubt.message.split()).rstrip(".") for doubt in some))


def state_of(*, unread: int, doubtful: int) -> str:
    """Return what a document is that is done, by how many of its pages are not read, or doubtful.

    One of which too many are not read is "failed": that is the verdict's to say.
    """
    return "partial" if unread else "done with doubts" if doubtful else "done"


def outcome_of(job: Job) -> str:
    """Return what a document came to: its state, and of one that is done with what doubts."""
    if job.state is not JobState.DONE:
        return job.state.value
    return state_of(unread=job.pages_failed, doubtful=job.pages_doubtful)


# Lines and blocks


def is_read(line: Line) -> bool:
    """Say whether a line has a text to show; one that was only found has at most a guess."""
    return line.doubt != "unread" and bool(line.text.strip())


def of_line(line: Line) -> str:
    """Return why a line's text is not sure, one of LINES; "" if it is."""
    if not is_read(line):
        return "unread"
    if not line.doubt:
        return "signs" if REPLACEMENT in line.text else ""
    return line.doubt if line.doubt in LINES else "uncertain"  # an engine module's own word


def of_block(lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the doubts of the lines that a block was made of, each once, in LINES' order."""
    words = {of_line(line) for line in lines}
    return tuple(word for word in LINES if word in words)


def marked(block: Block) -> Block:
    """Return a model's block with the doubt that its text tells of itself."""
    if REPLACEMENT in block.text and "signs" not in block.doubts:
        return replace(block, doubts=(*block.doubts, "signs"))
    return block


def has_text(blocks: Iterable[Block]) -> bool:
    """Say whether anything was read: a figure, or marks for what was not read, are no text."""
    return any(block.text.replace(REPLACEMENT, "").strip() for block in blocks)


# What the lines say


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the page as it is counted."""

    text: str
    doubt: str = ""
    weight: float = 1.0  # of a whole line

    @property
    def is_lost(self) -> bool:
        """Say whether it gave no text: none, or more marks than signs."""
        signs = "".join(self.text.split())
        return self.doubt == "unread" or 2 * signs.count(REPLACEMENT) >= len(signs)


def _rows(answer: Recognition, blocks: Sequence[Block]) -> list[_Row]:
    if answer.form == "lines":
        return [_Row(line.text, of_line(line), _weight(line)) for line in answer.lines]
    return [
        _Row(text, "signs" if REPLACEMENT in text else "")
        for block in blocks
        for text in _texts(block)
        if text.strip()
    ]


def _texts(block: Block) -> list[str]:
    if block.table:
        return [cell.text for row in block.table for cell in row]
    return block.text.splitlines()


def _lines_of(block: Block) -> list[str]:
    """Return a block's text as it stands on the page: the cells of a row beside each other."""
    if block.table:
        return ["  ".join(cell.text for cell in row) for row in block.table]
    return block.text.splitlines()


def _weight(line: Line) -> float:
    """Return how much of a line a box is, by how many signs it has room for."""
    across, down = math.dist(*line.quad[:2]), math.dist(*line.quad[1:3])
    return min(max(across, down, 1.0) / (WHOLE_LINE * max(min(across, down), 1.0)), 1.0)


def _of_lines(rows: Sequence[_Row], ink: Ink | None) -> list[Doubt]:
    """Return a doubt for each kind of lines that are not sure.

    Where no line of text stands on the page by its ink, boxes are of a picture, and cost nothing.
    """
    whole = math.fsum(row.weight for row in rows)
    found = []
    for word, code in _OF_PAGE.items():
        some = [row for row in rows if row.doubt == word]
        if not some:
            continue
        share = math.fsum(row.weight for row in some if row.is_lost) / whole
        one, many = _SAID[word]
        message = f"{len(some)} of {len(rows)} lines {one if len(some) == 1 else many}"
        found.append(Doubt(code, message, 0.0 if ink and ink.rows == 0 else round(share, 4)))
    return found


# What the text as a whole says


def _without_text(answer: Recognition, ink: Ink | None) -> Doubt:
    """Return the doubt about a page that gave nothing: all is lost if it shows text by its ink.

    What nobody counted may be text.
    """
    is_text = ink is None or witness.shows_text(ink)
    message = CODES["no-text"]
    if not is_text and not answer.lines:
        message = "no text came of the page; what stands on it looks like a picture"
    return Doubt("no-text", message, float(is_text))


def _held_against(ink: Ink | None, blocks: Sequence[Block]) -> list[Doubt]:
    """Return what the page itself says to the extent of its text."""
    text = "\n".join(text for block in blocks for text in _lines_of(block))
    doubt = witness.held_against(ink, *witness.extent(text)) if ink else None
    return [doubt] if doubt else []


def _missing(ink: Ink | None, blocks: Sequence[Block]) -> float:
    """Return the share of the page's ink that no text came of, told twice counting once.

    What nobody counted is taken as missing.
    """
    if ink is None:
        return 1.0
    if not (ink.rows and ink.characters):
        return 0.0
    _, characters = witness.extent(" ".join(_said(blocks)))
    return round(max(0.0, 1.0 - characters / ink.characters), 4)


def _said(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield a text's words without those that it says again and again."""
    seen: set[tuple[str, ...]] = set()
    last = ("",) * _GRAM
    for word in (word for block in blocks for text in _texts(block) for word in text.split()):
        last = (*last[1:], word)
        if last not in seen:
            seen.add(last)
            yield word


def _has_content(block: Block) -> bool:
    return any(_CONTENT.search(text) for text in _texts(block))
