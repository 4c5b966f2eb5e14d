"""What stands on pages, is no text and no picture: set as ``pictured`` does, with no place kept.

Tables with shaded cells, notes in frames, listings, ornaments, formulas, blanks, signs.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks.quality.office_words import FIRST, GOODS, NAMES, SENTENCES, STATES, TOWNS
from benchmarks.quality.pictured_page import COLOURS, PicturedPage


def _shaded_table(page: PicturedPage) -> None:
    """Set tables with a dark head, shaded rows or cells in colours by their values."""
    page.prose(1)
    columns = page.chance.randint(3, 6)
    head = page.chance.choice(("navy", "luma(80)", "maroon", "luma(200)"))
    ink = "black" if head == "luma(200)" else "white"
    cells = [f'text({ink}, weight: "bold")[{name}]' for name in page.chance.sample(NAMES, columns)]
    for state in page.chance.sample(STATES, page.chance.randint(5, 11)):
        cells.append(json.dumps(state))
        for _ in range(columns - 1):
            value = page.chance.randint(0, 999)
            shade = (
                f"luma({255 - value // 8})" if page.held else f"rgb(255, {255 - value // 7}, 190)"
            )
            plain = page.chance.random() < 0.4
            cells.append(f"[{value}]" if plain else f"table.cell(fill: {shade})[{value}]")
    stroke = page.chance.choice(("none", "0.5pt", "0.5pt + white"))
    page.parts.append(
        f"#table(columns: {columns}, stroke: {stroke}, inset: 5pt, "
        f"fill: (x, y) => if y == 0 {{ {head} }} else if calc.odd(y) {{ luma(236) }}, "
        f"{', '.join(cells)})"
    )
    page.prose(1)
    legend = [
        f"box(fill: {colour}, width: 100%, inset: 5pt, text(white)[{name}])"
        for colour, name in zip(COLOURS[:4], page.chance.sample(FIRST, 4), strict=True)
    ]
    page.parts.append(f"#grid(columns: 4, column-gutter: 4pt, {', '.join(legend)})")
    page.prose(2)


def _notes(page: PicturedPage) -> None:
    """Set notes: in a frame, on a ground, with a title in a bar, beside a bar."""
    page.prose(1)
    forms = [
        "rect(width: 100%, inset: 8pt, stroke: 1.2pt, {})",
        "rect(width: 70%, inset: 8pt, radius: 9pt, stroke: 0.6pt + navy, fill: luma(242), {})",
        "block(width: 100%, inset: (left: 10pt, rest: 5pt), stroke: (left: 4pt + maroon), {})",
        "block(width: 80%, inset: 9pt, fill: rgb(\"#fff3c4\"), stroke: (top: 2pt + olive), {})",
        "rect(width: 100%, inset: 3pt, rect(width: 100%, inset: 6pt, stroke: 1.5pt, {}))",
        "block(width: 100%, stroke: 0.8pt, stack(block(width: 100%, fill: gray, inset: 5pt, "
        "text(white, weight: \"bold\")[NOTE]), block(inset: 8pt, {})))",
    ]  # fmt: skip
    for form in page.chance.sample(forms, 4):
        said = " ".join(page.chance.sample(SENTENCES, page.chance.randint(1, 3)))
        page.parts.append("#" + form.format(f"[#{json.dumps(said)}]"))
        page.prose(1)


def _listings(page: PicturedPage) -> None:
    """Set program text on grounds, with numbers of lines, with a bar above."""
    for number in range(3):
        page.prose(1)
        rows = []
        for name in page.chance.sample(FIRST, page.chance.randint(3, 8)):
            deep = "    " * page.chance.randint(0, 2)
            rows.append(f'{deep}{name.lower()} = read({page.chance.randint(1, 99)}, "{name}") # ok')
        numbered = [f"{1 + row:2} {text}" for row, text in enumerate(rows)]
        code = json.dumps("\n".join(numbered if number == 1 else rows))
        ground = page.chance.choice(("luma(235)", "luma(215)", 'rgb("#f4efe0")', "luma(40)"))
        ink = "white" if ground == "luma(40)" else "black"
        pen = page.chance.choice(("none", "0.5pt", "(left: 3pt + gray)"))
        page.parts.append(
            f"#block(fill: {ground}, stroke: {pen}, inset: 7pt, radius: {4 * page.held}pt, "
            f"width: {page.chance.choice(('100%', '60%'))}, text({ink}, raw({code}, block: true)))"
        )
        if page.chance.random() < 0.5:
            page.parts.append(
                f"#block(fill: {page.chance.choice(COLOURS)}, inset: 6pt, width: 100%, "
                f"text(white, size: 13pt)[{page.chance.choice(TOWNS)}])"
            )
    page.prose(1)


def _ornaments(page: PicturedPage) -> None:
    """Set rules of several kinds, stars between sections, and large initials."""
    breaks = (
        "line(length: 100%, stroke: 3pt)", 'line(length: 60%, stroke: (dash: "dashed"))',
        "stack(spacing: 2pt, line(length: 100%, stroke: 0.5pt), line(length: 100%, stroke: 2pt))",
        'text(16pt, tracking: 10pt)[\\* \\* \\*]', 'text(18pt)[❧]', 'text(14pt)[✻ ✻ ✻]',
        'text(20pt)[—◆—]', 'line(length: 20%, stroke: (thickness: 2pt, dash: "dotted"))',
    )  # fmt: skip
    for mark in page.chance.sample(breaks, 4):
        said = " ".join(page.chance.sample(SENTENCES, 4))
        size = page.chance.uniform(26, 44)
        initial = f"text({size:.0f}pt, {json.dumps(said[0])})"
        rest = f"[#{json.dumps(said[1:])}]"
        page.parts.append(f"#grid(columns: (auto, 1fr), gutter: 4pt, {initial}, {rest})")
        page.parts.append(f"#align(center, {mark})")
    page.prose(2)


def _equations(page: PicturedPage) -> None:
    """Set formulas that are high: matrices, braces, roots, fractions in fractions, sums."""
    some = (
        "A = mat(a_11, a_12, dots, a_(1 n); a_21, a_22, dots, a_(2 n); dots.v, dots.v, dots.down, "
        "dots.v; a_(m 1), a_(m 2), dots, a_(m n))",
        'abs(x) = cases(x quad & "if" x >= 0, -x quad & "if" x < 0, 0 & "otherwise")',
        "sqrt(1 + sqrt(2 + sqrt(3 + sqrt(4 + x)))) = (a + b/(c + d/(e + f)))/(1 - x^2/y^2)",
        "sum_(i=0)^n integral_0^oo (x^i)/(i!) e^(-x) dif x = product_(k=1)^n (1 + 1/k)",
        'underbrace(a + b + dots + z, 26 "terms") = overbrace(x_1 + dots + x_n, n)',
        "integral.cont_C (f(z))/(z - a) dif z = 2 pi i f(a)",
        "lr([ vec(1, 2, 3, 4, 5) ]) dot lr(( mat(1, 0; 0, 1) ))^(-1) = det(mat(x, y; z, w))",
    )
    for said in page.chance.sample(some, 5):
        page.parts.append(f"$ {said} $")
        page.prose(1)


def _blanks(page: PicturedPage) -> None:
    """Set fields to be filled in: on lines, in combs, in tables, with boxes to be ticked."""
    for name in page.chance.sample(GOODS, 5):
        wide = page.chance.randint(90, 320)
        page.parts.append(
            f"#{json.dumps(name[:16])}: #box(width: {wide}pt, stroke: (bottom: 0.6pt))"
        )
    comb = " ".join(
        f"#box(width: {page.chance.choice((12, 14))}pt, height: 16pt, stroke: 0.5pt)"
        if page.held
        else "#box(width: 13pt, height: 8pt, stroke: (top: none, rest: 0.5pt))#h(-4pt)"
        for _ in range(page.chance.randint(8, 18))
    )
    page.parts.append(f"#box[IBAN] {comb}")
    for name in page.chance.sample(STATES, 5):
        tick = page.chance.choice(("", "✗", "✓"))
        page.parts.append(
            f"#box(width: 11pt, height: 11pt, stroke: 0.7pt)[#place(center)[{tick}]] {name}"
        )
    cells = ", ".join(f"[#text(6pt)[{name}]]" for name in page.chance.sample(FIRST, 12))
    page.parts.append(f"#table(columns: (1fr,) * 3, rows: 30pt, stroke: 0.6pt, {cells})")
    signed = "line(length: 100%, stroke: 0.5pt)"
    page.parts.append(f"#v(20pt)\n#grid(columns: (1fr, 1fr), gutter: 40pt, {signed}, {signed})")
    page.prose(1)


def _signs(page: PicturedPage) -> None:
    """Set signs among text: of music, of chemistry, arrows, braces beside lists, cards."""
    page.prose(1)
    some = (
        "$2 \"H\"_2 + \"O\"_2 -> 2 \"H\"_2\"O\" quad Delta H = -572$", "♩ = 120 · ♯ ♭ ♮ · ♫ ♪",
        "♠ A K 9 · ♥ Q 10 · ♦ J · ♣ 7 6 2", "→ see page 7 · ⇒ therefore · ↔ both ways",
        "☎ 0421 33 12 · ✉ office · ⌂ home", "① first ② second ③ third", "☀ fair ☁ cloudy ☂ rain",
        "$arrow.r.long$ #text(18pt)[✂] #line(length: 60%, stroke: (dash: \"dashed\"))",
    )  # fmt: skip
    for said in page.chance.sample(some, 5):
        size = page.chance.choice((10, 14, 20))
        page.parts.append(f'#text({size}pt, font: ("DejaVu Sans"))[{said}]')
        page.prose(1)
    names = ", ".join(f"[{name}]" for name in page.chance.sample(NAMES, 4))
    page.parts.append(
        f"#grid(columns: 2, gutter: 6pt, $lr(brace.l #v(50pt))$, stack(spacing: 6pt, {names}))"
    )


KINDS: dict[str, Callable[[PicturedPage], None]] = {
    "(shaded table)": _shaded_table, "(notes)": _notes, "(listings)": _listings,
    "(ornaments)": _ornaments, "(equations)": _equations, "(blanks)": _blanks, "(signs)": _signs,
}  # fmt: skip
