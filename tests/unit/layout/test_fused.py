"""Cells that were read as one and are two, or were parted and are one."""

from dataclasses import replace

import pytest

from ocrd.job import Box
from ocrd.layout.fused import parted, with_currencies, with_ranges
from ocrd.layout.placed import Placed, texts_in
from tests.unit.printed import piece


def placed(*rows: tuple[str, ...], step: int = 400) -> list[Placed]:
    return [
        {
            at: [piece(text, 100 + step * at, 300 + 40 * number)]
            for at, text in enumerate(row)
            if text
        }
        for number, row in enumerate(rows)
    ]


def shown(width: int, rows: list[Placed]) -> list[list[str]]:
    return [["".join(texts_in([row], column)) for column in range(width)] for row in rows]


def test_dates_before_a_text_stand_by_themselves() -> None:
    rows = placed(*((f"0{n}.03. 1{n}.03. Rent of house {n}", f"{n}0,00") for n in range(1, 6)))
    assert shown(*parted(rows, 2)) == [
        [f"0{n}.03.", f"1{n}.03.", f"Rent of house {n}", f"{n}0,00"] for n in range(1, 6)
    ]


def test_a_value_alone_stands_in_the_column_that_it_lies_in() -> None:
    rows = placed(*(("Quay", f"0{n}:10 0{n}:22") for n in range(4)), ("Pier", "05:10"), step=600)
    right = placed(("Pier", "05:22"), step=600)
    box = right[0][1][0].box
    moved = replace(right[0][1][0], box=Box(box.x0 + 90, box.y0, box.x1 + 90, box.y1))
    assert shown(*parted([*rows, {**right[0], 1: [moved]}], 2)) == [
        *(["Quay", f"0{n}:10", f"0{n}:22"] for n in range(4)),
        ["Pier", "05:10", ""], ["Pier", "", "05:22"],
    ]  # fmt: skip


def test_an_amount_behind_a_unit_stands_by_itself() -> None:
    rows = placed(*(("Paper", f"box {n}7.20") for n in range(1, 6)))
    assert shown(*parted(rows, 2)) == [["Paper", "box", f"{n}7.20"] for n in range(1, 6)]


@pytest.mark.parametrize("text", ["{} kg", "{} March 2024", "{} %", "Shelf {}", "Street No. {}"])
def test_what_goes_on_with_a_number_stays_with_it(text: str) -> None:
    rows = placed(*((text.format(10 + n), f"{n}0,00") for n in range(6)))
    width, _ = parted(rows, 2)
    assert width == 2


def test_values_before_few_cells_part_no_column() -> None:
    goods = ("12 Eggs", "Butter", "Salt", "3 Rolls", "Milk", "Tea")
    rows = placed(*((text, "1,00") for text in goods))
    assert parted(rows, 2)[0] == 2


def test_a_currency_goes_to_its_amount() -> None:
    rows = placed(("CASH $", "16,00"), ("CARD", "$ 3,00"), ("CARD $", "No"))
    assert shown(*with_currencies(2, rows)) == [
        ["CASH", "$ 16,00"], ["CARD", "$ 3,00"], ["CARD $", "No"],
    ]  # fmt: skip


def test_a_column_of_currencies_alone_is_none() -> None:
    rows = placed(*((f"Iowa {n}", "$", f"{n},00") for n in range(3)))
    assert shown(*with_currencies(3, rows)) == [[f"Iowa {n}", f"$ {n},00"] for n in range(3)]


def test_both_ends_of_a_range_are_one_cell() -> None:
    rows = placed(*((f"Iowa {n}", f"1.{n}1", "-", f"1.{n}4", "9") for n in range(5)))
    assert shown(*with_ranges(5, rows)) == [
        [f"Iowa {n}", f"1.{n}1 - 1.{n}4", "9"] for n in range(5)
    ]
