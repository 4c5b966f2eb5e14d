"""Is a reason one that a person understands?"""

from __future__ import annotations

import re

from ocrd.errors import OcrdError

# What a program says to programmers. In brackets, a library's own words may stand behind ours.
_RAW = re.compile(
    r"code=\d|Traceback|Errno|0x[0-9a-f]{5}|object at|<class|FzError|\b\w+(Error|Exception)\b"
)
_BRACKETS = re.compile(r"\([^()]*(\([^()]*\)[^()]*)*\)?")


def faults(error: OcrdError, name: str) -> list[str]:
    """Return what is wrong with an error's words: it names the file, the cause and a way out."""
    what = _BRACKETS.sub("", error.what.replace(name, "NAME"))
    found = []
    if "NAME" not in what:
        found.append("does not name the file")
    if len(what.replace("NAME", "").split()) < 3:
        found.append("says no cause")
    if _RAW.search(what) or "nobody foresaw" in what:
        found.append("is a program's words")
    if not error.what.rstrip().endswith((".", "!")) or "\n" in error.what:
        found.append("is no sentence on one line")
    if not error.hint.endswith("."):
        found.append("names no way out")
    return found
