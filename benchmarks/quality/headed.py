"""How many headings of documents set in other ways are found, are right, and have their level.

``python -m benchmarks.quality.headed`` sets documents of some pages in twelve ways
(:mod:`benchmarks.quality.headed_ways`), reads them and counts; ``--heldout`` takes the others, and
``--more`` those of :mod:`benchmarks.quality.headed_more`, where some pages stand for themselves.
Found and right as :mod:`benchmarks.quality.scoring` has them; a level is right if it is the
heading's rank among those of its document, counted within those that were found. Between the
sections stand lines that are no headings: addresses, captions, terms, closings, verses. What begins
a paragraph, in it, is not counted at all, nor are levels where each page is a document.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pymupdf
from PIL import Image
from rapidfuzz import fuzz

from benchmarks.quality.documents import CACHE, FONTS, MORE_FONTS
from benchmarks.quality.headed_more import MORE, MORE_HELD
from benchmarks.quality.headed_ways import HELD, TUNED, Way
from benchmarks.quality.headed_words import HEADINGS, TITLES, WORDS
from benchmarks.quality.lines import recognitions
from benchmarks.quality.marks import typefaces
from benchmarks.quality.scoring import ALIKE, normalised
from benchmarks.quality.sheets import page_read, written
from ocrd.job import Recognition
from ocrd.layout.document import Survey

RESOLUTION = 200
SECTIONS = 5
LEAST_FOUND, LEAST_RIGHT = 95, 92  # per cent
FOLDERS = (
    FONTS, MORE_FONTS, "fonts-ebgaramond", "fonts-open-sans", "fonts-texgyre",
    "fonts-crosextra-carlito", "fonts-lato", "fonts-sil-gentiumplus", "fonts-linuxlibertine",
)  # fmt: skip
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
_NUMBER = re.compile(
    r"^(?:§\s*\d+\s*|(?:(?:article|kapitel)\s*)?(?:\d+(?:\.\d+)*|[ivx]+|[a-h])[.)]?\s+(?:- )?)"
)


@dataclass(frozen=True, slots=True)
class HeadedScan:
    """One page as it was scanned."""

    way: Way
    page: int
    path: Path


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted on one document."""

    found: int
    true: int
    right: int
    written: int
    levels: int  # of those found whose level is right


def source(way: Way) -> tuple[str, list[tuple[int, str]]]:
    """Return how Typst sets a document, and its headings with their ranks, from 1."""
    chance = random.Random(f"headed-{way.name}")
    words = list(HEADINGS[way.language])
    chance.shuffle(words)
    others = list(way.others)
    chance.shuffle(others)
    parts = [way.title.replace("{}", TITLES[way.language]), _text(way, chance)]
    true = [(1, TITLES[way.language])]
    for section in range(1, SECTIONS + 1):
        name = words.pop()
        true.append((2, _said(way.says[0], name, section, 0)))
        rest = [_text(way, chance)]
        if way.is_short and section % 2:
            rest.insert(0, " ".join(map(chance.choice, WORDS[way.language][:3])) + ".")
        if way.subsection:
            for number in (1, 2)[: chance.randint(0, 2)]:
                if len(words) <= SECTIONS - section:
                    break
                inner = words.pop()
                said = _said(way.subsection, inner, section, number)
                if way.is_run_in:
                    rest.append(said + _text(way, chance))
                else:
                    true.append((3, _said(way.says[1], inner, section, number)))
                    rest += [said, _text(way, chance)]
        if others and chance.random() < 0.8:
            rest += [others.pop(), _text(way, chance)]
        head = _said(way.section, name, section, 0)
        if way.begins_pages and section > 1:
            head = f"#pagebreak(weak: true)\n{head}"
        if way.is_side:
            parts.append(head.replace("{rest}", "\n\n".join(rest)))
        else:
            parts += [head, *rest]
    spacing = "0.65em" if way.indent else "1.1em"
    setting = (
        f"#set page(paper: \"a5\", margin: 1.6cm, columns: {way.columns})\n"
        f"{way.page}"
        f"#set text(font: \"{way.font}\", size: {way.size * 0.85}pt, lang: \"{way.language}\")\n"
        f"#set par(justify: {'true' if way.indent else 'false'}, first-line-indent: {way.indent}em,"
        f" spacing: {spacing})\n"
    )
    if way.columns > 1:
        parts[0] = f'#place(top + center, scope: "parent", float: true)[{parts[0]}]'
    return setting + "\n\n".join(parts), true


def _said(pattern: str, words: str, section: int, subsection: int) -> str:
    """Return words as a way sets them."""
    inner = {
        "{}": words, "{upper}": words.upper(), "{n}": f"{section}", "{m}": f"{subsection}",
        "{roman}": _ROMAN[section - 1], "{letter}": "ABCDE"[(subsection or section) - 1],
    }  # fmt: skip
    for mark, text in inner.items():
        pattern = pattern.replace(mark, text)
    return pattern


