"""Score footnotes: whether the mark in the text and the one at the note are there, and one form.

Digits, letters and signs that are raised, digits in brackets, marks in the cells of tables, in the
text and at the foot; and what is raised and no mark: m², 10⁶, 2nd, 1er. Eight pages of each kind,
set from numbers, half of them turned and noisy; eight more (``--heldout``), in other type and
languages and with other sizes of marks, nobody tunes on. A raised mark counts if it is written as
one, at its word; a note if a text of its own begins with its mark. ``--pages`` prints every page.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import fuzz

from benchmarks.machine import heading
from benchmarks.quality import halves
from benchmarks.quality.documents import CACHE
from benchmarks.quality.notes_words import NOTES, POWERS, ROWS, SENTENCES
from benchmarks.quality.printing import Print, draw

ALIKE = 85  # per cent from which two texts are one
WORD = 0.6  # of a word's letters, before its mark, that were read
LANGUAGES = (("en", "de", "fr"), ("es", "pl", "it"))  # of the halves
# How marks are raised: by Typst, by Word, by TeX, by a typewriter; others in the half held back.
_RAISED = (
    ("size: 0.6em, baseline: -0.5em", "size: 0.62em, baseline: -0.33em",
     "size: 0.7em, baseline: -0.36em"),
    ("size: 0.65em, baseline: -0.4em", "size: 0.58em, baseline: -0.4em",
     "size: 0.7em, baseline: -0.42em"),
)  # fmt: skip
_RAISES = str.maketrans("0123456789abcdefg)", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍ⁾")
_PAGE = (
    '#set page(width: 15cm, height: 20cm, margin: 1.8cm)\n'
    '#set text(font: "{font}", lang: "{language}", size: {size}pt)\n'
    "#set par(justify: {justify}, leading: 0.7em)\n"
    "#let up(it) = super(typographic: false, {raised})[#it]\n"
)


@dataclass(slots=True)
class NotesPage:
    """One page: how it is set, and what is to be found."""

    kind: str
    how: Print
    path: Path
    marks: list[tuple[str, str]] = field(default_factory=list)  # a word, and the mark behind it
    notes: list[tuple[str, str]] = field(default_factory=list)  # a mark, and the note
    said: list[str] = field(default_factory=list)  # what is raised and no mark, as it reads
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.kind} {self.how.number}")

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem

    @property
    def language(self) -> str:
        """Its language."""
        return LANGUAGES[self.how.number % 2][self.how.number // 2 % 3]


def _quoted(text: str) -> str:
    return re.sub(r"[\\#*_$`@<>\[\]~/]", r"\\\g<0>", text)


def _raised(mark: str) -> str:
    return f"#up[{_quoted(mark)}]"


def _text(page: NotesPage, marks: list[str], shown: Callable[[str], str]) -> str:
    """Return paragraphs in which the marks stand, one a sentence."""
    some = list(SENTENCES[page.language])
    page.chance.shuffle(some)
    paragraphs, left = [], list(marks)
    for part in (some[:4], some[4:]):
        sentences = []
        for sentence in part:
            before, _, behind = sentence.partition("|")
            mark = left.pop(0) if left else ""
            if mark:
                page.marks.append((before.split()[-1], mark))
            sentences.append(_quoted(before) + (shown(mark) if mark else "") + _quoted(behind))
        paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs)


def _foot(page: NotesPage, marks: list[str], shown: Callable[[str], str]) -> str:
    """Return the notes, smaller, at the page's foot, below a short rule or without one."""
    some = list(NOTES[page.language])
    page.chance.shuffle(some)
    rule = "#line(length: 30%, stroke: 0.5pt)\n" if page.how.number // 2 % 4 != 3 else ""
    rows = []
    for mark, note in zip(marks, some, strict=False):
        page.notes.append((mark, note))
        rows.append(shown(mark) + _quoted(note))
    body = "\n\n".join(rows)
    return f"#v(1fr)\n{rule}#set text(size: 0.82em)\n#set par(spacing: 0.7em)\n{body}\n"


