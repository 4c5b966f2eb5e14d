"""Documents whose headings are set in many ways, and how they are counted."""

import pytest

from benchmarks.quality import headed
from benchmarks.quality.headed_more import MORE, MORE_HELD
from benchmarks.quality.headed_ways import HELD, TUNED, Way


def test_no_way_is_in_both_halves() -> None:
    assert len(TUNED) == len(HELD) == 12
    some = [*TUNED, *HELD, *MORE, *MORE_HELD]
    assert len({way.name for way in some}) == len(some)
    assert not {way.font for way in MORE} & {way.font for way in MORE_HELD}


@pytest.mark.parametrize("way", [*TUNED, *HELD, *MORE, *MORE_HELD], ids=lambda way: way.name)
def test_a_document_is_the_same_each_time_and_has_the_words_of_all_its_headings(way: Way) -> None:
    source, true = headed.source(way)
    assert (source, true) == headed.source(way)
    assert sum(rank == 1 for rank, _ in true) == 1
    assert sum(rank == 2 for rank, _ in true) == 5
    assert "{" not in "".join(text for _, text in true)


def test_found_right_and_level_are_counted_by_words_numbers_aside() -> None:
    true = [(1, "Locks"), (2, "1 Sources and method"), (3, "1.1 Timber"), (2, "2 Results")]
    markdown = "# Locks\n\n## 1 Sources and method\n\n## Timber\n\n## Marsham NR10\n"
    counts, missing, wrong = headed.count(true, markdown)
    assert (counts.found, counts.true, counts.right, counts.written) == (3, 4, 3, 4)
    assert counts.levels == 2
    assert (missing, wrong) == (["2 Results"], ["Marsham NR10"])
