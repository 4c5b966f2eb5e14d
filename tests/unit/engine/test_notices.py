"""What is logged of what workers say, and when they have said too much."""

from __future__ import annotations

import pytest

from ocrd.engine.notices import LOGGED_NOTICES, MAX_NOTICES, NOTICE_SECONDS, Notices
from ocrd.errors import EngineError
from ocrd.log import event_of, fields


@pytest.fixture
def notices() -> Notices:
    return Notices("scripted on cuda:1", fields("engine-notice", engine="scripted"))


def test_a_log_takes_only_so_many_and_says_that_it_leaves_out_the_rest(
    notices: Notices, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3 * LOGGED_NOTICES):
        notices.pass_on(f"Number {number}.", 100.0)
    said = [f"Engine scripted on cuda:1: Number {number}." for number in range(LOGGED_NOTICES)]
    left_out = "Engine scripted on cuda:1: further notices are left out for up to 1 min."
    assert caplog.messages == [*said, left_out]
    assert {event_of(record) for record in caplog.records} == {"engine-notice"}
    assert notices.last == (100.0, f"Number {3 * LOGGED_NOTICES - 1}.")
    notices.pass_on("Later.", 100.0 + NOTICE_SECONDS)
    assert caplog.messages[-1] == "Engine scripted on cuda:1: Later."


def test_a_worker_that_talks_without_end_is_stopped_and_the_next_one_begins_anew(
    notices: Notices,
) -> None:
    for number in range(MAX_NOTICES):
        notices.pass_on(f"Number {number}.", 0.0)
    with pytest.raises(EngineError, match=r"more than 1000 notices within 1 min; the last: 'Wild"):
        notices.pass_on("Wild!", NOTICE_SECONDS - 1.0)
    notices.begin()
    notices.pass_on("A new one.", NOTICE_SECONDS - 1.0)
    assert notices.last[1] == "A new one."
