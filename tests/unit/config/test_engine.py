from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.errors import ConfigError
from tests.unit.config.texts import INBOX, V2, load


def test_the_deepseek_kinds_bring_their_model_and_more_time_to_load(tmp_path: Path) -> None:
    engine = load(tmp_path, V2).engine
    assert (engine.model, engine.start_timeout) == ("deepseek-community/DeepSeek-OCR-2", 600)
    engine = load(tmp_path, V2.replace("-2", "") + "model = '/m'\nstart_timeout = '9s'").engine
    assert (engine.model, engine.start_timeout) == ("/m", 9)


def test_unlimited_ocr_has_room_for_long_texts_and_many_tiles(tmp_path: Path) -> None:
    unlimited = V2.replace("deepseek-ocr-2", "unlimited-ocr")
    engine = load(tmp_path, f"{unlimited}max_tiles = 32").engine
    assert (engine.model, engine.context) == ("baidu/Unlimited-OCR", 32_768)
    assert load(tmp_path, f"{unlimited}context = 4096").engine.context == 4096
    assert load(tmp_path, V2).engine.context == 8192
    for table, told in (
        (f"{V2}context = 8193", "has a context of 8192 tokens"),
        (f"{V2}max_tiles = 7", "knows no more than 6 tiles"),
        (f"{V2.replace('-2', '')}max_tiles = 10", "knows no more than 9 tiles"),
    ):
        with pytest.raises(ConfigError, match=told):
            load(tmp_path, table)


def test_an_engine_that_is_kept_loaded_is_never_unloaded(tmp_path: Path) -> None:
    assert load(tmp_path, f"{INBOX}[engine]\nkeep_loaded = true").engine.idle_unload == 0


GPU = "GPU-5a1b2c3d-0000-1111-2222-333344445555"
MIG = "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f"


def test_a_gpu_is_written_by_number_or_by_uuid(tmp_path: Path) -> None:
    for device in ("cuda", "cuda:11", GPU, MIG, "MIG-GPU-5a1b2c3d-0000/7/0"):
        assert load(tmp_path, f'{V2}device = "{device}"').engine.device == device
    engine = load(tmp_path, f'{V2}devices = ["{GPU}", "{MIG}", "cuda:1"]').engine
    assert engine.devices == (GPU, MIG, "cuda:1")


@pytest.mark.parametrize("device", ["GPU-", "MIG", f"{GPU},{MIG}", f"{GPU}\\n", "cuda:0,1"])
def test_what_names_no_one_gpu_is_refused(device: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no device"):
        load(tmp_path, f'{V2}device = "{device}"')


@pytest.mark.parametrize("devices", [["cuda:1", "cuda:1"], ["cuda", "cuda:0"], [GPU, GPU]])
def test_a_gpu_that_is_named_twice_is_refused(devices: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a device is named twice"):
        load(tmp_path, f"{V2}devices = {devices}")
