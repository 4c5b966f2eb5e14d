"""What a scan passed over, so that nobody wonders why a file just lies there."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ocrd import files

NAMED = 1000  # of each kind in a folder; beyond it they are only counted


class Why(StrEnum):
    """Why something in a watched folder is no candidate."""

    FOLDER = "folder"  # and the inbox is watched without its subfolders
    LINK = "link"
    SPECIAL = "special"  # a pipe, a socket, a device
    IGNORED = "ignored"  # by a pattern of ``ignore``
    EMPTY = "empty"
    STRAY = "stray"  # neither a picture nor a document

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        return _SENTENCES[self]


_SENTENCES = {
    Why.FOLDER: "a folder, and recursive is false",
    Why.LINK: "a link, which is never followed",
    Why.SPECIAL: "neither a file nor a folder",
    Why.IGNORED: "its name matches ignore",
    Why.EMPTY: "without content so far",
    Why.STRAY: "no document",
}


class Left(NamedTuple):
    """A settled file that is left alone for as long as its listing says the same."""

    listed: int  # digest of what the listing says
    what: str  # it is


class Passed(NamedTuple):
    """One name that was passed over."""

    relpath: str
    why: Why
    what: str = ""  # it is, where it was looked into

    @property
    def sentence(self) -> str:
        """Say why, to a person."""
        return f"{self.why.sentence}: {self.what}" if self.what else self.why.sentence


@dataclass(slots=True)
class Skipped:
    """All that one scan passed over: counted, and named as far as there is room."""

    counts: Counter[Why] = field(default_factory=Counter)
    named: list[Passed] = field(default_factory=list)

    def note(self, folder: str, name: str, why: Why, what: str = "") -> None:
        """Count one name of a folder, relative to the root."""
        self.counts[why] += 1
        if self.counts[why] <= NAMED:
            relpath = os.path.join(folder, name)  # noqa: PTH118 - hot
            self.named.append(Passed(relpath, why, what))

    def named_to_json(self) -> list[dict[str, str]]:
        """Return what there is room to name."""
        return [
            {
                "relpath": files.printable(one.relpath), "why": str(one.why), "what": one.what,
                "sentence": one.sentence,
            }
            for one in self.named
        ]  # fmt: skip

    def to_json(self) -> dict[str, int]:
        """Return the counts by kind, without those that are none."""
        return {str(why): self.counts[why] for why in Why if self.counts[why]}
