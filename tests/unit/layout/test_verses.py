"""Which text keeps its rows: receipts, verses, addresses; and that prose does not."""

import pytest

from tests.unit.layout.typeset import Setting, texts

LANGUAGES = (
    "Die Übergabe der Wohnung an die Mieter erfolgt am ersten Werktag des Monats durch die"
    " Hausverwaltung. Schäden an Türen, Fenstern und Böden sind im Protokoll festzuhalten."
    " Der Zustand der Zähler für Strom, Gas und Wasser wird von beiden abgelesen.",
    "On Monday John Smith and Mary Brown of Harbour Street left for London. They met Peter Green"
    " there. The Trustees of the Museum had asked them to value the Ostermann Collection, which Sir"
    " William Hall had left to the Nation in 1897. Of its 412 paintings some forty were lost.",
)


def set_in(text: str, width: int) -> str:
    """Return the text in rows of no more letters than that, each filled as far as words allow."""
    rows = [""]
    for word in text.split():
        if rows[-1] and len(rows[-1]) + 1 + len(word) > width:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return "\n".join(rows)


@pytest.mark.parametrize(
    "rows",
    [
        "\n".join(f"{n:03d} Vollmilch 3,5% Artikel {1000 + 7 * n} 1,{n:02d} A" for n in range(60)),
        "\n".join(f"Note {n}: all dimensions in millimetres, check on site" for n in range(30)),
        "BACKHAUS MÜLLER\nBrötchen 4 x 0,35 1,40\nRoggenbrot 3,20\nKaffee 2,10\nRückgeld 3,30",
        "Frau\nDr. Henrike Vollmer\nLange Reihe 4\n27283 Verden",
        "Muster GmbH\nAm Holzhafen 12\n28217 Bremen",
        "Über allen Gipfeln\nIst Ruh,\nIn allen Wipfeln\nSpürest du\nKaum einen Hauch;\nSchweigen",
        "für ein Abendessen im Haus am See\neinzulösen bis 31.12.2025\nNicht in bar auszahlbar",
    ],
)
def test_rows_that_their_writer_ended_stay_rows(rows: str) -> None:
    assert "\n".join(texts(Setting(rows, 200, 200, height=20))) == rows


@pytest.mark.parametrize("text", LANGUAGES)
@pytest.mark.parametrize("width", [18, 24, 33, 47, 62])
@pytest.mark.parametrize("degrees", [0.0, 0.7])
def test_prose_is_joined_however_narrow_its_column(text: str, width: int, degrees: float) -> None:
    (found,) = texts(Setting(set_in(text, width), 300, 300), degrees=degrees)
    assert found == text


def test_a_short_paragraph_of_long_rows_with_numbers_is_prose() -> None:
    text = (
        "A 26 de Dezembro de 2008 um deles morreu num acidente perto de Lisboa, quando\n"
        "MIPS e MIPSEL estavam para ser publicados, e depois disso em 2009 o\n"
        "Debian ficou sem quem os mantivesse."
    )
    assert texts(Setting(text, 200, 300, full=1150)) == [text.replace("\n", " ")]


def test_a_term_of_one_row_does_not_part_the_rows_that_explain_it() -> None:
    meaning = "A list whose members are the names\nof files where functions\nwere once defined."
    found = "\n".join(texts(Setting(f"NAMES\n{meaning}", 200, 300, full=700)))
    assert meaning.replace("\n", " ") in found


def test_a_receipt_may_have_a_row_that_goes_on_with_a_small_letter() -> None:
    rows = [f"{n:03d} Apfel aus Spanien 1,{n:02d} A" for n in range(12)]
    rows.insert(6, "je Stück 0,20")
    assert texts(Setting("\n".join(rows), 200, 200)) == ["\n".join(rows)]


INGREDIENTS = "200 g plain flour\n100 g cold butter, diced\n1 egg yolk\n2 tbsp cold water"


@pytest.mark.parametrize("last", ["pinch of salt", "Pinch of salt"])
def test_ingredients_keep_their_rows_though_one_has_no_number(last: str) -> None:
    rows = f"{INGREDIENTS}\n{last}"
    assert texts(Setting(rows, 200, 200)) == [rows]


def test_prose_full_of_numbers_is_joined() -> None:
    text = (
        "In 1897 the museum had\n412 paintings, of which\n40 were lost in the fire,\n"
        "12 were sold by 1921 and\n8 were given to the town\nthat had paid for them."
    )
    assert texts(Setting(text, 200, 200, full=360)) == [text.replace("\n", " ")]
