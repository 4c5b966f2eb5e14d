"""What is written beside a failed source tells people why."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace

from ocrd.errors import EncryptedError, Reason
from ocrd.files import Place
from ocrd.filing import filing
from ocrd.job import Job, JobState
from tests.unit.filing.desks import Desk


def error_text(job: Job, reason: Reason) -> str:
    out = io.BytesIO()
    filing.error_writer(job, reason, "2026-01-01T00:00:00Z")(out)
    return out.getvalue().decode()


def test_an_error_file_is_read_by_people(desk: Desk) -> None:
    reason = Reason("encrypted", "Süßes.pdf needs a password.", "Ask.", page=3)
    assert error_text(replace(desk.job, relpath="in/Süßes.pdf"), reason) == (
        "{\n"
        '  "source": "Süßes.pdf",\n'
        '  "code": "encrypted",\n'
        '  "message": "Süßes.pdf needs a password.",\n'
        '  "hint": "Ask.",\n'
        '  "page": 3,\n'
        '  "attempts": 1,\n'
        '  "time": "2026-01-01T00:00:00Z",\n'
        '  "job": 7\n'
        "}\n"
    )


def test_an_error_file_can_be_written_whatever_the_name(desk: Desk) -> None:
    job = replace(desk.job, relpath=os.fsdecode(b"caf\xe9.pdf"))
    assert '"source": "caf\\\\xe9.pdf"' in error_text(job, Reason("x", "\udce9", ""))


def test_the_error_file_says_why_and_what_to_do(desk: Desk) -> None:
    error = EncryptedError("scan.pdf needs a password.", hint="Add it to passwords.")
    reason = Reason.of(error)
    plan = desk.names.plan(
        desk.job, state=JobState.FAILED, action="move", folder=Place.below(desk.inbox, "failed"),
        kinds=["error.json"], owned={}, reason=reason,
    )
    plan = filing.stage(plan, [filing.error_writer(desk.job, reason, "2026-01-01T00:00:00Z")])
    desk.publish(plan)
    told = json.loads((desk.inbox / "failed" / "scan.error.json").read_text())
    assert told["code"] == "encrypted"
    assert told["hint"] == "Add it to passwords."
    assert told["attempts"] == 1
