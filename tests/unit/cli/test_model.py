"""``ocrd model pull`` against a small stand-in of the hub, with the real huggingface_hub."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ocrd import installation
from ocrd.cli import app
from ocrd.engine.deepseek.network import hub
from ocrd.errors import DiskFullError, EngineError, OcrdError

NAME = "someone/some-model"
COMMIT = "c0ffee" + "0" * 34
CONFIG = json.dumps({"language_config": {}, "architectures": ["DeepseekOCRForCausalLM"]}).encode()
WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
CHUNK = 64 * 1024


@dataclass
class Hub:
    """What the stand-in has, and what it was asked for."""

    url: str
    files: dict[str, bytes]
    cut_after: int | None = None  # bytes of the weights, once
    ranges: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """Return a running stand-in that huggingface_hub takes for the hub, with an empty cache."""
    from huggingface_hub import constants

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        files = {
            "config.json": CONFIG,
            "tokenizer.json": b"{}",
            "model.safetensors": WEIGHTS,
            "modeling_deepseekocr.py": b"raise SystemExit",
            "assets/figure.png": b"png",
        }
        has = Hub(f"http://127.0.0.1:{server.server_port}", files)
        server.hub = has  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        point_at(has.url, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
        yield has
        server.shutdown()


def point_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let huggingface_hub ask another server; it reads HF_ENDPOINT when it is imported."""
    from huggingface_hub import constants, hf_api

    template = url + constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(hf_api.api, "endpoint", url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


class Answer(BaseHTTPRequestHandler):
    """The four questions that a download asks of the hub."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        has: Hub = self.server.hub  # type: ignore[attr-defined]
        path = self.path.split("?")[0]
        if found := re.fullmatch(rf"/{NAME}/resolve/{COMMIT}/(.+)", path):
            self.give_file(has, found[1])
        elif path in {f"/api/models/{NAME}", f"/api/models/{NAME}/revision/main"}:
            siblings = [{"rfilename": name} for name in has.files]
            self.give_json({"id": NAME, "sha": COMMIT, "siblings": siblings})
        elif path == f"/api/models/{NAME}/tree/{COMMIT}":
            self.give_json([
                {"type": "file", "path": name, "size": len(body), "oid": etag(body)}
                for name, body in has.files.items()
            ])  # fmt: skip
        elif path.startswith(f"/api/models/{NAME}/revision/"):
            self.refuse("RevisionNotFound")
        else:
            self.refuse("RepoNotFound")

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def give_file(self, has: Hub, name: str) -> None:
        body, start = has.files[name], 0
        if self.command == "GET":
            has.fetched.append(name)
            if asked := self.headers.get("Range"):
                has.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").split("-")[0])
        part = body[start:]
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{etag(body)}"')
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if name == "model.safetensors" and has.cut_after is not None:
            part, has.cut_after = part[: has.cut_after], None
            self.close_connection = True
        self.wfile.write(part)

    def give_json(self, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def etag(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def run(*arguments: str | Path) -> Result:
    # Wide, so that no line is wrapped.
    return CliRunner().invoke(app, ["model", "pull", *map(str, arguments)], env={"COLUMNS": "400"})


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception
    return capsys.readouterr().out + result.output


def refused(*arguments: str | Path) -> OcrdError:
    error = run(*arguments).exception
    assert isinstance(error, OcrdError)
    assert error.hint
    return error


@pytest.fixture
def no_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let there be no configuration."""
    monkeypatch.setenv("OCRD_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))


# What is fetched


def test_weights_and_tables_are_fetched_and_no_code(served: Hub, tmp_path: Path) -> None:
    assert run(NAME, "--to", tmp_path / "model").exit_code == 0
    got = {path.name for path in (tmp_path / "model").iterdir() if path.is_file()}
    assert got == {"config.json", "tokenizer.json", "model.safetensors"}
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == WEIGHTS


def test_it_says_where_the_model_lies_and_what_to_write(
    served: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, NAME, "--to", tmp_path / "model")
    assert f"{NAME} lies in {tmp_path / 'model'} (commit {COMMIT})." in text
    assert '[engine]\n  kind = "deepseek-ocr"\n' in text
    assert f'  model = "{tmp_path / "model"}"\n' in text


def test_a_model_in_the_cache_is_found_by_its_name(
    served: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, NAME, "--revision", "main")
    assert f'  model = "{NAME}"\n  revision = "main"\n' in text
    found = hub.find(NAME, revision="main", download=False)
    assert found.folder == tmp_path / "cache" / "models--someone--some-model" / "snapshots" / COMMIT


def test_a_model_that_is_here_is_not_fetched_again(served: Hub, tmp_path: Path) -> None:
    for _ in range(2):
        assert run(NAME, "--to", tmp_path / "model").exit_code == 0
    assert served.fetched.count("model.safetensors") == 1


def test_a_broken_connection_is_taken_up_where_it_broke(
    served: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library waits before it goes on
    served.cut_after = 5 * CHUNK
    assert run(NAME, "--to", tmp_path / "model").exit_code == 0
    assert served.ranges == [f"bytes={5 * CHUNK}-"]
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == WEIGHTS


def test_files_that_are_whole_are_kept_when_a_download_fails(
    served: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = served.files.pop("model.safetensors")
    served.files["model-1.safetensors"] = whole
    assert run(NAME, "--to", tmp_path / "model").exit_code == 0
    served.files["model.safetensors"] = whole
    forget_listing(tmp_path / "model")
    assert run(NAME, "--to", tmp_path / "model").exit_code == 0
    assert served.fetched.count("model-1.safetensors") == 1


def test_the_bytes_are_told_as_they_come(served: Hub, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    size = len(CONFIG) + len(b"{}") + len(WEIGHTS)
    hub.fetch(NAME, to=tmp_path, on_bytes=lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {size}
    assert max(done for done, _ in told) == size
    assert len(told) > len(WEIGHTS) // CHUNK


def test_find_fetches_when_told_to(served: Hub) -> None:
    with pytest.raises(EngineError):
        hub.find(NAME, revision=None, download=False)
    folder = hub.find(NAME, revision=None, download=True).folder
    assert hub.find(NAME, revision=None, download=False).folder == folder


def test_a_model_fetched_in_part_is_gone_on_with(served: Hub) -> None:
    folder = hub.find(NAME, revision=None, download=True).folder
    (folder / "model.safetensors").unlink()
    with pytest.raises(EngineError, match="in part only"):
        hub.find(NAME, revision=None, download=False)


def test_another_model_is_said_to_be_of_no_use(
    served: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served.files["config.json"] = b'{"model_type": "bert"}'
    text = said(capsys, NAME, "--to", tmp_path / "model")
    assert "none of DeepSeek-OCR, DeepSeek-OCR-2 and Unlimited-OCR" in text
    assert "[engine]" not in text


# Which model


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str | None]]:
    """Return what is asked of the hub, which gives a model without asking anyone."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes(CONFIG)
    names: list[tuple[str, str | None]] = []

    def fetch(name: str, *, revision: str | None, to: Path | None, on_bytes: Any) -> hub.Fetched:
        names.append((name, revision))
        return hub.Fetched(tmp_path / "model", COMMIT)

    monkeypatch.setattr(hub, "fetch", fetch)
    return names


def configured(folder: Path, engine: str) -> Path:
    path = folder / "config.toml"
    path.write_text(f'{engine}\n[[inbox]]\npath = "{folder}"\n')
    return path


@pytest.mark.usefixtures("no_config")
def test_without_a_configuration_it_is_deepseek_ocr_2(asked: list[tuple[str, str | None]]) -> None:
    assert run().exit_code == 0
    assert asked == [("deepseek-community/DeepSeek-OCR-2", None)]


def test_the_model_of_the_configuration_is_taken(
    asked: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    config = configured(
        tmp_path, f'[engine]\nkind = "deepseek-ocr"\nmodel = "{NAME}"\nrevision = "v1"'
    )
    assert run("--config", config).exit_code == 0
    assert run("--config", config, "--revision", "v2").exit_code == 0
    assert run("--config", config, "other/model").exit_code == 0
    assert asked == [(NAME, "v1"), (NAME, "v2"), ("other/model", None)]


def test_the_first_engine_that_has_a_model_is_taken(
    asked: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    config = configured(tmp_path, '[engines.fine]\nkind = "deepseek-ocr"')
    assert run("--config", config).exit_code == 0
    assert asked == [("deepseek-ai/DeepSeek-OCR", None)]


def test_a_configured_folder_is_not_fetched(tmp_path: Path) -> None:
    config = configured(tmp_path, f'[engine]\nkind = "deepseek-ocr"\nmodel = "{tmp_path}"')
    result = run("--config", config)
    assert result.exit_code == 2
    assert "say which ID to fetch" in result.output


@pytest.mark.parametrize("name", ["plain", "a/b/c", "/srv/model", "https://x/y"])
def test_what_is_no_name_is_a_fault_of_usage(name: str) -> None:
    result = run(name)
    assert result.exit_code == 2
    assert "OWNER/NAME" in result.output


# What can go wrong


def test_an_unknown_model_is_named(served: Hub) -> None:
    assert "There is no model some/other on the hub" in refused("some/other").what


def test_an_unknown_revision_is_named(served: Hub) -> None:
    assert f"{NAME} has no revision v9" in refused(NAME, "--revision", "v9").what


def test_a_model_without_safetensors_is_refused(served: Hub) -> None:
    del served.files["model.safetensors"]
    assert "no weights in the safetensors format" in refused(NAME).what
    assert served.fetched == []


def test_a_full_disk_is_told_before_anything_is_fetched(
    served: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = type(shutil.disk_usage("/"))(10**9, 10**9 - 2_000_000, 2_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: space)
    error = refused(NAME, "--to", tmp_path / "deep" / "model")
    assert isinstance(error, DiskFullError)
    assert f"{tmp_path}/deep/model has 0.0 GB free" in error.what
    assert served.fetched == []


def test_a_place_that_cannot_be_written_is_named(served: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    error = refused(NAME, "--to", tmp_path / "file" / "model")
    assert str(tmp_path / "file") in error.what


def test_no_network_is_told_with_the_way_out(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:  # a port on which nobody listens
        bound.bind(("127.0.0.1", 0))
        point_at(f"http://127.0.0.1:{bound.getsockname()[1]}", monkeypatch)
        error = refused(NAME)
    assert f"{NAME} cannot be fetched from the hub (ConnectError: " in error.what
    assert "HTTPS_PROXY" in error.hint


def test_offline_mode_is_named(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused(NAME).what


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert installation.adding("gpu") in refused(NAME).hint


def forget_listing(folder: Path) -> None:
    """Forget the list of the model's files, as if the hub had a newer one."""
    for path in (folder / ".cache" / "huggingface").rglob("trees/*.json"):
        path.unlink()
