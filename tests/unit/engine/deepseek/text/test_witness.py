"""Answers are held against pages that are really drawn, and whose ink is really counted."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from PIL import Image

from ocrd.engine.deepseek.text.runaway import judge
from ocrd.engine.deepseek.text.watch import Watch
from ocrd.job import Ink
from ocrd.raster.ink import counted
from tests.unit.engine.deepseek.text.answers import Vocabulary
from tests.unit.soundpages import grounded, html
from tests.written import Sheet, photograph

Drawing = Callable[[], tuple[Image.Image, str]]  # a page, and what a good model reads on it
PICTURE = "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\n"


def prose() -> tuple[Image.Image, str]:
    sheet = Sheet()
    sheet.prose()
    return sheet.drawn(), sheet.text.replace("\n", " ")


def two_columns() -> tuple[Image.Image, str]:
    sheet = Sheet()
    sheet.columns(2, size=9)
    return sheet.drawn(), sheet.text


def letter() -> tuple[Image.Image, str]:
    sheet = Sheet()
    for row, text in enumerate(("Dear Mr Berger,", "we meet on Monday at ten.", "Yours, Olsen")):
        sheet.put(70, 150 + 30 * row, text, size=11)
    return sheet.drawn(), sheet.text


def table() -> tuple[Image.Image, str]:
    choose, sheet = random.Random(2), Sheet()
    rows = [[f"{choose.randint(100, 9999)}" for _ in range(6)] for _ in range(30)]
    sheet.cells(rows, ruled=True)
    return sheet.drawn(), grounded("table", html(rows), 60, 700)


def photo() -> tuple[Image.Image, str]:
    return photograph(1240, 1754), PICTURE


def cover() -> tuple[Image.Image, str]:
    sheet = Sheet()
    sheet.put(100, 700, "Annual report 2024", size=30)
    page = sheet.drawn()
    page.paste(photograph(1000, 900, seed=3), (120, 200))
    return page, PICTURE + grounded("title", "# Annual report 2024", 800, 900)


def labels(columns: int = 3, rows: int = 8, size: float = 10) -> tuple[Image.Image, str]:
    sheet = Sheet()
    address = ("Harbour Office", "6 Quay Street", "Newtown 1042")
    for place in range(columns * rows):
        across, down = place % columns * 540 / columns, place // columns * 780 / rows
        for row, text in enumerate(address):
            sheet.put(30 + across, 45 + down + 1.3 * size * row, text, size=size)
    return sheet.drawn(), "\n\n".join(["\n".join(address)] * columns * rows)


def tickets(columns: int = 2, rows: int = 10) -> tuple[Image.Image, str]:
    sheet = Sheet()
    for place in range(columns * rows):
        x, y = 30 + place % columns * 540 / columns, 30 + place // columns * 780 / rows
        sheet.page.draw_rect((x, y, x + 540 / columns - 8, y + 780 / rows - 8))
        sheet.put(x + 10, y + 22, "ADMIT ONE", font="hebo", size=14)
        sheet.put(x + 10, y + 38, "Summer fair at the harbour, 12 June", size=9)
        sheet.put(x + 10, y + 52, "not valid without the stub", size=7)
    return sheet.drawn(200), "\n\n".join(["\n".join(sheet.lines[:3])] * columns * rows)


def signatures(rows: int = 30) -> tuple[Image.Image, str]:
    sheet = Sheet()
    for row in range(rows):
        foot = 60 + 720 / rows * row
        sheet.put(50, foot, "Signature of the participant:")
        sheet.page.draw_line((210, foot + 2), (540, foot + 2), width=0.6)
    return sheet.drawn(), "\n".join(f"{line} {'_' * 40}" for line in sheet.lines)


def form(rows: int = 20, sign: str = "_") -> tuple[Image.Image, str]:
    sheet = Sheet()
    sheet.put(50, 50, "Register of visitors", font="hebo", size=16)
    for row in range(rows):
        foot = 90 + 700 / rows * row
        sheet.put(50, foot, "Name of the visitor")
        sheet.page.draw_line((150, foot + 2), (330, foot + 2), width=0.6)
        sheet.put(340, foot, "Date and time")
        sheet.page.draw_line((420, foot + 2), (550, foot + 2), width=0.6)
    line = f"Name of the visitor {sign * 30} Date and time {sign * 20}"
    return sheet.drawn(), "\n".join(["# Register of visitors", *[line] * rows])


def program(rows: int = 25, line: str = 'print("I must not talk in class")') -> tuple[Image.Image, str]:  # noqa: E501
    sheet = Sheet()
    for row in range(rows):
        sheet.put(60, 70 + 14 * row, line, font="cour")
    return sheet.drawn(), "```\n" + sheet.text + "\n```"


def empty_table() -> tuple[Image.Image, str]:
    sheet = Sheet()
    rows = [["Item", "Quantity", "Price", "Total"], *[[""] * 4] * 40]
    sheet.cells(rows, ruled=True)
    return sheet.drawn(), grounded("table", html(rows), 60, 900)


def far_east() -> tuple[Image.Image, str]:
    choose, sheet = random.Random(5), Sheet()
    for row in range(36):
        line = "".join(choose.choices("港の事務所では毎日入ってくる船名と長さを帳簿に書", k=38))
        sheet.put(60, 60 + 19 * row, line, font="japan", size=12)
    return sheet.drawn(), sheet.text.replace("\n", "")


PAGES: dict[str, Drawing] = {
    "prose": prose, "two columns": two_columns, "a letter": letter, "a table": table,
    "a photograph": photo, "a cover": cover, "24 labels": labels, "20 tickets": tickets,
    "signatures": signatures, "a form": form, "equal lines of a program": program,
    "an empty table": empty_table, "the far east": far_east,
    # Not looked at while the rule was made.
    "14 large labels": lambda: labels(2, 7, 13), "60 small labels": lambda: labels(4, 15, 6.5),
    "40 tickets": lambda: tickets(4, 10), "8 tickets": lambda: tickets(2, 4),
    "15 signatures": lambda: signatures(15), "50 signatures": lambda: signatures(50),
    "a form with dots": lambda: form(26, "."), "a short form": lambda: form(8),
    "50 lines of a program": lambda: program(50, "    assert answer == expected"),
    "a punishment": lambda: program(50, "Ich darf im Unterricht nicht schwatzen."),
}  # fmt: skip


@functools.cache
def page(name: str) -> tuple[Ink, str]:
    """Return what a page shows of its text, and that text."""
    image, text = PAGES[name]()
    return counted(image), text


def judged(text: str, name: str) -> str:
    return judge(text, finished="eos", has_ink=True, ink=page(name)[0])


def watched(text: str, name: str) -> str:
    words = Vocabulary()
    watch = Watch(lambda ids: words.decode(list(ids)), page(name)[0])
    return watch.take(words.encode(text))


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_says_is_sound_whatever_it_repeats(name: str) -> None:
    _, text = page(name)
    assert judged(text, name) == ""
    assert watched(text, name) == ""


def years(first: int, count: int) -> list[list[str]]:
    return [[str(first + row), f"{17 * row % 1000}", f"{31 * row % 700}"] for row in range(count)]


def days(count: int) -> list[str]:
    return [f"{date(1998, 3, 1) + timedelta(days=day)}" for day in range(count)]


INVENTED = {
    "a list that counts to 900": "\n".join(f"{number}. Item" for number in range(1, 901)),
    "400 years": grounded("table", html(years(1600, 400)), 100, 900),
    "dates that run on": ", ".join(days(1500)),
    # Not looked at while the rule was made.
    "names that run on": "\n".join(f"Participant {n}, Harbour Street {n}" for n in range(600)),
    "a table of pipes": "\n".join(f"| {n} | {n * n} | {n * 7} |" for n in range(800)),
    "chapters without end": "\n\n".join(f"## {n}.{m} Results" for n in range(60) for m in range(9)),
    "sums that go on": " ".join(f"{n} + {n} = {2 * n};" for n in range(2000)),
}
TEXTS = ("prose", "two columns", "a letter", "a table", "24 labels", "a form", "a cover",
         "signatures")  # fmt: skip


@pytest.mark.parametrize("answer", INVENTED)
@pytest.mark.parametrize("name", [*TEXTS, "a photograph", "an empty table"])
def test_more_than_a_page_holds_is_a_runaway_though_it_ends_by_itself(
    answer: str, name: str
) -> None:
    assert "page" in judged(INVENTED[answer], name)
    assert judged(page(name)[1] + INVENTED[answer], name)
    assert watched(page(name)[1] + "\n" + INVENTED[answer], name)


TOO_LITTLE = {
    "an excuse": "The page shows text that is too small to read.",
    "a picture": PICTURE,
    "a picture and its number": PICTURE + grounded("image_caption", "Figure 1", 950, 990),
    "a title": grounded("title", "# Harbour", 10, 20),
    "empty rows": grounded("table", html([["Item", "Price"], *[[""] * 2] * 60]), 100, 900),
}


@pytest.mark.parametrize("answer", TOO_LITTLE)
@pytest.mark.parametrize("name", ["prose", "two columns", "a table", "24 labels", "20 tickets",
                                  "signatures", "the far east", "a form"])  # fmt: skip
def test_far_less_than_a_page_shows_is_a_loss(answer: str, name: str) -> None:
    assert judged(TOO_LITTLE[answer], name)


@pytest.mark.parametrize("name", ["a letter", "a cover", "a photograph"])
def test_empty_rows_that_nobody_drew_are_a_runaway(name: str) -> None:
    rows = html([["Item", "Price"], *[[""] * 4] * 60])
    assert ("empty rows" in judged(rows, name)) is (name == "a letter")
    assert judged(page("a letter")[1] + rows, "a letter")


SAID_AGAIN = {
    "a sentence": "The boat was written into the book. ",
    "a line": "- nobody leaves without a receipt\n",
    "a block": grounded("text", "The harbour office opens at seven", 100, 200),
    "a row": html([["Timber, sawn", "12 m", "100.80"]]),
}


@pytest.mark.parametrize("times", [12, 20, 30, 300])
@pytest.mark.parametrize("loop", SAID_AGAIN)
@pytest.mark.parametrize("name", ["prose", "two columns"])
def test_a_loop_is_none_of_a_page_of_prose(name: str, loop: str, times: int) -> None:
    assert judged(SAID_AGAIN[loop] * times, name)


@pytest.mark.parametrize("name", ["24 labels", "20 tickets", "a form", "equal lines of a program"])
def test_a_page_that_repeats_itself_does_so_only_as_often_as_it_shows(name: str) -> None:
    _, text = page(name)
    assert judged((text + "\n") * 4, name)
    assert watched((text + "\n") * 4, name)


def test_a_loop_is_stopped_soon_after_the_page_is_full() -> None:
    ink, text = page("24 labels")
    words = Vocabulary()
    watch = Watch(lambda ids: words.decode(list(ids)), ink)
    ids = words.encode((text + "\n\n") * 20)
    taken = next(n for n, token in enumerate(ids) if watch.take([token]))
    assert len(words.encode(text)) < taken < 2 * len(words.encode(text))


def test_without_the_page_an_answer_speaks_for_itself() -> None:
    for name in ("24 labels", "20 tickets", "equal lines of a program"):
        assert judge(page(name)[1], finished="eos", has_ink=True)
    assert judge(INVENTED["a list that counts to 900"], finished="eos", has_ink=True) == ""
