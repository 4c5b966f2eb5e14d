"""The recipes as docs/scanners.md has them: what the tests do is what a person copies from there.

A fenced block with a name behind its language is part of a recipe. An absolute path is a file with
that content; ``server`` is run on the server, ``inbox`` goes into the configuration, ``packages``
says what is installed, any other name is for the test that asks for it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.installation import ROOT

PAGE = ROOT / "docs" / "scanners.md"
COMMON = "What all have in common"

_BLOCK = re.compile(r"^```\w+ (?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!^## ).*\n)*)", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block that has a name."""

    name: str
    text: str

    @property
    def is_file(self) -> bool:
        """Whether its name is the path of a file that it is the content of."""
        return self.name.startswith("/")


def recipes() -> dict[str, list[Block]]:
    """Return the named blocks of each section that has some, in their order."""
    found = {
        section["title"]: [Block(*block) for block in _BLOCK.findall(section["text"])]
        for section in _SECTION.finditer(PAGE.read_text())
    }
    return {title: blocks for title, blocks in found.items() if blocks}


def packages() -> list[str]:
    """Return the Debian packages that the recipes install."""
    found: list[str] = []
    for blocks in recipes().values():
        for block in blocks:
            if block.name == "packages":
                found += block.text.removeprefix("apt install ").split()
    return found


def block(recipe: str, name: str) -> str:
    """Return the text of one block."""
    (text,) = (block.text for block in recipes()[recipe] if block.name == name)
    return text


def inbox_of(recipe: str) -> Path:
    """Return the path of the inbox that a recipe configures, as the server sees it."""
    (path,) = re.findall(r'^path = "(.+)"$', block(recipe, "inbox"), re.MULTILINE)
    return Path(path)
