"""What ``--help`` shows: an example of each command, and no types where nothing is typed."""

from __future__ import annotations

from typing import Any

import typer

EXAMPLES = {
    "mcp": "ocrd mcp --http 127.0.0.1:8714",
    "run": "ocrd run",
    "init": "ocrd init",
    "check": "ocrd check --no-engine",
    "demo": "ocrd demo --keep",
    "systemd-paths": "ocrd systemd-paths --write",
    "convert": "ocrd convert *.pdf -o texts",
    "samples": "ocrd samples ~/try",
    "schema": "ocrd schema config > ~/.config/ocrd/config.schema.json",
    "status": "ocrd status --watch",
    "jobs": "ocrd jobs --state failed",
    "show": "ocrd show 7",
    "retry": "ocrd retry --code encrypted",
    "cancel": "ocrd cancel 7",
    "pause": "ocrd pause",
    "resume": "ocrd resume",
    "reload": "ocrd reload",
    "stop": "ocrd stop",
    "service install": "ocrd service install --user",
    "service uninstall": "ocrd service uninstall --user",
    "service status": "ocrd service status --user",
    "model pull": "ocrd model pull",
    "key new": "ocrd key new paperless --read --upload",
    "key list": "ocrd key list",
    "key remove": "ocrd key remove paperless",
    "ledger check": "ocrd ledger check",
    "ledger backup": "ocrd ledger backup ledger.sqlite3",
    "ledger restore": "ocrd ledger restore ledger.sqlite3",
    "ledger rebuild": "ocrd ledger rebuild",
}


def tidied(app: typer.Typer) -> Any:
    """Return the command of the whole line, its help as it is shown."""
    root = typer.main.get_command(app)
    _tidy(root, "")
    return root


def _tidy(command: Any, path: str) -> None:
    for name, part in getattr(command, "commands", {}).items():
        _tidy(part, f"{path} {name}".strip())
    if example := EXAMPLES.get(path):
        command.epilog = f"Example:  {example}"
    own = command.get_help_option
    command.get_help_option = lambda context: _without_type(own(context))
    for parameter in command.params:
        _without_type(parameter)


def _without_type(parameter: Any) -> Any:
    """Show no type of a switch, nor of an argument or option that has a name for its value."""
    if parameter is None:
        return None
    if parameter.param_type_name == "argument":
        parameter.display_type_rich = lambda ctx: None
    elif getattr(parameter, "is_flag", False):
        parameter.metavar = ""
    elif parameter.metavar is None and hasattr(parameter, "display_type_rich"):
        shown = parameter.display_type_rich
        parameter.display_type_rich = lambda ctx: _plain(shown(ctx))
    return parameter


def _plain(shown: str | None) -> str | None:
    """Return ``<list[md|json]>`` as ``md|json``, ``<str>`` as ``TEXT``."""
    if shown is None:
        return None
    inner = shown.removeprefix("<").removesuffix(">")
    if inner.startswith("list["):
        inner = inner.removeprefix("list[").removesuffix("]")
    return {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "Path": "PATH"}.get(inner, inner)
