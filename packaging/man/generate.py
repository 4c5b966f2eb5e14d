"""Print the manual page: ocrd.1.in with the commands and options that ocrd has."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ocrd import __version__
from ocrd.cli import app
from ocrd.cli.helping import tidied

TEMPLATE = Path(__file__).parent / "ocrd.1.in"
NOT_FOR_THE_PAGE = {"--install-completion", "--show-completion", "--help"}


def page() -> str:
    """Return the manual page as roff."""
    root = tidied(app)
    commands = "\n".join(_described(root, root.context_class(root, info_name="ocrd")))
    text = TEMPLATE.read_text(encoding="utf-8")
    return text.replace("@VERSION@", __version__).replace("@COMMANDS@", commands)


def _described(command: Any, context: Any) -> Iterator[str]:
    """Yield the lines of a command, or of each of a group's."""
    parts = getattr(command, "commands", None)
    if parts is None:
        usage = " ".join(command.collect_usage_pieces(context))
        yield f'.SS "{_roff(f"{context.command_path} {usage}")}"'
        yield _roff(command.help or "")
        yield from _options(command, context)
        if command.epilog:
            yield from (".PP", _roff(command.epilog))
        return
    for name, part in parts.items():
        if not part.hidden:
            yield from _described(part, part.context_class(part, info_name=name, parent=context))


def _options(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and not NOT_FOR_THE_PAGE.intersection(parameter.opts):
            names, meaning = record
            yield from (".TP", f".B {_roff(names)}", _roff(meaning))


def _roff(text: str) -> str:
    """Return one line of text as roff: plain words, and nothing at its start that means more."""
    line = re.sub(r"\[/?[a-z ]+\]", "", " ".join(text.split()))
    line = line.replace("\\", "\\e").replace("-", "\\-").replace("`", "").replace('"', "\\(dq")
    return f"\\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    sys.stdout.write(page())
