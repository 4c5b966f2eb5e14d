"""Bands of a newspaper, each with its own columns."""

from ocrd.job import Line, Typeface
from ocrd.layout import columns
from ocrd.layout.sheet import Sheet
from tests.unit.printed import HEIGHT, WIDTH, line, lying

HEAD = Typeface(30, 7.0)
FULL, STEP = 300, 38


def story(name: str, x: float, y: float, rows: int = 8) -> list[Line]:
    return [
        line(f"{name} row {number} that fills it", x, y + STEP * number, width=FULL)
        for number in range(rows)
    ]


def headline(text: str, x: float, y: float, width: float) -> Line:
    return line(text, x, y, HEAD, width=width, height=60)


def read(*groups: list[Line] | Line, rule: float = 0) -> list[str]:
    some = [one for group in groups for one in (group if isinstance(group, list) else [group])]
    rules = [lying(rule, 80, 1520)] if rule else []
    page = Sheet.of(some, WIDTH, HEIGHT, rules)
    found = columns.rows(page.pieces, lying=page.lying)
    return [piece.line.text.partition(" row")[0] for row in found for piece in row.pieces]


def runs(texts: list[str]) -> list[str]:
    return [text for index, text in enumerate(texts) if index == 0 or texts[index - 1] != text]


def band(names: str, y: float) -> list[Line]:
    return [one for n, name in enumerate(names) for one in story(name, 100 + 360 * n, y)]


def test_columns_end_at_a_rule_over_the_whole_page() -> None:
    assert runs(read(band("abcd", 300), band("efgh", 650), rule=627)) == list("abcdefgh")
    assert runs(read(band("abcd", 300), band("efgh", 650))) == list("aebfcgdh")


def test_columns_end_where_headlines_begin_side_by_side() -> None:
    heads = [headline("Ferry sold", 100, 640, 650), headline("Bridge shut", 820, 640, 650)]
    texts = runs(read(band("abcd", 300), heads, band("efgh", 720)))
    assert texts == ["a", "b", "c", "d", "Ferry sold", "e", "f", "Bridge shut", "g", "h"]


def test_a_short_word_is_a_headline_beside_longer_ones() -> None:
    heads = [headline("Fog", 100, 640, 90), headline("Bridge shut by night", 460, 640, 1000)]
    texts = runs(read(band("abcd", 300), heads, band("efgh", 720)))
    assert texts[:5] == ["a", "b", "c", "d", "Fog"]


def test_a_headline_of_two_rows_stays_with_its_story() -> None:
    heads = [
        headline("Ferry is", 100, 640, 650), headline("sold now", 100, 715, 640),
        headline("Bridge shut", 820, 640, 650), headline("by night", 820, 715, 640),
    ]  # fmt: skip
    texts = runs(read(band("abcd", 300), heads, band("efgh", 800)))
    assert texts[4:] == ["Ferry is", "sold now", "e", "f", "Bridge shut", "by night", "g", "h"]


def test_a_headline_in_one_column_ends_no_other() -> None:
    head = headline("Fog", 460, 450, 120)
    below = story("b", 460, 530, 6)
    left, right = story("a", 100, 300, 12), story("c", 820, 300, 12)
    assert runs(read(left, story("b", 460, 300, 3), head, below, right)) == [
        "a", "b", "Fog", "b", "c"
    ]  # fmt: skip


def test_a_quotation_between_rules_is_no_end_of_a_column_beside_a_shorter_one() -> None:
    long, short = story("a", 100, 300, rows=12), story("b", 460, 300, rows=6)
    quoted = headline("It is cold and wet", 100, 790, 300)
    assert runs(read(long, quoted, story("c", 100, 880), short)) == [
        "a", "It is cold and wet", "c", "b",
    ]  # fmt: skip


def test_columns_that_end_level_are_over_at_a_headline_of_one_of_them() -> None:
    head = headline("Ferry sold", 100, 640, 300)
    assert runs(read(band("ab", 300), head, story("c", 100, 720))) == ["a", "b", "Ferry sold", "c"]
