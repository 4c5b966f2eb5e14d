"""What `--help` shows of each command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from ocrd.cli import app, helping

ROOT = helping.tidied(app)


def leaves(command: Any = ROOT, path: str = "") -> Iterator[tuple[str, Any]]:
    parts = getattr(command, "commands", None)
    if parts is None:
        yield path, command
        return
    for name, part in parts.items():
        if not part.hidden:
            yield from leaves(part, f"{path} {name}".strip())


def helped(command: Any, path: str, capsys: pytest.CaptureFixture[str]) -> str:
    context = command.context_class(command, info_name=f"ocrd {path}".strip())
    text = command.get_help(context) or ""
    return text + capsys.readouterr().out


@pytest.mark.parametrize(("path", "command"), [*leaves(), ("", ROOT)], ids=lambda one: str(one)[:9])
def test_help_names_no_types_of_the_program(
    path: str, command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = helped(command, path, capsys)
    assert "--help" in text
    for word in ("<bool>", "<Path>", "<str>", "list[", "<int>"):
        assert word not in text, text
    if path:
        assert f"Example:  {helping.EXAMPLES[path]}" in text


def test_examples_are_of_commands_that_there_are() -> None:
    assert set(helping.EXAMPLES) == {path for path, _ in leaves()}


@pytest.mark.parametrize("path", helping.EXAMPLES)
def test_an_example_is_understood(path: str) -> None:
    program, *words = shlex.split(helping.EXAMPLES[path].partition(" >")[0])
    assert program == "ocrd" and words[: len(path.split())] == path.split()
    command = dict(leaves())[path]
    try:
        command.make_context(path, words[len(path.split()) :])
    except typer.Exit:
        pytest.fail("it only says something")
