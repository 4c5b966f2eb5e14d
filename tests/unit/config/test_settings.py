from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ocrd.config import folders as config_folders
from ocrd.config import settings as config
from ocrd.config.settings import InboxSettings, Settings
from ocrd.config.types import format_duration, format_size, parse_duration, parse_size
from ocrd.errors import ConfigError, Fate
from ocrd.tasks import Task

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.toml"


def let_everybody_enter(folder: Path) -> None:
    """Open the folder, and those above it that are closed, to other users."""
    for part in (folder, *folder.parents):
        mode = part.stat().st_mode
        if not mode & 0o001:
            part.chmod(mode | 0o055)


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def load(folder: Path, text: str, **environ: str) -> Settings:
    return config.load(write(folder, text), environ)


def refused(folder: Path, text: str, **environ: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    assert caught.value.hint, "every refusal has a remedy"
    assert caught.value.fate is Fate.EXIT
    return caught.value


INBOX = '[[inbox]]\npath = "/srv/in"\n'
V1 = f"{INBOX}[engine]\nkind = 'deepseek-ocr'\n[[inbox]]\npath = '/b'\n"
V2 = f"{INBOX}[engine]\nkind = 'deepseek-ocr-2'\n"


# Values


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


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load(tmp_path, INBOX)
    with pytest.raises(ValidationError):
        settings.documents_in_flight = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.inbox[0].recursive = True  # type: ignore[misc]


def test_passwords_do_not_show_in_the_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, f'{INBOX}passwords = ["hunter2"]\n')
    assert "hunter2" not in repr(settings)
    assert settings.inbox[0].passwords[0].get_secret_value() == "hunter2"


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
    error = refused(tmp_path, f'state_dir = "/{"x" * 100}"\n{INBOX}')
    assert "line 1: state_dir: " in error.what
    assert "runtime_dir" in error.hint


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


def two(first: str, second: str, top: str = "") -> str:
    return f"{top}\n[[inbox]]\n{first}\n[[inbox]]\n{second}\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (two('path = "/s/a"', 'path = "/s/x/../a/"'), "inbox[1].path"),
        (two('path = "/s"\nrecursive = true', 'path = "/s/a"'), "inbox[1].path"),
        (two('path = "/s/a"', 'path = "/s"\nrecursive = true'), "inbox[0].path"),
        (two('path = "/s/a"\ndone = "/s/b"', 'path = "/s/b"'), "inbox[0].done"),
        (two('path = "/a"\nfailed = "/b/c"', 'path = "/b"\nrecursive = true'), "inbox[0].failed"),
        (two('path = "/a"\nrecursive = true\ndone = "/b"', 'path = "/b/c"'), "inbox[0].done"),
        ('[[inbox]]\npath = "/a"\ndone = "."', "inbox[0].done"),
        ('[[inbox]]\npath = "/a/b"\nfailed = ".."', "inbox[0].failed"),
        ('[[inbox]]\npath = "/a"\ndone = "x"\nfailed = "x/"', "inbox[0].failed"),
        ('state_dir = "/a/s"\n[[inbox]]\npath = "/a"\nrecursive = true', "state_dir"),
        ('state_dir = "/a"\n[[inbox]]\npath = "/a"', "state_dir"),
        ('temp_dir = "/a"\n[[inbox]]\npath = "/a"\nrecursive = true', "temp_dir"),
        ('state_dir = "/a"\n[[inbox]]\npath = "/a/tmp/in"', "inbox[0].path"),
        ('state_dir = "/a"\n[[inbox]]\npath = "/b"\ndone = "/a/run"', "inbox[0].done"),
        ('[[inbox]]\npath = ""', "inbox[0].path"),
        ('[[inbox]]\npath = "/a"\ndone = ""', "inbox[0].done"),
        ('[[inbox]]\npath = "/a\\u0000b"', "inbox[0].path"),
    ],
)
def test_folders_that_would_feed_themselves_are_refused(
    tmp_path: Path, text: str, key: str
) -> None:
    error = refused(tmp_path, text)
    assert re.search(rf"config\.toml, line \d+: {re.escape(key)}: ", error.what), error.what


