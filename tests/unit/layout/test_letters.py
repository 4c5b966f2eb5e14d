"""A typewritten letter is a letter, and a listing is a listing."""

from ocrd.job import Line
from tests.unit.printed import PLAIN, TYPED, blocks, line, lines, paragraph

BODY = (
    "The delivery of the shelves (your order of 3 March) that you asked for\n"
    "has been put off for two weeks, since the oak was not dry enough (see\n"
    "our letter of 2 March). The price of $500 stays as it is for the time."
)
CODE = "int main(void) {\n    int a = 3;\n    return a;\n}\nvoid next(void) {\n    a += 3;\n}"


def printed(y: float) -> list[Line]:
    """Return a letterhead, a third as long as the letter."""
    return [
        line("Tischlerei Ostermann, furniture made to measure since 1922", 200, y),
        line("Repairs and restoration of old pieces, frames and doors", 200, y + 40),
        line("Am Holzhafen 12, 28217 Bremen, telephone 0421 55 01 77", 200, y + 80),
    ]


def test_a_letter_below_a_printed_head_is_text() -> None:
    letter = [
        lines("Dr. Henrike Vollmer\nLange Reihe 4\n27283 Verden", 200, 400, TYPED),
        [line("Ref. #318 ($500)", 200, 560, TYPED), line("14 March 1984", 1000, 560, TYPED)],
        lines(BODY, 200, 700, TYPED),
        lines(BODY, 200, 860, TYPED),
        [line("J. Ostermann (manager)", 200, 1100, TYPED)],
    ]
    found = blocks(printed(100), *letter)
    assert {block.label for block in found} == {"text"}
    assert BODY.replace("\n", " ") in [block.text for block in found]
    assert "Dr. Henrike Vollmer\nLange Reihe 4\n27283 Verden" in [block.text for block in found]


def test_a_listing_below_a_printed_head_stays_one() -> None:
    found = blocks(printed(100), lines(CODE, 200, 400, TYPED), lines(CODE, 200, 700, TYPED))
    assert "code" in {block.label for block in found}


def test_typed_sentences_around_a_listing_make_no_letter_of_it() -> None:
    found = blocks(lines(BODY, 200, 100, TYPED), lines(CODE, 200, 400, TYPED), paragraph(900))
    (code,) = [block for block in found if block.label == "code"]
    assert code.text.endswith(CODE)


def test_a_letter_is_text_of_which_a_bad_copy_lets_few_rows_be_measured() -> None:
    rows = [
        "The surveyor of the county pointed out that the lower gate cannot be",
        "closed before the end of the winter, and that the estimate of it is",
        "(see p. 3 of 7) too low. 1/3 of it is rotten, 2/3 is not, or not yet",
        "(p. 4). The 12 oak planks, 4 by 12, of 7.50, 9.10 and 11 are needed.",
        "We shall write again as soon as we have heard from the board at last",
    ]
    measured = {2, 3, 5, 9, 11}  # of fifteen; most of them sentences
    some = [
        line(rows[n % 5], 200, 300 + 38 * n, TYPED if n in measured else PLAIN) for n in range(15)
    ]
    assert {block.label for block in blocks(some)} == {"text"}
