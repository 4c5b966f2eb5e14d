"""A text that is not TOML: what its writer meant, line by line, and how TOML has it.

The library stops at the first fault. The line of a key that it stops at is left out, and the rest
is read on, so that all is told at once; brackets that do not match are taken as they should be.
Behind any other head of a table no more is told, because what stands below would be taken for
something else. Values are never repeated: they may be secret.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST = 20  # faults of one file
REMEDY = (
    'Write key = "value": strings stand in quotes, true, false and numbers do not; tables begin'
    " with [name], a watched folder with [[inbox]]."
)
FOLDERS = "Each watched folder has a table of its own, [[inbox]], with two brackets."

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY = r"[\w.\"'-]+"
_STATEMENT = re.compile(rf"\s*({_KEY})\s*=\s*(.*?)\s*$")
_HEADER = re.compile(r"\s*(\[+)\s*([^\[\]#]*?)\s*(\]*)\s*(?:#.*)?$")
_TYPOGRAPHIC = re.compile("[“”„‟‘’‚‛«»]")
_SWITCH = re.compile(r"(true|false|yes|no|on|off|none|null)\s*(#.*)?$", re.IGNORECASE)
_QUANTITY = re.compile(r"\d[\d.]*\s*[A-Za-zµ%]+\s*(#.*)?$")
_DRIVE = re.compile(r"[\"']?(?:[A-Za-z]:[\\/]|\\\\\w)")


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """One line that is not TOML."""

    line: int  # from 1
    column: int | None
    what: str  # without a full stop
    remedy: str
    is_open: bool = False  # it goes on over the lines that follow


def faults(text: str) -> Iterator[SyntaxFault]:
    """Yield what is wrong with a text, in the order of its lines; nothing if it is TOML."""
    lines = text.split("\n")
    told: set[int] = set()
    for _ in range(MOST):
        try:
            tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            found = _explain(str(error), lines)
            if found.line in told:  # a head whose brackets were not all that was wrong
                return
            told.add(found.line)
            yield found
            line = lines[found.line - 1]
            mended = _right_header(line)
            if found.is_open or not (mended or _STATEMENT.match(line)):
                return
            lines[found.line - 1] = mended
        else:
            return


def _explain(error: str, lines: Sequence[str]) -> SyntaxFault:
    place = _PLACE.search(error)
    said = error[: place.start()] if place else error
    number = int(place[1]) if place and place[1] else _last(lines)
    column = int(place[2]) if place and place[2] else None
    if opened := _opened(lines, number):
        return SyntaxFault(*opened, is_open=True)
    what, remedy = _diagnosis(said, lines, number)
    is_open = "{" in lines[number - 1]
    return SyntaxFault(number, column, what or said, remedy or REMEDY, is_open)


def _diagnosis(said: str, lines: Sequence[str], number: int) -> tuple[str, str]:
    """Return what is wrong and the remedy; "" where nothing more is known."""
    line = lines[number - 1]
    header = _HEADER.match(line)
    if header:
        return _of_header(said, header, lines, number)
    if said.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate")):
        return _of_twice(line, lines, number)
    return _of_line(said, line)


def _of_header(
    said: str, header: re.Match[str], lines: Sequence[str], number: int
) -> tuple[str, str]:
    opening, name, closing = header[1], header[2], header[3]
    if right := _right_header(header[0]):
        return f"the brackets of {opening}{name}{closing} do not match", f"Write {right}."
    if not said.startswith("Cannot"):
        return "", ""
    before, what = _first_of(name, lines, number)
    there = f"stands in line {before} already, as {what}" if before else "stands there already"
    if name == "inbox":
        return f"inbox {there}", FOLDERS
    return f"{name} {there}", "Put the keys of both below one of them."


def _right_header(line: str) -> str:
    """Return the head of a table with the brackets that it should have, "" if they match."""
    header = _HEADER.match(line)
    if header is None or (len(header[1]) == len(header[3]) and len(header[1]) <= 2):
        return ""
    return "[[inbox]]" if header[2].startswith("inbox") else f"[{header[2]}]"


def _of_twice(line: str, lines: Sequence[str], number: int) -> tuple[str, str]:
    statement = _STATEMENT.match(line)
    if statement is None:
        return "", ""
    key = statement[1]
    for before in range(number - 1, 0, -1):
        earlier = _STATEMENT.match(lines[before - 1])
        if earlier and earlier[1] == key:
            return f"{key} is set twice, in line {before} too", "Keep one of them."
        if _HEADER.match(lines[before - 1]):
            break
    return f"{key} is set twice", "Keep one of them; [table] and key = … may not name the same."


def _of_line(said: str, line: str) -> tuple[str, str]:
    stripped = line.strip()
    if stripped.startswith("["):
        return "something stands behind the name of the table", "Write its keys below it."
    if stripped.startswith("="):
        return "the key is missing", 'Write key = "value".'
    if _TYPOGRAPHIC.search(line) and "\"'" not in line:
        return "these quotes are typographic", 'Write plain ones: " or \'.'
    if stripped.startswith(("//", ";", "--", "<!")):
        return "comments begin with another sign", "Write # before a comment."
    statement = _STATEMENT.match(line)
    if statement is None:
        if re.match(rf"\s*{_KEY}\s*:", line):
            return "a key and its value stand around another sign", "Write key = value, with =."
        if re.match(rf"\s*{_KEY}\s*=?\s*$", line):
            return "the value is missing", 'Write key = "value".'
        return "", ""
    return _of_value(said, statement[1], statement[2])


def _of_value(said: str, key: str, value: str) -> tuple[str, str]:
    if not key.isascii():
        return "names of keys are in plain letters", "Write it as docs/configuration.md has it."
    if value.startswith("{") and "}" not in value:
        return "a table in braces has to stand in one line", "Write it in one, or as [name]."
    if re.match(r"0\d", value):
        return "a number begins with 0", f'Leave the 0 out, or write {key} = "…".'
    if not value or value.startswith("#"):
        return f"the value of {key} is missing", f'Write {key} = "…", or remove the line.'
    if _DRIVE.match(value):
        return (
            "this is a path of Windows",
            "Write a path of this machine, with / between its parts; a share has to be mounted"
            " first.",
        )
    if "\\" in value and value.startswith('"') and "llegal" not in said:
        return "a backslash in double quotes begins a sign", "Put the text into single quotes."
    if _SWITCH.match(value):
        return "this is no value of TOML", f"Write {key} = true or {key} = false, in small letters."
    if _QUANTITY.match(value):
        return "a number with a unit is a text", f'Write it in quotes: {key} = "…".'
    if value[0] in "\"'[{" or value[0].isdigit():
        return "something stands behind the value", "Write one key a line; comments begin with #."
    return "a text stands without quotes", f'Write it in quotes: {key} = "…".'


def _opened(lines: Sequence[str], number: int) -> tuple[int, None, str, str] | None:
    """Return what is begun above a line, or in it, and not ended there; None for nothing."""
    for before in range(number, 0, -1):
        statement = _STATEMENT.match(lines[before - 1])
        if statement is None or _is_whole(lines[before - 1]):
            continue
        value = statement[2]
        for quotes in ('"""', "'''"):
            if value.startswith(quotes) and "\n".join([value, *lines[before:number]]).count(
                quotes
            ) < 2:
                return before, None, "a text over several lines is not closed", f"End it: {quotes}"
        if value.startswith("["):
            inside = "\n".join([value, *lines[before : number - 1]])
            if inside.count("[") > inside.count("]"):
                return before, None, "a list is not closed", "End it with ]."
        if value[:1] in {"\"", "'"} and value.count(value[0]) == 1:
            return before, None, "the closing quote is missing", f"End the text with {value[0]}."
    return None


def _is_whole(line: str) -> bool:
    """Say whether a line is TOML by itself, so that it leaves nothing open."""
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _first_of(name: str, lines: Sequence[str], number: int) -> tuple[int | None, str]:
    """Return the first line above that has this name, and how it is written there."""
    for before, line in enumerate(lines[: number - 1], start=1):
        header, statement = _HEADER.match(line), _STATEMENT.match(line)
        if header and header[2] == name:
            return before, line.split("#")[0].strip()
        if statement and statement[1] == name:
            return before, f"{name} = …"
    return None, ""


def _last(lines: Sequence[str]) -> int:
    """Return the last line that says something."""
    return next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 1)
