"""What a folder's owner writes, and what is made of what others wrote."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocrd.intake.record import RECORD_BYTES, Record, decode
from tests.unit.intake.owners import me


@given(st.text(max_size=400), st.text(max_size=700), st.integers(0, 2**53 - 1))
@example("\U00010000" * 400, "\U00010000" * 700, 2**53 - 1)  # twelve bytes a letter
def test_a_record_has_one_size_whatever_the_names_are(host: str, place: str, number: int) -> None:
    record = Record(
        ledger="a" * 32,
        session="b" * 16,
        machine="c" * 32,
        boot="d" * 36,
        host=host,
        state_dir=place,
        serial=number,
        beat=number,
        pid=number,
        answers=3600,
    )
    content = record.encode()
    assert len(content) == RECORD_BYTES
    found = decode(content)
    assert found is not None
    assert record.host.startswith(found.host) and record.state_dir.startswith(found.state_dir)
    assert replace(found, host=host, state_dir=place) == record


def test_a_record_comes_back_as_it_was() -> None:
    record = me("a", answers=30, serial=7, beat=3, machine="m", state_dir="/var/lib/ocrd")
    assert decode(record.encode()) == record


@pytest.mark.parametrize(
    ("record", "version"),
    [(me("a"), 1), (me("a", answers=30), 2), (me("a", answers=30, released=True), 1)],
)
def test_only_who_counts_or_has_gone_is_understood_by_earlier_versions(
    record: Record, version: int
) -> None:
    assert json.loads(record.encode())["ocrd"] == version


@pytest.mark.parametrize("name", ["pid", "serial", "beat", "answers"])
@pytest.mark.parametrize("value", [-1, 2**53, "x", None, [1]])
def test_numbers_that_make_no_sense_make_no_record(name: str, value: object) -> None:
    assert decode(json.dumps({"ocrd": 2, name: value}).encode()) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"ocrd": 3}', b"[" * 100_000])
def test_what_is_no_record_is_none(content: bytes) -> None:
    assert decode(content) is None
