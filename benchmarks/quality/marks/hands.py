"""Whether handwriting can be told from print by a line's shapes: no rule of ocrd's, a trial.

``python -m benchmarks.quality.marks.hands`` takes lines set in script typefaces letter by letter,
print of the same sheets, and lines of each third page of the page set, every other of these held
back. Of each line: how alike the slants of its strokes are, how many of its pieces stand on one row
and end at two others, how wide, high and close they are. A rule is fitted to half a; the limit is
what so many of its sound lines exceed; half b and the pages held back are counted.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import heading
from benchmarks.quality.documents import pages
from benchmarks.quality.images import scans
from benchmarks.quality.marks import handwriting
from ocrd.engine.rapidocr import engine, shades, strips

Reals = NDArray[np.float64]
HEIGHT = 48  # pixels that a line is high here
EVERY = 3  # page of the page set
SHEETS = 20
LIMITS = (0.003, 0.01, 0.03)


def features(strip: NDArray[np.uint8]) -> list[float] | None:
    """Return what a line looks like; None for one with too little on it."""
    grey = np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), np.uint8)
    width = max(1, round(grey.shape[1] * HEIGHT / grey.shape[0]))
    grey = np.asarray(cv2.resize(grey, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    inked = shades.inked(grey, (0.02, 0.97), share=0.45, contrast=40)
    if inked is None or width < 2.5 * HEIGHT:
        return None
    facts = cv2.connectedComponentsWithStats(inked.astype(np.uint8), connectivity=8)[2][1:]
    _, top, wide, high, _ = facts.T
    good = (high >= 0.2 * HEIGHT) & (high <= 0.95 * HEIGHT) & (wide <= 2 * HEIGHT)
    if good.sum() < 5:
        return None
    top, wide, high = top[good], wide[good], high[good]
    feet = _shares(top + high, 0.5, 0.98)
    heads = _shares(top, 0.0, 0.7)
    first = int(heads.argmax())
    others = np.delete(heads, slice(max(0, first - 3), first + 4))
    return [
        _slants(grey), float(feet.max()), float(heads[first] + others.max()),
        float(np.median(wide / high)), float(np.std(high) / np.mean(high)),
        len(top) * HEIGHT / width,
    ]  # fmt: skip


def _shares(rows: NDArray[np.int32], first: float, last: float) -> Reals:
    """Return for each row how many pieces are within a pixel and a half of it."""
    places = np.arange(first * HEIGHT, last * HEIGHT)
    return np.asarray((np.abs(rows[None, :] - places[:, None]) <= 1.5).mean(axis=1))


def _slants(grey: NDArray[np.uint8]) -> float:
    """Return which share of the upright edges lean alike, by ten degrees."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down)
    lean = np.degrees(np.arctan2(down * np.sign(across), np.maximum(np.abs(across), 1e-3)))
    edges = (strength > 0.35 * np.percentile(strength, 98)) & (np.abs(lean) < 45)
    counts = np.histogram(lean[edges], 90, (-45, 45), weights=strength[edges])[0]
    return float(np.convolve(counts, np.ones(5), "same").max() / max(counts.sum() / 5, 1e-6))


def sheets(half: str) -> tuple[Reals, NDArray[np.bool_]]:
    """Return the features of sheets' lines, and which of them are of a pen."""
    found, by_hand = [], []
    for number in range(SHEETS):
        sheet = handwriting.written(half, number)
        pixels = np.asarray(sheet.image.convert("RGB"))[:, :, ::-1]
        for row in sheet.rows:
            left, top, right, bottom = row.box
            more = round(0.15 * (bottom - top))
            part = pixels[max(0, top - more) : bottom + more, max(0, left - more) : right + more]
            one = features(np.ascontiguousarray(part))
            if one is not None:
                found.append(one)
                by_hand.append(row.mark == "handwritten")
    return np.array(found), np.array(by_hand)


def page_set() -> tuple[Reals, Reals]:
    """Return the features of lines of pages that nobody wrote on, every other page apart."""
    reader = engine.load({"slots": 1})
    found: tuple[list[list[float]], list[list[float]]] = [], []
    for kind in ("clean", "degraded"):
        for number, scan in enumerate(list(scans(pages("pages"), (kind,)))[::EVERY]):
            pixels = strips.load(str(scan.path))
            for quad in reader.detect(pixels):
                one = features(strips.strip(pixels, quad))
                if one is not None:
                    found[number % 2].append(one)
    return np.array(found[0]), np.array(found[1])


def _fitted(print_lines: Reals, by_hand: Reals) -> tuple[Reals, Reals, Reals]:
    """Return a logistic rule: means, deviations, weights."""
    both = np.vstack([print_lines, by_hand])
    truth = np.r_[np.zeros(len(print_lines)), np.ones(len(by_hand))]
    means, deviations = both.mean(axis=0), both.std(axis=0)
    design = _design((both - means) / deviations)
    weights = np.zeros(design.shape[1])
    each = np.where(truth == 1, len(print_lines) / len(by_hand), 1.0)
    for _ in range(3000):
        likely = 1 / (1 + np.exp(-design @ weights))
        weights -= 0.5 * (design.T @ (each * (likely - truth)) / each.sum() + 1e-3 * weights)
    return means, deviations, weights


def _design(values: Reals) -> Reals:
    products = [values[:, [0]] * values[:, [1]], values[:, [1]] * values[:, [4]]]
    return np.column_stack([values, values**2, *products, np.ones(len(values))])


def main() -> None:
    """Set, measure, fit, count, print."""
    heading("Handwriting told by the shapes of a line")
    (lines_a, hand_a), (lines_b, hand_b) = sheets("a"), sheets("b")
    seen, held_back = page_set()
    sound = np.vstack([lines_a[~hand_a], seen])
    means, deviations, weights = _fitted(sound, lines_a[hand_a])

    def scores(values: Reals) -> Reals:
        return np.asarray(_design((values - means) / deviations) @ weights)

    print(
        f"{hand_a.sum()} and {hand_b.sum()} lines by hand,"
        f" {len(seen)} and {len(held_back)} of pages"
    )
    for share in LIMITS:
        limit = np.quantile(scores(sound), 1 - share)
        told_a, told_b = ((scores(some) > limit).mean() for some in (
            lines_a[hand_a], lines_b[hand_b]
        ))  # fmt: skip
        wrong_b, wrong = ((scores(some) > limit).mean() for some in (lines_b[~hand_b], held_back))
        print(
            f"limit at {100 * share:.1f} %: told a {100 * told_a:.0f} %, b {100 * told_b:.0f} %;"
            f" print said to be by hand: b {100 * wrong_b:.1f} %, pages {100 * wrong:.1f} %"
        )


if __name__ == "__main__":
    main()
