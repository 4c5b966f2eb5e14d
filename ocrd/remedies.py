"""What a way out means to whoever calls ``ocrd convert`` (pure).

Errors carry the remedy that a daemon's watched folder asks for: drop it again, add its password to
the folder's, wait. A command reads each file once, and is given everything on its own line.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ocrd.errors import OcrdError, SourceChangedError

AGAIN = "Run the command again."
CHANGED = "Run the command again when nobody writes to it any more."

PHRASES = (
    ("Add its password to the inbox's passwords and run `ocrd retry`, or drop an unprotected copy.",
     "Give its password with --password-file FILE or --password, or name an unprotected copy."),
    ("Drop the file itself, not a link, device or pipe.",
     "Name the file itself; what comes through a pipe is read as -."),
    ("Put a folder in the link's place, or name the folder it leads to in the configuration.",
     "Put a folder in the link's place, or name the folder that it leads to."),
    ("Give the daemon's user the right to read and write there.",
     "You need the right to read the file, and to write where its text goes: -o names another"
     " place."),
    ("Raise the daemon's limit of open files (LimitNOFILE=).",
     "Raise the limit of open files: ulimit -n."),
    ("Free some space; the work goes on by itself.",
     "Free some space, then run the command again."),
    ("ocrd tries again by itself.", "then run the command again."),
    ("It is tried again by itself.", AGAIN),
    ("The page is read next time.", AGAIN),
    ("It is looked at again until the folder's patience is over.", CHANGED),
    ("The worker and the daemon may be of different versions: restart the daemon.",
     "Parts of ocrd are of different versions: install it again."),
    ("Restart the daemon: it was upgraded while it ran.",
     "It was upgraded while it ran: run the command again."),
    ("or correct the key languages.", "or leave it out of --language."),
    ("correct the folder's mode, then ocrd reload.", "choose one of them with --mode."),
)  # fmt: skip


def _of_table(key: re.Match[str]) -> str:
    return f"OCRD_{key[1].upper()}__{key[2].upper()}"


def _of_engine(key: re.Match[str]) -> str:
    return f"OCRD_ENGINE__{key[1].upper()}"


WORDS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\b(It|The engine) is restarted\."), AGAIN),
    (re.compile(r"\bwhere the daemon is started\b"), "before the command"),
    (re.compile(r"\bDrop\b"), "Name"),
    (re.compile(r"\bdrop\b"), "name"),
    # A key of the configuration is a variable before the command.
    (re.compile(r"\b(limits|rasterize|engine)\.(\w+)"), _of_table),
    (re.compile(r"(?<![\w.])(start_timeout|page_timeout)\b"), _of_engine),
    (re.compile(r'\bkind = "([\w…-]+)"'), r"OCRD_ENGINE__KIND=\1"),
    (re.compile(r'\bdevice = "(\w+)"'), r"OCRD_ENGINE__DEVICE=\1"),
    (re.compile(r'\bAdd (target|prompt) = '), r"Add --\1 "),
)  # fmt: skip


def said(text: str) -> str:
    """Return a remedy as it is one for the command."""
    for phrase, instead in PHRASES:
        text = text.replace(phrase, instead)
    for pattern, replacement in WORDS:
        text = pattern.sub(replacement, text)
    return text


def of_command(error: OcrdError, name: str = "", shown: str = "") -> OcrdError:
    """Return the error with the way out that the command has.

    It begins with the file as it was ``shown`` to be, where it began with its bare ``name``.
    """
    what = said(error.what)
    if name and shown and what.startswith(name):
        what = shown + what.removeprefix(name)
    hint = said(error.hint)
    if isinstance(error, SourceChangedError) and not hint:
        hint = CHANGED
    return type(error)(what, hint=hint, page=error.page)
