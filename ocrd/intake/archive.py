"""A folder whose sources stay where they are: which of them have been read, told from the outside.

The ledger knows it. Where there is no ledger for it, what lies beside a source is evidence: outputs
under the names that ocrd gives, best with the source's hash in them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import files
from ocrd.errors import OcrdError
from ocrd.intake.scan import CHALLENGE_NAME, FORMAT_ENDINGS, KEPT_OUTPUTS, OWNER_NAME, junk

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

OUTPUTS = (".md", ".json", ".overlay.pdf")
FAILURE = ".error.json"
_HEAD_BYTES = 8192
# In the header of the Markdown, or of the JSON.
_HASH = re.compile(rb'(?:^sha256: "|"sha256":\s?")([0-9a-f]{64})"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A source in an archive, with the names of the outputs beside it that can only be its own."""

    relpath: str
    outputs: tuple[str, ...]  # names in its folder
    failed: bool  # an error file, and nothing else

    @property
    def is_read(self) -> bool:
        """Say whether anything beside it says that it was read."""
        return bool(self.outputs)


def documents(settings: InboxSettings) -> Iterator[Document]:
    """Yield the sources of an archive, as a scan would find them. Raises OSError for its root."""
    is_junk = junk((*settings.ignore, OWNER_NAME, CHALLENGE_NAME, *KEPT_OUTPUTS))
    root = str(settings.path)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        names, folders = _listing(root, folder, is_root=not folder)
        if settings.recursive:
            waiting += [os.path.join(folder, one) for one in folders if not is_junk(one)]  # noqa: PTH118
        sources = [
            name for name in names
            if name.lower().endswith(FORMAT_ENDINGS) and not is_junk(name)
        ]
        for name in sources:
            yield _document(os.path.join(folder, name), sources, names)  # noqa: PTH118


def looks_read(settings: InboxSettings) -> bool:
    """Say whether any document has outputs beside it."""
    return any(document.is_read for document in documents(settings))


def recorded_hash(settings: InboxSettings, document: Document) -> str:
    """Return the hash of the source that its outputs name; "" where none does."""
    folder = files.Place.below(settings.path, document.relpath).parent
    for name in document.outputs:
        if name.endswith((".md", ".json")):
            try:
                fd = files.open_source(folder / name, None)
            except OcrdError:
                continue
            with os.fdopen(fd, "rb") as file:
                found = _HASH.search(file.read(_HEAD_BYTES))
            if found:
                return found[1].decode("ascii")
    return ""


def _listing(root: str, folder: str, *, is_root: bool) -> tuple[set[str], list[str]]:
    names, folders = set(), []
    try:
        place = files.Place.below(Path(root), folder)
        with files.opened_folder(place) as directory, os.scandir(directory.fd) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    names.add(entry.name)
    except OSError:
        if is_root:
            raise
    return names, folders


def _document(relpath: str, sources: Collection[str], names: Collection[str]) -> Document:
    """Judge what lies beside a source.

    Where several sources have one stem, what is named after the stem belongs to the one without
    outputs that are named after its whole name; to nobody, where that is not clear.
    """
    name = Path(relpath).name
    stem = Path(name).stem
    twins = [other for other in sources if Path(other).stem == stem]
    own = _present(name, names)
    if not own and all(_present(other, names) for other in twins if other != name):
        own = _present(stem, names)
    failed = len(own) == 1 and own[0].endswith(FAILURE)
    return Document(relpath, tuple(own), failed)


def _present(base: str, names: Collection[str]) -> list[str]:
    return [base + ending for ending in (*OUTPUTS, FAILURE) if base + ending in names]
