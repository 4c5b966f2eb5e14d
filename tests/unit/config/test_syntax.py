"""What is told of a text that is not TOML: the line, what was meant, how TOML has it."""

from __future__ import annotations

import tomllib

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ocrd.config import syntax

LINES = st.sampled_from(
    [
        "a = 1", "a = 2", "b = x", "[t]", "[[t]]", "[t", "c = [", "d = \"\"\"", "e = '", "# x", "",
        "]", "f = C:\\x", 'g = "C:\\Users"', "h: 1", "i", "= 3", "k = { a = 1,", "l = True",
        "m = 5s", "“", "[inbox]", "[[inbox]]",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        ("a = 1\n\na = 2", 3, "set twice, in line 1 too", "Keep one"),
        ("[t]\na = 1\n[u]\na = 1\na = 2", 5, "set twice, in line 4 too", "Keep one"),
        ("[engine]\n[limits]\n[engine]", 3, "engine stands in line 1 already", "keys of both"),
        ("[inbox]\n[inbox]", 2, "as [inbox]", "[[inbox]], with two brackets"),
        ("[inbox]\n[[inbox]]", 2, "as [inbox]", "[[inbox]], with two brackets"),
        ("[[inbox]]\n[inbox] # b", 2, "as [[inbox]]", "[[inbox]], with two brackets"),
        ('engine = "x"\n[engine]', 2, "as engine = …", "keys of both"),
        ("[[inbox]", 1, "do not match", "Write [[inbox]]."),
        ("[engine", 1, "do not match", "Write [engine]."),
        ("[[[inbox]]]", 1, "do not match", "Write [[inbox]]."),
        ('[engine] kind = "x"', 1, "behind the name of the table", "below it"),
        ('p = "C:\\Users\\a"', 1, "a path of Windows", "of this machine"),
        ("p = C:\\scans", 1, "a path of Windows", "of this machine"),
        ('p = "a\\qb"', 1, "backslash", "single quotes"),
        ("p = /srv/scans", 1, "without quotes", 'p = "…"'),
        ("p = True", 1, "no value of TOML", "p = true or p = false"),
        ("p = yes # or no", 1, "no value of TOML", "p = true or p = false"),
        ("p = 5s", 1, "a number with a unit", 'p = "…"'),
        ("p = 2 GiB", 1, "a number with a unit", 'p = "…"'),
        ("p = 010", 1, "begins with 0", "Leave the 0 out"),
        ("p = “x”", 1, "typographic", "plain ones"),
        ('p = "x', 1, "closing quote", 'with "'),
        ("p = 'x\nq = 1", 1, "closing quote", "with '"),
        ('p = "x";', 1, "behind the value", "one key a line"),
        ('p = "x" q = 1', 1, "behind the value", "one key a line"),
        ("p: 1", 1, "around another sign", "with ="),
        ("p =", 1, "value of p is missing", 'p = "…"'),
        ("p", 1, "value is missing", "key = "),
        ("= 1", 1, "key is missing", "key = "),
        ("// a", 1, "another sign", "Write #"),
        ("a = 1\nb = [\n1,\nc = 2", 2, "list is not closed", "with ]"),
        ('a = 1\nb = """\nc = 2', 2, "lines is not closed", "End it"),
        ("a = { b = 1,\n}", 1, "in one line", "as [name]"),
    ],
)
def test_the_line_is_named_with_what_is_wrong_and_the_way_out(
    text: str, line: int, what: str, remedy: str
) -> None:
    found = next(syntax.faults(text))
    assert found.line == line
    assert what in found.what and not found.what.endswith(".")
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = x\nb = 1\nc = y\n[[inbox]\npath = z\nb = 2\n", [1, 3, 4, 5]),
        ("[[inbox\npath = '/a'\n[engine]]\nkind = x\n[[inbox]]\nsettle = 5m", [1, 3, 4, 6]),
        ("[inbox]\n[inbox]\npath = z", [2]),
        ("[inbox]\n[[inbox\npath = z", [2]),
        ("[a b\nc = d", [1]),
        ("[\nc = d", [1]),
    ],
)
def test_all_lines_that_are_wrong_are_told_and_what_a_broken_head_causes_is_not(
    text: str, told: list[int]
) -> None:
    assert [fault.line for fault in syntax.faults(text)] == told


@given(st.lists(LINES, max_size=8))
def test_what_is_toml_has_no_fault_and_what_is_not_has_one(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        tomllib.loads(text)
        is_toml = True
    except tomllib.TOMLDecodeError:
        is_toml = False
    found = list(syntax.faults(text))
    assert (not found) == is_toml
    assert len(found) <= syntax.MOST
    for fault in found:
        assert 1 <= fault.line <= max(1, len(lines)) and fault.what and fault.remedy
    told = [fault.line for fault in found]
    assert len(set(told)) == len(told), "no line twice"
