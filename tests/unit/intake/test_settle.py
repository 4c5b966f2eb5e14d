from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.intake.settle import LOCAL_SECONDS, NETWORK_SECONDS, Sighting, digest, is_due, look, sight
from ocrd.job import FileKey

DOCUMENTED = Path(__file__).parents[3] / "docs" / "configuration.md"


def listing(key: FileKey) -> int:
    return digest(key.inode, key.size, key.mtime_ns)


KEY = FileKey(device=1, inode=2, size=3, mtime_ns=4)
GROWN = FileKey(device=1, inode=2, size=5, mtime_ns=6)


@pytest.mark.parametrize(
    ("network", "quiet_seconds", "due"),
    [
        (False, 4.0, False),  # as long as a scanner rests between two pages
        (False, 4.99, False),
        (False, 5.0, True),
        (True, 14.99, False),
        (True, 15.0, True),
    ],
)
def test_a_file_has_to_stand_still_for_as_long_as_the_documentation_says(
    network: bool, quiet_seconds: float, due: bool
) -> None:
    settle_seconds = NETWORK_SECONDS if network else LOCAL_SECONDS
    assert '"auto" is 5 s, and 15 s on a network' in " ".join(DOCUMENTED.read_text().split())
    assert is_due(sight(None, listing(KEY), 100.0), settle_seconds, 100.0 + quiet_seconds) is due


def test_first_sight_starts_the_settle_time() -> None:
    sighting = sight(None, listing(KEY), now=100.0)
    assert not is_due(sighting, 5.0, now=104.9)
    assert is_due(sighting, 5.0, now=105.0)


def test_change_starts_the_settle_time_again() -> None:
    sighting = sight(sight(None, listing(KEY), 100.0), listing(GROWN), 104.0)
    assert not is_due(sighting, 5.0, now=108.9)
    assert sight(sighting, listing(GROWN), 108.0) is sighting


def test_quiet_file_is_settled() -> None:
    assert look(sight(None, listing(KEY), 100.0), KEY, writer=False, now=105.0) is None
    assert look(sight(None, listing(KEY), 100.0), KEY, writer=None, now=105.0) is None


def test_writer_keeps_a_file_unsettled_until_it_has_been_gone_for_the_settle_time() -> None:
    sighting = look(sight(None, listing(KEY), 100.0), KEY, writer=True, now=105.0)
    assert sighting is not None
    assert not is_due(sighting, 5.0, now=109.9)
    assert look(sighting, KEY, writer=False, now=110.0) is None


def test_a_single_byte_is_a_file() -> None:
    smallest = FileKey(1, 2, 1, 4)
    assert look(sight(None, listing(smallest), 0.0), smallest, writer=False, now=5.0) is None


def test_empty_file_never_settles() -> None:
    empty = FileKey(1, 2, 0, 4)
    assert look(sight(None, listing(empty), 0.0), empty, writer=False, now=1e9) is not None


def test_stale_listing_is_overruled_by_the_open_file_and_still_settles() -> None:
    """An SMB listing shows the old size for as long as it likes."""
    first = sight(None, listing(KEY), 100.0)
    second = look(first, GROWN, writer=None, now=115.0)
    assert second is not None
    assert sight(second, listing(KEY), 120.0) is second  # the listing has not changed
    assert not is_due(second, 15.0, now=129.0)
    assert look(second, GROWN, writer=None, now=130.0) is None


@given(
    st.lists(
        st.tuples(st.floats(0.01, 10.0), st.integers(0, 3), st.integers(0, 3), st.booleans()),
        max_size=30,
    ),
    st.floats(0.0, 20.0),
)
def test_what_settles_was_seen_alike_for_the_settle_time(
    history: list[tuple[float, int, int, bool]], settle_seconds: float
) -> None:
    """Whatever the listings, the looks and the writers say, and in whatever order."""
    now, sighting, quiet_since, shown = 0.0, None, 0.0, -1
    for pause, listed_size, true_size, writer in history:
        now += pause
        if listed_size != shown:
            quiet_since, shown = now, listed_size
        sighting = sight(sighting, digest(2, listed_size, 4), now)
        assert isinstance(sighting, Sighting)
        if is_due(sighting, settle_seconds, now):
            after = look(sighting, FileKey(1, 2, true_size, 4), writer, now)
            if after is None:
                assert true_size > 0
                assert not writer
                assert now - quiet_since >= settle_seconds
                return
            sighting = after
            assert sighting.since == now
