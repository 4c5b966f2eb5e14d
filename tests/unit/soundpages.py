"""Pages as a model reads them that repeat themselves a lot and are sound all the same."""

from __future__ import annotations

import random
from collections.abc import Sequence

_WORDS = (
    "harbour office opens at seven every boat is written into the book before morning tide turns"
    " and nobody leaves without a receipt for the cargo that was weighed on the old scales under"
    " supervision of two clerks whose names are entered by hand in red ink as the rule demands"
).split()
_NAMES = (
    "Adler Baumann Castell Dietrich Ehlers Fontane Grimm Hauser Immel Jansen Keller Lorenz Meier"
    " Nolte Oswald Peters Quandt Richter Schulz Thoma Ulrich Vogel Weber Xanten Young Zeller Abel"
    " Brandt Conrad Dorn Engel Falk Gross Hahn Ilg Jung Krause Lang Moser Neumann"
).split()


def grounded(label: str, text: str, top: int, bottom: int, left: int = 80) -> str:
    box = f"[[{left}, {top}, 920, {bottom}]]"
    return f"<|ref|>{label}<|/ref|><|det|>{box}<|/det|>\n{text}\n\n"


def html(rows: Sequence[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{body}</table>"


def prose(words: int, seed: int = 1) -> str:
    choose = random.Random(seed)
    return " ".join(choose.choice(_WORDS) for _ in range(words)).capitalize() + "."


def contents_with_leaders() -> str:
    lines = [
        f"{number}.{part} {prose(3, number * 9 + part)[:-1]} {'. ' * 45}{number * 11 + part}"
        for number in range(1, 9)
        for part in range(1, 5)
    ]
    return "\n".join(lines)


def form_with_lines() -> str:
    fields = ("Name", "First name", "Born on", "Street", "Town", "Country", "Telephone", "Signed")
    lines = [f"{field}: {'_' * 60}" for field in fields]
    return "\n".join([*lines, "Remarks:", *["_" * 80] * 30])


def blank_timesheet() -> str:
    head = ["Day", "From", "To", "Break", "Hours", "Project", "Task", "Km", "Fee", "Signed"]
    return html([head, *([str(day), *[""] * 9] for day in range(1, 32))])


def blank_grid() -> str:
    """A form whose rows have not even numbers."""
    return html([["Item", "Quantity", "Price", "Total"], *[[""] * 4] * 60])


def table_of_zeros() -> str:
    choose = random.Random(3)
    rows = [[name, *("0" if choose.random() < 0.97 else "3" for _ in range(14))] for name in _NAMES]
    return grounded("table", html([["Ward", *map(str, range(2010, 2024))], *rows]), 100, 900)


def table_of_dashes() -> str:
    rows = [[f"§ {number}", *["–"] * 7] for number in range(1, 36)]
    return grounded("table", html([["Paragraph", *"ABCDEFG"], *rows]), 100, 900)


def bill_struck_out() -> str:
    filled = [["1", "Timber, sawn", "12 m", "8.40", "100.80"], ["2", "Nails", "3 kg", "4", "12.00"]]
    return html([["No", "What", "How much", "Each", "EUR"], *filled, *[["-"] * 5] * 18])


def amounts_of_zero() -> str:
    rows = [[f"{4000 + number} {name}", *["0.00 €"] * 6] for number, name in enumerate(_NAMES)]
    return html([["Account", *"123456"], *rows])


def attendance() -> str:
    choose = random.Random(4)
    rows = [[name, *("x" if choose.random() < 0.9 else "" for _ in range(12))] for name in _NAMES]
    return html([["Pupil", *map(str, range(1, 13))], *rows])


def checklist_of_yes() -> str:
    rows = [[f"{number}", *["yes"] * 8] for number in range(1, 31)]
    return html([["Unit", *(f"Test {letter}" for letter in "ABCDEFGH")], *rows])


def truth_table() -> str:
    rows = [list(f"{number:06b}") for number in range(64)]
    return html([list("ABCDEF"), *rows])


def times_table() -> str:
    return html([[str(a * b) for a in range(1, 16)] for b in range(1, 16)])


def list_of_similar_lines() -> str:
    return "\n".join(
        f"Photo {number}: courtesy of the municipal archive, no. {1900 + number}."
        for number in range(1, 51)
    )


def receipts_of_one_kind() -> str:
    return "\n".join(
        f"{day:02}.03.2024  Invoice {20240100 + day} paid in full  48.00 EUR"
        for day in range(1, 32)
    )


def counted_seats() -> str:
    return "\n".join(f"Seat {number} reserved for members" for number in range(1, 90))


def index_page() -> str:
    return "\n".join(
        f"{name}, {first[0]}., {page}, {page + 2}, {page + 17}–{page + 19}; see also {other}"
        for page, (name, first, other) in enumerate(
            zip(_NAMES, _NAMES[7:] + _NAMES[:7], _NAMES[3:] + _NAMES[:3], strict=True), start=11
        )
    )


def telephone_directory() -> str:
    return "\n".join(f"{name}, {6} Harbour Road  555-0{100 + n}" for n, name in enumerate(_NAMES))


def column_of_years() -> str:
    choose = random.Random(5)
    return "\n".join(choose.choice(("1998", "1999", "2000")) for _ in range(300))


def song_with_refrain() -> str:
    refrain = (
        "And it's home, boys, home,\nHome I'd like to be,\nHome for a while in the old country"
    )
    return "\n\n".join(f"{prose(24, verse)}\n{refrain}" for verse in range(6))


def labels_of_one_address() -> str:
    address = "Harbour Office\n6 Quay Street\nNewtown 1042"
    return "".join(
        grounded("text", address, 40 + 118 * row, 130 + 118 * row, 60 + 300 * column)
        for row in range(8)
        for column in range(3)
    )


def slip_in_three_copies() -> str:
    return "\n\n".join([f"Payee: Harbour Office\n{prose(60, 9)}\nAmount: 48.00 EUR"] * 3)


def register_by_cause() -> str:
    choose = random.Random(6)
    causes = ("Cash", "Bank transfer", "Cash", "Cheque")
    rows = [[f"{n}", choose.choice(causes), f"{choose.randrange(9999)}.00"] for n in range(1, 46)]
    return grounded("table", html(rows), 50, 950)


def hex_dump_of_nothing() -> str:
    return "\n".join(f"{16 * line:08x}  {'00 ' * 16} |{'.' * 16}|" for line in range(48))


def sheet_of_zeros() -> str:
    return "\n".join(["0 0 0 0 0 0 0 0"] * 40)


def pipe_table() -> str:
    rows = [f"| {name} | 0 | 0 | 0 | 0 | – | – |" for name in _NAMES]
    return "\n".join(["| Ward | A | B | C | D | E | F |", "|---|---|---|---|---|---|---|", *rows])


def questionnaire() -> str:
    return "\n".join(f"{n}. {prose(9, n)[:-1]}?  ☐ yes  ☐ no  ☐ unsure" for n in range(1, 31))


def plain_page() -> str:
    title = grounded("title", "# The harbour office", 60, 100)
    return title + "".join(
        grounded("text", prose(90, number), 110 + 100 * number, 205 + 100 * number)
        for number in range(8)
    )


def picture_only() -> str:
    return "<|ref|>image<|/ref|><|det|>[[10, 10, 990, 990]]<|/det|>\n"


def located_target() -> str:
    return "<|ref|>the total<|/ref|><|det|>[[10, 10, 60, 30], [10, 500, 60, 530]]<|/det|>"


def stripped_markup() -> str:
    return "image[[10, 10, 400, 300]]\n\n" + f"text[[10, 310, 900, 600]]\n{prose(80)}\n"


def few_words() -> str:
    return "Page left blank."


SOUND_PAGES = {
    page.__name__: page()
    for page in (
        contents_with_leaders, form_with_lines, blank_timesheet, blank_grid, table_of_zeros,
        table_of_dashes, bill_struck_out, amounts_of_zero, attendance, checklist_of_yes,
        truth_table, times_table, list_of_similar_lines, receipts_of_one_kind, counted_seats,
        index_page, telephone_directory, column_of_years, song_with_refrain, labels_of_one_address,
        slip_in_three_copies, register_by_cause, hex_dump_of_nothing, sheet_of_zeros, pipe_table,
        questionnaire, plain_page, picture_only, located_target, stripped_markup, few_words,
    )
}  # fmt: skip
