"""Typewritten and photocopied pages that are made here."""

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.quality import oldscans_words as words
from benchmarks.quality.marks import typefaces
from benchmarks.quality.oldscans import FACES, HELD, TUNED, OldPage, truth, typed, verdict
from benchmarks.quality.oldscans_kinds import WIDE, Run, Typed
from benchmarks.quality.oldscans_paper import Copy, copied
from benchmarks.quality.scoring import Score, normalised

ALL = (*TUNED, *HELD)


def test_a_dozen_is_tuned_on_and_another_held_back_in_other_words_and_typefaces() -> None:
    assert [old.number for old in TUNED] == list(range(0, 24, 2))
    assert [old.number for old in HELD] == list(range(1, 24, 2))
    assert [old.kind for old in TUNED] == [old.kind for old in HELD]
    assert not {old.face for old in TUNED} & {old.face for old in HELD}
    assert not {old.bank.firm for old in TUNED} & {old.bank.firm for old in HELD}
    of_halves = [{old.bank.parts for old in half} for half in (TUNED, HELD)]
    said = [{one for parts in some for part in parts for one in part} for some in of_halves]
    assert not said[0] & said[1]


@pytest.mark.parametrize("old", ALL, ids=lambda old: f"{old.kind}-{old.number}")
def test_a_page_is_the_same_in_every_run_and_what_is_typed_is_what_is_to_be_read(
    old: OldPage,
) -> None:
    page, source = typed(old)
    assert (page.runs, source) == (typed(old)[0].runs, typed(old)[1])
    found = truth(page, old)
    assert found.text and "|" not in found.text
    if source:
        assert all(said in source for said in page.said)
        return
    # Line by line and from the left, as it stands on the page.
    rows = sorted(page.runs, key=lambda run: (run.line, run.column))
    lines = "\n".join(run.text for run in rows if not run.text.startswith("- "))
    assert normalised(lines) == normalised(found.text)


@pytest.mark.parametrize("old", ALL, ids=lambda old: f"{old.kind}-{old.number}")
def test_nothing_is_typed_over_anything_or_off_the_page(old: OldPage) -> None:
    runs = [run for run in typed(old)[0].runs if run.style not in {"large", "small"}]
    assert all(run.column >= 0 and run.column + len(run.text) <= WIDE + 10 for run in runs)
    assert all(0 < run.line < 64 for run in runs)
    for a, b in pairwise(sorted(runs, key=lambda run: (run.line, run.column))):
        assert b.line - a.line >= 1 or (a.line == b.line and b.column > a.column + len(a.text))


def test_words_are_cut_only_where_they_may_be() -> None:
    page = Typed(words.GERMAN, random.Random(0))
    page.paragraph(8, hang="1.  ")
    assert {run.column for run in page.runs} == {0, 4}
    cut = [run.text for run in page.runs if run.text.endswith("-")]
    assert cut
    parts = {word for part in words.GERMAN.parts for one in part for word in one.split()}
    for text in cut:
        end = text.split()[-1].removesuffix("-")
        assert any(word.replace("|", "").startswith(end) and "|" in word for word in parts)


def test_what_no_typist_says_is_no_text() -> None:
    page = Typed(words.ENGLISH, random.Random(0))
    page.only("- 2 -", 28)
    page.put("Dear Mr. Tarrant,")
    assert page.said == ["Dear Mr. Tarrant,"]
    assert page.runs == [Run(4, 28, "- 2 -"), Run(5, 0, "Dear Mr. Tarrant,")]


def test_every_typeface_is_one_whose_package_is_known() -> None:
    named = typefaces._named()["packages"]
    assert {package for package, _ in FACES.values()} <= named.keys()
    assert {old.face for old in ALL if old.kind != "book"} <= FACES.keys()


STILL = Copy("bilevel", 300, uneven=0, degrees=0, warp=0, specks=0, grain=0)


def sheet() -> Image.Image:
    """Return a small page with a thick and a thin stroke."""
    pixels = np.full((300, 300), 255, np.uint8)
    pixels[100:120, 50:250] = 0
    pixels[200:202, 50:250] = 0
    return Image.fromarray(pixels)


def ink(copy: Copy) -> NDArray[np.bool_]:
    image = copied(sheet(), copy, np.random.default_rng(0)).convert("L")
    return np.asarray(image) < 128


def test_a_copy_is_black_and_white_or_grey_and_has_the_dots_that_it_says() -> None:
    grey = copied(sheet(), Copy(dpi=200), np.random.default_rng(0))
    fax = copied(sheet(), Copy("fax"), np.random.default_rng(0))
    black = copied(sheet(), Copy("bilevel", 300), np.random.default_rng(0))
    assert [one.mode for one in (grey, fax, black)] == ["L", "1", "1"]
    assert [one.size for one in (grey, fax, black)] == [(200, 200), (204, 196), (300, 300)]


def test_thin_strokes_are_lost_below_a_level_and_counters_filled_above_it() -> None:
    low, high = (ink(replace(STILL, blur=2.0, level=level)) for level in (100, 220))
    assert low[105:115, 100].all() and not low[195:207, 100].any()
    assert high[199:203, 100].all()
    assert high[90:130, 100].sum() > 20 > low[90:130, 100].sum()


def test_a_copy_has_an_edge_holes_dust_and_a_turn_only_if_it_says_so() -> None:
    plain = ink(STILL)
    assert not plain[:90].any() and not plain[:, :45].any()
    assert ink(replace(STILL, edge=True))[:90, :10].all()
    dusty = ink(replace(STILL, specks=200))
    assert dusty[:90].any()
    turned = ink(replace(STILL, degrees=1.0))
    tops = [int(np.argmax(turned[80:150, x])) for x in (60, 240)]
    assert abs(tops[0] - tops[1]) == pytest.approx(180 * np.tan(np.radians(1)), abs=1)


@pytest.mark.parametrize(("errors", "is_met"), [((0.04, 0.06), True), ((0.04, 0.062), False)])
def test_the_aim_is_of_the_mean_over_all_pages(errors: tuple[float, ...], is_met: bool) -> None:
    scores = [Score(one, 0.0, 1.0, 1.0, None, None) for one in errors]
    assert verdict(scores) is is_met
