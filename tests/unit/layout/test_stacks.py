"""Addresses and blocks of numbers beside other text."""

import pytest

from ocrd.job import Block, Typeface
from ocrd.layout import grids
from ocrd.layout.sheet import Piece, Stroke, page_box
from ocrd.layout.stacks import gathered, is_address
from tests.unit.printed import (
    LINE,
    PLAIN,
    blocks,
    cells,
    line,
    lines,
    lying,
    paragraph,
    standing,
)

BILL = "Bill to\nGreta Villanueva\nLange Reihe 74\n66003 Aarhus"
DELIVER = "Deliver to\nDavid Delacroix\nHarbour Street 7\n28217 Bremen"


def written(found: list[Block]) -> list[str]:
    return [block.text for block in found]


@pytest.mark.parametrize(
    "text",
    ["Lange Reihe 4\n27283 Verden", "12 Harbour Street\nLeeds LS1 4AP",
     "9876 Long Meadow Rd.\nSarasota, FL 34238", "7 rue du Port\n35400 Saint-Malo",
     "Am Holzhafen 12a\nD-28217 Bremen"],
)  # fmt: skip
def test_a_street_and_a_town_are_an_address(text: str) -> None:
    assert is_address(text.split("\n"))


@pytest.mark.parametrize("text", ["Copy paper A4\n25 pieces", "Lange Reihe 4\nLange Reihe 6"])
def test_other_lines_are_none(text: str) -> None:
    assert not is_address(text.split("\n"))


def test_two_addresses_beside_each_other_are_read_one_after_the_other() -> None:
    found = blocks(lines(BILL, 150, 300), lines(DELIVER, 800, 300), paragraph(700))
    assert written(found)[:2] == [BILL, DELIVER]


def test_names_beside_an_address_stay_beside_their_values() -> None:
    names = lines("Invoice\nDate\nCustomer", 1000, 300)
    values = lines("2024-444\n06.07.2024\n19144", 1250, 300)
    address, table, *_ = blocks(lines(BILL, 150, 300), names, values, paragraph(700))
    assert address.text == BILL
    assert cells(table) == [["Invoice", "2024-444"], ["Date", "06.07.2024"], ["Customer", "19144"]]


def test_a_bar_beside_the_items_of_an_invoice_is_no_column_of_theirs() -> None:
    bar = "Telephone 0421 55\nmail@okafor.example\nSparkasse Bremen\nIBAN DE64 2905\nBIC SBREDE76"
    items = [
        line(text, x, 300 + 36 * row)
        for row in range(6)
        for x, text in (
            (600, str(row + 1)), (660, f"Oak shelf {row}0 cm"), (1100, f"1{row},50"),
            (1300, f"2{row},75"),
        )
    ]  # fmt: skip
    found = blocks(lines(bar, 150, 310), items, paragraph(800))
    (table,) = [block for block in found if block.label == "table"]
    assert cells(table) == [
        [str(row + 1), f"Oak shelf {row}0 cm", f"1{row},50", f"2{row},75"] for row in range(6)
    ]
    assert bar in written(found)


def test_the_foot_of_a_letter_is_three_blocks() -> None:
    company = "Tischlerei Ostermann\nAm Holzhafen 12\n28217 Bremen"
    bank = "Sparkasse Bremen\nIBAN DE64 2905 0101\nBIC SBREDE22"
    tax = "Steuernummer 60/1\nAmtsgericht Bremen\nHRB 12345"
    feet = [lines(text, x, 1900) for text, x in ((company, 150), (bank, 650), (tax, 1150))]
    found = blocks(paragraph(400), *feet)
    assert written(found)[-3:] == [company, bank, tax]
    assert not any(block.label == "table" for block in found)


def test_an_address_alone_is_text_as_before() -> None:
    found = blocks(lines(BILL, 150, 300), paragraph(700))
    assert written(found)[0] == BILL


def test_words_that_hold_the_name_of_a_number_are_no_block() -> None:
    terms = "cubic Bezier spline\nunresolved cubic guide\nordered pair"
    types = "path\nguide\npair"
    (table,) = blocks(lines(terms, 150, 300), lines(types, 700, 300))
    assert cells(table) == [
        list(row) for row in zip(terms.split("\n"), types.split("\n"), strict=True)
    ]


@pytest.mark.parametrize(("left", "right"), [
    ("Facturation", "Livraison :"), ("Sold to", "Ship to"),
    ("Rechnungsadresse", "Lieferanschrift"), ("Remitente", "Dirección de entrega"),
])  # fmt: skip
def test_what_is_named_an_address_is_one_without_a_street(left: str, right: str) -> None:
    one = f"{left}\nClara Vonnegut\nLe Moulin"
    other = f"{right}\nNoah Pettersen\nThe Old Granary\nSouthwold"
    found = blocks(lines(one, 150, 300), lines(other, 800, 300), paragraph(700))
    assert written(found)[:2] == [one, other]
    assert [block.label for block in found[:2]] == ["text", "text"]


def test_columns_of_other_names_stay_rows() -> None:
    one, other = "Office\nClara Vonnegut\nLe Moulin", "Depot\nNoah Pettersen\nSouthwold"
    found = blocks(lines(one, 150, 300), lines(other, 800, 300), paragraph(700))
    assert not {one, other} & set(written(found))


@pytest.mark.parametrize(("face", "y", "height", "x", "is_block"), [
    (Typeface(size=9, weight=1.4), 329, 20, 150, True),  # a sender's line above a window
    (Typeface(size=9, weight=1.4), 329, 20, 480, False),  # no white between
    (Typeface(size=9, weight=1.4), 345, 20, 150, False),  # in a row with a line: a note's mark
    (Typeface(size=30, weight=4), 310, 60, 150, True),  # a name set large
    (PLAIN, 320, LINE, 150, False),
])  # fmt: skip
def test_a_block_beside_a_line_in_other_type_is_read_whole(
    face: Typeface, y: float, height: float, x: float, is_block: bool
) -> None:
    sender = line("Clara Vonnegut, Le Moulin", x, y, face, width=500, height=height)
    facts = "Member no. 4711\nsince spring 1998\nIn the chair until\nthe summer of 2005"
    found = written(blocks(sender, lines(facts, 1000, 300), paragraph(700)))
    assert (found[:2] == ["Clara Vonnegut, Le Moulin", facts]) == is_block


def test_a_table_beside_lines_is_no_logo() -> None:
    rows = [
        line(text, x, 290 + 48 * row)
        for row in range(4)
        for x, text in ((160, f"a{row}"), (460, f"b{row}"))
    ]
    net = [lying(280 + 48 * at, 150, 750) for at in range(5)]
    net += [standing(x, 280, 472) for x in (150, 450, 750)]
    facts = "Member no. 4711\nsince spring 1998\nIn the chair until\nthe summer of 2005"
    pieces = [Piece(one, page_box(one)) for one in lines(facts, 1000, 300)]
    ((grid, _),) = grids.ruled(
        [Piece(one, page_box(one)) for one in rows],
        [Stroke(rule.start[1], rule.start[0], rule.end[0]) for rule in net[:5]],
        [Stroke(rule.start[0], rule.start[1], rule.end[1]) for rule in net[5:]],
    )  # fmt: skip
    table = Piece(rows[0], grid.box, grid)
    assert gathered([table, *pieces]) == [table, *pieces]
