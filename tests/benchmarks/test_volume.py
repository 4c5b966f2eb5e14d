"""What many pages cost is what its assumptions make of it, and what docs/scaling.md says."""

from __future__ import annotations

import pytest

from benchmarks import volume
from benchmarks.expected import CARDS, pages_a_second, slots_of
from tests.installation import ROOT

CARD = next(card for card in CARDS if card.name.startswith("L4"))


def test_docs_show_what_is_computed() -> None:
    told = volume.report(volume.Assumed(), volume.PRICES)
    assert f"```text shown\n{told}\n```" in (ROOT / "docs" / "scaling.md").read_text()


def test_a_card_is_paid_for_the_time_that_its_pages_take() -> None:
    rate = pages_a_second(CARD, slots_of(CARD))
    assumed = volume.Assumed(pages=int(7200 * rate), days=1 / 24, reached=1.0)
    found = volume.bill(CARD, 0.5, assumed)
    assert found.cards_cost == pytest.approx(1.0, rel=0.01)  # two hours
    assert found.cards == 2  # that are to be over in one


def test_daemons_are_as_many_as_their_cores_do() -> None:
    assumed = volume.Assumed(
        pages=3_600_000, days=1 / 24, daemon_ms=100, daemon_cores=2, daemon_busy=0.5,
        core_price=0.1,
    )  # fmt: skip
    assert volume.daemon_rate(assumed) == pytest.approx(10)
    assert volume.daemons(assumed) == 100
    assert volume.daemons_cost(assumed) == pytest.approx(20)


def test_disks_are_paid_by_month() -> None:
    assumed = volume.Assumed(pages=1_000_000, page_kb=95, text_kb=5, days=60, storage_price=0.1)
    assert volume.gigabytes(assumed) == pytest.approx(100)
    assert volume.storage_cost(assumed) == pytest.approx(20)
