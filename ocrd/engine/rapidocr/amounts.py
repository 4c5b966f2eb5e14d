"""Amounts whose unit or figures the network takes for others: 5 l, 500 lb, 10 g (pure).

In many typefaces an l is drawn like a 1 or an I, and behind a number the network says those, though
it thinks of the l. A 1 that is one it is sure of. For an I what follows decides: I, who speaks, is
followed by what he does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ONE = 0.003  # probability of an l from which a 1 alone behind a number is one,
_ONE_BESIDE = 0.007  # or a 1 that ends the number
_NUMBER = r"(?:\d{1,3}(?:[.\s]?\d{3})+|\d+)(?:[.,]\d+)?|[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]"
_END = r"(?=$|[\s,;:)\]/.!?](?!\d))"
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_ALONE = re.compile(
    rf"(?<![\w.,/-])(?P<number>{_NUMBER}|\d+[½¼¾⅓⅔⅛⅜⅝⅞])(?P<gap> ?)(?P<sign>[1I]){_END}"
)
_UNIT = re.compile(
    r"\s(?:kg|g|mg|ml|cl|dl|hl|l|I|m|cm|mm|km|h|min|s|lbs?|oz|t|ha|[%€£$°]|k?W|V|A)(?!\w)"
)
_BESIDE = re.compile(rf"(?<![\w.,/:-])(?P<number>\d+(?:[.,]\d+)?)(?P<sign>1){_END}")
_POUNDS = re.compile(r"(?<=\d)( ?)[I1](bs?)(?![^\W_])")
_ROUND = re.compile(
    r"(?<=\d)[oO]+(?=(?:(?:[.,]\d|\s?(?:kg|g|mg|ml|cl|dl|hl|l|m|cm|mm|km|h|min|lbs?|oz)\b"
    r"|\s?[%€£½¼¾⅓⅔⅛⅜⅝⅞°]|\d)))"
)
# What is numbered: § 823 I BGB is a paragraph's first part.
_NAMED = re.compile(
    r"(?:§|\b(?:Art|Artikel|Article|Nr|No|Abs|Absatz|Section|Part|Teil|Kapitel|Chapter|Vol|Volume|Bd"
    r"|Band|Type|Typ|Class|Klasse|Phase|Level|Grade|Figure|Table|Tabelle))\.?\s*$",
    re.IGNORECASE,
)
_FEW_WORDS = 4  # before an amount that ends its line
# What hardly ever follows the English I, and often an amount.
_BEHIND_AMOUNT = frozenset(
    "of in per or to for on at a de du des di da del et ou e y o und oder von mit pro auf je in aus"
    " für bis sur par pour avec en con per van of voor tot met x × à".split()
)


def put_right(text: str, likely: Mapping[int, float]) -> str:
    """Return a line's text, as long as it was, with the l of litres and pounds, and with noughts.

    ``likely`` says how likely each digit 1 is an l.
    """
    text = _ROUND.sub(lambda letters: "0" * len(letters[0]), text)
    text = _POUNDS.sub(r"\1l\2", text)
    letters = list(text)
    for match in _ALONE.finditer(text):
        at, number = match.start("sign"), match["number"]
        if match["sign"] == "1":
            is_letter = bool(match["gap"]) and likely[at] >= _ONE
        else:
            is_letter = _is_amount(number, text[: match.start()], text[at + 1 :])
        if is_letter:
            letters[at] = "l"
    for match in _BESIDE.finditer(text):
        at = match.start("sign")
        is_other = _YEAR.fullmatch(match["number"] + "1") or _UNIT.match(text, at + 1)
        if likely[at] >= _ONE_BESIDE and not is_other:
            letters[at] = "l"
    return "".join(letters)


def _is_amount(number: str, before: str, behind: str) -> bool:
    """Say whether an I behind a number is its unit, and not who speaks."""
    if not number.isdecimal():
        return True
    if _YEAR.fullmatch(number) or _NAMED.search(before):
        return False
    if not behind.startswith(" "):  # who speaks may stand at the end of a line
        return bool(behind) or len(before.split()) <= _FEW_WORDS
    word = next(iter(behind.split()), "")
    return word in _BEHIND_AMOUNT or word[:2] in {"d'", "d’"} or not word[:1].islower()
