"""What a cell's text is by its form: dates, times, amounts, codes, numbers; or words (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

FEW_WORDS = 3  # of a cell that is no text
MOST = 0.6  # share of a column's cells from which it is of one form
SEVERAL = 4  # cells; fewer have a value beside something else by chance
CERTAIN = 2  # cells of several numbers that cannot be one
STRAY = 0.15  # share of a column's cells that have none, where the others have

_BETWEEN = frozenset("-–—/x×:")
_CURRENCY = r"(?:€|\$|£|¥|EUR|USD|GBP|CHF|Kč|zł|kr|Fr)\.?"
_NUMBER = r"[-+–−±(]?\d{1,3}(?:[.,'’\s]\d{3})*(?:[.,]\d+)?|[-+–−]?\d+(?:[.,:/-]\d+)*"
_VALUE = re.compile(
    rf"(?:{_CURRENCY}\s?)?(?:{_NUMBER})[-+–−)]?[.*†]?(?:\s?(?:%|‰|°C?|{_CURRENCY}))?(?:\s[A-Z])?"
    r"|[-–—.…*x✓]{1,3}|n/?a|[A-Z]{0,4}[-/.]?\d[\dA-Z./-]*",
)
# The first value of several things in one cell, the thousands of a number with it.
_FIRST = re.compile(
    r"(?P<value>\d{1,2}[./-]\d{1,2}[./-](?:\d{2,4})?|\d{1,2}:\d{2}(?::\d{2})?|[A-Z]{1,4}-?\d[\dA-Z/-]*"
    r"|[-+–−]?\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?|[-+–−]?\d[\d.,'’/-]*[.*]?)\s+(?P<rest>\S.*)"
)
_SPACED = re.compile(r"(?<!\S)\d{1,3} \d{3}(?!\d)")
_LAST = re.compile(
    rf"(?<=\S)\s(?P<value>(?:{_CURRENCY}\s?)?[-+–−]?(?:\d{{1,3}}(?:[.,'’]\d{{3}})+|\d+)[.,]\d{{1,3}}[-+]?|\d{{1,2}}:\d{{2}}|\d+[./]\d+[./]\d*)$"
)
_POINTS = re.compile(  # of a question: [5 points], (3 marks), / 6, 4 P.
    r"[\[(]?\s?/?\s?\d{1,3}(?:[.,]\d|½)?"
    r"(?:\s?(?:p(?:oin)?ts?|marks?|P|Pkte?|Punkte?|points?|puntos?|ptos?|pontos?|punti|punten)\.?)?\s?[\])]?",
    re.IGNORECASE,
)
_MONTH = r"[^\W\d_]{3,10}\.?"
_AWAITS = re.compile(
    r"(?<=\w)\.?\s(?:to|until|till|and|or|of|for|bis|und|oder|von|für|au|à|et|ou|de|du|al|hasta|y|o|e|até|tot|en|til|og|–|-|/|&)$"
)
_DAY = re.compile(
    r"(?:[^\W\d_][\w.'’ -]{1,30},?\s(?:den\s|le\s|the\s)?)?"  # Bremen, den
    rf"(?:\d{{1,2}}(?:\.|st|nd|rd|th|er|º)?\s(?:de\s)?{_MONTH},?\s(?:de\s)?\d{{4}}"  # 14. März 2024
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"  # March 14, 2024
    r"|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{4}-\d{2}-\d{2})\.?"
)
_MONEY = r"(?:€|\$|£|EUR|USD|GBP|CHF)"
_SUM = re.compile(
    rf"\d[.,]\d{{2}}[-+–]?(?:\s?{_CURRENCY})?$|\d\s?{_MONEY}$|{_MONEY}\s?\d[\d.,'’ ]*$"
)
# What goes on with a number: a unit, a month and a year, a street.
_GOES_ON = re.compile(r"[^\W\d_]{1,3}\.?|[%°‰].*|[^\W\d_]+\.?\s(?:\d{4}|\d{2})|[x×]\s?\d.*")


def is_value(text: str) -> bool:
    """Say whether a text is a number, a date, a code, or a sign that stands for none."""
    return _VALUE.fullmatch(text.strip()) is not None


def is_begun(text: str) -> bool:
    """Say whether a text is a value, or one whose end stands in the next line: "2.12.2009 to"."""
    return is_value(_AWAITS.sub("", text.strip()))


def is_mark(text: str) -> bool:
    """Say whether a text is a number or the points that a question gives."""
    return is_value(text) or _POINTS.fullmatch(text.strip()) is not None


def is_year(text: str) -> bool:
    """Say whether a value is a year, as heads of columns are: 2023, 2023/24."""
    return re.fullmatch(r"(?:1[5-9]|20)\d\d(?:[/-]\d\d(?:\d\d)?)?", text.strip()) is not None


def are_values(cells: Sequence[str]) -> bool:
    """Say whether most of a column's cells are values."""
    return bool(cells) and sum(map(is_value, cells)) >= MOST * len(cells)


def is_text(text: str) -> bool:
    """Say whether a cell is as long as sentences are."""
    return len(text.split()) > FEW_WORDS and not is_value(text)


def goes_on(text: str) -> bool:
    """Say whether a text begins as what goes on from a row above."""
    return text[:1].islower()


def is_date(text: str) -> bool:
    """Say whether a text is a day, with the place before it perhaps, as letters have it."""
    return _DAY.fullmatch(text.strip()) is not None


def has_amount(text: str) -> bool:
    """Say whether a text ends with an amount of money: a sum."""
    return _SUM.search(text.strip()) is not None


def awaits(text: str) -> bool:
    """Say whether a text ends with what something has to follow: "2.12.2009 to"."""
    return _AWAITS.search(text) is not None


def is_currency(text: str) -> bool:
    """Say whether a text is a currency alone."""
    return re.fullmatch(_CURRENCY, text) is not None


def are_signs(cells: Sequence[str]) -> bool:
    """Say whether the cells of a column are a sign between two values, but for its head."""
    found = sum(text in _BETWEEN for text in cells)
    return found >= SEVERAL and found >= len(cells) - 1


def leading(text: str) -> int:
    """Return how many characters the value has that something else stands behind, or 0."""
    found = _FIRST.fullmatch(text.strip())
    if not found or _GOES_ON.fullmatch(found["rest"]):
        return 0
    return found.end("value")


def trailing(text: str) -> int:
    """Return how many characters stand before an amount, a date or a time at the end, or 0."""
    found = _LAST.search(text.strip())
    return found.start("value") if found else 0


def numbers_each(cells: Sequence[str]) -> int:
    """Return how many numbers nearly all cells of a column hold side by side, 0 if not several.

    What may be one number with spaces between its thousands does not tell by itself.
    """
    counts = [len(text.split()) for text in cells if all(map(is_value, text.split()))]
    count = max(set(counts), key=counts.count, default=0)
    certain = sum(
        len(text.split()) == count and not _SPACED.search(text) for text in cells if text
    )
    is_most = counts.count(count) >= max(SEVERAL, (1 - STRAY) * len(cells))
    return count if count > 1 and is_most and certain >= CERTAIN else 0


def first_of(text: str, count: int) -> int:
    """Return how many characters the first of so many numbers takes, 0 if it has not so many."""
    numbers = text.split()
    return len(numbers[0]) if len(numbers) == count and all(map(is_value, numbers)) else 0


def are_most(places: Sequence[int]) -> bool:
    """Say whether nearly all cells of a column have such a place, but for its head."""
    found = sum(place > 0 for place in places)
    missing = sum(place == 0 for place in places[1:])
    return found >= SEVERAL and missing <= max(1.0, STRAY * len(places))
