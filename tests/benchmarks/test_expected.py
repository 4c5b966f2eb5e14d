"""What engines.md says to expect of a card is what the formulae give."""

from __future__ import annotations

import pytest

from benchmarks import expected
from tests.installation import ROOT


def test_the_page_has_the_computed_lines() -> None:
    page = (ROOT / "docs" / "engines.md").read_text()
    for line in expected.rows():
        assert line in page


@pytest.mark.parametrize(("slots", "milliseconds"), [(16, 2.3), (64, 3.8), (128, 5.8)])
def test_a_step_of_an_h200_is_what_the_arithmetic_says(slots: int, milliseconds: float) -> None:
    # 4.3 TB/s copied, of which a step has 70 %.
    h200 = next(card for card in expected.CARDS if card.name.startswith("H200"))
    assert expected.step_seconds(h200, slots) * 1e3 == pytest.approx(milliseconds, rel=0.03)


def test_more_memory_never_means_fewer_slots_and_there_is_always_one() -> None:
    slots = [expected.slots_of(expected.Card("", memory, 1, 1)) for memory in range(4, 160, 4)]
    assert slots == sorted(slots)
    assert slots[0] == 1
