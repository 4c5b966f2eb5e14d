from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.config.types import format_duration, format_size, parse_duration, parse_size
from tests.unit.config.texts import INBOX, load, refused


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('"15m"', 900), ('"1h30m"', 5400), ('"500ms"', 0.5), ('"2d"', 172800), ("30", 30),
        ("0.2", 0.2), ('"1.5h"', 5400), ('"1h 5s"', 3605), ('"20"', 20), ("0", 0),
    ],
)  # fmt: skip
def test_durations_are_read(tmp_path: Path, text: str, seconds: float) -> None:
    assert load(tmp_path, f"stop_timeout = {text}\n{INBOX}").stop_timeout == seconds


@pytest.mark.parametrize(
    "text", ['"15 minutes"', '"m"', "-1", '"-5s"', "true", "inf", "nan", '"inf"', "[1]", '""']
)
def test_what_is_no_duration_is_refused(tmp_path: Path, text: str) -> None:
    error = refused(tmp_path, f"stop_timeout = {text}\n{INBOX}")
    assert f"{tmp_path}/config.toml, line 1: stop_timeout: " in error.what


@pytest.mark.parametrize(
    ("text", "size"),
    [('"2GiB"', 2 << 30), ('"500MB"', 500_000_000), ("0", 0), ('"1.5KiB"', 1536), ('"7"', 7)],
)
def test_sizes_are_read(tmp_path: Path, text: str, size: int) -> None:
    assert load(tmp_path, f"free_space_floor = {text}\n{INBOX}").free_space_floor == size


@pytest.mark.parametrize("text", ['"2 gigs"', "true", '"GiB"', "-3", '"-3GiB"'])
def test_what_is_no_size_is_refused(tmp_path: Path, text: str) -> None:
    assert "free_space_floor" in refused(tmp_path, f"free_space_floor = {text}\n{INBOX}").what


@given(st.integers(min_value=1, max_value=10**9))
def test_written_durations_and_sizes_mean_the_same_when_read(number: int) -> None:
    assert parse_duration(format_duration(number / 1000)) == pytest.approx(number / 1000, rel=1e-5)
    assert parse_size(format_size(number)) == number


@pytest.mark.parametrize("value", ["0", "1025", "true", '"many"', "1.5"])
def test_slots_are_a_number_or_auto(tmp_path: Path, value: str) -> None:
    error = refused(tmp_path, f"{INBOX}[engine]\nslots = {value}\n")
    assert "line 4: engine.slots: " in error.what
    assert '"auto"' in error.hint
    assert load(tmp_path, f'{INBOX}[engine]\nslots = "auto"\nthreads = 2\n').engine.threads == 2
