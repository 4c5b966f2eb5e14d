"""How a job ends: intents that stand, hashes and outputs that are kept, retries."""

from __future__ import annotations

import json

import pytest

from ocrd.job import JobState
from ocrd.ledger.jobs import Ledger
from tests.unit.ledger.offers import INBOX, NOW, candidate, enqueue, lease


def test_a_filing_job_keeps_its_intent_when_leased_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.intend(1, {"destination": "/x/caf\udce9"})
        ledger.recover()
    lease(ledger)
    (job,) = ledger.jobs()
    assert job.state is JobState.FILING
    assert job.plan == json.loads(json.dumps({"destination": "/x/caf\udce9"}))


def test_a_filing_intent_that_is_taken_back_leaves_the_checkpoints(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
        ledger.intend(1, {"action": "move"})
        ledger.reopen(1)
    (job,) = ledger.jobs()
    assert (job.state, job.plan, ledger.pages_done(1)) == (JobState.QUEUED, {}, {1})


def test_a_hash_once_known_is_kept_where_none_is_told(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.intend(1, {}, sha256="first")
        ledger.intend(1, {})
        assert ledger.jobs()[0].sha256 == "first"
        ledger.finish(1, JobState.DONE, NOW)
        assert ledger.jobs()[0].sha256 == "first"
        ledger.finish(1, JobState.DONE, NOW, sha256="second")
    assert ledger.jobs()[0].sha256 == "second"


@pytest.mark.parametrize(
    ("kept", "outputs", "expected"),
    [
        (True, {"/srv/scans/a.md": "1", "/srv/scans/caf\udce9.json": "2"}, 2),
        (True, None, 0),
        (False, {"/srv/scans/a.md": "1"}, 0),
    ],
)
def test_only_a_kept_source_has_outputs_that_its_next_reading_may_replace(
    ledger: Ledger, kept: bool, outputs: dict[str, str] | None, expected: int
) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW, kept=kept, sha256="x", outputs=outputs)
    known = ledger.outputs_of(INBOX, "a.pdf")
    assert known == (outputs if expected else {})
    assert ledger.outputs_of(INBOX, "b.pdf") == ledger.outputs_of("/other", "a.pdf") == {}
    assert ledger.kept_sha256(INBOX, "a.pdf") == ("x" if kept else None)


def test_a_retry_begins_only_where_no_other_job_of_its_name_is_open(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.FAILED, NOW)
        assert ledger.begin_retry(1, {"x": 1})
        assert ledger.jobs()[0].state is JobState.FILING
        ledger.end_retry(1, JobState.FAILED, {"y": 2})
    assert (ledger.jobs()[0].state, ledger.jobs()[0].plan) == (JobState.FAILED, {"y": 2})
    enqueue(ledger, candidate("a.pdf", mtime_ns=2))
    with ledger.transaction():
        assert not ledger.begin_retry(1, {"x": 1})
        assert not ledger.begin_retry(3, {"x": 1}), "there is none of this number"
    assert [job.state for job in ledger.jobs()] == [JobState.QUEUED, JobState.FAILED]


def test_a_source_that_rests_is_not_read_in_its_state_and_may_be_retried(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.FAILED, NOW, destination="/failed/a.pdf", kept=True)
        ledger.rest(1, candidate("a.pdf", mtime_ns=5).key)
    (job,) = ledger.jobs()
    assert (job.state, job.destination, job.plan) == (JobState.CANCELLED, "", {})
    enqueue(ledger, candidate("a.pdf", mtime_ns=5))
    assert len(ledger.jobs()) == 1
    enqueue(ledger, candidate("a.pdf", mtime_ns=6))
    assert len(ledger.jobs()) == 2


def test_what_became_of_a_document_is_noted_with_its_job_alone(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    enqueue(ledger, candidate("b.pdf"))
    with ledger.transaction():
        ledger.tell(1, "It is job 2 now.")
    assert [job.message for job in ledger.jobs()] == ["", "It is job 2 now."]
