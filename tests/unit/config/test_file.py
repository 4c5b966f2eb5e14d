"""The configuration's text, and the environment over it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocrd.config import settings as config
from ocrd.errors import ConfigError
from tests.unit.config.texts import INBOX, let_everybody_enter, load, refused, write


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a = 1\nb = /srv/scans\n", "line 2: this is not TOML at column 5"),
        ("[[inbox]\npath = 'x'", "line 1: this is not TOML"),
        ("a = 1\na = 2\n", "line 2: this is not TOML"),
        ('a = "', "line 1: this is not TOML"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, where: str) -> None:
    error = refused(tmp_path, text)
    assert f"{tmp_path}/config.toml" in error.what
    assert where in error.what


def test_several_lines_that_are_no_toml_are_told_one_by_one(tmp_path: Path) -> None:
    text = f"log_level = debug\n{INBOX}recursive = True\npasswords = [hunter2]\nsettle = 5s\n"
    error = refused(tmp_path, text)
    assert [fault.line for fault in error.faults] == [1, 4, 5, 6]
    assert [f"line {fault.line}: " in fault.what for fault in error.faults] == [True] * 4
    assert error.what.count("\n") == 3
    assert "hunter2" not in str(error)


def test_a_missing_file_and_a_folder_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    absent = tmp_path / "absent.toml"
    with pytest.raises(ConfigError, match=r"absent.toml: there is no such file.*ocrd init"):
        config.load(absent, {})
    with pytest.raises(ConfigError, match="this is a folder"):
        config.load(tmp_path, {})
    absent.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(ConfigError, match="line 2: this is not UTF-8"):
        config.load(absent, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, INBOX)
    path.chmod(0)
    program = (
        "import os, sys; from pathlib import Path; from ocrd.config import settings as config\n"
        "os.setuid(65534)\n"
        f"try: config.load(Path({str(path)!r}), {{}})\n"
        "except config.ConfigError as error: print(error)"
    )
    let_everybody_enter(path.parent)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    said = f"{path}: the file cannot be read: Permission denied. {path} is for the user root"
    assert said in result.stdout, result


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + INBOX.replace("\n", "\r\n").encode())
    assert config.load(path, {}).inbox[0].path == Path("/srv/in")


# The environment


def test_the_environment_overrides_every_kind_of_value(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        f'{INBOX}[engine]\nslots = 3\n[engines.b]\nslots = 4\n[[inbox]]\npath = "/srv/b"\n',
        OCRD_LOG_LEVEL="debug",
        OCRD_STOP_TIMEOUT="1m",
        OCRD_ENGINE__SLOTS="auto",
        OCRD_ENGINES__B__SLOTS="2",
        OCRD_ENGINES__C__THREADS="1",
        OCRD_INBOX__1__OUTPUTS='["md", "json"]',
        OCRD_INBOX__1__RECURSIVE="true",
        OCRD_INBOX__2__PATH="third",
        OCRD_RASTERIZE__MEMORY="1GiB",
        OCRD_DOCUMENTS_IN_FLIGHT="",
    )
    assert (settings.log_level, settings.stop_timeout) == ("debug", 60)
    assert settings.engine.slots == "auto"
    assert (settings.engines["b"].slots, settings.engines["c"].threads) == (2, 1)
    assert settings.inbox[1].outputs == ("md", "json")
    assert [folder.recursive for folder in settings.inbox] == [False, True, False]
    assert settings.inbox[2].path == tmp_path / "third"
    assert settings.rasterize.memory == 1 << 30
    assert settings.documents_in_flight == "auto"


def test_the_environment_alone_can_name_the_inboxes(tmp_path: Path) -> None:
    settings = load(tmp_path, "", OCRD_INBOX__0__PATH="/a", OCRD_INBOX__1__PATH="/b")
    assert [folder.path for folder in settings.inbox] == [Path("/a"), Path("/b")]
    as_json = load(tmp_path, INBOX, OCRD_INBOX='[{"path": "/c", "priority": 3}]')
    assert [(folder.path, folder.priority) for folder in as_json.inbox] == [(Path("/c"), 3)]


@pytest.mark.parametrize(
    ("variable", "value", "what"),
    [
        ("OCRD_ENGINE__KIND", "magic", "engine.kind"),
        ("OCRD_ENGINE__KINDD", "rapidocr", "unknown key"),
        ("OCRD_ENGIN__KIND", "rapidocr", "unknown table"),
        ("OCRD_INBOX__1__MODE", "text", "inbox[1].path: this key is needed"),
        ("OCRD_LOG_LEVL", "info", "unknown key"),
        ("OCRD_STOP_TIMEOUT", "soon", "stop_timeout"),
        ("OCRD_INBOX__0__OUTPUTS", '["md"', "this is not JSON"),
        ("OCRD_INBOX__0__PASSWORDS", "hunter2", "must be a list"),
        ("OCRD_INBOX__PATH", "/a", "numbered from 0"),
        ("OCRD_INBOX__7__PATH", "/a", "numbered from 0"),
        ("OCRD_INBOX__0__DONE", ".", "holds the watched folder"),
    ],
)
def test_a_bad_override_names_its_variable(
    tmp_path: Path, variable: str, value: str, what: str
) -> None:
    error = refused(tmp_path, INBOX, **{variable: value})
    assert f"environment variable {variable}" in error.what
    assert what in str(error)
    assert "hunter2" not in str(error)


def test_variables_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, INBOX, OCRD_METS_CACHING="1", OCRD_CONFIG="/x", HOME="/", OCRD_="1")
