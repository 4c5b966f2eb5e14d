"""The schemas themselves: sound, told of, and strict where the tests need them to be."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ocrd.config.settings import Settings, load, template
from ocrd.errors import ConfigError
from ocrd.schemas import sidecars
from ocrd.schemas.catalogue import catalogue
from ocrd.sidecar import json as layout
from tests.strict import SCHEMAS, fits

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.name)
def test_each_schema_is_one(entry: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(entry.schema)
    assert "x-may-lack" not in json.dumps(entry.schema)


def test_the_page_and_the_files_are_what_the_schemas_say() -> None:
    result = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate_programs.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_every_schema_is_on_the_page() -> None:
    page = (ROOT / "docs" / "programs.md").read_text()
    for entry in catalogue():
        assert f"(schemas/{entry.name}.schema.json)" in page, entry.name


def test_the_version_is_the_layouts() -> None:
    assert sidecars.VERSION == layout.FORMAT_VERSION


def test_what_is_not_told_of_does_not_fit() -> None:
    fits("stopped", {"stopped": True})
    for wrong in ({"stopped": False}, {}, {"stopped": True, "more": 1}):
        with pytest.raises(AssertionError):
            fits("stopped", wrong)
    finding = {"verdict": "ok", "subject": "", "message": "", "remedy": "", "is_config": False}
    fits("findings", [finding])
    for change in ({"verdict": "good"}, {"subject": None}, {"colour": "red"}):
        with pytest.raises(AssertionError):
            fits("findings", [{**finding, **change}])


# The configuration




@pytest.mark.parametrize(
    "text",
    [
        template(Path("/srv/in"), Path("/srv/state")),
        (ROOT / "config.example.toml").read_text(),
        (ROOT / "packaging/deb/config.toml").read_text(),
        '[[inbox]]\npath = "~/scans"\nsettle = 3\nnetwork = true\nmounted = "auto"\n'
        'patience = "1h30m"\ndone = "../read"\npasswords = ["a"]\ntolerance = 0.5\n',
        '[engine]\nslots = 2\nthreads = "4"\n[engines.b]\nkind = "module"\nmodule = "a.b"\n'
        'options = { any = [1, { deep = true }] }\n[limits]\nfile_size = "2 GiB"\npages = 7\n'
        '[rasterize]\nmemory = 536870912\npage_timeout = "2m"\n[[inbox]]\npath = "/a"\n',
    ],
)
def test_a_good_configuration_is_valid(text: str) -> None:
    fits("config", tomllib.loads(text))


def test_every_key_of_the_settings_is_in_the_schema() -> None:
    schema = SCHEMAS["config"]
    assert set(schema["properties"]) == set(Settings.model_fields)
    for name in ("EngineSettings", "InboxSettings", "RasterSettings", "LimitSettings"):
        for key, form in schema["$defs"][name]["properties"].items():
            assert form.get("description"), f"{name}.{key}"


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1",
        'log_level = "loud"',
        '[[inbox]]\nmode = "text"',
        '[[inbox]]\npath = "/a"\nmodee = "text"',
        '[[inbox]]\npath = "/a"\nsettle = "soon"',
        '[[inbox]]\npath = "/a"\noutputs = ["doc"]',
        '[[inbox]]\npath = "/a"\nrecursive = "often"',
        '[inbox]\npath = "/a"',
        '[engine]\nslots = 0\n[[inbox]]\npath = "/a"',
        '[engine]\nkind = "magic"\n[[inbox]]\npath = "/a"',
        '[limits]\nfile_size = "2 bags"\n[[inbox]]\npath = "/a"',
    ],
)
def test_what_the_check_refuses_for_one_value_the_editor_marks(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load(path, {})
    assert not jsonschema.Draft202012Validator(SCHEMAS["config"]).is_valid(tomllib.loads(text))
