"""Write docs/errors.md from ocrd/errors.py; with --check, only say whether it is up to date."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from ocrd.errors import Fate, OcrdError

PAGE = Path(__file__).with_name("errors.md")
WIDTH = 110  # columns

INTRODUCTION = """\
<!-- Generated from ocrd/errors.py by docs/generate_errors.py: do not edit. -->
# Errors

Every error says what happened and the way out: on the terminal (`→` before the way out), in the
log, in `ocrd show JOB`, and for a failed document in the `*.error.json` beside it. Its code is
the same everywhere, and its fate is what ocrd does with the work that met it.

Exit codes: 0 all well, 1 something failed, 2 wrong usage, 65 the ledger is refused, 69 no daemon
answers, 78 the configuration cannot be used.
"""

FATES = {
    Fate.EXIT: "the command ends with this error",
    Fate.FAIL_DOCUMENT: "the source goes to `failed/`, with its error file",
    Fate.FAIL_PAGE: "noted in the page's place; the folder's tolerance judges the document",
    Fate.RETRY: "tried again, later and later; never final",
    Fate.RESTART_ENGINE: "the engine's worker is started again, then the page is read again",
    Fate.WITHDRAW: "the job is forgotten; the next scan finds the file as it is now",
    Fate.STOP: "the daemon stops; what was under way goes on at the next start",
}


def main() -> int:
    """Write or check the page; return the exit code."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("docs/errors.md is out of date: run python docs/generate_errors.py\n")
    return 1


def page() -> str:
    """Return the page's text."""
    entries = []
    for error in classes(OcrdError):
        meaning = " ".join((error.__doc__ or "").split()).replace("``", "`")
        text = f"**`{error.code}`**: {meaning} *What happens: {FATES[error.fate]}.*"
        entries.append(
            textwrap.fill(
                text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
            )
        )
    return INTRODUCTION + "\n" + "\n".join(entries) + "\n"


def classes(root: type[OcrdError]) -> Iterator[type[OcrdError]]:
    """Yield the error classes in the order of the module, each once."""
    yield root
    for child in root.__subclasses__():
        yield from classes(child)


if __name__ == "__main__":
    sys.exit(main())
