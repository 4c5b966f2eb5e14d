"""Would a second reader pay? The embedded engine's lines, read by Tesseract, too.

``python -m benchmarks.quality.second`` reads clean pages of both sets at 300 dpi, line by line, and
prints for several rules the share of lines that are asked, the processor time against that of
the first reader alone, and recall and precision of words: in exact spelling, quotation marks and
dashes folded, against the PDF's own words. Tesseract is told the page's language. ``--seconds``
bounds the reading, the rest is read by the next run; ``--every N`` takes each Nth page.

The last rule knows the truth: no way of deciding between the two can be better.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image

from benchmarks.machine import heading
from benchmarks.quality.documents import CACHE, Page, pages
from benchmarks.quality.readers import language_of
from ocrd.doubts import REPLACEMENT

RESOLUTION = 300
_FOLDED = (
    (re.compile("[‘’‚‛`´′]"), "'"),
    (re.compile("[“”„«»″]|''|,,"), '"'),
    (re.compile("[‐‑‒–—―−]"), "-"),
    (re.compile("[•·∙●◦▪■□○◆►▶…\ufffd\u00ad]|\\.{4,}"), " "),
)
_BARS = str.maketrans("l1|", "III")
_MIDDLE_CAPITAL = re.compile(r"[a-z][A-Z]")

Words = list[tuple[str, float]]  # with their scores


@dataclass(frozen=True, slots=True)
class Pair:
    """One line as both read it."""

    first: list[str]
    score: float
    second: Words
    is_whole: bool  # no sign of it was lost
    seconds: float  # of the processor, for the second


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a page."""

    truth: Counter[str]  # for the last rule alone
    agreed: frozenset[str]  # as both read them, without case and punctuation


Rule = Callable[[Pair, Known], list[str]]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which lines are asked, and what is made of the two answers."""

    name: str
    asks: Callable[[Pair], bool]
    decides: Rule


def folded(text: str) -> list[str]:
    """Return a text's words as they are compared."""
    text = unicodedata.normalize("NFKC", text)
    for pattern, instead in _FOLDED:
        text = pattern.sub(instead, text)
    return text.split()


def _first(pair: Pair, _known: Known) -> list[str]:
    return pair.first


def _surer(pair: Pair, _known: Known) -> list[str]:
    """Take the second reader's line where it is sure of it."""
    signs = sum(len(word) for word, _ in pair.second)
    score = sum(len(word) * one for word, one in pair.second) / signs if signs else 0.0
    return [word for word, _ in pair.second] if score >= 0.8 else pair.first


def _by_kind(least: float) -> Rule:
    """Take words of the second reader where the difference is of a kind that it mends."""

    def decide(pair: Pair, _known: Known) -> list[str]:
        return [
            word
            for same, mine, theirs in _aligned(pair)
            for word in (
                [one for one, _ in theirs]
                if not same
                and theirs
                and min(score for _, score in theirs) >= least
                and _is_usual(mine, [one for one, _ in theirs])
                else mine
            )
        ]

    return decide