def _digits(page: NotesPage) -> str:
    first = page.chance.choice((1, 1, 8, 23))
    marks = [str(first + number) for number in range(4)]
    at_note = (_raised, lambda mark: f"{_raised(mark)} ", lambda mark: f"{mark} ")
    way = at_note[page.how.number // 2 % 3]
    return _text(page, marks, _raised) + "\n\n" + _foot(page, marks, way)


def _letters(page: NotesPage) -> str:
    marks = list("abcd")[: page.chance.randint(2, 4)]
    way = (_raised, lambda mark: f"{_raised(mark)} ")[page.how.number // 2 % 2]
    return _text(page, marks, _raised) + "\n\n" + _foot(page, marks, way)


def _signs(page: NotesPage) -> str:
    marks = page.chance.choice((["*", "**"], ["*", "†"], ["*", "†", "‡"]))
    way = (lambda mark: f"{_quoted(mark)} ", lambda mark: _quoted(mark))[page.how.number // 2 % 2]
    return _text(page, marks, _quoted) + "\n\n" + _foot(page, marks, way)


def _brackets(page: NotesPage) -> str:
    form = ("{})", "[{}]", "({})")[page.how.number // 2 % 3]
    marks = [form.format(number) for number in range(1, 4)]
    return (
        _text(page, marks, _raised) + "\n\n"
        + _foot(page, marks, lambda mark: f"{_raised(mark)} ")
    )  # fmt: skip


def _cells(page: NotesPage) -> str:
    marks = (["1", "2"], ["a", "b"], ["*", "**"])[page.how.number // 2 % 3]
    shown = _quoted if marks[0] == "*" else _raised
    rows = list(ROWS[page.language])
    page.chance.shuffle(rows)
    cells = []
    for number, name in enumerate(rows):
        amounts = [f"{page.chance.randint(12, 99)},{page.chance.randint(1, 9)}" for _ in range(3)]
        texts = [name, *amounts]
        if number in (1, 4):
            at, mark = (0, marks[0]) if number == 1 else (2, marks[1])
            page.marks.append((texts[at], mark))
            texts[at] += shown(mark)
        cells.append(", ".join(f"[{text}]" for text in texts))
    strokes = ("0.5pt", "(y: 0.5pt)", "none")[page.how.number // 2 % 3]
    body = ",\n".join(cells)
    table = (
        f"#table(columns: (4cm, 2.4cm, 2.4cm, 2.4cm), stroke: {strokes},\n"
        f'[], [1887], [1888], [1889],\n{body})\n'
    )
    some = NOTES[page.language][2:4]
    page.notes += zip(marks, some, strict=True)
    notes = "\n\n".join(
        shown(mark) + " " + _quoted(note) for mark, note in zip(marks, some, strict=True)
    )
    intro = _quoted(SENTENCES[page.language][0].replace("|", ""))
    return f"{intro}\n\n{table}\n#set text(size: 0.85em)\n#set par(spacing: 0.7em)\n{notes}\n"


def _powers(page: NotesPage) -> str:
    rows: list[str] = []
    for shown, said in POWERS[page.language]:
        sentence = SENTENCES[page.language][len(rows) % 7].replace("|", "")
        raised = re.sub(r"\{(.*?)\}", r"#up[\1]", shown)
        rows.append(f"{_quoted(sentence)} {raised}.")
        page.said.append(said)
    return "\n\n".join(rows)


KINDS: dict[str, Callable[[NotesPage], str]] = {
    "digits": _digits, "letters": _letters, "signs": _signs, "brackets": _brackets,
    "cells": _cells, "powers": _powers,
}  # fmt: skip


def notes_pages(*, held: bool, only: str = "") -> Iterator[NotesPage]:
    """Yield the pages of every kind, drawing what is not there."""
    settings = halves.settings(held=held)
    for kind, made in KINDS.items():
        for how in settings if only in kind else ():
            page = NotesPage(kind, how, CACHE / "images" / f"notes-{kind}-{how.number}.png")
            number = how.number // 2
            head = _PAGE.format(
                font=how.font, language=page.language, size=(10, 11, 9.5, 12)[number % 4],
                justify=("true", "false")[number % 2], raised=_RAISED[how.number % 2][number % 3],
            )  # fmt: skip
            source = head + made(page)
            if not page.path.exists():
                draw(source, page.path, how)
            yield page


# What was found


def _form(mark: str) -> str:
    """Return how a mark is to be written."""
    return mark if mark[0] in "*†‡[(" else mark.translate(_RAISES)


def scored(page: NotesPage, text: str) -> Counter[str]:
    """Return how much of a page is there, as "marks", "notes", "said", and of how much."""
    found: Counter[str] = Counter()
    text = text.replace("\\", "").replace("&lt;", "<")
    blocks = [re.sub(r"\s+", " ", block).strip() for block in re.split(r"\n\s*\n|\n(?=\|)", text)]
    whole = " ".join(blocks)
    for word, mark in page.marks:
        tail = re.escape(word[-max(2, round(WORD * len(word))) :])
        end = r"(?![*\d⁰¹²³⁴⁵⁶⁷⁸⁹])"
        found["marks"] += bool(re.search(rf"{tail} ?{re.escape(_form(mark))}{end}", whole))
        found["of marks"] += 1
    for mark, note in page.notes:
        starts = (block[len(_form(mark)) :] for block in blocks if block.startswith(_form(mark)))
        ratios = [fuzz.ratio(start.strip(), note) for start in starts]
        found["notes"] += max(ratios, default=0) >= ALIKE
        found["of notes"] += 1
    for said in page.said:
        found["said"] += said in whole
        found["of said"] += 1
    return found


def main() -> None:
    """Set, read, lay out, score, print."""
    options = halves.parser("notes", __doc__).parse_args()
    heading("Marks and notes")
    totals: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    pages = notes_pages(held=options.heldout, only=options.only)
    for page, text in halves.texts(pages, options):
        one = scored(page, text)
        totals[page.kind] += one
        if options.pages:
            print(f"{page.id:20s} {_told(one)}")
    for kind, total in totals.items():
        if total:
            print(f"{kind:12s} {_told(total)}")


def _told(total: Counter[str]) -> str:
    return ", ".join(
        f"{total[what]} of {total[f'of {what}']} {what}"
        for what in ("marks", "notes", "said")
        if total[f"of {what}"]
    )


if __name__ == "__main__":
    main()
