from __future__ import annotations

from pathlib import Path

import pytest

from ocrd import files
from ocrd.errors import ShareGoneError


def test_free_space_is_counted_and_a_missing_folder_is_no_empty_disk(tmp_path: Path) -> None:
    assert files.free_bytes(tmp_path) > 0
    with pytest.raises(ShareGoneError):
        files.free_bytes(tmp_path / "gone")
