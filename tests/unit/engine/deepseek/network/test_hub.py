"""Names, and the network."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ocrd.engine.deepseek.network import hub, weights
from tests.unit.engine.deepseek.network.loading import NAME, load, refused

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub; whatever opens a socket fails."""
    from huggingface_hub import constants

    def refuse(*_: object, **__: object) -> socket.socket:
        raise AssertionError("the network was reached for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def store(cache: Path, folder: Path, *, commit: str = "a" * 40, revision: str = "main") -> Path:
    """Lay a model out in the cache as huggingface_hub does."""
    stored = cache / "models--someone--some-model"
    (stored / "refs").mkdir(parents=True, exist_ok=True)
    (stored / "refs" / revision).write_text(commit)
    return Path(shutil.copytree(folder, stored / "snapshots" / commit))


def test_a_cached_model_loads_by_name_without_the_network(
    cache: Path, made: Callable[[str, str], Path]
) -> None:
    store(cache, made("deepseek-ocr", "upstream"))
    assert load(NAME).name == NAME


def test_a_revision_is_looked_up(cache: Path, made: Callable[[str, str], Path]) -> None:
    store(cache, made("deepseek-ocr", "upstream"), revision="v1")
    assert load(NAME, revision="v1").name == NAME
    error = refused(NAME)
    assert error.hint.endswith(f"ocrd model pull {NAME}")


def test_a_model_that_is_not_here_is_not_fetched_unasked(cache: Path) -> None:
    error = refused(NAME, revision="v9")
    assert f"{NAME}, revision v9, is not on this machine (looked in {cache})" in error.what
    assert f"ocrd model pull {NAME} --revision v9" in error.hint


def test_weights_missing_from_the_cache_are_fetched_again(
    cache: Path, made: Callable[[str, str], Path]
) -> None:
    snapshot = store(cache, made("deepseek-ocr", "upstream"))
    (snapshot / weights.WEIGHTS).unlink()
    assert refused(NAME).hint == f"Fetch it again: ocrd model pull {NAME}"


@pytest.mark.parametrize("name", ["/no/such/folder", "~/nothing", "plain", "a/b/c", "../no-such"])
def test_what_is_neither_folder_nor_name_is_refused(name: str, cache: Path) -> None:
    assert f"There is no folder {name}" in refused(name).what


def test_download_fetches_the_model(
    made: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []

    def fetch(name: str, *, revision: str | None) -> hub.Fetched:
        asked.append((name, revision))
        return hub.Fetched(made("deepseek-ocr", "upstream"), "a" * 40)

    monkeypatch.setattr(hub, "fetch", fetch)
    assert load(NAME, download=True, revision="v1").name == NAME
    assert asked == [(NAME, "v1")]
