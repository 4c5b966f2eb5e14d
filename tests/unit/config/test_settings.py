from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from ocrd.config import settings as config
from ocrd.config.settings import InboxSettings, Settings
from ocrd.errors import ConfigError
from tests.unit.config.texts import INBOX, load, refused, write

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.toml"


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load(tmp_path, INBOX)
    with pytest.raises(ValidationError):
        settings.documents_in_flight = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.inbox[0].recursive = True  # type: ignore[misc]


# Folders


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = 'state_dir = "state"\n[[inbox]]\npath = "./in/"\ndone = "../out/done"\nfailed = "/bad"'
    settings = load(tmp_path, text)
    inbox = settings.inbox[0]
    assert settings.state_dir == tmp_path / "state"
    assert inbox.path == tmp_path / "in"
    assert inbox.name == "in"
    assert (inbox.done_dir, inbox.failed_dir) == (tmp_path / "out/done", Path("/bad"))


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/scanner")
    settings = load(tmp_path, '[[inbox]]\npath = "~/in"\ndone = "~/done"')
    assert settings.inbox[0].path == Path("/home/scanner/in")
    assert settings.inbox[0].done_dir == Path("/home/scanner/done")


def test_the_socket_is_where_systemd_and_where_a_person_expects_it(tmp_path: Path) -> None:
    assert load(tmp_path, INBOX).socket_path == Path("/run/ocrd/ocrd.sock")
    own = load(tmp_path, f'state_dir = "/opt/o"\n{INBOX}')
    assert own.socket_path == Path("/opt/o/run/ocrd.sock")
    named = load(tmp_path, f'runtime_dir = "/run/other"\n{INBOX}')
    assert named.socket_path == Path("/run/other/ocrd.sock")


def test_a_socket_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, f'runtime_dir = "/{"x" * 100}"\n{INBOX}')
    assert "line 1: runtime_dir: " in error.what
    assert "shorter path" in error.hint


def test_a_temporary_directory_of_others_is_never_used_itself(tmp_path: Path) -> None:
    """The daemon empties its temporary directory: it must be its own."""
    default = load(tmp_path, f'state_dir = "/opt/a"\n{INBOX}')
    assert default.temp_dir == Path("/opt/a/tmp")
    shared = [
        load(tmp_path, f'state_dir = "{state}"\ntemp_dir = "{temp}"\n{INBOX}').temp_dir
        for state, temp in [("/opt/a", "/tmp"), ("/opt/b", "/tmp"), ("/opt/a", ".")]
    ]
    assert len(set(shared)) == 3
    assert [path.parent for path in shared] == [Path("/tmp"), Path("/tmp"), Path("/opt/a")]


# The environment, and finding the file


def test_settings_made_directly_do_not_read_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCRD_LOG_LEVEL", "debug")
    assert Settings(inbox=(InboxSettings(path=tmp_path),)).log_level == "info"
    assert config.load(write(tmp_path, INBOX)).log_level == "debug"
    assert config.default_settings().log_level == "debug"
    assert config.default_settings({}).inbox == ()


def test_the_configuration_is_looked_for_in_order(tmp_path: Path) -> None:
    user = tmp_path / "ocrd" / "config.toml"
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    if not Path("/etc/ocrd/config.toml").exists():
        with pytest.raises(ConfigError, match="ocrd init"):
            config.find_config(None, environ)
    user.parent.mkdir()
    user.write_text(INBOX)
    assert config.find_config(None, environ) == user
    assert config.find_config(None, {**environ, "OCRD_CONFIG": "/named"}) == Path("/named")
    assert config.find_config(Path("given"), {"OCRD_CONFIG": "/named"}) == Path("given")


# What is made from the models


def test_the_template_is_a_working_configuration(tmp_path: Path) -> None:
    inbox = tmp_path / 'a "quoted" \\ näme'
    inbox.mkdir()
    settings = load(tmp_path, config.template(inbox, tmp_path / "state"))
    assert settings.inbox[0].path == inbox
    assert settings.state_dir == tmp_path / "state"
    assert config.check_folders(settings) == []


def test_a_folder_name_that_toml_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"UTF-8.*Rename"):
        config.template(Path(os.fsdecode(b"/srv/\xff")), tmp_path)


def uncommented() -> str:
    return re.sub(r"^#(?=[\[a-z])", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def test_the_example_is_a_working_configuration() -> None:
    settings = config.load(EXAMPLE, {})
    assert settings == Settings(inbox=(InboxSettings(path=Path("/srv/scans")),))


def test_the_example_has_every_key_and_the_keys_have_descriptions() -> None:
    values = tomllib.loads(uncommented())
    assert set(values) == set(Settings.model_fields)
    for name, model in (
        ("engine", config.EngineSettings), ("rasterize", config.RasterSettings),
        ("limits", config.LimitSettings),
    ):  # fmt: skip
        assert set(values[name]) == set(model.model_fields)
    assert set(values["inbox"][0]) == set(InboxSettings.model_fields)
    for described in (Settings, InboxSettings, config.EngineSettings):
        assert all(field.description for field in described.model_fields.values())


def test_the_comments_in_the_example_show_the_defaults(tmp_path: Path) -> None:
    text = uncommented()
    for model in (config.EngineSettings, config.ApiSettings, InboxSettings):
        for name, field in model.model_fields.items():
            if field.default is None and field.examples not in (["auto"], ["default"]):
                text = re.sub(f"^{name} = .*$", "", text, flags=re.MULTILINE)  # an example only
    settings = load(tmp_path, text)
    plain = config.load(EXAMPLE, {})
    changed = {
        name for name in Settings.model_fields if getattr(settings, name) != getattr(plain, name)
    }
    assert changed == {"runtime_dir", "control_group", "api", "engines", "inbox"}
    assert settings.socket_path == plain.socket_path
    assert settings.engines == {"second": plain.engine}
    assert settings.inbox[0].model_copy(update={"engine": None}) == plain.inbox[0]


def test_the_generated_files_are_what_the_models_say() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_an_engine_stands_behind_others_that_there_are(tmp_path: Path) -> None:
    local = f'[engines.local]\nkind = "rapidocr"\n{INBOX}'
    behind = load(tmp_path, f'[engine]\nfallback = ["local"]\nsecond_opinion = "local"\n{local}')
    assert behind.engine.fallback == ("local",)
    for key in ('fallback = ["local", "far"]', 'second_opinion = "far"'):
        error = refused(tmp_path, f"[engine]\n{key}\n{local}")
        assert 'there is no engine "far"' in error.what
    error = refused(tmp_path, f'[engine]\nfallback = ["default"]\n{local}')
    assert "cannot stand behind itself" in error.what


def test_programs_alone_are_work_enough_for_a_daemon(tmp_path: Path) -> None:
    assert load(tmp_path, '[api]\nlisten = "127.0.0.1:8713"\nkeys = "none"').inbox == ()
    assert "no folder is watched" in refused(tmp_path, "[api]\npriority = 3").what


def test_who_converts_needs_no_folder(tmp_path: Path) -> None:
    path = write(tmp_path, '[engine]\nkind = "tesseract"')
    assert config.load(path, {}, for_daemon=False).engine.kind == "tesseract"
    with pytest.raises(ConfigError, match="no folder is watched"):
        config.load(path, {})
