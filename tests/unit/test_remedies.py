"""What `ocrd convert` says of ways out: none that only a daemon's watched folder has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd import remedies
from ocrd.errors import CorruptError, EncryptedError, SourceChangedError, TransientError

PACKAGE = Path(__file__).parents[2] / "ocrd"
# All that `convert` runs; what is raised by the story's other modules is a daemon's.
ROOMS = ("raster", "engine", "files", "sidecar", "layout", "markdown", "filing/assets.py")
MODULES = ("convert", "gathering", "delivering", "reading", "illustrating", "tasks", "account")
NOT_REACHED = (
    "Copy the file here instead of linking it",  # taking alone refuses hard links
    "Move it there by hand.",  # filing alone moves sources
)
OF_A_DAEMON = re.compile(
    r"\b([Dd]rop|(?<!ocrd-)daemon|inbox|folder's patience|ocrd retry|reload|by itself"
    r"|next time|restarted|limits\.|rasterize\.|kind = |device = |\[\[)"
)


def hints() -> Iterator[tuple[str, str]]:
    """Yield every way out that the code has: ``hint=…``, and what is called one."""
    paths = [PACKAGE / f"{name}.py" for name in MODULES]
    for room in ROOMS:
        place = PACKAGE / room
        paths += [place] if place.is_file() else sorted(place.rglob("*.py"))
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.keyword) and node.arg in {"hint", "remedy"}
            constant = isinstance(node, ast.Assign) and any(
                re.search(r"hint|remed|_AGAIN|_OF_PASSWORDS", str(getattr(target, "id", "")), re.I)
                for target in node.targets
            )
            if named or constant:
                assert isinstance(node, ast.keyword | ast.Assign)
                for text in texts(node.value):
                    yield str(path.relative_to(PACKAGE)), text


def texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def test_no_remedy_of_the_command_speaks_of_a_daemon() -> None:
    found = list(hints())
    assert len(found) > 60, "the pattern no longer finds them"
    wrong = [
        f"{path}: {remedies.said(text)}"
        for path, text in found
        if OF_A_DAEMON.search(remedies.said(text)) and not text.startswith(NOT_REACHED)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_phrase_that_is_replaced_is_still_said_somewhere() -> None:
    found = [text for _, text in hints()]
    for path in (PACKAGE / "inspecting.py", PACKAGE / "languages.py"):
        found += [*texts(ast.parse(path.read_text()))]
    for phrase, _ in remedies.PHRASES:
        assert any(phrase in text for text in found), phrase


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("Split it, or raise limits.pages.", "Split it, or raise OCRD_LIMITS__PAGES."),
        (
            "Raise rasterize.memory, or scan at a lower resolution.",
            "Raise OCRD_RASTERIZE__MEMORY, or scan at a lower resolution.",
        ),
        (
            "Raise page_timeout if the machine is only slow.",
            "Raise OCRD_ENGINE__PAGE_TIMEOUT if the machine is only slow.",
        ),
        ('Add target = "…".', 'Add --target "…".'),
        ("Scan, export or copy it again.", "Scan, export or copy it again."),
    ],
)
def test_a_key_is_a_variable_or_an_option(hint: str, said: str) -> None:
    assert remedies.said(hint) == said


def test_an_error_keeps_its_kind_and_its_page_and_begins_as_the_file_was_named() -> None:
    error = remedies.of_command(
        CorruptError("torn.pdf, page 2: damaged", hint="Drop it again.", page=2), "torn.pdf",
        "b/torn.pdf",
    )  # fmt: skip
    assert type(error) is CorruptError
    assert (error.what, error.hint) == ("b/torn.pdf, page 2: damaged", "Name it again.")
    assert error.page == 2


def test_what_changed_is_read_by_another_call() -> None:
    assert remedies.of_command(SourceChangedError("it changed.")).hint == remedies.CHANGED
    assert remedies.of_command(EncryptedError("it is", hint="")).hint == ""
    again = remedies.of_command(TransientError("no", hint="It is tried again by itself."))
    assert again.hint == remedies.AGAIN
