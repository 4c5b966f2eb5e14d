"""Tables side by side are each one of its own."""

from ocrd.job import Line
from tests.unit.printed import BOLD, blocks, cells, line, paragraph

GOODS = ("Apple juice", "Garden hose", "Oak shelf", "Watering can", "Desk lamp", "Work gloves")


def table(x: float, y: float, count: int, *, step: float = 50, number: bool = False,
          head: tuple[str, ...] = ()) -> list[Line]:  # fmt: skip
    """Return names with prices, a head above them."""
    some = [line(text, x + 420 * at, y - step, BOLD) for at, text in enumerate(head)]
    for at in range(count):
        places = [GOODS[at % 6], f"{at + 1}.50"]
        some += [
            line(text, x + 420 * column, y + step * at) for column, text in enumerate(places)
        ]
        if number:
            some.append(line(f"{at + 3} m", x + 560, y + step * at))
    return some


def rows(count: int) -> list[list[str]]:
    return [[GOODS[at % 6], f"{at + 1}.50"] for at in range(count)]


def found(*groups: list[Line]) -> list[list[list[str]]]:
    return [cells(block) for block in blocks(*groups) if block.label == "table"]


def test_rows_that_do_not_stand_level_are_of_two_tables() -> None:
    assert found(table(100, 300, 9), table(850, 318, 8, step=57)) == [rows(9), rows(8)]


def test_the_same_names_over_both_tell_two() -> None:
    head = ("Article", "Price")
    both = found(table(100, 300, 7, head=head), table(700, 300, 7, head=head))
    assert both == [[list(head), *rows(7)]] * 2


def test_more_white_between_them_than_within_tells_two_of_one_kind() -> None:
    assert found(table(100, 300, 6), table(900, 300, 6)) == [rows(6)] * 2


def test_the_text_above_and_below_is_in_none() -> None:
    some = blocks(paragraph(100), table(100, 400, 6), table(900, 400, 6), paragraph(900))
    assert [block.label for block in some] == ["text", "table", "table", "text"]


def test_names_over_them_stand_before_their_own() -> None:
    names = [line("Graz 2023", 100, 220), line("Bergen 2024", 850, 220)]
    some = blocks(table(100, 300, 9), table(850, 318, 8, step=57), names)
    assert [block.text if block.label == "text" else block.label for block in some] == [
        "Graz 2023", "table", "Bergen 2024", "table"
    ]  # fmt: skip


def test_other_names_over_the_right_half_are_of_one_table() -> None:
    left = table(100, 300, 8, head=("Article", "Price"))
    right = table(700, 300, 8, head=("Substitute", "Cost"))
    assert len(found(left, right)) == 1


def test_columns_of_one_table_stay_in_it() -> None:
    rows_of_six: list[Line] = []
    places = (100, 260, 560, 900, 1050, 1250)
    for at, name in enumerate(GOODS * 2):
        texts = (f"M{at + 11}-7", name, f"{at + 40}", f"{at + 90}", "recount", f"{at + 10}.03.24")
        rows_of_six += [line(text, x, 300 + 50 * at) for x, text in zip(places, texts, strict=True)]
    assert [len(one[0]) for one in found(rows_of_six)] == [6]
