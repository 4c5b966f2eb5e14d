"""Further pictures, of kinds that have few strokes, or look like text: set as ``pictured`` does.

Screenshots, two or three boxes that are bound, word marks, plain maps, plots with few labels,
mosaics of rectangles.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmarks.quality.office_words import GOODS, NAMES, STATIONS, TOWNS
from benchmarks.quality.pictured_page import COLOURS, PicturedPage, bar, label, line, ring, stroke

_MENU = ("File", "Edit", "View", "Insert", "Tools", "Window", "Help")
_FIELDS = ("Name", "Folder", "Format", "Pages", "Language", "Resolution", "Colour")
_VERBS = ("Open", "Apply", "Cancel", "Next", "Browse", "Save as", "Close")


def _screen(page: PicturedPage) -> None:
    """Set a window of a program: its bars, fields, buttons and a list."""
    page.prose(2)
    wide, high = page.chance.uniform(240, 420), page.chance.uniform(150, 260)
    flat = page.chance.random() < 0.5
    back = "luma(240)" if flat else "luma(252)"
    parts = [bar(0, 0, wide, high, back, "0.6pt + luma(90)")]
    top = page.chance.choice(("navy", "luma(60)", "luma(205)", 'rgb("#3a6ea5")'))
    ink = "black" if top == "luma(205)" else "white"
    parts.append(bar(0, 0, wide, 16, top))
    parts.append(_said(8, 4, f"{page.chance.choice(GOODS)[:14]} - Settings", 8, ink))
    for number in range(3):
        parts.append(bar(wide - 16 - 14 * number, 4, 8, 8, "none", f"0.7pt + {ink}"))
    for number, word in enumerate(_MENU[: page.chance.randint(3, 6)]):
        parts.append(label(8 + 34 * number, 21, word, 7.5))
    inner = 0.32 * wide if page.chance.random() < 0.6 else 0
    if inner:
        parts.append(bar(6, 36, inner - 10, high - 44, "white", "0.5pt + luma(130)"))
        for number in range(page.chance.randint(3, 6)):
            y = 41 + 13 * number
            if number == 1:
                parts.append(bar(8, y - 3, inner - 14, 12, 'rgb("#cde0f7")'))
            parts.append(label(12, y, page.chance.choice(STATIONS)[:12], 7.5))
    rows = page.chance.randint(2, int((high - 80) / 18))
    for number in range(rows):
        y = 40 + 18 * number
        if page.held and number % 2:
            parts.append(ring(inner + 14, y + 5, 4, "0.6pt", "white"))
            parts.append(label(inner + 24, y + 1, page.chance.choice(GOODS)[:20], 7.5))
            continue
        parts.append(label(inner + 10, y + 2, page.chance.choice(_FIELDS), 7.5))
        parts.append(bar(inner + 62, y, wide - inner - 74, 12, "white", "0.5pt + luma(130)"))
        if page.chance.random() < 0.6:
            parts.append(label(inner + 66, y + 2, page.chance.choice(TOWNS), 7.5))
    for number in range(page.chance.randint(1, 3)):
        x = wide - 60 - 58 * number
        parts.append(bar(x, high - 24, 50, 15, "luma(225)", "0.5pt + luma(110)"))
        parts.append(label(x + 9, high - 20, page.chance.choice(_VERBS), 7.5))
    page.add(wide, high, "\n".join(parts))
    page.caption()
    page.prose(2)


def _said(x: float, y: float, said: str, size: float, ink: str) -> str:
    """Return words in a colour."""
    return label(x, y, said, size).replace("text(size", f"box(width: 300pt, text({ink}, size") + ")"


def _few_boxes(page: PicturedPage) -> None:
    """Set two or three boxes that arrows bind, one below another or side by side."""
    page.prose(2)
    count = page.chance.randint(2, 3)
    down = page.chance.random() < 0.5
    wide, high = page.chance.uniform(34, 110), page.chance.uniform(18, 40)
    gap = page.chance.uniform(18, 46)
    fill = page.chance.choice(("none", "none", "luma(215)", 'rgb("#ffe9c0")'))
    parts = []
    for number in range(count):
        x, y = (0.0, number * (high + gap)) if down else (number * (wide + gap), 0.0)
        pen = page.chance.choice(("0.8pt", "1.2pt"))
        if page.held and number % 2:
            parts.append(ring(x + high / 2, y + high / 2, high / 2, pen))
        else:
            parts.append(bar(x, y, wide, high, fill, pen))
        word = page.chance.choice(NAMES)[: int(wide / 5)] if wide > 60 else "ABCDE"[number]
        parts.append(label(x + 6, y + high / 2 - 3, word, 8))
        if number:
            x0, y0 = (wide / 2, y - gap) if down else (x - gap, high / 2)
            x1, y1 = (wide / 2, y) if down else (x, high / 2)
            if page.held and (number - 1) % 2 == 0 and down:
                x0 = x1 = wide / 2
            parts.append(stroke(x0, y0, x1, y1))
            ends = [(x1 - 3, y1 - 6), (x1, y1), (x1 + 3, y1 - 6)]
            if not down:
                ends = [(x1 - 6, y1 - 3), (x1, y1), (x1 - 6, y1 + 3)]
            parts.append(line([*ends, ends[0]], "0.5pt", "black"))
    whole = count * (high + gap) - gap, count * (wide + gap) - gap
    page.add(wide if down else whole[1], whole[0] if down else high, "\n".join(parts))
    page.caption()
    page.prose(2)


def _word_mark(page: PicturedPage) -> None:
    """Set a sign of a firm beside its name in letters as high."""
    side = page.chance.uniform(24, 46)
    colour = page.chance.choice(COLOURS)
    name = page.chance.choice(NAMES)
    rim = [(0.5, 0.0), (1, 0.3), (0.75, 1), (0.5, 0.55), (0.25, 1), (0, 0.3), (0.5, 0)]
    if page.held:
        parts = [ring(side / 2, side / 2, side / 2, "none", colour)]
        parts.append(bar(side * 0.42, side * 0.2, side * 0.16, side * 0.6, "white"))
    else:
        parts = [line([(side * x, side * y) for x, y in rim], "none", colour)]
    parts.append(_said(side + 8, side * 0.14, name, side * 0.8, colour))
    # Only the sign is sure to be a picture; its name may be text or a part of it.
    page.add(side, side, "\n".join(parts), "left")
    page.parts.append("#v(16pt)")
    page.prose(4)


def _plain_map(page: PicturedPage) -> None:
    """Set a map: regions beside each other with their borders, on a ground or on none."""
    page.prose(2)
    wide, high = page.chance.uniform(160, 320), page.chance.uniform(150, 280)
    ground = page.chance.choice(("none", 'rgb("#e2e9d5")', 'rgb("#e5a85a")', "luma(235)"))
    parts = [bar(0, 0, wide, high, ground)]
    columns, rows = page.chance.randint(3, 5), page.chance.randint(3, 4)
    knots = [
        [
            (
                (x + page.chance.uniform(-0.3, 0.3)) * wide / columns * 0.9 + 0.05 * wide,
                (y + page.chance.uniform(-0.3, 0.3)) * high / rows * 0.9 + 0.05 * high,
            )
            for x in range(columns + 1)
        ]
        for y in range(rows + 1)
    ]
    land = page.chance.choice(("none", "white", "luma(225)"))
    for y in range(rows):
        for x in range(columns):
            corners = [knots[y][x], knots[y][x + 1], knots[y + 1][x + 1], knots[y + 1][x]]
            parts.append(line([*corners, corners[0]], "0.6pt + luma(70)", land))
            if page.chance.random() < 0.35:
                middle = [sum(corner[axis] for corner in corners) / 4 for axis in (0, 1)]
                parts.append(label(middle[0] - 12, middle[1] - 3, page.chance.choice(TOWNS), 6))
    page.add(wide, high, "\n".join(parts))
    page.caption("Map")
    page.prose(2)


def _plot(page: PicturedPage) -> None:
    """Set a plot of smooth, thin curves in a frame, with hardly a label."""
    page.parts.append("#show: columns.with(2, gutter: 14pt)")
    page.prose(1)
    wide, high = page.chance.uniform(130, 215), page.chance.uniform(90, 150)
    left, top, right, bottom = 24.0, 4.0, wide - 4, high - 18
    parts = [bar(left, top, right - left, bottom - top, "none", "0.6pt")]
    for step in range(page.chance.randint(3, 5)):
        x, y = left + step * (right - left) / 5, bottom - step * (bottom - top) / 5
        parts += [stroke(left, y, left + 3, y), stroke(x, bottom, x, bottom - 3)]
        parts += [label(6, y - 3, f"0.{2 * step}", 6), label(x - 4, bottom + 4, f"{step}", 6)]
    for number in range(page.chance.randint(1, 3)):
        steep, middle = page.chance.uniform(4, 14), 0.3 + 0.2 * number
        points = []
        for step in range(41):
            at = step / 40
            if page.held:
                y = 0.5 + 0.4 * math.sin(steep * at + number) * (1 - at / 2)
            else:
                y = 1 / (1 + math.exp(-steep * (at - middle)))
            points.append((left + at * (right - left), bottom - (0.05 + 0.85 * y) * (bottom - top)))
        parts.append(line(points, page.chance.choice(("0.5pt", "0.5pt + luma(120)", "0.8pt"))))
    page.add(wide, high, "\n".join(parts))
    page.caption()
    page.prose(5)


def _mosaic(page: PicturedPage) -> None:
    """Set a mosaic plot: rectangles whose sides are shares, with names along two sides."""
    page.prose(2)
    wide, high = page.chance.uniform(180, 320), page.chance.uniform(140, 240)
    left, top, x = 34.0, 16.0, 34.0
    columns, rows = page.chance.randint(2, 4), page.chance.randint(2, 4)
    widths = [page.chance.uniform(0.4, 1.6) for _ in range(columns)]
    parts = []
    for column, share in enumerate(widths):
        across = share / sum(widths) * (wide - left)
        parts.append(label(x + 4, 4, page.chance.choice(TOWNS)[:6], 7))
        heights = [page.chance.uniform(0.2, 1.8) for _ in range(rows)]
        y = top
        for row, part in enumerate(heights):
            down = part / sum(heights) * (high - top)
            fill = COLOURS[row] if page.held else f"luma({120 + 40 * ((row + column) % 4)})"
            parts.append(bar(x, y, across - 3, down - 3, fill, "0.5pt"))
            y += down
        x += across
    for row in range(rows):
        parts.append(label(2, top + (row + 0.4) * (high - top) / rows, "ABCD"[row] + "s", 7))
    page.add(wide, high, "\n".join(parts))
    page.caption()
    page.prose(2)


KINDS: dict[str, Callable[[PicturedPage], None]] = {
    "screenshot": _screen, "few boxes": _few_boxes, "word mark": _word_mark,
    "plain map": _plain_map, "plot": _plot, "mosaic": _mosaic,
}  # fmt: skip
