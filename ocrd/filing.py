"""A finished document's files to their places: sidecars published whole, the source moved.

The order is the promise. Names are planned and reserved; sidecars are staged under temporary names
in their own folder and fsynced; the plan goes to the ledger; only then does :func:`publish` rename
the sidecars and move the source, never over an existing file. ``publish`` may be interrupted
anywhere and run again from the recorded plan: it finds what is done by content hash. One kind of
output, ASSETS, is a folder of files, with a hash of its own, and goes the same way.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Self

from ocrd import assets, files
from ocrd.errors import NO_REASON, OcrdError, Reason, SourceChangedError, UnsupportedError
from ocrd.job import FileKey, Job, JobState

NAME_BYTES = 255  # the longest file name of every file system that we know

# Kinds of outputs: the folder of figures, and what "overlay" asks for.
ASSETS, OVERLAY = "assets", "overlay.pdf"

Writer = Callable[[BinaryIO], object]
Content = Writer | Mapping[str, Writer]  # a file's, or a folder's by file name


class PlanOutdatedError(Exception):
    """A planned name was taken, or a staged file is gone: plan and stage once more."""


@dataclass(frozen=True, slots=True)
class Output:
    """One sidecar on its way."""

    kind: str  # the name's ending: "md", "json", "overlay.pdf", "error.json", ASSETS
    staged: str  # temporary path, in the folder of ``path``
    path: str
    sha256: str = ""
    replaces: bool = False  # ``path`` is this source's own earlier output
    replaced: str = ""  # its hash; what has another one by then is somebody's work, and stays

    def is_at(self, path: Path, sha256: str) -> bool:
        """Say whether a file, or folder, of this content is at ``path``."""
        return assets.holds(path, sha256) if self.kind == ASSETS else _holds(path, sha256)


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

    def to_json(self) -> dict[str, Any]:
        """Return the plan's JSON form."""
        return asdict(self)

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
        )


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
        folder: Path,
        kinds: Sequence[str],
        owned: Mapping[str, str],
        reason: Reason = NO_REASON,
    ) -> Plan:
        """Choose names in ``folder`` that nobody has and reserve them; :meth:`release` them later.

        ``owned`` maps this source's earlier sidecars to their hashes: those that nobody has
        edited since are replaced.
        """
        source = Path(job.inbox, job.relpath)
        with self._lock:
            name = source.name
            if action == "move":
                name = next(
                    name for name in _numbered(source.name) if self._is_free(folder / name)
                )
            outputs = []
            for number, kind in enumerate(kinds):
                staged = folder / f".ocrd-{job.id}-{number}.tmp"
                output = self._named(Output(kind, str(staged), ""), folder, name, owned)
                outputs.append(output)
                self._reserved.add(output.path)
            destination = str(folder / name) if action == "move" else ""
            self._reserved.add(destination)
        return Plan(state, job.inbox, action, str(source), destination, tuple(outputs), reason)

    def release(self, plan: Plan) -> None:
        """Give the reserved names back."""
        with self._lock:
            self._reserved -= {plan.destination, *(output.path for output in plan.outputs)}

    def _named(
        self, output: Output, folder: Path, name: str, owned: Mapping[str, str]
    ) -> Output:
        for candidate in _sidecar_names(name, output.kind):
            path = folder / candidate
            if self._is_free(path):
                return replace(output, path=str(path))
            own = owned.get(str(path), "")
            if own and output.is_at(path, own):
                return replace(output, path=str(path), replaces=True, replaced=own)
        raise AssertionError("names are endless")

    def _is_free(self, path: Path) -> bool:
        return str(path) not in self._reserved and not os.path.lexists(path)


def stage(plan: Plan, contents: Sequence[Content]) -> Plan:
    """Write each output to its temporary name and fsync it; return the plan with the hashes.

    Raises a TransientError where the folder does not take it.
    """
    outputs = []
    for output, content in zip(plan.outputs, contents, strict=True):
        staged = Path(output.staged)
        try:
            _make_folder(plan, staged.parent)
            if isinstance(content, Mapping):
                sha256 = assets.stage(staged, content)
            else:
                sha256 = _write_staged(staged, content)
        except OSError as error:
            raise files.translate(error, Path(output.path)) from error
        outputs.append(replace(output, sha256=sha256))
    return replace(plan, outputs=tuple(outputs))


def publish(plan: Plan, key: FileKey, sha256: str | None) -> None:
    """Carry the plan out, or what is left of it; afterwards all of it is on disk.

    ``key`` and ``sha256`` are the source's, as it was read. Raises PlanOutdatedError,
    SourceChangedError (nothing of this plan stays published), or a TransientError (call again).
    """
    source = Path(plan.source)
    try:
        if _is_source_gone(plan, source, key, sha256):
            return  # the last step, so that everything before it has been done
        for output in plan.outputs:
            _publish_output(output)
        for folder in {Path(output.path).parent for output in plan.outputs}:
            files.fsync_directory(folder)
        _dispose_source(plan, source, key)
    except (SourceChangedError, PlanOutdatedError):
        withdraw(plan)
        raise
    except OSError as error:
        raise files.translate(error, source) from error