@pytest.mark.parametrize(
    "text",
    [
        two('path = "/s"', 'path = "/s/a"'),  # not recursive: subfolders are not watched
        two('path = "/s/a"', 'path = "/s/ab"\nrecursive = true'),
        two('path = "/a"\ndone = "/d"\nfailed = "/f"', 'path = "/b"\ndone = "/d"\nfailed = "/f"'),
        two('path = "/a"\ndone = "/b/done/a"', 'path = "/b"\nrecursive = true'),
        'state_dir = "/a"\n[[inbox]]\npath = "/a/in"',
    ],
)
def test_folders_beside_each_other_are_fine(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).inbox


# Refusals


@pytest.mark.parametrize(
    ("text", "where", "remedy"),
    [
        (f"{INBOX}modee = 'text'", "line 3: inbox[0].modee: unknown key", "Did you mean mode?"),
        (f"stat_dir = '/x'\n{INBOX}", "line 1: stat_dir: unknown key", "state_dir"),
        (f"{INBOX}[rasterise]\nchildren = 1", "line 3: rasterise: unknown key", "rasterize"),
        (f"{INBOX}[engines.b]\nkindd = 1", "line 4: engines.b.kindd: unknown key", "kind"),
        (f"{INBOX}[limits]\nzzz = 1", "line 4: limits.zzz: unknown key", "file_size, pages"),
        ("[[inbox]]\nmode = 'text'", "line 1: inbox[0].path: this key is needed", "path = "),
        (f"{INBOX}mode = 'txt'", 'line 3: inbox[0].mode: "txt" is not', 'Did you mean "text"?'),
        (f"{INBOX}outputs = 'md'", "line 3: inbox[0].outputs: ", "brackets"),
        (f"{INBOX}outputs = []", "line 3: inbox[0].outputs: ", "configuration.md"),
        (f"{INBOX}outputs = [\n 'md',\n 'pdf']", "line 3: inbox[0].outputs[1]: ", '"json"'),
        (f"{INBOX}recursive = 'often'", "line 3: inbox[0].recursive: ", "true"),
        (f"{INBOX}tolerance = 2", "line 3: inbox[0].tolerance: 2 must be less", "."),
        (f"{INBOX}engine = 'gpu'", "line 3: inbox[0].engine: there is no engine", "default"),
        (f"{INBOX}mode = 'text'\noutputs = ['json']", "line 4: inbox[0].outputs: ", '"md"'),
        (f"{INBOX}network = 'maybe'", "line 3: inbox[0].network: ", '"auto"'),
        (f"{INBOX}[engine]\nkind = 'tesseract'", "line 4: engine.kind: ", '"rapidocr", "deepseek'),
        (f"{INBOX}[engine]\nkind = 'module'", "line 4: engine.kind: ", "module ="),
        (f"{INBOX}[engine]\nmodule = 'a'", "line 4: engine.module: ", "Remove it"),
        (f"{INBOX}[engine]\noptions.a = 1", "line 4: engine.options: ", "Remove it"),
        (f"{INBOX}[engine]\nmodel = 'a/b'", "line 4: engine.model: ", "set that kind"),
        (f"{INBOX}[engine]\ndtype = 'float16'", "line 4: engine.dtype: ", '"float32"'),
        (f"{V2}slots = 4", "line 5: engine.slots: ", "set that kind"),
        (f"{V2}device = 'gpu'", "line 5: engine.device: ", '"cuda:1"'),
        (f"{V2}devices = ['cuda:0', 'x']", "line 5: engine.devices: ", '"cuda:1"'),
        (f"{V2}devices = ['cpu', 'cpu']", "line 5: engine.devices: ", "once"),
        (f"{V2}devices = ['cpu']\ndevice = 'cpu'", "line 6: engine.device: ", "Remove"),
        (f"{V2}max_tiles = 9", "line 5: engine.max_tiles: ", "6"),
        (f"{V2}max_new_tokens = 8192", "line 5: engine.max_new_tokens: ", "less than context"),
        (
            f"{INBOX}[engine]\nkeep_loaded = true\nidle_unload = '1m'",
            "line 4: engine.keep_loaded: ",
            "Remove one",
        ),
        (f"{INBOX}mode = 'describe'", "line 3: inbox[0].mode: ", "It has markdown, text."),
        (f"{V1}mode = 'locate'", "line 7: inbox[1].mode: ", 'target = "…"'),
        (f"{V1}mode = 'prompt'", "line 7: inbox[1].mode: ", 'prompt = "…"'),
        (f"{V1}mode = 'locate'\ntarget = '<|x'", "line 8: inbox[1].target: ", "plain words"),
        (f"{V1}mode = 'prompt'\nprompt = '<|User|>'", "line 8: inbox[1].prompt: ", "<|ref|>"),
        (f"{INBOX}target = 'a'", "line 3: inbox[0].target: ", "Remove it"),
        (f"{INBOX}size = 'tiny'", "line 3: inbox[0].size: ", 'kind = "deepseek-ocr"'),
        (f"{INBOX}size = 'huge'", "line 3: inbox[0].size: ", '"gundam"'),
        (f"{V2}[[inbox]]\npath = '/b'\nmode = 'figure'", "line 7: inbox[1].mode: ", "prompt"),
        (f"{INBOX}[engines.default]\n", "line 3: engines.default: ", "another"),
        (f"{INBOX}[engines.A-b]\n", "line 3: engines.A-b: ", "lower-case"),
        (f"engine = 'rapidocr'\n{INBOX}", "line 1: engine: ", "[engine]"),
        (f"{INBOX}[rasterize]\nmemory = '1MiB'", "line 4: rasterize.memory: ", "."),
        ("inbox = []", "inbox: no folder is watched", "[[inbox]]"),
        ("", "inbox: no folder is watched", "[[inbox]]"),
        ('inbox = "/srv"', "line 1: inbox: ", "."),
        ('inbox = ["/srv"]', "line 1: inbox[0]: ", "[[inbox]]"),
        ("state_dir = 3\n" + INBOX, "line 1: state_dir: ", "quotes"),
        (
            '"ignore" = """\n[[inbox]]\n"""\n[[inbox]]\npath = """/a"""\n#\n[[inbox]]\npaht = "/"',
            "line 8: inbox[1].paht",
            "path",
        ),
    ],
)
def test_a_refusal_names_file_line_key_and_remedy(
    tmp_path: Path, text: str, where: str, remedy: str
) -> None:
    error = refused(tmp_path, text)
    assert f"{tmp_path}/config.toml" in str(error)
    assert where in str(error)
    assert remedy in str(error)
    assert "validation error" not in str(error)


