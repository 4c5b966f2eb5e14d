"""What of a configuration may change while the daemon runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import LimitSettings, RasterSettings, Settings
from ocrd.daemon.configuration import require_folders, require_same
from ocrd.errors import ConfigError

OLD = Settings(state_dir=Path("/state"), runtime_dir=Path("/run/ocrd"))
WHERE = Path("/etc/ocrd/config.toml")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("state_dir", {"state_dir": Path("/elsewhere"), "temp_dir": OLD.temp_dir}),
        ("temp_dir", {"temp_dir": Path("/elsewhere")}),
        ("runtime_dir", {"runtime_dir": Path("/elsewhere")}),
        ("control_group", {"control_group": "staff"}),
        ("rasterize", {"rasterize": RasterSettings(recycle=7)}),
        ("limits", {"limits": LimitSettings(pages=7)}),
    ],
)
def test_what_a_running_daemon_cannot_change_is_refused_by_its_name(
    name: str, change: dict[str, Any]
) -> None:
    values = {"state_dir": OLD.state_dir, "runtime_dir": OLD.runtime_dir, **change}
    with pytest.raises(ConfigError, match=f"^{WHERE}: {name} cannot change") as raised:
        require_same(OLD, Settings(**values), WHERE)
    assert "Restart" in raised.value.hint


def test_what_lies_in_the_state_directory_is_not_told_of_besides() -> None:
    old = Settings(state_dir=Path("/state"))
    with pytest.raises(ConfigError) as raised:
        require_same(old, Settings(state_dir=Path("/elsewhere")), WHERE)
    assert [fault.key for fault in raised.value.faults] == ["state_dir"]


def test_everything_else_may_change() -> None:
    new = OLD.model_copy(update={"log_level": "debug", "keep_jobs": 1.0, "documents_in_flight": 2})
    require_same(OLD, new, WHERE)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a file")
    settings = Settings.model_validate({
        "state_dir": tmp_path / "state", "inbox": [{"path": str(tmp_path / "in")}]
    })  # fmt: skip
    with pytest.raises(ConfigError, match=str(tmp_path / "in")):
        require_folders(settings, WHERE)
