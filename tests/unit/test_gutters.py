"""Where a white strip parts columns of text, and where it does not."""

from tests.unit.printed import LARGE, PLAIN, line, lines, order


def test_a_line_that_was_read_across_the_gutter_is_cut_there() -> None:
    left = [
        line(f"left row {number} that fills it up", 100, 300 + 38 * number, width=600)
        for number in range(20)
    ]
    right = [
        line(f"right row {number} that fills it", 720, 310 + 38 * number, width=600)
        for number in range(20)
    ]
    fused = line(
        "left row 9 that fills it up right row 9 that fills it", 100, 300 + 38 * 9, width=1220
    )
    texts = order(left[:9], left[10:], right[:9], right[10:], fused)
    assert texts == [one.text for one in left] + [one.text for one in right]


def test_a_line_that_sticks_out_into_the_gutter_stays_in_its_column() -> None:
    left = [
        line(f"left row {number} that fills it up", 100, 300 + 38 * number, width=600)
        for number in range(12)
    ]
    left[5] = line("left row 5 that fills it up and more", 100, 300 + 38 * 5, width=635)
    right = [
        line(f"right row {number} that fills it", 730, 310 + 38 * number, width=600)
        for number in range(12)
    ]
    assert order(left, right) == [one.text for one in left + right]


def test_an_address_and_a_date_beside_it_are_read_from_the_top() -> None:
    sender = lines("Ostermann Ltd\nHarbour Road 12\nBremen\nTelephone 550177", 1100, 200)
    address = lines("Dr. H. Vollmer\nLange Reihe 4\nVerden", 200, 500)
    date = line("Bremen, 14 March 2024", 1100, 740)
    texts = order(address, date, sender)
    assert texts[:4] == [one.text for one in sender]
    assert texts[-1] == date.text


def test_a_few_bold_terms_beside_what_they_mean_are_no_columns() -> None:
    names = [f"VERSION_NUMBER_OF_IT[{number}]" for number in range(6)]
    terms = lines("\n".join(names), 300, 300, LARGE)
    meaning = lines("\n".join(f"The number of part {name[-2]} of it" for name in names), 800, 300)
    texts = order(terms, meaning)
    assert texts == [
        text for pair in zip(terms, meaning, strict=True) for text in (pair[0].text, pair[1].text)
    ]


def test_signs_that_look_bold_are_no_headings_of_a_column() -> None:
    rows = [(f"what the sign {n} means here", sign) for n, sign in enumerate("%&|~^#@!")]
    left = [line(text, 200, 300 + 38 * n) for n, (text, _) in enumerate(rows)]
    right = [
        line(f"({sign}{sign})", 800, 300 + 38 * n, LARGE if n == 4 else PLAIN)
        for n, (_, sign) in enumerate(rows)
    ]
    assert order(left, right) == [
        one.text for pair in zip(left, right, strict=True) for one in pair
    ]
