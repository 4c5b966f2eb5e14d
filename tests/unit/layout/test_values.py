"""What a cell's text is by its form."""

import pytest

from ocrd.layout import values


@pytest.mark.parametrize(
    "text",
    ["12", "1.648,00", "1,648.00", "1 250,00", "-0.42", "36,11+", "19 %", "€ 45", "45 EUR", "1.",
     "$ 16.000,00", "12.03.2024", "03/10/2013", "06:10", "0:36:05", "A-1234", "23-16196172-8",
     "M04-1", "–", "(12,00)"],
)  # fmt: skip
def test_numbers_dates_codes_and_dashes_are_values(text: str) -> None:
    assert values.is_value(text)


@pytest.mark.parametrize(
    "text", ["Iowa", "Regal 90 cm", "Card payment", "12 Eggs of hens", "a", "Nr", ""]
)
def test_words_are_none(text: str) -> None:
    assert not values.is_value(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("11.06. Insurance", "11.06."), ("355 Overtime", "355"), ("6 18.87 18.44", "6"),
     ("1 250,00 yes it is", "1 250,00"), ("06:10 06:22", "06:10"), ("2. Teresa Fitzgerald", "2.")],
)  # fmt: skip
def test_a_value_before_something_else_is_told(text: str, value: str) -> None:
    assert text[: values.leading(text)] == value


@pytest.mark.parametrize(
    "text", ["25 kg", "12 March 2024", "19 %", "4 x 40", "Iowa 12", "12", "12 °C"]
)
def test_what_goes_on_with_a_number_is_no_other_value(text: str) -> None:
    assert values.leading(text) == 0


def test_only_an_amount_a_date_or_a_time_parts_from_what_stands_before_it() -> None:
    texts = ("box 17.23", "Lange Reihe 4", "from 06:10", "17.23")
    assert [text[values.trailing(text) :] for text in texts[::2]] == ["17.23", "06:10"]
    assert [values.trailing(text) for text in texts[1::2]] == [0, 0]


def test_one_cell_of_a_column_may_be_its_head() -> None:
    assert values.are_most([0, 3, 3, 2, 4])
    assert values.are_most([0, 0, 3, 3, 2, 4])
    assert not values.are_most([0, 0, 3, 3, 0, 2, 4])
    assert not values.are_most([3, 3, 3])


def test_signs_between_values_are_told_from_values() -> None:
    assert values.are_signs(["To", "-", "-", "–", "-"])
    assert not values.are_signs(["-", "-", "-", "1", "2"])


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("2.12.2009 to", True), ("3 Mai bis", True), ("4 –", True), ("goto", False), ("to", False),
     ("2.12.2009", False), ("Plan B", False)],
)  # fmt: skip
def test_a_word_that_joins_two_things_awaits_the_second(text: str, is_so: bool) -> None:
    assert values.awaits(text) is is_so


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("3.207,29 EUR", True), ("€ 12", True), ("Sum 1,204.50", True), ("Version 2.1", False),
     ("Room 12", False), ("EUR", False)],
)  # fmt: skip
def test_a_sum_ends_with_an_amount(text: str, is_so: bool) -> None:
    assert values.has_amount(text) is is_so


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("Bremen, den 14. März 2024", True), ("2024-03-14", True), ("1st May 1998", True),
     ("May 1998", False), ("Results of 14 May", False), ("Chapter 14", False)],
)  # fmt: skip
def test_a_day_is_one_with_its_place_or_without(text: str, is_so: bool) -> None:
    assert values.is_date(text) is is_so
