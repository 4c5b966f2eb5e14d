"""The driver of the mutation tests: what it changes, and that it tells noticed from not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="make mutants installs it")

from tests.mutants.changes import changes

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a not in b", {"x = a in b"}),
        ("x = 4", {"x = 5", "x = 3"}),
        ("x = 0.8", {"x = 1.0", "x = 0.6000000000000001"}),
        ("x = a and not b", {"x = a or not b", "x = a and  b"}),
        ("x = a - b", {"x = a + b"}),
        ("x: int | None = a", set()),
        ("def f(a: A | B) -> C | D:\n    return a", {"return None"}),
        ("if a:\n    b", {"if not a:"}),
        ("def f(a, *, b):\n    return a", {"return None"}),
        ("for a in b:\n    break", {"for a in []:", "continue"}),
    ],
)
def test_each_place_of_a_program_is_changed_and_nothing_else(before: str, after: set[str]) -> None:
    assert {change.after for change in changes(before + "\n")} == after


def test_a_change_knows_its_function_whatever_stands_above_it() -> None:
    source = "class A:\n    @cached\n    def f(self):\n        x = 1\n        return g(x)\n"
    below = changes("import a\n\n\n" + source)
    assert [change.key for change in changes(source)] == [change.key for change in below]
    assert {(change.function, change.first_line) for change in below} == {("A.f", 5)}


def test_changes_that_look_the_same_are_told_apart_by_their_place() -> None:
    found = changes("def f(a):\n    g(a < 1)\n    g(a < 1)\n")
    assert [change.place for change in found if "<=" in change.after] == [1, 2]


def test_a_change_that_no_test_notices_is_told_and_one_that_a_test_notices_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "weighed.py").write_text(
        "def heavy(grams):\n    return grams > 20\n\n\ndef light(grams):\n    return grams < 5\n"
    )
    (tmp_path / "test_weighed.py").write_text(
        "import pytest\nfrom weighed import heavy, light\n\n"
        "@pytest.mark.parametrize('grams, is_it', [(19, False), (20, False), (21, True)])\n"
        "def test_heavy(grams, is_it):\n    assert heavy(grams) is is_it\n\n"
        "def test_light():\n    assert light(1)\n"
    )
    program = (
        "from pathlib import Path\n"
        "from tests.mutants import __main__ as driver\n"
        "driver.ROOT = Path.cwd()\n"
        "module = driver.Module('weighed', ['test_weighed.py'], [], {})\n"
        "wanted = driver.changes(module.path.read_text())\n"
        "missed = driver.tried(module, wanted)\n"
        "print(len(wanted), sorted(change.after for change in missed))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
    )  # fmt: skip
    assert told.stdout.splitlines()[-1:] == [
        "8 ['return grams < 4', 'return grams < 6', 'return grams <= 5']"
    ], told.stdout + told.stderr
