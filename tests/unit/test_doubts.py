"""A page with ink gives its text, or says that it does not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd import doubts
from ocrd.doubts import REPLACEMENT, judge, lost
from ocrd.job import (
    Block,
    Cell,
    Doubt,
    FileKey,
    Ink,
    Job,
    JobState,
    Line,
    PageImage,
    PageRead,
    PageStatus,
    Recognition,
)
from tests.installation import ROOT

IMAGE = PageImage(1, "", 1000, 1400, 0.5, blank=False, ink=Ink(rows=10, characters=400, share=0.1))
PICTURE = replace(IMAGE, ink=Ink(rows=0, characters=0, share=0.4))
PHOTOGRAPH = replace(IMAGE, ink=Ink(rows=9, characters=71, share=0.4))  # rows of 7.9
UNCOUNTED = replace(IMAGE, ink=None)
SENTENCE = "Every harbour has a light at its mouth, and a name."


def line(text: str, doubt: str = "", *, width: float = 400.0, height: float = 20.0) -> Line:
    quad = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return Line(text, 0.9, quad, doubt=doubt)


def of_lines(*lines: Line) -> Recognition:
    return Recognition(lines, 1000, 1400)


def of_model(doubt: str = "") -> Recognition:
    return Recognition((), 1000, 1400, form="markup", doubt=doubt)


def judged(
    *lines: Line, image: PageImage = IMAGE, mode: str = "markdown"
) -> tuple[PageStatus, dict[str, float]]:
    """Judge lines of an engine; return the page's status, and each doubt's share."""
    read = [Block("text", one.text) for one in lines if doubts.is_read(one)]
    status, found = judge(image, of_lines(*lines), read, mode)
    return status, {doubt.code: doubt.share for doubt in found}


def written(
    *texts: str, doubt: str = "", image: PageImage = IMAGE, mode: str = "markdown"
) -> tuple[PageStatus, dict[str, float]]:
    """Judge the blocks of a model."""
    status, found = judge(image, of_model(doubt), [Block("text", text) for text in texts], mode)
    return status, {doubt.code: doubt.share for doubt in found}


PAGE = [
    line(" ".join(f"{word}{number}" for word in SENTENCE.split())) for number in range(8)
]


def test_a_page_whose_lines_are_all_read_is_read() -> None:
    assert judged(*PAGE) == (PageStatus.READ, {})
    assert judged(*PAGE, image=UNCOUNTED) == (PageStatus.READ, {})
    assert written(*(one.text for one in PAGE)) == (PageStatus.READ, {})


def test_a_page_under_the_floor_is_doubtful_and_has_lost_nothing() -> None:
    blocks = [Block("text", one.text) for one in PAGE]
    unsure = replace(of_lines(*PAGE), confidence=0.79)
    assert judge(IMAGE, unsure, blocks) == (PageStatus.READ, ())
    assert judge(IMAGE, unsure, blocks, floor=0.79) == (PageStatus.READ, ())
    status, (doubt,) = judge(IMAGE, unsure, blocks, floor=0.8)
    assert (status, doubt.code, doubt.share) == (PageStatus.DOUBTFUL, "low-confidence", 0.0)
    assert doubt.message == "the engine gives the page 0.79, where 0.8 is asked for"
    # An engine that says nothing of it, as a module may, is not held to it.
    assert judge(IMAGE, of_lines(*PAGE), blocks, floor=0.8) == (PageStatus.READ, ())


def test_lines_that_were_not_read_make_a_page_doubtful_by_their_share() -> None:
    unread = [line("", "unread"), line("Ev3ry", "unread"), line("  ")]
    status, found = judge(IMAGE, of_lines(*PAGE, *unread), [Block("text", SENTENCE * 8)])
    assert status is PageStatus.DOUBTFUL
    assert [doubt.message for doubt in found] == ["3 of 11 lines were found and not read"]
    assert found[0].share == pytest.approx(3 / 11, abs=1e-4)


@pytest.mark.parametrize(
    ("doubt", "code", "said"),
    [
        ("signs", "unknown-signs", "holds signs that could not be read"),
        ("uncertain", "uncertain-lines", "was read with a score under the limit"),
        ("struck-out", "struck-out", "is struck out"),
        ("handwritten", "struck-out", "looks handwritten"),
        ("covered", "struck-out", "lies under a stamp or another mark"),
    ],
)
def test_each_doubt_of_a_line_is_told_and_costs_nothing_where_there_is_text(
    doubt: str, code: str, said: str
) -> None:
    some = [*PAGE, line(SENTENCE, doubt)]
    status, found = judge(IMAGE, of_lines(*some), [Block("text", one.text) for one in some])
    assert status is PageStatus.DOUBTFUL
    assert found == (Doubt(code, f"1 of 9 lines {said}", 0.0),)


def test_a_page_in_letters_that_nobody_reads_says_so_first() -> None:
    lost = [replace(one, doubt="unread") for one in PAGE]
    answer = replace(of_lines(*lost), script="The page is in the script Thai.")
    status, found = judge(IMAGE, answer, [])
    assert status is PageStatus.DOUBTFUL
    assert found[0] == Doubt("unknown-script", "The page is in the script Thai.", 1.0)
    assert doubts.lost(found) == 1
    answer = replace(of_lines(*PAGE), script="It may be in another script.")
    assert judge(IMAGE, answer, [Block("text", one.text) for one in PAGE]) == (
        PageStatus.DOUBTFUL,
        (Doubt("unknown-script", "It may be in another script.", 0.0),),
    )


def test_every_doubt_of_a_line_has_its_code_and_its_words() -> None:
    for word in doubts.LINES:
        _, found = judge(IMAGE, of_lines(*PAGE, line(SENTENCE, word), line(SENTENCE, word)), ())
        mine = [doubt for doubt in found if doubt.message.startswith("2 of 10 lines ")]
        assert len(mine) == 1 and mine[0].code in doubts.CODES, word


def test_a_doubt_that_nobody_knows_is_uncertainty() -> None:
    assert judged(*PAGE, line(SENTENCE, "smudged"))[1] == {"uncertain-lines": 0.0}


def test_marks_for_signs_are_found_in_the_text_whoever_read_it() -> None:
    text = f"{SENTENCE} {REPLACEMENT}"
    assert judged(*PAGE, line(text)) == (PageStatus.DOUBTFUL, {"unknown-signs": 0.0})
    whole = [one.text for one in PAGE]
    assert written(*whole, text) == (PageStatus.DOUBTFUL, {"unknown-signs": 0.0})


@pytest.mark.parametrize(
    ("text", "share"),
    [("ab\N{REPLACEMENT CHARACTER}", 0.0), ("a \N{REPLACEMENT CHARACTER}", 1 / 9)],
)
def test_a_line_of_which_half_are_marks_gave_no_text(text: str, share: float) -> None:
    assert judged(*PAGE, line(text))[1] == {"unknown-signs": pytest.approx(share, abs=1e-4)}


def test_a_scrap_is_no_whole_line() -> None:
    """A logo that was taken for text costs less than a line; cells among cells cost the same."""
    logo = judged(*PAGE[:3], line("", "unread", width=30, height=30))
    assert logo[1]["unread-lines"] == pytest.approx(0.25 / 3.25, abs=1e-4)
    cells = [line("12", width=40) for _ in range(3)]
    assert judged(*cells, line("", "unread", width=40))[1]["unread-lines"] == 0.25
    upright = line("", "unread", width=20, height=400)
    assert judged(*PAGE[:3], upright)[1]["unread-lines"] == 0.25


def test_boxes_on_a_picture_are_told_and_cost_nothing() -> None:
    assert judged(line("", "unread"), image=PICTURE) == (
        PageStatus.DOUBTFUL, {"no-text": 0.0, "unread-lines": 0.0},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("image", "share"),
    [(IMAGE, 1.0), (PICTURE, 0.0), (PHOTOGRAPH, 0.0), (UNCOUNTED, 1.0)],
)
def test_a_page_without_text_is_doubtful_and_lost_if_text_stands_on_it(
    image: PageImage, share: float
) -> None:
    for answer in (judged(image=image), written(image=image), written("\n ", image=image)):
        assert answer == (PageStatus.DOUBTFUL, {"no-text": share})
    marks = written(REPLACEMENT * 5, image=image)
    assert marks[0] is PageStatus.DOUBTFUL and marks[1]["no-text"] == share


def test_a_figure_is_no_text_and_a_target_that_is_not_there_no_doubt() -> None:
    _, found = judge(IMAGE, of_model(), [Block("figure", "")])
    assert [doubt.code for doubt in found] == ["no-text"]
    assert written(mode="locate") == (PageStatus.READ, {})
    assert written(mode="describe")[0] is PageStatus.DOUBTFUL


def test_the_page_is_a_witness_against_too_much_and_too_little_text() -> None:
    counting = "\n".join(map(str, range(1, 901)))
    assert written(counting) == (PageStatus.DOUBTFUL, {"more-than-page": 0.0})
    excuse = "The page shows text that is too small."
    status, found = written(excuse)
    assert status is PageStatus.DOUBTFUL and found["less-than-page"] > 0.9
    for mode in ("describe", "figure", "prompt"):  # there a text is not the page's
        assert written(counting, mode=mode) == written(excuse, mode=mode) == (PageStatus.READ, {})
    assert written(counting, image=UNCOUNTED) == (PageStatus.READ, {})


def test_the_cells_of_a_table_are_its_text() -> None:
    row = tuple(Cell(f"{SENTENCE} {number}") for number in range(8))
    broken = (*row[1:], Cell(f"{REPLACEMENT}{REPLACEMENT}a"))
    assert judge(IMAGE, of_model(), [Block("table", "x", table=(row,))]) == (PageStatus.READ, ())
    _, (doubt,) = judge(IMAGE, of_model(), [Block("table", "x", table=(broken,))])
    assert (doubt.message, doubt.share) == (
        "1 of 8 lines holds signs that could not be read", 0.125,
    )  # fmt: skip


def test_a_table_has_as_many_rows_as_it_has_and_not_as_cells() -> None:
    page = replace(IMAGE, ink=Ink(rows=52, characters=5000, share=0.1))
    grid = tuple(tuple(Cell(f"{row:02}{column:02}") for column in range(24)) for row in range(52))
    assert judge(page, of_model(), [Block("table", "x", table=grid)]) == (PageStatus.READ, ())
    made_up = tuple((Cell(str(row)), Cell("1")) for row in range(400))
    _, (doubt,) = judge(page, of_model(), [Block("table", "x", table=made_up)])
    assert (doubt.code, doubt.message) == (
        "more-than-page", "The text has 400 rows, and the page shows 52.",
    )  # fmt: skip


# Runaways


def test_a_runaway_that_read_the_page_is_doubtful_and_has_lost_nothing() -> None:
    text = [one.text for one in PAGE] + ["and on and on"] * 3
    assert written(*text, doubt="It repeats itself.") == (PageStatus.DOUBTFUL, {"runaway": 0.0})


def test_what_a_runaway_says_again_and_again_is_counted_once() -> None:
    status, found = written(SENTENCE, *["la la la"] * 400, doubt="It repeats itself.")
    assert status is PageStatus.DOUBTFUL
    assert 0.8 < found["runaway"] < 0.95
    assert found["more-than-page"] == 0.0


@pytest.mark.parametrize(("image", "share"), [(PICTURE, 0.0), (UNCOUNTED, 1.0)])
def test_without_a_count_a_runaway_has_lost_all_and_on_a_picture_nothing(
    image: PageImage, share: float
) -> None:
    assert written("la la", doubt="It repeats itself.", image=image)[1]["runaway"] == share


def test_a_runaway_without_a_letter_fails_where_text_stands() -> None:
    for texts in ((), ("- - -", "…")):
        assert written(*texts, doubt="Nothing.")[0] is PageStatus.FAILED
        assert written(*texts, doubt="Nothing.", image=UNCOUNTED)[0] is PageStatus.FAILED
        assert written(*texts, doubt="Nothing.", image=PICTURE)[0] is PageStatus.DOUBTFUL


# The page as a whole


def test_the_gravest_doubt_comes_first_and_the_drawings_are_among_them() -> None:
    image = replace(IMAGE, doubts=(Doubt("drawings-differ", "two programs differ", 0.5),))
    status, found = judge(image, of_lines(*PAGE, line("", "unread")), [Block("text", "a" * 300)])
    assert status is PageStatus.DOUBTFUL
    assert [doubt.code for doubt in found] == ["drawings-differ", "unread-lines"]
    odd = replace(IMAGE, doubts=(Doubt("of-tomorrow", "", 0.0),))
    assert judge(odd, of_lines(*PAGE), [Block("text", "a" * 300)])[1] == odd.doubts


def test_what_lines_cost_adds_up_and_what_the_ink_says_is_the_same_ink() -> None:
    some = [Doubt("unread-lines", "", 0.15), Doubt("unknown-signs", "", 0.1)]
    assert lost(some) == pytest.approx(0.25)
    assert lost([*some, Doubt("less-than-page", "", 0.2)]) == pytest.approx(0.25)
    assert lost([*some, Doubt("less-than-page", "", 0.9), Doubt("not-drawn", "", 0.8)]) == 0.9
    assert lost([]) == 0.0
    assert lost([Doubt("unread-lines", "", 0.9), Doubt("unknown-signs", "", 0.9)]) == 1.0


@pytest.mark.parametrize(
    ("status", "share", "tolerance", "unread"),
    [
        (PageStatus.FAILED, 0.0, 1.0, True),
        (PageStatus.READ, 0.0, 0.0, False),
        (PageStatus.BLANK, 0.0, 0.0, False),
        (PageStatus.DOUBTFUL, 0.0, 0.0, False),
        (PageStatus.DOUBTFUL, 0.01, 0.0, True),
        (PageStatus.DOUBTFUL, 0.2, 0.2, False),
        (PageStatus.DOUBTFUL, 0.21, 0.2, True),
        (PageStatus.DOUBTFUL, 1.0, 1.0, False),
    ],
)
def test_a_doubtful_page_counts_as_not_read_by_what_gave_no_text(
    status: PageStatus, share: float, tolerance: float, unread: bool
) -> None:
    page = PageRead(1, status, doubts=(Doubt("no-text", "", share),) if share else ())
    assert doubts.is_unread(page, tolerance) is unread


def test_a_fifth_is_what_is_tolerated_where_nothing_else_is_said() -> None:
    one_of_five = judged(*PAGE[:4], line("", "unread"))[1]["unread-lines"]
    one_of_four = judged(*PAGE[:3], line("", "unread"))[1]["unread-lines"]
    for share, unread in ((one_of_five, False), (one_of_four, True)):
        page = PageRead(1, PageStatus.DOUBTFUL, doubts=(Doubt("unread-lines", "", share),))
        assert doubts.is_unread(page) is unread


def test_doubts_are_told_in_one_line_each_once() -> None:
    some = [Doubt("a", "It ran\naway."), Doubt("b", "no text"), Doubt("c", "no text")]
    assert doubts.told(some) == "It ran away; no text"


@pytest.mark.parametrize(
    ("state", "doubtful", "failed", "outcome"),
    [
        (JobState.DONE, 0, 0, "done"),
        (JobState.DONE, 2, 0, "done with doubts"),
        (JobState.DONE, 2, 1, "partial"),
        (JobState.FAILED, 2, 1, "failed"),
        (JobState.LEASED, 2, 0, "leased"),
    ],
)
def test_what_a_document_came_to(
    state: JobState, doubtful: int, failed: int, outcome: str
) -> None:
    job = Job(
        1, "/in", "a.pdf", FileKey(1, 1, 1, 1), state, 0, 0, 0.0,
        pages_doubtful=doubtful, pages_failed=failed,
    )  # fmt: skip
    assert doubts.outcome_of(job) == outcome


def test_a_block_has_the_doubts_of_its_lines_once_each() -> None:
    some = [line("a", "covered"), line("b"), line(f"c{REPLACEMENT}"), line("d", "covered")]
    assert doubts.of_block(some) == ("signs", "covered")
    assert doubts.marked(Block("text", f"a{REPLACEMENT}")).doubts == ("signs",)
    assert doubts.marked(Block("text", "a")).doubts == ()
    assert doubts.marked(Block("text", REPLACEMENT, doubts=("signs",))).doubts == ("signs",)


places = st.floats(-1e4, 1e4)
points = st.tuples(places, places)
lines = st.builds(
    Line, st.text(max_size=9), st.floats(0, 1), st.tuples(points, points, points, points),
    doubt=st.sampled_from(["", *doubts.LINES, "odd"]),
)  # fmt: skip


@given(
    st.lists(lines, max_size=6),
    st.none() | st.builds(Ink, st.integers(0, 9), st.integers(0, 99), st.floats(0, 1)),
    st.sampled_from(["", "It repeats."]),
)
def test_whatever_comes_a_page_is_read_or_says_why_not(
    some: list[Line], ink: Ink | None, doubt: str
) -> None:
    read = [Block("text", one.text) for one in some if doubts.is_read(one)]
    answer = replace(of_lines(*some), doubt=doubt)
    status, found = judge(replace(IMAGE, ink=ink), answer, read)
    assert all(math.isfinite(each.share) and 0 <= each.share <= 1 for each in found)
    assert (status is PageStatus.READ) == (not found)
    assert not (status is PageStatus.READ and not doubts.has_text(read))


def test_the_manual_knows_every_doubt() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    for code, meaning in doubts.CODES.items():
        assert f"| `{code}` | {meaning} |" in manual
    assert all(f"`{word}`" in manual for word in doubts.LINES)


def test_a_page_on_which_nothing_is_seen_is_blank_if_all_was_drawn() -> None:
    assert doubts.judge_blank(replace(IMAGE, blank=True)) == (PageStatus.BLANK, ())
    lost_one = (Doubt("not-drawn", "a picture is missing", 1.0),)
    image = replace(IMAGE, blank=True, doubts=lost_one)
    assert doubts.judge_blank(image) == (PageStatus.DOUBTFUL, lost_one)


def test_one_row_of_ink_is_text() -> None:
    one = replace(IMAGE, ink=Ink(rows=1, characters=9, share=0.01))
    assert judged(image=one)[1] == {"no-text": 1.0}
    assert written("- -", doubt="Nothing.", image=one)[0] is PageStatus.FAILED


def test_a_picture_is_called_one_only_where_nothing_else_says_text() -> None:
    def said(image: PageImage, *some: Line) -> str:
        _, found = judge(image, of_lines(*some), [])
        return next(doubt.message for doubt in found if doubt.code == "no-text")

    assert "looks like a picture" in said(PICTURE)
    assert said(PICTURE, line("", "unread")) == doubts.CODES["no-text"]
    assert said(IMAGE) == said(IMAGE, line("", "unread")) == doubts.CODES["no-text"]


def test_what_is_said_again_is_told_by_three_words_in_a_row() -> None:
    """Two words that come again are language; three are a repetition."""
    ink = replace(IMAGE, ink=Ink(rows=1, characters=100, share=0.01))
    pairs = written("aa bb cc aa bb dd aa bb ee", doubt="It ran.", image=ink)
    assert pairs[1]["runaway"] == pytest.approx(1 - 18 / 100)
    threes = written("aa bb cc dd aa bb cc dd aa bb cc", doubt="It ran.", image=ink)
    assert threes[1]["runaway"] == pytest.approx(1 - 12 / 100)


def test_ink_without_rows_or_without_characters_has_lost_nothing_to_a_runaway() -> None:
    for ink in (Ink(0, 50, 0.1), Ink(5, 0, 0.1)):
        image = replace(IMAGE, ink=ink)
        assert written("la la", doubt="It ran.", image=image)[1]["runaway"] == 0.0
