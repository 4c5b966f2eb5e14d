from __future__ import annotations

from pathlib import Path

from tests.unit.config.texts import INBOX, V2, load


def test_the_deepseek_kinds_bring_their_model_and_more_time_to_load(tmp_path: Path) -> None:
    engine = load(tmp_path, V2).engine
    assert (engine.model, engine.start_timeout) == ("deepseek-community/DeepSeek-OCR-2", 600)
    engine = load(tmp_path, V2.replace("-2", "") + "model = '/m'\nstart_timeout = '9s'").engine
    assert (engine.model, engine.start_timeout) == ("/m", 9)


def test_an_engine_that_is_kept_loaded_is_never_unloaded(tmp_path: Path) -> None:
    assert load(tmp_path, f"{INBOX}[engine]\nkeep_loaded = true").engine.idle_unload == 0
