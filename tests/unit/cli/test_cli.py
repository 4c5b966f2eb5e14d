"""The command line, as the real command in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocrd import __version__
from ocrd.config.settings import load
from ocrd.job import Candidate, FileKey
from ocrd.ledger.jobs import Ledger

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "tests" / "resources" / "typewriter.png"
WAIT_SECONDS = 30.0

ECHO = """
state_dir = "state"
[engine]
kind = "module"
module = "tests.engines.echo"
[[inbox]]
path = "inbox"
settle = "100ms"
"""

Result = subprocess.CompletedProcess[str]


def ocrd(*arguments: str | Path, home: Path) -> Result:
    return subprocess.run(
        [sys.executable, "-m", "ocrd", *map(str, arguments)],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OCRD_")}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "COLUMNS": "120"}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a scripted engine."""
    path = tmp_path / "config.toml"
    path.write_text(ECHO)
    (tmp_path / "inbox").mkdir()
    return path


@pytest.fixture
def daemon(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The real daemon, answering."""
    home = config.parent
    command = [sys.executable, "-m", "ocrd", "run", "--config", str(config)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(home), stdout=log, stderr=subprocess.STDOUT
        )
    until(lambda: (home / "state" / "run" / "ocrd.sock").exists() or process.poll() is not None)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0, (home / "log").read_text()


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert ocrd("--version", home=tmp_path).stdout == f"ocrd {__version__}\n"


def test_help_names_every_command(tmp_path: Path) -> None:
    text = ocrd("--help", home=tmp_path).stdout
    for command in (
        *("run", "convert", "init", "check", "demo", "status", "jobs"),
        *("show", "retry", "cancel", "pause", "resume", "reload"),
    ):
        assert f" {command} " in text


def test_the_command_line_loads_nothing_heavy_to_start() -> None:
    program = (
        "import sys, ocrd.cli; heavy = {'pydantic', 'starlette', 'uvicorn', 'sqlite3',"
        " 'watchdog', 'numpy', 'PIL', 'pymupdf', 'onnxruntime'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_an_unknown_option_is_a_usage_error(tmp_path: Path) -> None:
    assert ocrd("status", "--no-such", home=tmp_path).returncode == 2


def test_retry_wants_either_jobs_or_all(config: Path) -> None:
    assert ocrd("retry", "-c", config, home=config.parent).returncode == 2
    for filters in (["1", "--all"], ["1", "--code", "x"], ["--doubtful", "--state", "failed"]):
        assert ocrd("retry", *filters, "-c", config, home=config.parent).returncode == 2


def test_no_configuration_is_said_with_the_way_out(tmp_path: Path) -> None:
    if Path("/etc/ocrd/config.toml").exists():
        pytest.skip("this machine has a configuration of its own")
    result = ocrd("status", home=tmp_path)
    assert result.returncode == 78
    assert result.stderr.startswith("ocrd: There is no configuration")
    assert "\n  → Make one with 'ocrd init'" in result.stderr


def test_status_without_a_daemon_exits_as_unreachable(config: Path) -> None:
    result = ocrd("status", "-c", config, home=config.parent)
    assert (result.returncode, result.stdout) == (69, "")
    assert "No daemon answers" in result.stderr
    as_json = ocrd("status", "--json", "-c", config, home=config.parent)
    assert json.loads(as_json.stdout)["error"]["code"] == "unreachable"


# init and check


def test_init_writes_a_configuration_that_is_ready(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    made = ocrd("init", folder, "--json", home=tmp_path)
    assert made.returncode == 0, made.stderr
    inbox = load(folder / "config.toml", {}).inbox[0]
    assert inbox.path.is_dir()
    assert inbox.done_dir.is_dir()
    assert inbox.failed_dir.is_dir()
    checked = ocrd("check", "--no-engine", "-c", folder / "config.toml", home=tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_what_init_makes_for_the_daemon_is_nobody_elses(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        assert ocrd("init", tmp_path / "new", home=tmp_path).returncode == 0
    finally:
        os.umask(before)
    modes = {
        name: stat.S_IMODE((tmp_path / "new" / name).stat().st_mode)
        for name in ("config.toml", "state", "state/tmp", "inbox")
    }
    assert modes == {"config.toml": 0o600, "state": 0o700, "state/tmp": 0o700, "inbox": 0o755}


def test_init_without_a_folder_writes_where_commands_look(short_path: Path) -> None:
    made = ocrd("init", "--json", home=short_path)
    assert made.returncode == 0, made.stderr
    config = short_path / "ocrd" / "config.toml"  # XDG_CONFIG_HOME
    assert json.loads(made.stdout)["config"] == str(config)
    settings = load(config, {})
    assert settings.inbox[0].path == short_path / "scans" / "inbox"
    assert settings.state_dir == short_path / ".local" / "state" / "ocrd"
    checked = ocrd("check", "--no-engine", home=short_path)
    assert checked.returncode == 0, checked.stdout
    again = ocrd("init", home=short_path)
    assert (again.returncode, "is left as it is" in again.stderr) == (78, True)


def test_init_leaves_an_existing_configuration_alone(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("precious")
    result = ocrd("init", tmp_path, home=tmp_path)
    assert result.returncode == 78
    assert (tmp_path / "config.toml").read_text() == "precious"


def test_check_reads_a_page_with_the_engine(config: Path) -> None:
    result = ocrd("check", "--json", "-c", config, home=config.parent)
    assert result.returncode == 0, result.stdout
    found = {finding["subject"]: finding for finding in json.loads(result.stdout)}
    assert "read a page in" in found["engine default"]["message"]


@pytest.mark.parametrize(
    ("names", "more", "said"),
    [
        ([], "", ""),
        (["a.pdf"], "", "; 1 file lies here, to be read"),
        (["a.pdf", "b.txt"], "", "; 2 files lie here, 1 is no document and left alone"),
        (["b.txt"], 'unsupported = "fail"', "; 1 file lies here, 1 is no document"),
        (["a.pdf"], 'source = "keep"', ""),
    ],
)
def test_check_says_what_lies_in_a_folder_that_is_not_empty(
    config: Path, names: list[str], more: str, said: str
) -> None:
    config.write_text(config.read_text() + more)
    for name in names:
        (config.parent / "inbox" / name).write_text("words")
    told = ocrd("check", "--no-engine", "--json", "-c", config, home=config.parent)
    (inbox,) = [one for one in json.loads(told.stdout) if one["subject"] == "inbox[0]"]
    assert inbox["message"].partition(";")[1:] == said.partition(";")[1:]


def test_check_fails_when_the_engine_cannot_start(config: Path) -> None:
    config.write_text(ECHO.replace("tests.engines.echo", "tests.engines.not_there"))
    result = ocrd("check", "-c", config, home=config.parent)
    assert result.returncode == 1
    assert "fail engine default" in result.stdout
    assert "not_there" in result.stdout


def test_check_exits_78_on_a_fault_of_the_configuration(config: Path) -> None:
    config.write_text(ECHO + 'mood = "good"\n')
    result = ocrd("check", "-c", config, home=config.parent)
    assert result.returncode == 78
    assert "mood" in result.stdout


def test_several_faults_are_one_line_each_in_the_files_order_also_in_json(config: Path) -> None:
    home = config.parent
    config.write_text(f'mood = "good"\n{ECHO}tolerance = 7\nsettel = "1s"\n')
    lines = [1, 10, 11]
    for command in ("check", "run", "jobs"):
        said = ocrd(command, "-c", config, home=home)
        assert said.returncode == 78
        told = [line for line in (said.stdout + said.stderr).splitlines() if "toml, line" in line]
        assert [int(line.split("toml, line ")[1].split(":")[0]) for line in told] == lines, command
        assert "\\x0a" not in said.stdout + said.stderr
    findings = json.loads(ocrd("check", "--json", "-c", config, home=home).stdout)
    assert ["mood" in findings[0]["message"], len(findings)] == [True, 3]
    error = json.loads(ocrd("jobs", "--json", "-c", config, home=home).stdout)["error"]
    assert [fault["line"] for fault in error["faults"]] == lines
    assert error["faults"][2]["key"] == "inbox[0].settel"
    assert error["faults"][2]["hint"] == "Did you mean settle?"


def test_check_exits_1_when_a_folder_is_not_there(config: Path) -> None:
    (config.parent / "inbox").rmdir()
    result = ocrd("check", "--no-engine", "-c", config, home=config.parent)
    assert result.returncode == 1
    assert "is not there" in result.stdout


# Jobs without a daemon


def test_jobs_and_show_read_the_ledger_when_no_daemon_runs(config: Path) -> None:
    state_dir = config.parent / "state"
    state_dir.mkdir()
    ledger = Ledger.open(state_dir)
    candidate = Candidate(str(config.parent / "inbox"), "[red]a.pdf", FileKey(1, 2, 3, 4))
    ledger.enqueue([candidate], 0, time.time())
    ledger.close()
    listed = ocrd("jobs", "--json", "-c", config, home=config.parent)
    [job] = json.loads(listed.stdout)["jobs"]
    assert (job["relpath"], job["state"]) == ("[red]a.pdf", "queued")
    assert "[red]a.pdf" in ocrd("jobs", "-c", config, home=config.parent).stdout
    shown = ocrd("show", str(job["id"]), "-c", config, home=config.parent)
    assert "[red]a.pdf" in shown.stdout
    none = ocrd("jobs", "--state", "failed", "--json", "-c", config, home=config.parent)
    assert json.loads(none.stdout) == {"jobs": [], "next": None}


def test_a_question_without_a_ledger_does_not_make_one(config: Path) -> None:
    for command in (["jobs"], ["show", "1"], ["retry", "--all"]):
        assert ocrd(*command, "-c", config, home=config.parent).returncode == 1
    assert not (config.parent / "state").exists()


def test_a_listing_says_where_it_was_cut_and_goes_on_from_there(config: Path) -> None:
    home = config.parent
    (home / "state").mkdir()
    ledger = Ledger.open(home / "state")
    names = ["a.pdf", "b.pdf", "c.png", "d.pdf", "e.pdf"]
    for number, name in enumerate(names):
        key = FileKey(1, number, 3, 4)
        ledger.enqueue([Candidate(str(home / "inbox"), name, key)], 0, time.time())
    ledger.close()

    def listed(*more: str) -> tuple[list[str], int | None]:
        body = json.loads(ocrd("jobs", "--json", "-c", config, *more, home=home).stdout)
        return [job["relpath"] for job in body["jobs"]], body["next"]

    assert listed("--name", "*.pdf", "-n", "2") == (["e.pdf", "d.pdf"], 4)
    assert listed("--name", "*.pdf", "-n", "2", "--before", "4") == (["b.pdf", "a.pdf"], None)
    assert listed("--inbox", "inbox", "--state", "queued", "--before", "2") == (["a.pdf"], None)
    for nothing in (["--code", "encrypted"], ["--doubtful"], ["--state", "gone"]):
        assert listed(*nothing) == ([], None)
    cut = ocrd("jobs", "-n", "4", "-c", config, home=home)
    assert cut.stderr == "There are more: ocrd jobs --before 2\n"
    assert ocrd("jobs", "-n", "5", "-c", config, home=home).stderr == ""
    assert ocrd("jobs", "--state", "eaten", "-c", config, home=home).returncode == 2
    assert ocrd("jobs", "--inbox", "outbox", "-c", config, home=home).returncode == 78


# With a daemon


def test_a_running_daemon_is_steered(config: Path, daemon: subprocess.Popen[bytes]) -> None:
    home = config.parent

    def ask(*arguments: str) -> Any:
        result = ocrd(*arguments, "--json", "-c", config, home=home)
        assert result.returncode == 0, result.stdout
        return json.loads(result.stdout)

    assert ask("status")["pid"] == daemon.pid
    assert ask("pause")["state"] == "paused"
    shutil.copy(PAGE, home / "inbox")
    until(lambda: [job["state"] for job in ask("jobs")["jobs"]] == ["queued"])
    assert "paused" in ocrd("status", "-c", config, home=home).stdout
    assert ask("resume")["state"] == "running"
    until(lambda: [job["state"] for job in ask("jobs")["jobs"]] == ["done"])
    assert ask("show", "1")["destination"] == str(home / "inbox" / "done" / PAGE.name)
    assert ocrd("cancel", "99", "-c", config, home=home).returncode == 1


def test_reload_refuses_a_bad_file_and_the_old_one_stays(
    config: Path, daemon: subprocess.Popen[bytes]
) -> None:
    socket = config.parent / "state" / "run" / "ocrd.sock"
    config.write_text(ECHO + 'mood = "good"\n')
    result = ocrd("reload", "--socket", socket, home=config.parent)
    assert result.returncode == 78
    assert "mood" in result.stderr
    assert ocrd("status", "--socket", socket, home=config.parent).returncode == 0
    config.write_text(ECHO)
    assert ocrd("reload", "--socket", socket, home=config.parent).returncode == 0


def test_a_running_daemon_is_found_without_its_configuration(
    config: Path, daemon: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """By its note: in no usual place there is a file, and the daemon's own is half edited."""
    home = config.parent
    shutil.copy(PAGE, home / "inbox")
    until(lambda: '"done"' in ocrd("jobs", "--json", home=home).stdout)
    config.write_text('state_dir = "state\n[[inbox]')
    for named in ([], ["-c", str(config)]):
        status = ocrd("status", "--json", *named, home=home)
        assert json.loads(status.stdout)["pid"] == daemon.pid
        for command in (
            ["jobs"], ["show", "1"], ["show", "inbox"], ["show", str(home / "inbox")],
            ["retry", "--all", "--inbox", "inbox"], ["pause"], ["resume"],
        ):  # fmt: skip
            result = ocrd(*command, *named, home=home)
            assert result.returncode == 0, (command, result.stderr)
    assert ocrd("show", "outbox", home=home).returncode == 78


def test_a_daemon_that_was_killed_is_not_taken_for_one_that_runs(
    config: Path, tmp_path: Path
) -> None:
    home = config.parent
    command = [sys.executable, "-m", "ocrd", "run", "--config", str(config)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(home), stderr=subprocess.DEVNULL
    )  # fmt: skip
    until(lambda: ocrd("status", home=home).returncode == 0)
    process.kill()
    process.wait()
    notes = list(Path(os.environ["XDG_RUNTIME_DIR"]).rglob("*.json"))
    assert [note for note in notes if str(config) in note.read_text()]
    assert ocrd("status", home=home).returncode == 78
    assert ocrd("status", "-c", config, home=home).returncode == 69


def test_who_asks_in_vain_is_told_of_a_daemon_that_runs_elsewhere(
    config: Path, daemon: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(ECHO.replace('"state"', '"other"'))
    said = ocrd("status", "-c", other, home=config.parent).stderr
    assert f"--config {config}" in said
    second = subprocess.Popen(
        [sys.executable, "-m", "ocrd", "run", "-c", str(other)], cwd=ROOT,
        env=environment(config.parent), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: ocrd("status", "-c", other, home=config.parent).returncode == 0)
        both = ocrd("status", home=config.parent)
        assert both.returncode == 78
        assert str(config) in both.stderr and str(other) in both.stderr
    finally:
        second.terminate()
        second.wait(WAIT_SECONDS)


def test_a_schema_is_printed_by_its_name(tmp_path: Path) -> None:
    names = [line.split()[0] for line in ocrd("schema", home=tmp_path).stdout.splitlines()]
    assert {"jobs", "layout", "config"} <= set(names)
    schema = json.loads(ocrd("schema", "config", home=tmp_path).stdout)
    assert "inbox" in schema["properties"]
    assert ocrd("schema", "nothing", home=tmp_path).returncode == 2


# convert


def test_convert_needs_no_configuration(tmp_path: Path) -> None:
    result = ocrd("convert", PAGE, "-o", tmp_path / "out", "--json", home=tmp_path)
    assert result.returncode == 0, result.stderr
    [outcome] = json.loads(result.stdout)
    assert outcome["outputs"] == [str(tmp_path / "out" / "typewriter.md")]
    assert "linzen" in (tmp_path / "out" / "typewriter.md").read_text()


def test_convert_reads_the_rest_when_one_file_is_bad(config: Path) -> None:
    out = config.parent / "out"
    bad = ROOT / "tests" / "resources" / "invalid.pdf"
    result = ocrd("convert", bad, PAGE, "-o", out, "-c", config, home=config.parent)
    assert result.returncode == 1
    assert "invalid.pdf" in result.stderr
    assert [path.name for path in out.iterdir()] == ["typewriter.md"]


def test_the_demo_shows_the_samples_filed_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as short:  # a socket's path has to be
        monkeypatch.setenv("TMPDIR", short)
        result = ocrd("demo", home=tmp_path)
        assert result.returncode == 0, result.stderr
        assert "torn.error.json" in result.stdout
        assert "stopped with exit code 0" in result.stdout
        assert not list(Path(short).iterdir())