def test_the_deepseek_kinds_bring_their_model_and_more_time_to_load(tmp_path: Path) -> None:
    engine = load(tmp_path, V2).engine
    assert (engine.model, engine.start_timeout) == ("deepseek-community/DeepSeek-OCR-2", 600)
    engine = load(tmp_path, V2.replace("-2", "") + "model = '/m'\nstart_timeout = '9s'").engine
    assert (engine.model, engine.start_timeout) == ("/m", 9)


def test_an_engine_that_is_kept_loaded_is_never_unloaded(tmp_path: Path) -> None:
    assert load(tmp_path, f"{INBOX}[engine]\nkeep_loaded = true").engine.idle_unload == 0


def test_each_folder_asks_its_engine_for_its_own_task(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        f"{INBOX}[engine]\nkind = 'deepseek-ocr'\n"
        "[[inbox]]\npath = '/b'\nmode = 'locate'\ntarget = 'the stamp'\nsize = 'base'\n"
        "[[inbox]]\npath = '/c'\nmode = 'prompt'\nprompt = 'Who?'",
    )
    tasks = [folder.task for folder in settings.inbox]
    assert tasks == [
        Task(),
        Task("locate", target="the stamp", size="base"),
        Task("prompt", prompt="Who?"),
    ]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, f'log_level = "loud"\n{INBOX}mode = "x"\nsettle = "soon"\n')
    assert len(error.what.splitlines()) == 3
    assert [int(n) for n in re.findall(r"line (\d+): ", error.what)] == [1, 4, 5]


