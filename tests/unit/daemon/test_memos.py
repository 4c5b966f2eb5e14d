"""What engines noted outlives the daemon, each engine's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.config.settings import EngineSettings
from ocrd.daemon.gpus import KnownGpus
from ocrd.daemon.memos import MEMOS, Memos, known_memos
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter


async def test_a_memo_is_there_after_a_restart_and_no_other_engines(tmp_path: Path) -> None:
    writer = LedgerWriter(Ledger.open(tmp_path))
    memos = Memos(writer)
    await memos.recall()
    assert memos.of("default") == {}
    memos.note("default", {"cuda:1": {"slots": 32}})
    memos.note("other", {"auto": {"slots": 1}})
    memos.note("default", {"cuda:1": {"slots": 16}, "cuda:0": {"slots": 64}})
    writer.close()
    writer = LedgerWriter(Ledger.open(tmp_path))
    known = KnownGpus(writer)
    await known.recall()
    client = known.engine("default", EngineSettings(kind="deepseek-ocr-2", device="cuda:1"))
    assert client.remembered.memo_of("cuda:1") == {"slots": 16}
    client.remembered.note_memo("cuda:1", {"slots": 8})
    writer.close()
    ledger = Ledger.open(tmp_path, readonly=True)
    found = known_memos(ledger)
    ledger.close()
    assert found["default"] == {"cuda:1": {"slots": 8}, "cuda:0": {"slots": 64}}
    assert found["other"] == {"auto": {"slots": 1}}


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a": 1}', '{"a": {"b": 3}}', "{", '{"a": {"b": null}}']
)
def test_what_cannot_be_read_is_as_at_a_first_start(text: str, tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    with ledger.transaction():
        ledger.set_setting(MEMOS, text)
    assert known_memos(ledger) == {}
    ledger.close()