def _text(way: Way, chance: random.Random) -> str:
    """Return one or two paragraphs."""
    some = []
    for _ in range(chance.randint(1, 2)):
        sentences = []
        for _ in range(chance.randint(2, 4)):
            sentences.append(" ".join(map(chance.choice, WORDS[way.language])) + ".")
        some.append(" ".join(sentences))
    return "\n\n".join(some)


def scans(ways: Sequence[Way]) -> Iterator[HeadedScan]:
    """Yield the pages of documents, drawing what is not there."""
    for way in ways:
        first = CACHE / "images" / f"headed-{way.name}-1.png"
        if not first.exists():
            _draw(source(way)[0], first)
        number = 1
        while (path := first.with_name(f"headed-{way.name}-{number}.png")).exists():
            yield HeadedScan(way, number, path)
            number += 1


def _draw(said: str, first: Path) -> None:
    import typst

    for half in typefaces.HALVES:
        typefaces.paths("print", half)  # fetches them
    folders = [str(CACHE / "packages" / package) for package in FOLDERS]
    text = first.with_suffix(".typ")
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(said)
    with pymupdf.open(stream=typst.compile(str(text), font_paths=folders)) as document:
        # The first page last: where it is, all are.
        for number in reversed(range(len(document))):
            pixmap = document[number].get_pixmap(dpi=RESOLUTION, alpha=False)
            drawn = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
            drawn.save(first.with_name(first.name.replace("-1.png", f"-{number + 1}.png")))


def count(true: Sequence[tuple[int, str]], markdown: str) -> tuple[Counts, list[str], list[str]]:
    """Return a document's figures, the headings that are missing, and those that are none."""
    lines = re.findall(r"^(#{1,6})\s+(.+)$", markdown, re.MULTILINE)
    wrote = [(len(marks), _bare(text)) for marks, text in lines]
    meant = [(rank, _bare(text)) for rank, text in true]
    pairs = []
    missing = []
    for (rank, text), (_, printed) in zip(meant, true, strict=True):
        level = next((level for level, other in wrote if fuzz.ratio(text, other) >= ALIKE), 0)
        if level:
            pairs.append((rank, level))
        else:
            missing.append(printed)
    wrong = [
        said
        for (_, text), (_, said) in zip(wrote, lines, strict=True)
        if not any(fuzz.ratio(text, other) >= ALIKE for _, other in meant)
    ]
    ranks, levels = (sorted(set(some)) for some in zip(*pairs, strict=True)) if pairs else ([], [])
    level_of = dict(zip(ranks, levels, strict=False))
    levelled = sum(level_of.get(rank) == level for rank, level in pairs)
    found = Counts(len(pairs), len(meant), len(wrote) - len(wrong), len(wrote), levelled)
    return found, missing, wrong


def _bare(heading: str) -> str:
    return _NUMBER.sub("", normalised(heading).lower()).rstrip(" :?.")


def markdown(read: Sequence[tuple[HeadedScan, Recognition]]) -> str:
    """Return a document's sidecar; those of its pages, if each is one."""
    pages = [
        replace(page_read(found, scan.page), points_per_pixel=72 / RESOLUTION)
        for scan, found in read
    ]
    if read[0][0].way.is_lone:
        return "\n".join(map(written, pages))
    survey = Survey()
    for page in pages:
        survey.add(page)
    return "\n".join(written(page) for page in survey.document().pages(pages))


def main() -> None:
    """Set, read, count, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.headed", description=__doc__)
    parser.add_argument("--heldout", action="store_true")
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=CACHE / "markdown")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    some = (MORE, MORE_HELD) if options.more else (TUNED, HELD)
    ways = [way for way in some[options.heldout] if options.only in way.name]
    print("| headings | found | right | level | missing; wrong |")
    print("|---" * 5 + "|")
    counts = []
    for way in ways:
        read = list(recognitions(scans([way]), seconds=1e9, stale=options.stale))
        said = markdown(read)
        (options.out / f"headed-{way.name}.md").write_text(said)
        one, missing, wrong = count(source(way)[1], said)
        counts.append(one)
        told = "; ".join(filter(None, [", ".join(missing), ", ".join(wrong)]))
        print(
            f"| {way.name} | {one.found}/{one.true} | {one.right}/{one.written}"
            f" | {one.levels}/{one.found} | {told} |"
        )
    found = 100 * sum(one.found for one in counts) / max(sum(one.true for one in counts), 1)
    right = 100 * sum(one.right for one in counts) / max(sum(one.written for one in counts), 1)
    ranked = [one for way, one in zip(ways, counts, strict=True) if not way.is_lone]
    level = 100 * sum(one.levels for one in ranked) / max(sum(one.found for one in ranked), 1)
    print(f"found {found:.1f}, right {right:.1f}, level {level:.1f} per cent")
    is_met = found >= LEAST_FOUND and right >= LEAST_RIGHT
    print(f"{'met   ' if is_met else 'MISSED'} {LEAST_FOUND} found, {LEAST_RIGHT} right")
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
