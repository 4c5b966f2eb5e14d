"""What is given out of a finished job: files that are its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd import files, results
from ocrd.errors import RequestError
from ocrd.files import mounts


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "scan.md"
    path.write_text("text")
    path.chmod(0o640)
    return path


def opened(path: Path) -> results.Opened:
    return results._opened(files.Place(path.parent, (path.name,)), "The Markdown")


@pytest.mark.parametrize(
    ("mode", "is_network", "is_given"),
    [(0o640, True, False), (0o644, True, True), (0o640, False, True)],
)
def test_a_file_that_a_neighbour_may_have_linked_there_is_not_given_out(
    output: Path, monkeypatch: pytest.MonkeyPatch, mode: int, is_network: bool, is_given: bool
) -> None:
    monkeypatch.setattr(mounts, "is_network", lambda _: is_network)
    monkeypatch.setattr("ocrd.files.sources._protects_links", lambda: True)
    secret = output.with_name("secret")
    secret.write_text("secret")
    secret.chmod(mode)
    output.unlink()
    output.hardlink_to(secret)
    if is_given:  # the kernel lets nobody link what he may not read, or everybody may read it
        found = opened(output)
        assert found.read() == b"secret"
        found.close()
        return
    with pytest.raises(RequestError, match="another file was linked there") as caught:
        opened(output)
    assert caught.value.status == 404


def test_an_output_is_given_out_as_it_is(output: Path) -> None:
    found = opened(output)
    assert (found.size, found.read(), found.read()) == (4, b"text", b"")
    found.close()
