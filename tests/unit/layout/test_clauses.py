"""Clauses that number themselves are paragraphs; what only has numbers keeps its rows."""

import pytest

from tests.unit.layout.typeset import Setting, texts

FULL = 1150  # pixels that a full row takes
ABOVE = (
    "The parties have agreed on all that is set out in the schedule below and in the\n"
    "plan that goes with it, both of which they have signed on this very day."
)


def clauses(text: str, degrees: float = 0.0) -> list[str]:
    """Return what comes of rows below a paragraph that is as wide as the column."""
    above = Setting(ABOVE, 200, 200, full=FULL)
    first, *others = texts(above, Setting(text, 200, 400), degrees=degrees)
    assert first == ABOVE.replace("\n", " ")
    return others


@pytest.mark.parametrize("degrees", [0.0, 0.6])
@pytest.mark.parametrize("end", [";", "", ","])
def test_clauses_set_without_white_are_paragraphs_and_their_rows_are_joined(
    end: str, degrees: float
) -> None:
    text = [
        f"3.1 to pay the rent at the times and in the manner stated, if asked or not{end}",
        f"3.2 to pay for gas, electricity, water and council tax during the term{end}",
        "3.3 not to assign or part with possession of the house or any part of it without",
        f"Landlord's written consent, which may be withheld{end}",
        f"3.4 to give the Landlord access for inspection and for any repair{end}",
    ]
    assert clauses("\n".join(text), degrees) == [*text[:2], " ".join(text[2:4]), text[4]]


def test_clauses_within_clauses_count_on() -> None:
    text = [
        "3.1 The tenant keeps the house in good repair at his own cost, and in detail has",
        "3.1.1 to clean the windows each month, inside and out, and sweep the chimney and",
        "3.1.2 to clear the gutters,",
        "3.2 The landlord insures it",
        "4.1 Notices are sent by post",
    ]
    assert clauses("\n".join(text)) == text


def test_a_number_that_a_row_of_prose_begins_with_begins_no_clause() -> None:
    text = (
        "2.1 The rent falls by half as soon as the works begin that are set out in clause\n"
        "3.2 The Works and in the plan, and rises to the sum that is named in what stands\n"
        "above all of these. The half is paid in coin, the other one as is said in clause\n"
        "2.4 and 2.5 below."
    )
    assert clauses(text) == [text.replace("\n", " ")]


@pytest.mark.parametrize(
    "text",
    [
        "1.1 Oak, planed\n1.2 Ash, sawn\n1.3 Elm, sawn\n1.4 Pine, rough",  # notes
        "2.1 Schrauben\n2.2 Dübel\n2.3 Winkel",
        "1.1 The harbour and its boats" + 45 * "." + " 5\n1.2 Nets" + 66 * "." + " 11\n1.3 Sail 9",
        "1.20 Brot\n1.21 Milch\n1.95 Käse\n2.10 Kaffee",  # prices
    ],
)
def test_short_rows_with_numbers_stay_rows_of_one_list(text: str) -> None:
    assert clauses(text) == [text]
