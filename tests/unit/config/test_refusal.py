from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from ocrd.config import file
from ocrd.config.judging import judged
from ocrd.config.settings import Settings
from tests.unit.config.texts import INBOX, V2, refused, write

V1 = f"{INBOX}[engine]\nkind = 'deepseek-ocr'\n[[inbox]]\npath = '/b'\n"


@pytest.mark.parametrize(
    ("text", "where", "remedy"),
    [
        (f"{INBOX}modee = 'text'", "line 3: inbox[0].modee: unknown key", "Did you mean mode?"),
        (f"stat_dir = '/x'\n{INBOX}", "line 1: stat_dir: unknown key", "state_dir"),
        (f"{INBOX}[rasterise]\nchildren = 1", "line 3: rasterise: unknown table", "rasterize"),
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
        (f"{INBOX}[engine]\nkind = 'kraken'", "line 4: engine.kind: ", '"rapidocr", "tesseract"'),
        (f"{INBOX}[engine]\nkind = 'tesseract'\nscripts = 'own'", "line 5: engine.scr", "set"),
        (f"{INBOX}[engine]\nkind = 'tesseract'\ndtype = 'float32'", "line 5: engine.dt", "set"),
        (f"{INBOX}languages = ['ru']", "line 3: inbox[0].languages[0]: 'ru' is no code", '"rus"'),
        (f"{INBOX}languages = ['rus', '../x']", "line 3: inbox[0].languages[1]: ", '"eng"'),
        (f"{INBOX}languages = ['rus']\n[engine]\nkind = 'deepseek-ocr'", "line 3: inbox[0]", '"te'),
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
        (f"{INBOX}state_dir = '/x'", "line 3: inbox[0].state_dir: this key belongs", "above the"),
        (f"settle = '5s'\n{INBOX}", "line 1: settle: this key belongs", "below [[inbox]]"),
        (f"{INBOX}kind = 'rapidocr'", "line 3: inbox[0].kind: this key belongs", "[engine]"),
        (f"{INBOX}[limits]\nmemory = 1", "line 4: limits.memory: ", "below [rasterize]"),
        (f"STATE_DIR = '/x'\n{INBOX}", "line 1: STATE_DIR: unknown key", "state_dir"),
        ("[inbox]\npath = '/a'", "line 1: inbox: its table has one pair", "Write [[inbox]]."),
        ("[inbox.1]\npath = '/a'", "line 1: inbox: its table has one pair", "Write [[inbox]]."),
        ("[[inboxes]]\npath = '/a'", "line 1: inboxes: unknown table", "Write [[inbox]]."),
        ("[[folder]]\npath = '/a'", "line 1: folder: unknown table", "Write [[inbox]]."),
        (f"[[engine]]\nkind = 'rapidocr'\n{INBOX}", "line 1: engine: ", "Write [engine]"),
        (f"[engines]\nkind = 'rapidocr'\n{INBOX}", "line 2: engines.kind: ", "[engines.NAME]"),
        (f"[server]\nport = 1\n{INBOX}", "line 1: server: unknown table", "[rasterize], [limits]"),
        ("inbox = []", "inbox: no folder is watched", "[[inbox]]"),
        ("", "inbox: no folder is watched", "[[inbox]]"),
        ('inbox = "/srv"', "line 1: inbox: this is no table", "Write [[inbox]]"),
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


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, f'log_level = "loud"\n{INBOX}mode = "x"\nsettle = "soon"\n')
    assert len(error.what.splitlines()) == 3
    assert [int(n) for n in re.findall(r"line (\d+): ", error.what)] == [1, 4, 5]


def test_a_refused_password_is_not_repeated(tmp_path: Path) -> None:
    error = refused(tmp_path, f'{INBOX}passwords = "hunter2"\n')
    assert "line 3: inbox[0].passwords: must be a list" in error.what
    assert "hunter2" not in str(error)
    assert "4711" not in str(refused(tmp_path, f"{INBOX}passwords = [4711]\n"))


def test_a_password_in_a_table_of_one_bracket_is_not_repeated(tmp_path: Path) -> None:
    error = refused(tmp_path, '[inbox]\npath = "/a"\npasswords = ["hunter2"]\n')
    assert "hunter2" not in str(error)
    error = refused(tmp_path, f'[[engine]]\noptions = {{ key = "hunter2" }}\n{INBOX}')
    assert "hunter2" not in str(error)


def test_what_contradicts_each_other_is_told_at_once_too(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        '[[inbox]]\npath = "/b"\nmode = "text"\noutputs = ["json"]\n'
        '[[inbox]]\npath = "/b"\nengine = "none"\n',
    )
    assert [(fault.line, fault.key) for fault in error.faults] == [
        (4, "inbox[0].outputs"), (6, "inbox[1].path"), (7, "inbox[1].engine"),
    ]  # fmt: skip
    error = refused(tmp_path, f'{INBOX}[engine]\ndevices = ["cpu"]\nslots = "x"\n')
    assert [fault.line for fault in error.faults] == [4, 5]
    error = refused(tmp_path, f'{INBOX}[engine]\ndevices = ["gpu"]\nmodel = "a/b"\n')
    assert {fault.line for fault in error.faults} == {4, 5}


def keys(folder: Path, text: str, **environ: str) -> list[str]:
    return [fault.key for fault in refused(folder, text, **environ).faults]


def test_contradictions_are_told_together_with_values_that_are_refused(tmp_path: Path) -> None:
    text = (
        'log_level = "loud"\n'  # 1
        '[engine]\nkind = "rapidocr"\nmodel = "a/b"\nslots = "many"\n'
        '[engines.big]\nkind = "deepseek-ocr"\ndevice = "gpu"\nmax_tiles = 99\n'  # 6
        '[[inbox]]\npath = "/a"\nmode = "text"\noutputs = ["json"]\nsettle = "soon"\n'  # 10
        '[[inbox]]\npath = "/a"\nengine = "none"\npriority = "high"\n'  # 15
        '[[inbox]]\npath = "/c"\nfailed = "done"\nrecursiv = true\n'  # 19
    )
    error = refused(tmp_path, text)
    assert [(fault.line, fault.key) for fault in error.faults] == [
        (1, "log_level"), (4, "engine.model"), (5, "engine.slots"), (8, "engines.big.device"),
        (9, "engines.big.max_tiles"), (13, "inbox[0].outputs"), (14, "inbox[0].settle"),
        (16, "inbox[1].path"), (17, "inbox[1].engine"), (18, "inbox[1].priority"),
        (22, "inbox[2].recursiv"),
    ]  # fmt: skip
    assert len(str(error.what).splitlines()) == len(error.faults)


@pytest.mark.parametrize(
    ("text", "only"),
    [
        # The kind that was meant would have the key.
        (f"{INBOX}[engine]\nkind = 'deepseek'\nmodel = 'a/b'\nmax_tiles = 4", "engine.kind"),
        (f"{INBOX}[engine]\nkid = 'deepseek-ocr'\nmodel = 'a/b'", "engine.kid"),
        (f"{INBOX}[engine]\nkind = 'unlimited'\nmax_new_tokens = 9000", "engine.kind"),
        (f"kind = 'deepseek-ocr'\n{INBOX}mode = 'figure'", "kind"),
        (f"{INBOX}mode = 'figure'\n[engin]\nkind = 'deepseek-ocr'", "engin"),
        (f"{INBOX}mode = 'figure'\n[[engine]]\nkind = 'deepseek-ocr'", "engine"),
        (f"{INBOX}mode = 'figure'\n[engine]\nslots = 2\nkind = 'deepseek-ocr'", "engine.slots"),
        (f"{INBOX}[engine]\nkeep_loaded = 'ja'\nidle_unload = '5m'", "engine.keep_loaded"),
        # The engine that is asked for may be the one that is refused.
        (f"{INBOX}engine = 'b'\n[engines.B]\nkind = 'rapidocr'", "engines.B"),
        (f"{INBOX}engine = 'b'\n[engines.b]\nkind = 'x'\nmodel = 'a/b'", "engines.b.kind"),
        (f"{INBOX}engine = 'b'\n[engine.b]\nkind = 'rapidocr'", "engine.b"),
        # The folders that were meant are not known.
        (f"{INBOX}[[inbox]]\nmode = 'markdown'", "inbox[1].path"),
        (f"{INBOX}[[inbox]]\npath = 7\nfailed = 'done'", "inbox[1].path"),
        (f"{INBOX}[[inbox]]\npath = '/srv/in/a'\nrecursive = 'x'", "inbox[1].recursive"),
        (f"{INBOX}recursive = 'x'\n[[inbox]]\npath = '/srv/in/a'", "inbox[0].recursive"),
        (f"{INBOX}done = 'x'\nfailed = ''\n[[inbox]]\npath = '/srv/in/x'", "inbox[0].failed"),
        (f"{INBOX}mode = 'text'\noutputs = ['jsn']", "inbox[0].outputs[0]"),
        (f"{INBOX}mode = 'text'\noutput = ['md']\noutputs = 'md'", None),
        (f"{INBOX}mod = 'locate'\ntarget = 'a'", "inbox[0].mod"),
        ("inbox = [3]", "inbox[0]"),
        ("inbox = 3", "inbox"),
        ("[[folders]]\npath = '/a'", "folders"),
    ],
)
def test_what_follows_from_another_fault_is_not_told(
    tmp_path: Path, text: str, only: str | None
) -> None:
    expected = ["inbox[0].output", "inbox[0].outputs"] if only is None else [only]
    assert keys(tmp_path, text) == expected


def test_a_folder_is_asked_for_together_with_other_faults(tmp_path: Path) -> None:
    error = refused(tmp_path, 'log_level = "loud"\n')
    assert [(fault.key, fault.line) for fault in error.faults] == [
        ("log_level", 1),
        ("inbox", None),
    ]
    assert "no folder is watched" in error.what


def test_faults_of_the_environment_are_judged_with_those_of_the_file(tmp_path: Path) -> None:
    text = f'{INBOX}mode = "text"\n'
    more = {"OCRD_INBOX__0__OUTPUTS": '["json"]', "OCRD_LOG_LEVEL": "loud"}
    assert keys(tmp_path, text, **more) == ["log_level", "inbox[0].outputs"]


def test_a_configuration_that_is_refused_stays_as_it_was_read(tmp_path: Path) -> None:
    """What is taken out to judge the rest is taken out of a copy."""
    source = file.read(write(tmp_path, f"{INBOX}mode = 3"), {}, tuple(Settings.model_fields))
    before = copy.deepcopy(source.values)
    with pytest.raises(ValidationError) as caught:
        Settings(**source.values)
    assert judged(caught.value, source, Settings)
    assert source.values == before
