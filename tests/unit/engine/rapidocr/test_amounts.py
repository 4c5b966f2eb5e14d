"""Units behind numbers that the network takes for figures or for I."""

from __future__ import annotations

import pytest

from ocrd.engine.rapidocr import amounts


@pytest.mark.parametrize(
    ("text", "likely", "expected"),
    [
        ("12 1 Wasser", 0.02, "12 l Wasser"),
        ("12 1 Wasser", 0.003, "12 l Wasser"),
        ("12 1 Wasser", 0.0029, "12 1 Wasser"),
        ("12 1 Wasser", 0.001, "12 1 Wasser"),
        ("5001", 0.007, "500l"),
        ("5001", 0.0069, "5001"),
        ("5001", 0.0095, "500l"),
        ("5001", 0.004, "5001"),
        ("mit 0.751 auf", 0.07, "mit 0.75l auf"),
        ("1.11 de lait", 0.012, "1.1l de lait"),
        ("2 ½ 1 Milch", 0.02, "2 ½ l Milch"),
        ("vor 1951 aufgesetzt", 0.2, "vor 1951 aufgesetzt"),
        ("2021a", 0.008, "2021a"),
        ("al., 2021)", 0.3, "al., 2021)"),
        ("Bring 11 s of", 0.3, "Bring 11 s of"),
        ("for 31 €", 0.3, "for 31 €"),
        ("5:1", 0.3, "5:1"),
        ("v1.2.1", 0.3, "v1.2.1"),
        ("Reihe 1", 0.3, "Reihe 1"),
    ],
)
def test_a_one_behind_a_number_is_an_l_where_the_network_thinks_of_it(
    text: str, likely: float, expected: str
) -> None:
    ones = {index: likely for index, sign in enumerate(text) if sign == "1"}
    assert amounts.put_right(text, ones) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 I Wasser, lauwarm", "100 l Wasser, lauwarm"),
        ("1,5 I aufgießen", "1,5 l aufgießen"),
        ("1½ I aufgießen", "1½ l aufgießen"),
        ("about 5 I in all", "about 5 l in all"),
        ("10 I d'eau", "10 l d'eau"),
        ("Total: 12 I", "Total: 12 l"),
        ("Total: 12I", "Total: 12l"),
        ("(5 I)", "(5 l)"),
        ("5 Ib", "5 lb"),
        ("1,5 Ibs of", "1,5 lbs of"),
        ("At 15 I left school", "At 15 I left school"),
        ("At 15 I pHed", "At 15 I pHed"),
        ("in all they have 5 I", "in all they have 5 l"),
        ("in all they do have 5 I", "in all they do have 5 I"),
        ("§ 823 I BGB", "§ 823 I BGB"),
        ("Art. 5 I GG", "Art. 5 I GG"),
        ("Type 2 I", "Type 2 I"),
        ("In 1984 I was there", "In 1984 I was there"),
        ("In 1984 I", "In 1984 I"),
        ("which he said to me when he was 15 I", "which he said to me when he was 15 I"),
        ("5 Ibex", "5 Ibex"),
        ("x[1] 1| y", "x[1] 1| y"),
        ("Type II and 5 II", "Type II and 5 II"),
        ("Part I of 3", "Part I of 3"),
    ],
)
def test_an_i_behind_an_amount_is_an_l_unless_somebody_speaks(text: str, expected: str) -> None:
    ones = {index: 0.0 for index, sign in enumerate(text) if sign == "1"}
    assert amounts.put_right(text, ones) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1og", "10g"), ("1o½ inches", "10½ inches"), ("5oo g", "500 g"), ("3O %", "30 %"),
        ("1o de mayo", "1o de mayo"), ("2o", "2o"), ("4oxen", "4oxen"),
    ],
)  # fmt: skip
def test_a_round_letter_within_an_amount_is_a_nought(text: str, expected: str) -> None:
    ones = {index: 0.0 for index, sign in enumerate(text) if sign == "1"}
    assert amounts.put_right(text, ones) == expected