def _is_usual(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Say whether the first reader errs so: a stop lost, l for 1, capitals, "fi" at a beginning."""
    a, b = "".join(mine), "".join(theirs)
    if not a or a == b:
        return False
    if len(mine) == len(theirs) and b in {f"{a}.", f"{a},"}:
        return True
    if a.lower() == b.lower():
        return _MIDDLE_CAPITAL.search(a) is not None and not _MIDDLE_CAPITAL.search(b)
    if a.translate(_BARS) == b.translate(_BARS):
        return any(map(str.isdigit, a)) and not any(map(str.isdigit, b))
    return any(a.replace("f", joined) == b for joined in ("fi", "fl"))


def _by_words(pair: Pair, known: Known) -> list[str]:
    """Take words of the second reader that both have read elsewhere, for such as they have not."""
    found: list[str] = []
    for same, mine, theirs in _aligned(pair):
        other = [word for word, _ in theirs]
        is_known = bool(other) and {_bare(word) for word in other} <= known.agreed
        is_better = not same and mine and is_known and not {*map(_bare, mine)} <= known.agreed
        found += other if is_better else mine
    return found


def _bare(word: str) -> str:
    return word.strip(".,;:!?()[]\"'").lower()


def _agreed(pairs: Sequence[Pair]) -> frozenset[str]:
    """Return the words that both readers read alike."""
    same = (mine for pair in pairs for is_same, mine, _ in _aligned(pair) if is_same)
    return frozenset(_bare(word) for words in same for word in words)


def _best(pair: Pair, known: Known) -> list[str]:
    """Take whichever words the truth has."""

    def worth(words: Sequence[str]) -> int:
        return sum(1 if word in known.truth else -1 for word in words)

    found: list[str] = []
    for _, mine, theirs in _aligned(pair):
        other = [word for word, _ in theirs]
        found += other if worth(other) > worth(mine) else mine
    return found


def _aligned(pair: Pair) -> Iterator[tuple[bool, list[str], Words]]:
    """Yield the parts in which both agree, and those in which they do not."""
    second = [word for word, _ in pair.second]
    for kind, i, j, k, m in SequenceMatcher(None, pair.first, second, autojunk=False).get_opcodes():
        yield kind == "equal", pair.first[i:j], pair.second[k:m]


def _under(limit: float) -> Callable[[Pair], bool]:
    return lambda pair: pair.score < limit or not pair.is_whole


def _odd(pair: Pair) -> bool:
    """Say whether a line holds what the first reader errs in: bars, digits, capitals."""
    text = " ".join(pair.first)
    return pair.score < 0.97 or bool(re.search(r"[\dIl1|]\b|\b[\dIl1|]|[a-z][A-Z]|\w$", text))


POLICIES = (
    Policy("the first alone", lambda _: False, _first),
    Policy("score under 0.9, the surer line", _under(0.9), _surer),
    Policy("score under 0.95, the surer line", _under(0.95), _surer),
    Policy("score under 0.95, the usual errors", _under(0.95), _by_kind(0.75)),
    Policy("odd signs, the usual errors", _odd, _by_kind(0.75)),
    Policy("odd signs, the usual errors, surely", _odd, _by_kind(0.9)),
    Policy("all lines, the usual errors", lambda _: True, _by_kind(0.75)),
    Policy("all lines, the page's words decide", lambda _: True, _by_words),
    Policy("odd signs, the page's words decide", _odd, _by_words),
    Policy("all lines, the truth decides", lambda _: True, _best),
)


class _Both:
    """Both readers, on one thread."""

    def __init__(self) -> None:
        from ocrd.engine.rapidocr import engine
        from ocrd.engine.tesseract.readers import Tesseract

        self._first = engine.load({"slots": 1, "threads": 1})
        self._tesseract = Tesseract()

    def read(self, page: Page) -> dict[str, Any]:
        """Return a page's truth, and its lines as both read them."""
        import numpy as np

        from ocrd.engine.protocol import Recognise
        from ocrd.engine.rapidocr import strips
        from ocrd.engine.tesseract.readers import widened

        path = CACHE / "second" / f"{page.id}.png"
        truth = _draw(page, path)
        started = time.process_time()
        found = self._first.recognise(Recognise(1, str(path)), lambda _: None)
        first = time.process_time() - started
        pixels = np.ascontiguousarray(np.rot90(strips.load(str(path)), -(found.rotation // 90)))
        lines = []
        for line in found.lines:
            started = time.process_time()
            strip = strips.strip(pixels, widened(line.quad))[:, :, 1]
            with self._tesseract.recogniser((language_of(page.id),)) as recogniser:
                read = recogniser.read(strip)
            words = [[word.text, word.confidence] for one in read for word in one.words]
            cost = time.process_time() - started
            lines.append([line.text, line.confidence, words, cost])
        path.unlink()
        return {"truth": truth, "seconds": first, "lines": lines}


def _draw(page: Page, path: Path) -> list[str]:
    """Draw a page, and return its words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open(page.path) as document:
        drawn = document[page.number - 1]
        pixmap = drawn.get_pixmap(dpi=RESOLUTION, alpha=False)
        Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples).save(path)
        return [word[4] for word in drawn.get_text("words")]


def _kept(page: Page) -> Path:
    return CACHE / "second" / f"{page.id}.json"


def _pair(line: Sequence[Any]) -> Pair:
    text, score, words, seconds = line
    second = [(one, confidence) for word, confidence in words for one in folded(word)]
    return Pair(folded(text), score, second, REPLACEMENT not in text, seconds)


def _print(name: str, some: Sequence[dict[str, Any]]) -> None:
    """Print what each policy gives on the pages of a set."""
    pairs = [[_pair(line) for line in page["lines"]] for page in some]
    truths = [Counter(folded(" ".join(page["truth"]))) for page in some]
    facts = [Known(truth, _agreed(page)) for truth, page in zip(truths, pairs, strict=True)]
    seconds = sum(page["seconds"] for page in some)
    count = sum(map(len, pairs))
    print(f"\n{name}: {len(some)} pages, {count} lines\n")
    print("| rule | lines asked | time | recall | precision |\n|---|---|---|---|---|")
    for policy in POLICIES:
        right = wanted = written = asked = 0
        cost = seconds
        for page, known in zip(pairs, facts, strict=True):
            found: Counter[str] = Counter()
            for pair in page:
                is_asked = policy.asks(pair)
                asked += is_asked
                cost += pair.seconds * is_asked
                found.update(policy.decides(pair, known) if is_asked else pair.first)
            right += (found & known.truth).total()
            wanted += known.truth.total()
            written += found.total()
        print(
            f"| {policy.name} | {100 * asked / count:.1f} % | × {cost / seconds:.2f}"
            f" | {100 * right / wanted:.2f} | {100 * right / written:.2f} |"
        )


def main() -> None:
    """Read what is not kept, and print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.second", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    heading("A second reader for the embedded engine's lines")
    deadline = time.monotonic() + options.seconds
    both = None
    for name in ("pages", "heldout"):
        some = []
        for page in pages(name)[:: options.every]:
            kept = _kept(page)
            if not kept.exists() and time.monotonic() < deadline:
                both = both or _Both()
                kept.write_text(json.dumps(both.read(page)))
            if kept.exists():
                some.append(json.loads(kept.read_text()))
        if some:
            _print(name, some)


if __name__ == "__main__":
    main()
