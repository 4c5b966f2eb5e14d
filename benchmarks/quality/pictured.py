"""Pages with photographs, charts, maps, drawings, logos and stamps, and where these stand.

Each page is set from a number alone. What is none of these (tables, forms, frames, shaded program
text, bar codes, strokes of a pen, the shadow of a scan) stands on pages of its own. Odd numbers
have other photographs, other type and other ways of drawing.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.quality import pictured_more, unpictured
from benchmarks.quality.documents import CACHE, FONTS, MORE_FONTS, pages
from benchmarks.quality.office_words import GOODS, NAMES, SENTENCES, TOWNS
from benchmarks.quality.pictured_page import (
    COLOURS,
    PicturedPage,
    bar,
    label,
    line,
    ring,
    stroke,
)
from benchmarks.quality.printing import RESOLUTION, Print, draw
from ocrd.job import Box

_HEAD = """#set page("a4", margin: 2.2cm)
#set text(font: "{}", size: {}pt, lang: "en")
#set par(justify: true)
#let kept(w, h, body) = box(width: w * 1pt, height: h * 1pt)[
  #place(top + left, context [#metadata((here().position(), w, h)) <picture>])
  #body
]
"""


@dataclass(frozen=True, slots=True)
class PicturedScan:
    """One page as it was scanned."""

    kind: str
    path: Path
    boxes: tuple[Box, ...]  # of its pictures, in pixels
    small: tuple[Box, ...] = ()  # of those that are as well found as not
    in_parts: bool = False  # several boxes may be one picture: staves, boards beside each other

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem


def pictured_scans(settings: Sequence[Print]) -> Iterator[PicturedScan]:
    """Yield a page of every kind in some settings, drawing what is not there."""
    pages("pictures")
    for kind, make in KINDS.items():
        for how in settings:
            path = CACHE / "images" / f"pictured-{kind}-{how.number}.png"
            kept = path.with_suffix(".json")
            if not kept.exists():
                page = PicturedPage(kind, how.number, path.parent)
                make(page)
                draw(_HEAD.format(how.font, page.size) + "\n\n".join(page.parts), path, how)
                kept.write_text(json.dumps(_places(path.with_suffix(".typ"))))
            boxes = [_turned(box, how, path) for box in json.loads(kept.read_text())]
            yield PicturedScan(kind, path, tuple(boxes))


def _places(source: Path) -> list[tuple[float, ...]]:
    """Return left, top, right and bottom of the pictures, in points."""
    import typst

    folders = [str(CACHE / "packages" / package) for package in (FONTS, MORE_FONTS)]
    found = json.loads(typst.query(str(source), "<picture>", field="value", font_paths=folders))
    places: list[tuple[float, ...]] = []
    for place, width, height in found:
        x, y = (float(place[side].removesuffix("pt")) for side in "xy")
        places.append((x, y, x + width, y + height))
    return places


def _turned(place: Sequence[float], how: Print, path: Path) -> Box:
    """Return a place in pixels of the page as it was turned."""
    with Image.open(path) as image:
        middle = image.width / 2, image.height / 2
    scale, angle = RESOLUTION / 72, -math.radians(how.degrees)
    xs, ys = [], []
    for x in (place[0], place[2]):
        for y in (place[1], place[3]):
            across, down = x * scale - middle[0], y * scale - middle[1]
            xs.append(middle[0] + across * math.cos(angle) - down * math.sin(angle))
            ys.append(middle[1] + across * math.sin(angle) + down * math.cos(angle))
    return Box(min(xs), min(ys), max(xs), max(ys))


def _photo(page: PicturedPage) -> None:
    page.prose(2)
    name, form = page.photograph()
    high = page.chance.uniform(110, 240)
    wide = min(high * form, 470)
    page.add(wide, wide / form, f'#image("{name}", width: 100%, height: 100%)')
    page.caption()
    page.prose(3)


def _small_photos(page: PicturedPage) -> None:
    page.prose(1)
    for _ in range(2):
        name, form = page.photograph()
        wide = min(page.chance.uniform(60, 100) * form, 200)
        page.add(
            wide, wide / form, f'#image("{name}", width: 100%, height: 100%)',
            page.chance.choice(("left", "right")),
        )  # fmt: skip
        page.prose(1)


def _columns(page: PicturedPage) -> None:
    page.parts.append("#show: columns.with(2, gutter: 14pt)")
    page.prose(2)
    name, form = page.photograph()
    wide = page.chance.uniform(140, 215)
    page.add(wide, min(wide / form, 260), f'#image("{name}", width: 100%, height: 100%)')
    page.caption()
    page.prose(6)


def _axes(
    page: PicturedPage, wide: float, high: float
) -> tuple[list[str], float, float, float, float]:
    left, top, right, bottom = 30.0, 6.0, wide - 6, high - 26
    parts = [stroke(left, bottom, right, bottom), stroke(left, top, left, bottom)]
    if page.chance.random() < 0.5:
        parts += [stroke(left, top, right, top), stroke(right, top, right, bottom)]
    for step in range(6):
        y = bottom - step * (bottom - top) / 5.5
        parts.append(stroke(left - 3, y, left, y))
        parts.append(label(2, y - 3, f"{step * 20}"))
        if page.held:
            parts.append(stroke(left, y, right, y, "0.3pt + luma(180)"))
        x = left + step * (right - left) / 5.5
        parts.append(stroke(x, bottom, x, bottom + 3))
        parts.append(label(x - 4, bottom + 5, f"{2015 + step}"))
    parts.append(label(wide / 2 - 30, high - 9, "Year of the count"))
    return parts, left, top, right, bottom


def _chart(page: PicturedPage) -> None:
    page.prose(2)
    wide, high = page.chance.uniform(200, 400), page.chance.uniform(130, 230)
    parts, left, top, right, bottom = _axes(page, wide, high)
    for number in range(page.chance.randint(1, 4)):
        y = page.chance.uniform(top + 20, bottom - 20)
        points = []
        for step in range(24):
            y = min(max(y + page.chance.gauss(0, 12), top), bottom)
            points.append((left + step * (right - left) / 23, y))
        pen = f"(paint: {COLOURS[number + 3 * page.held]}, thickness: {0.8 + 0.3 * number}pt)"
        if page.held and number == 1:
            parts += [ring(x, y, 2, "0.6pt") for x, y in points]
        else:
            parts.append(line(points, pen))
        parts.append(label(right - 70, top + 6 + 9 * number, page.chance.choice(TOWNS)))
    page.add(wide, high, "\n".join(parts))
    page.caption()
    page.prose(2)


def _bars(page: PicturedPage) -> None:
    page.prose(2)
    wide, high = page.chance.uniform(200, 400), page.chance.uniform(130, 230)
    parts, left, top, right, bottom = _axes(page, wide, high)
    count = page.chance.randint(4, 9)
    step = (right - left) / count
    fill = page.chance.choice(COLOURS)
    for number in range(count):
        tall = page.chance.uniform(0.2, 0.95) * (bottom - top)
        x = left + step * (number + 0.15)
        parts.append(bar(x, bottom - tall, 0.7 * step, tall, fill, "0.5pt" * page.held or "none"))
    page.add(wide, high, "\n".join(parts))
    page.caption()
    page.prose(2)


def _pie(page: PicturedPage) -> None:
    page.prose(2)
    side = page.chance.uniform(110, 190)
    middle, radius = side / 2, side / 2 - 4
    start = page.chance.uniform(0, 6)
    shares = [page.chance.uniform(0.3, 1) for _ in range(page.chance.randint(3, 6))]
    parts = []
    for number, share in enumerate(shares):
        end = start + share / sum(shares) * math.tau
        steps = [start + (end - start) * step / 24 for step in range(25)]
        rim = [(middle + radius * math.cos(a), middle + radius * math.sin(a)) for a in steps]
        fill = "none" if page.held and number % 2 else COLOURS[number]
        parts.append(line([(middle, middle), *rim, (middle, middle)], "0.6pt", fill))
        start = end
    for number in range(len(shares)):
        parts.append(bar(side + 10, 20 + 13 * number, 8, 8, COLOURS[number]))
        parts.append(label(side + 22, 20 + 13 * number, page.chance.choice(TOWNS), 8))
    page.add(side + 80, side, "\n".join(parts))
    page.caption()
    page.prose(2)


def _map(page: PicturedPage) -> None:
    page.prose(1)
    wide, high = page.chance.uniform(260, 420), page.chance.uniform(200, 320)
    parts = [bar(0, 0, wide, high, "none", "0.7pt")] if page.chance.random() < 0.6 else []
    for _ in range(page.chance.randint(3, 6)):
        x, y = page.chance.uniform(0.2, 0.8) * wide, page.chance.uniform(0.2, 0.8) * high
        size = page.chance.uniform(0.12, 0.19) * min(wide, high)
        rim = []
        for step in range(30):
            far = size * page.chance.uniform(0.7, 1.1)
            angle = step * math.tau / 30
            rim.append((x + far * math.cos(angle), y + far * math.sin(angle)))
        rim.append(rim[0])
        parts.append(line(rim, "0.6pt", "luma(215)" if page.held else "none"))
        parts.append(label(x - 16, y - 4, page.chance.choice(TOWNS), 8))
    for _ in range(page.chance.randint(1, 3)):
        y = page.chance.uniform(0.1, 0.9) * high
        way = []
        for step in range(20):
            y = min(max(y + page.chance.gauss(0, high / 25), 2), high - 2)
            way.append((2 + step * (wide - 4) / 19, y))
        parts.append(line(way, "1pt" if page.held else '(thickness: 0.8pt, dash: "dashed")'))
    page.add(wide, high, "\n".join(parts))
    page.caption("Map" if page.held else "Figure")
    page.prose(2)


def _drawing(page: PicturedPage) -> None:
    """Set a drawing of lines: wheels, struts, arrows."""
    page.prose(2)
    wide, high = page.chance.uniform(180, 380), page.chance.uniform(120, 220)
    parts = []
    for _ in range(page.chance.randint(2, 4)):
        radius = page.chance.uniform(0.1, 0.24) * high
        x = page.chance.uniform(radius, wide - radius)
        y = page.chance.uniform(radius, high - radius)
        parts += [ring(x, y, radius, "0.8pt"), ring(x, y, radius / 4, "0.8pt")]
        for spoke in range(6 if page.held else 0):
            angle = spoke * math.tau / 6
            far = radius * math.cos(angle), radius * math.sin(angle)
            parts.append(stroke(x, y, x + far[0], y + far[1]))
    for _ in range(page.chance.randint(4, 9)):
        ends = [page.chance.uniform(0, side) for side in (wide, high, wide, high)]
        parts.append(stroke(ends[0], ends[1], ends[2], ends[3]))
    parts += [line([(0, high - 2), (wide / 3, high / 3), (wide, high - 2)], "1pt")]
    for letter in "ABCD"[: page.chance.randint(0, 4)]:
        x, y = page.chance.uniform(0, wide - 10), page.chance.uniform(0, high - 10)
        parts.append(label(x, y, letter, 8))
    page.add(wide, high, "\n".join(parts))
    page.caption()
    page.prose(2)


def _flowchart(page: PicturedPage) -> None:
    page.prose(1)
    count = page.chance.randint(3, 5)
    wide, step = 140 if page.held else 100, page.chance.uniform(42, 60)
    parts = []
    for number in range(count):
        x = 40 if page.held and number % 2 else 0
        parts.append(bar(x, number * step, 100, 26, "none", "0.8pt"))
        parts.append(label(x + 12, number * step + 9, page.chance.choice(GOODS)[:16], 8))
        if number < count - 1:
            top, bottom = number * step + 26, (number + 1) * step
            parts.append(stroke(wide / 2, top, wide / 2, bottom))
            head = [(wide / 2 - 3, bottom - 5), (wide / 2, bottom), (wide / 2 + 3, bottom - 5)]
            parts.append(line([*head, head[0]], "0.5pt", "black"))
    page.add(wide, (count - 1) * step + 26, "\n".join(parts))
    page.caption()
    page.prose(2)


def _logo(page: PicturedPage) -> None:
    side = page.chance.uniform(36, 70)
    colour = page.chance.choice(COLOURS)
    if page.held:
        parts = [ring(side / 2, side / 2, side / 2, "none", colour)]
        parts.append(line([(side * x, side * y) for x, y in
                            ((0.5, 0.15), (0.8, 0.8), (0.2, 0.8), (0.5, 0.15))],
                           "none", "white"))  # fmt: skip
    else:
        points = [(0.5, 0), (1, 0.4), (0.8, 1), (0.5, 0.7), (0.2, 1), (0, 0.4), (0.5, 0)]
        parts = [line([(side * x, side * y) for x, y in points], "none", colour)]
    page.add(side, side, "\n".join(parts), page.chance.choice(("left", "right")))
    name = f"{page.chance.choice(NAMES)} and Sons"
    page.parts.append(f"#text(size: 9pt)[#{json.dumps(name)} #linebreak() Harbour Street 4]")
    page.parts.append("#v(20pt)")
    page.prose(4)


def _stamp(page: PicturedPage) -> None:
    page.prose(4)
    radius = page.chance.uniform(32, 52)
    pen = page.chance.choice(("1.4pt + navy", "1.6pt + maroon", "1.2pt"))
    parts = [ring(radius, radius, radius - 1, pen), ring(radius, radius, 0.62 * radius, pen)]
    letters = f"TOWN OF {page.chance.choice(TOWNS).upper()} * "
    for number, letter in enumerate(letters):
        angle = number * math.tau / len(letters)
        x, y = (radius + 0.8 * radius * f(angle) for f in (math.sin, lambda a: -math.cos(a)))
        turned = f"rotate({angle:.3f}rad, text(size: 8pt, {json.dumps(letter)}))"
        parts.append(f"#place(top + left, dx: {x - 3:.1f}pt, dy: {y - 4:.1f}pt, {turned})")
    parts.append(label(radius - 12, radius - 5, f"{page.chance.randint(1, 28)} MAY", 9))
    page.add(2 * radius, 2 * radius, "\n".join(parts), "right")


def _tables(page: PicturedPage) -> None:
    page.prose(1)
    cells = [json.dumps(page.chance.choice(GOODS)) for _ in range(40)]
    shade = "(x, y) => if calc.odd(y) { luma(225) }" if page.held else "none"
    page.parts.append(f"#table(columns: 4, fill: {shade}, {', '.join(cells)})")
    page.prose(1)


def _form(page: PicturedPage) -> None:
    for name in page.chance.sample(GOODS, 9):
        field = f"box(width: {page.chance.randint(120, 330)}pt, height: 20pt, stroke: 0.6pt)"
        page.parts.append(f"#{json.dumps(name[:14])} #h(1fr) #{field}")
    boxes = " ".join("#box(width: 14pt, height: 14pt, stroke: 0.6pt)" for _ in range(16))
    page.parts.append(boxes)
    page.parts.append("#rect(width: 100%, height: 90pt, stroke: 0.6pt)[Remarks]")


def _framed(page: PicturedPage) -> None:
    page.prose(1)
    said = " ".join(page.chance.sample(SENTENCES, 4))
    fill = "luma(230)" if page.held else "none"
    page.parts.append(f"#rect(inset: 10pt, radius: 6pt, fill: {fill}, [#{json.dumps(said)}])")
    page.prose(1)
    code = r"for name in names:\n    total += sums[name]\nprint(total)"
    page.parts.append(f'#block(fill: luma(235), inset: 8pt, raw("{code}", block: true))')
    page.parts.append(f"#block(fill: {page.chance.choice(COLOURS)}, inset: 6pt, width: 100%, "
                      f"text(white, size: 14pt, [Opening hours]))")  # fmt: skip
    page.prose(2)


def _formulas(page: PicturedPage) -> None:
    page.prose(1)
    for said in (
        "sum_(k=1)^n k^2 = (n(n+1)(2n+1))/6", "integral_0^oo e^(-x^2) dif x = sqrt(pi)/2",
        "mat(1, 2, 3; 4, 5, 6; 7, 8, 9) vec(x, y, z) = vec(0, 1, 0)",
        "f(x) = cases(x^2 \"if\" x > 0, 0 \"otherwise\")",
    ):  # fmt: skip
        page.parts.append(f"$ {said} $")
        page.prose(1)


def _codes(page: PicturedPage) -> None:
    """Set bar codes, which name a parcel and show nothing."""
    page.prose(2)
    for _ in range(2):
        x, bars = 0.0, []
        while x < 150:
            wide = page.chance.choice((0.8, 1.6, 2.4))
            bars.append(bar(x, 0, wide, 34, "black"))
            x += wide + page.chance.choice((0.8, 1.6, 2.4))
        said = "\n".join(bars)
        page.parts.append(f"#box(width: 155pt, height: 36pt, [{said}])")
        page.parts.append(f"#text(size: 8pt)[{page.chance.randint(10**11, 10**12)}]")
        page.prose(1)


def _pen(page: PicturedPage) -> None:
    """Set a page that somebody has marked: underlined, ticked, a word in a ring."""
    marks = []
    for _ in range(4):
        x, y = page.chance.uniform(20, 380), page.chance.uniform(20, 600)
        wave = [(x + 8 * step, y + page.chance.gauss(0, 1.2)) for step in range(14)]
        marks.append(line(wave, "1.2pt + blue"))
    for _ in range(2):
        x, y = page.chance.uniform(40, 400), page.chance.uniform(40, 600)
        ring = [(x + 34 * math.cos(a / 4), y + 11 * math.sin(a / 4)) for a in range(26)]
        marks.append(line(ring, "1.2pt + blue"))
    x, y = page.chance.uniform(0, 430), page.chance.uniform(0, 600)
    marks.append(line([(x, y), (x + 6, y + 9), (x + 20, y - 12)], "1.5pt + blue"))
    page.parts.append("\n".join(marks))
    page.prose(7)


def _shadow(page: PicturedPage) -> None:
    """Set a page whose gutter and edges are dark, with specks of dirt."""
    ramp = "gradient.linear(luma(40%), white)" if page.held else "gradient.linear(black, white)"
    wide = page.chance.uniform(25, 60)
    page.parts.append(
        f"#place(top + left, dx: -2.2cm, dy: -2.2cm, "
        f"rect(width: {wide:.0f}pt, height: 29.7cm, fill: {ramp}))"
    )
    if page.chance.random() < 0.5:
        page.parts.append("#place(bottom + left, dx: -2.2cm, dy: 2.2cm, "
                          "rect(width: 21cm, height: 14pt, fill: black))")  # fmt: skip
    for _ in range(60):
        x, y = page.chance.uniform(-40, 500), page.chance.uniform(-40, 740)
        page.parts.append(ring(x, y, page.chance.uniform(0.3, 1.6), "none", "luma(60)"))
    page.prose(6)


KINDS: dict[str, Callable[[PicturedPage], None]] = {
    "photograph": _photo, "small photographs": _small_photos, "photograph in columns": _columns,
    "line chart": _chart, "bar chart": _bars, "pie chart": _pie, "map": _map,
    "drawing": _drawing, "flow chart": _flowchart, "logo": _logo, "stamp": _stamp,
    "(table)": _tables, "(form)": _form, "(framed)": _framed, "(formulas)": _formulas,
    "(bar code)": _codes, "(pen)": _pen, "(shadow)": _shadow,
    **pictured_more.KINDS, **unpictured.KINDS,
}  # fmt: skip
