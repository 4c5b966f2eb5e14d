"""The ledger's file: steps are whole or nothing, what is not ours is refused as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ocrd.errors import LedgerError
from ocrd.ledger.jobs import Ledger


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_transaction_that_raises_leaves_nothing_and_a_step_in_it_only_itself(
    ledger: Ledger, error: type[BaseException]
) -> None:
    with pytest.raises(error), ledger.transaction():
        ledger.set_setting("a", "lost")
        raise error
    with ledger.transaction():
        ledger.set_setting("b", "kept")
        with pytest.raises(error), ledger.savepoint():
            ledger.set_setting("c", "undone")
            raise error
        with pytest.raises(LedgerError, match="no such table"), ledger.savepoint():
            ledger.set_setting("d", "undone")
            ledger.db.execute("SELECT * FROM nowhere")
        with ledger.savepoint():
            ledger.set_setting("e", "kept")
    assert [ledger.setting(name) for name in "abcde"] == [None, "kept", None, None, "kept"]


def test_a_setting_is_kept_over_restarts(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    assert ledger.setting("paused") is None
    for value in ("no", "yes"):
        with ledger.transaction():
            ledger.set_setting("paused", value)
    ledger.close()
    assert Ledger.open(tmp_path).setting("paused") == "yes"


def test_a_ledger_that_is_not_there_is_not_made_by_who_only_reads(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="There is no ledger"):
        Ledger.open(tmp_path, readonly=True)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="newer ocrd"):
        Ledger.open(tmp_path)


def test_a_damaged_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 50)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger.open(tmp_path)
    assert path.read_bytes() == before