def withdraw(plan: Plan) -> None:
    """Remove what the plan staged or published; a file that is not ours any more stays."""
    for output in plan.outputs:
        path = Path(output.path)
        with contextlib.suppress(OSError):  # a share that went away; what is left there is hidden
            assets.discard(Path(output.staged))
            if not output.sha256 or output.replaces:
                continue
            if output.kind == ASSETS:
                assets.remove(path, output.sha256)
            elif _holds(path, output.sha256):
                path.unlink()


def copying(path: Path) -> Writer:
    """Return the writer of a file's content."""

    def write(out: BinaryIO) -> None:
        with path.open("rb") as source:
            shutil.copyfileobj(source, out)

    return write


def error_writer(job: Job, reason: Reason, when: str) -> Writer:
    """Return the writer of ``*.error.json``: why the document failed and the way out."""
    body = {
        "source": files.printable(Path(job.relpath).name),
        **asdict(reason),
        "attempts": job.attempts,
        "time": when,
        "job": job.id,
    }
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    return lambda out: out.write(text.encode("utf-8", "backslashreplace"))


def _is_source_gone(plan: Plan, source: Path, key: FileKey, sha256: str | None) -> bool:
    """Check that the source is as it was read; return True if it has its new place already."""
    try:
        if files.file_key(source) != key:
            raise SourceChangedError(f"{files.printable(source)} changed while it was read.")
    except (SourceChangedError, UnsupportedError):
        # Only our own earlier run takes a source away and leaves every output of the plan.
        ours = plan.action == "delete" and all(
            output.is_at(Path(output.path), output.sha256) for output in plan.outputs
        )
        if ours or (plan.destination and _is_same(Path(plan.destination), key, sha256)):
            return True
        raise SourceChangedError(f"{files.printable(source)} is not what was read.") from None
    return False


def _publish_output(output: Output) -> None:
    staged, path = Path(output.staged), Path(output.path)
    if output.is_at(path, output.sha256):  # an earlier run came as far as this, or further
        assets.discard(staged)
        return
    try:
        if not os.path.lexists(staged):
            raise PlanOutdatedError(output.path)
        if not output.replaces:
            files.rename_no_replace(staged, path)
        elif output.kind == ASSETS:
            assets.replace(staged, path, output.replaced)
        else:
            _replace_file(output)
    except FileExistsError as error:
        raise PlanOutdatedError(output.path) from error


def _replace_file(output: Output) -> None:
    path = Path(output.path)
    if output.replaced and os.path.lexists(path) and not _holds(path, output.replaced):
        raise FileExistsError(path)
    Path(output.staged).replace(path)


def _dispose_source(plan: Plan, source: Path, key: FileKey) -> None:
    if plan.action == "delete":
        files.remove(source, key)
    elif plan.action == "move":
        destination = Path(plan.destination)
        _make_folder(plan, destination.parent)
        try:
            # What an interrupted run copied to another file system is taken up, not copied again.
            files.move(source, destination, key, resume=True)
        except FileExistsError as error:
            raise PlanOutdatedError(plan.destination) from error


def _make_folder(plan: Plan, folder: Path) -> None:
    """Make a destination folder, but never on the disk below an unmounted share."""
    root = Path(plan.root)
    files.make_directories(folder, below=root if folder.is_relative_to(root) else None)


def _is_same(path: Path, key: FileKey, sha256: str | None) -> bool:
    """Say whether ``path`` is the source with this key, moved here or copied here whole."""
    try:
        found = files.file_key(path)
    except OcrdError:
        return False
    if found == key:
        return True
    return (
        (found.size, found.mtime_ns // 1000) == (key.size, key.mtime_ns // 1000)
        and sha256 is not None
        and _holds(path, sha256)
    )


def _holds(path: Path, sha256: str) -> bool:
    """Say whether a regular file of this content is at ``path``."""
    try:
        return files.sha256_of(path, files.file_key(path)) == sha256
    except OcrdError:
        return False


def _numbered(name: str) -> Iterator[str]:
    """Yield the name, then the name with -2, -3, … before its ending."""
    yield name
    path = Path(name)
    for number in itertools.count(2):
        yield _fit(path.stem, f"-{number}{path.suffix}")


def _sidecar_names(name: str, kind: str) -> Iterator[str]:
    """Yield scan.md, scan.pdf.md, scan-2.md, … for scan.pdf."""
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


def _write_staged(path: Path, write: Writer) -> str:
    # A left-over of an earlier attempt may lie there, a link planted by a neighbour too.
    assets.discard(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        sha256 = files.fill(descriptor, path, write)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return sha256