def test_a_refused_password_is_not_repeated(tmp_path: Path) -> None:
    error = refused(tmp_path, f'{INBOX}passwords = "hunter2"\n')
    assert "line 3: inbox[0].passwords: must be a list" in error.what
    assert "hunter2" not in str(error)
    assert "4711" not in str(refused(tmp_path, f"{INBOX}passwords = [4711]\n"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a = 1\nb = /srv/scans\n", "line 2: this is not TOML at column 5"),
        ("[[inbox]\npath = 'x'", "line 1: this is not TOML"),
        ("a = 1\na = 2\n", "line 2: this is not TOML"),
        ('a = "', "this is not TOML"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, where: str) -> None:
    error = refused(tmp_path, text)
    assert f"{tmp_path}/config.toml" in error.what
    assert where in error.what
    assert "quotes" in error.hint


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
    assert f"{path}: the file cannot be read: Permission denied. Make it" in result.stdout, result


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
        ("OCRD_ENGIN__KIND", "rapidocr", "unknown key"),
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


def test_settings_made_directly_do_not_read_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCRD_LOG_LEVEL", "debug")
    assert Settings(inbox=(InboxSettings(path=tmp_path),)).log_level == "info"
    assert config.load(write(tmp_path, INBOX)).log_level == "debug"
    assert config.default_settings().log_level == "debug"
    assert config.default_settings({}).inbox == ()


# Finding the file


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


# The file system


def real(tmp_path: Path, more: str = "") -> Settings:
    (tmp_path / "in").mkdir(exist_ok=True)
    return load(tmp_path, f'state_dir = "state"\n[[inbox]]\npath = "in"\n{more}')


def test_sound_folders_have_no_problem_and_none_is_made(tmp_path: Path) -> None:
    settings = real(tmp_path)
    assert config.check_folders(settings) == []
    assert config.offline_folders(settings) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "in"]


def test_a_missing_inbox_is_offline_and_no_fault(tmp_path: Path) -> None:
    settings = load(tmp_path, 'state_dir = "state"\n[[inbox]]\npath = "not/mounted"')
    assert config.check_folders(settings) == []
    (problem,) = config.offline_folders(settings)
    assert str(tmp_path / "not/mounted") in problem


def test_a_file_in_the_place_of_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for more in ('done = "../file"', 'failed = "../file/failed"'):
        (problem,) = config.check_folders(real(tmp_path, more))
        assert problem.startswith(f"inbox[0].{more.split()[0]}: {tmp_path}/file is not a folder")
    settings = load(tmp_path, 'state_dir = "file/state"\n[[inbox]]\npath = "file"')
    assert {problem.split(":")[0] for problem in config.check_folders(settings)} == {
        "state_dir", "temp_dir", "runtime_dir", "inbox[0].path",
    }  # fmt: skip


def test_folders_that_are_one_through_a_link_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    text = 'state_dir = "state"\n[[inbox]]\npath = "in"\n[[inbox]]\npath = "link"'
    (problem,) = config.check_folders(load(tmp_path, text))
    assert "inbox[1].path" in problem
    assert "watched twice" in problem
    (problem,) = config.check_folders(real(tmp_path, 'done = "../link"'))
    assert "inbox[0].done" in problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_folders_that_the_user_may_not_write_are_problems(tmp_path: Path) -> None:
    real(tmp_path)
    (tmp_path / "in").chmod(0o555)
    tmp_path.chmod(0o755)
    program = (
        "import os, sys; from pathlib import Path; from ocrd.config import settings as config;"
        " os.setgroups([]);"
        f"settings = config.load(Path({str(tmp_path / 'config.toml')!r}), {{}});"
        "os.setgid(65534); os.setuid(65534);"
        "print(config.refusal(Path('c.toml'), config.check_folders(settings)))"
    )
    let_everybody_enter(tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert f"c.toml: inbox[0].path: {tmp_path}/in is not writable" in result.stdout
    assert f"c.toml: state_dir: {tmp_path}/state does not exist and cannot be" in result.stdout
    assert "nobody" in result.stdout


def test_a_share_that_does_not_answer_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_folders, "_SILENCE_SECONDS", 0.2)
    folders = config_folders.watched(
        [InboxSettings(path=tmp_path / name) for name in ("hung", "well")]
    )
    mounted_again = threading.Event()

    def look(folder: config_folders.Watched) -> str:
        if folder.path.name == "hung":
            mounted_again.wait()
        return folder.path.name

    try:
        assert config_folders.ask_each(folders, look) == [None, "well"]
    finally:
        mounted_again.set()


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
    for model in (config.EngineSettings, InboxSettings):
        for name, field in model.model_fields.items():
            if field.default is None and field.examples not in (["auto"], ["default"]):
                text = re.sub(f"^{name} = .*$", "", text, flags=re.MULTILINE)  # an example only
    settings = load(tmp_path, text)
    plain = config.load(EXAMPLE, {})
    changed = {
        name for name in Settings.model_fields if getattr(settings, name) != getattr(plain, name)
    }
    assert changed == {"runtime_dir", "engines", "inbox"}
    assert settings.socket_path == plain.socket_path
    assert settings.engines == {"second": plain.engine}
    assert settings.inbox[0].model_copy(update={"engine": None}) == plain.inbox[0]


def test_the_generated_files_are_what_the_models_say() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
