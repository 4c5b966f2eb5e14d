"""Where everything of one document goes: names that nobody has, reserved until all is in place.

A plan is recorded in the ledger before anything appears; ``filing`` carries it out.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from ocrd import files
from ocrd.errors import NO_REASON, OcrdError, Reason
from ocrd.files import Directory, Place, Where
from ocrd.filing import assets
from ocrd.job import Job, JobState

_root = lru_cache(maxsize=256)(Path)  # of the folders that are configured, a few
NAME_BYTES = 255  # the longest file name of every file system that we know

# Kinds of outputs: the folder of figures, and what "overlay" asks for.
ASSETS, OVERLAY = "assets", "overlay.pdf"


@dataclass(frozen=True, slots=True)
class Output:
    """One sidecar on its way."""

    kind: str  # the name's ending: "md", "json", "overlay.pdf", "error.json", ASSETS
    staged: str  # temporary path, in the folder of ``path``
    path: str
    sha256: str = ""
    replaces: bool = False  # ``path`` is this source's own earlier output
    replaced: str = ""  # its hash; what has another one by then is somebody's work, and stays

    def is_at(self, where: Where, sha256: str) -> bool:
        """Say whether a file, or folder, of this content is there."""
        return assets.holds(where, sha256) if self.kind == ASSETS else holds(where, sha256)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything of one document goes. Kept in the ledger as JSON."""

    state: JobState  # DONE or FAILED
    root: str  # the inbox
    action: str  # what happens to the source: "move", "keep" or "delete"
    source: str
    destination: str  # of the source; "" where it is not moved
    outputs: tuple[Output, ...]
    reason: Reason = NO_REASON
    anchor: str = ""  # the configured folder that holds destination and outputs

    def place(self, path: str) -> Place:
        """Return the place of one of the plan's paths: below the inbox, or below the anchor."""
        return Place.of(Path(path), *(_root(root) for root in (self.root, self.anchor) if root))

    @property
    def folder(self) -> Place:
        """Where the outputs appear, and the source is moved to if it is moved."""
        paths = [self.destination, *(output.path for output in self.outputs)]
        return self.place(next(filter(None, paths), self.source)).parent

    def to_json(self) -> dict[str, Any]:
        """Return the plan's JSON form."""
        # Not by asdict, which would copy each text: as much work as planning.
        return {
            "state": self.state,
            "root": self.root,
            "action": self.action,
            "source": self.source,
            "destination": self.destination,
            "outputs": [_fields_of(output) for output in self.outputs],
            "reason": _fields_of(self.reason),
            "anchor": self.anchor,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Return the plan of its JSON form."""
        return cls(
            state=JobState(body["state"]),
            root=body["root"],
            action=body["action"],
            source=body["source"],
            destination=body["destination"],
            outputs=tuple(Output(**output) for output in body["outputs"]),
            reason=Reason(**body["reason"]),
            anchor=body.get("anchor", ""),
        )


def _fields_of(value: Output | Reason) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}


class Names:
    """Free names for documents, reserved from the plan until the files are in place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reserved: set[str] = set()

    def plan(
        self,
        job: Job,
        *,
        state: JobState,
        action: str,
        folder: Place,
        kinds: Sequence[str],
        owned: Mapping[str, str],
        reason: Reason = NO_REASON,
    ) -> Plan:
        """Choose names in ``folder`` that nobody has and reserve them; :meth:`release` them later.

        ``owned`` maps this source's earlier sidecars to their hashes: those that nobody has
        edited since are replaced. Raises a TransientError where the folder cannot be looked into.
        """
        source = Path(job.inbox, job.relpath)
        plan = Plan(
            state, job.inbox, action, str(source), "", (), reason, anchor=str(folder.root)
        )
        try:
            with files.translated(folder), _existing(folder) as directory:
                name = source.name
                if action == "move":
                    plan = self._with_destination(plan, folder, directory)
                    name = Path(plan.destination).name
                for number, kind in enumerate(kinds):
                    staged = str(folder.path / staged_name(job, number))
                    output = self._named(Output(kind, staged, ""), folder, directory, name, owned)
                    plan = replace(plan, outputs=(*plan.outputs, output))
        except BaseException:
            self.release(plan)
            raise
        return plan

    def name_for(self, folder: Place, directory: Directory, name: str, kind: str) -> str:
        """Reserve a free path for one output of a source; :meth:`give_back` it later."""
        return self._named(Output(kind, "", ""), folder, directory, name, {}).path

    def give_back(self, paths: Iterable[str]) -> None:
        """Give reserved paths back."""
        with self._lock:
            self._reserved -= set(paths)

    def release(self, plan: Plan) -> None:
        """Give the reserved names back."""
        self.give_back((plan.destination, *(output.path for output in plan.outputs)))

    def _with_destination(self, plan: Plan, folder: Place, directory: Directory | None) -> Plan:
        for name in _numbered(Path(plan.source).name):
            path = str(folder.path / name)
            if not self._reserve(path):
                continue
            if not _is_taken(directory, name):
                return replace(plan, destination=path)
            self._give_back(path)
        raise AssertionError("names are endless")

    def _named(
        self, output: Output, folder: Place, directory: Directory | None, name: str,
        owned: Mapping[str, str],
    ) -> Output:  # fmt: skip
        for candidate in output_names(name, output.kind):
            path = str(folder.path / candidate)
            is_new = self._reserve(path)
            if is_new and not _is_taken(directory, candidate):
                return replace(output, path=path)
            own = owned.get(path, "")
            if own and output.is_at(folder / candidate, own):
                return replace(output, path=path, replaces=True, replaced=own)
            if is_new:
                self._give_back(path)
        raise AssertionError("names are endless")

    # Not held while a file system is asked: one that hangs holds up nobody else's names.

    def _reserve(self, path: str) -> bool:
        with self._lock:
            if path in self._reserved:
                return False
            self._reserved.add(path)
            return True

    def _give_back(self, path: str) -> None:
        with self._lock:
            self._reserved.discard(path)


@contextlib.contextmanager
def _existing(folder: Place) -> Iterator[Directory | None]:
    """Open a folder, if it is there."""
    with contextlib.ExitStack() as stack:
        directory = None
        with contextlib.suppress(FileNotFoundError):
            directory = stack.enter_context(files.opened_folder(folder))
        yield directory


def _is_taken(directory: Directory | None, name: str) -> bool:
    return directory is not None and directory.entry(name).exists()


def staged_name(job: Job, number: int | str) -> str:
    """Return the temporary name of a job's output of this number."""
    return f".ocrd-{job.id}-{number}.tmp"


def holds(where: Where, sha256: str) -> bool:
    """Say whether a regular file of this content is there."""
    try:
        # Its state is not asked for: rclone's mount gives a file that it has not uploaded yet
        # another time whenever it was read.
        return files.sha256_of(where, None) == sha256
    except OcrdError:
        return False


def _numbered(name: str) -> Iterator[str]:
    """Yield the name, then the name with -2, -3, … before its ending."""
    yield name
    path = Path(name)
    stem, ending = path.stem, path.suffix
    if not ending:  # dots at the end are part of the stem, and would begin an ending
        stem = name.rstrip(".")
        ending = name[len(stem) :]
    for number in itertools.count(2):
        yield _fit(stem, f"-{number}{ending}")


def first_names(name: str, kind: str) -> Iterator[str]:
    """Yield scan.md and scan.pdf.md for scan.pdf: the names that outputs mostly have."""
    return itertools.islice(output_names(name, kind), 2)


def output_names(name: str, kind: str) -> Iterator[str]:
    """Yield scan.md, scan.pdf.md, scan-2.md, … for scan.pdf, without an end."""
    stem = Path(name).stem
    yield _fit(stem, f".{kind}")
    yield _fit(name, f".{kind}")
    for number in itertools.count(2):
        yield _fit(stem, f"-{number}.{kind}")


def _fit(stem: str, ending: str) -> str:
    """Return stem and ending, the stem cut where the name would be too long, between characters."""
    room = NAME_BYTES - len(os.fsencode(ending))
    while len(os.fsencode(stem)) > room:
        stem = stem[:-1]
    return stem + ending
