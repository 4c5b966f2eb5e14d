"""A finished document's files to their places: sidecars published whole, the source moved.

The order is the promise. Names are planned and reserved; sidecars are staged under temporary names
in their own folder and fsynced; the plan goes to the ledger; only then does :func:`publish` rename
the sidecars and move the source, never over an existing file. ``publish`` may be interrupted
anywhere and run again from the recorded plan: it finds what is done by content hash. One kind of
output, ASSETS, is a folder of files, with a hash of its own, and goes the same way.

The inbox and the folder of filed documents are anchors: no link below one of them is followed, and
what is done there is done by descriptor, see ``files``.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
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
from ocrd.files import Directory, Entry, Place, Where
from ocrd.job import FileKey, Job, JobState

NAME_BYTES = 255  # the longest file name of every file system that we know

# Kinds of outputs: the folder of figures, and what "overlay" asks for.
ASSETS, OVERLAY = "assets", "overlay.pdf"

Writer = Callable[[BinaryIO], object]
Content = Writer | Mapping[str, Writer]  # a file's, or a folder's by file name


_NAME_HELD = frozenset(
    {errno.EEXIST, errno.ENOTEMPTY, errno.EPERM, errno.EACCES, errno.EISDIR, errno.ENOTDIR}
)


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

    def is_at(self, where: Where, sha256: str) -> bool:
        """Say whether a file, or folder, of this content is there."""
        return assets.holds(where, sha256) if self.kind == ASSETS else _holds(where, sha256)


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
        return Place.of(Path(path), *(Path(root) for root in (self.root, self.anchor) if root))

    @property
    def folder(self) -> Place:
        """Where the outputs appear, and the source is moved to if it is moved."""
        paths = [self.destination, *(output.path for output in self.outputs)]
        return self.place(next(filter(None, paths), self.source)).parent

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
            anchor=body.get("anchor", ""),
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
                    staged = str(folder.path / _staged_name(job, number))
                    output = self._named(Output(kind, staged, ""), folder, directory, name, owned)
                    plan = replace(plan, outputs=(*plan.outputs, output))
        except BaseException:
            self.release(plan)
            raise
        return plan

    def release(self, plan: Plan) -> None:
        """Give the reserved names back."""
        with self._lock:
            self._reserved -= {plan.destination, *(output.path for output in plan.outputs)}

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
        for candidate in _sidecar_names(name, output.kind):
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


def stage(plan: Plan, contents: Sequence[Content]) -> Plan:
    """Write each output to its temporary name and fsync it; return the plan with the hashes.

    Raises a TransientError where the folder does not take it.
    """
    outputs: list[Output] = []
    try:
        if plan.outputs:
            _make_folder(plan)
        with files.translated(plan.folder), files.opened_folder(plan.folder) as folder:
            for output, content in zip(plan.outputs, contents, strict=True):
                entry = folder.entry(Path(output.staged).name)
                with files.translated(Path(output.path)):
                    outputs.append(_staged(entry, output, content))
    except BaseException:
        withdraw(replace(plan, outputs=tuple(outputs)))
        raise
    return replace(plan, outputs=tuple(outputs))


def publish(plan: Plan, key: FileKey, sha256: str | None) -> None:
    """Carry the plan out, or what is left of it; afterwards all of it is on disk.

    ``key`` and ``sha256`` are the source's, as it was read. Raises PlanOutdatedError,
    SourceChangedError (nothing of this plan stays published), or a TransientError (call again).
    """
    source = plan.place(plan.source)
    try:
        if _is_source_gone(plan, source, key, sha256):
            return  # the last step, so that everything before it has been done
        with _opened_folder(plan) as folder:
            for output in plan.outputs:
                _publish_output(folder.entry(Path(output.path).name), output)
            if plan.outputs:
                folder.sync()
            _dispose_source(plan, source, folder, key)
    except (SourceChangedError, PlanOutdatedError):
        withdraw(plan)
        raise
    except OSError as error:
        raise files.translate(error, source) from error


def withdraw(plan: Plan) -> None:
    """Remove what the plan staged or published; a file that is not ours any more stays."""
    for output in plan.outputs:
        # A share that went away; what is left there is hidden.
        with contextlib.suppress(OSError, OcrdError):
            with files.entry_of(plan.place(output.staged)) as staged:
                assets.discard(staged)
            if output.sha256 and not output.replaces:
                _take_back(plan.place(output.path), output)


def discard_staged(folder: Place, job: Job) -> None:
    """Remove what was staged in a folder for this job and never published; raise ``OSError``."""
    with files.opened_folder(folder) as directory:
        names = os.listdir(directory.fd)  # noqa: PTH208 -- of the folder that is open
        for name in fnmatch.filter(names, _staged_name(job, "*")):
            assets.discard(directory.entry(name))


def _staged_name(job: Job, number: int | str) -> str:
    return f".ocrd-{job.id}-{number}.tmp"


def _take_back(place: Place, output: Output) -> None:
    if output.kind == ASSETS:
        assets.remove(place, output.sha256)
        return
    key = files.file_key(place)
    if files.sha256_of(place, key) == output.sha256:
        files.remove(place, key)


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


def _is_source_gone(plan: Plan, source: Place, key: FileKey, sha256: str | None) -> bool:
    """Check that the source is as it was read; return True if it has its new place already."""
    try:
        if files.file_key(source) != key:
            raise SourceChangedError(f"{files.printable(source.path)} changed while it was read.")
    except (SourceChangedError, UnsupportedError):
        # Only our own earlier run takes a source away and leaves every output of the plan.
        ours = plan.action == "delete" and all(
            output.is_at(plan.place(output.path), output.sha256) for output in plan.outputs
        )
        if ours or (plan.destination and _is_same(plan.place(plan.destination), key, sha256)):
            return True
        raise SourceChangedError(
            f"{files.printable(source.path)} is not what was read."
        ) from None
    return False


@contextlib.contextmanager
def _opened_folder(plan: Plan) -> Iterator[Directory]:
    """Open the folder that all goes to, once: who renames it meanwhile gets all or nothing."""
    if not plan.outputs:
        _make_folder(plan)
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(files.opened_folder(plan.folder))
        except FileNotFoundError as error:
            with files.opened_folder(Place(plan.folder.root)):  # is there; what was staged is not
                raise PlanOutdatedError(str(plan.folder)) from error
        yield folder


def _publish_output(entry: Entry, output: Output) -> None:
    staged = entry.with_name(Path(output.staged).name)
    if output.is_at(entry, output.sha256):  # an earlier run came as far as this, or further
        _discard_staged(staged, output)
        return
    if not staged.exists():
        raise PlanOutdatedError(output.path)
    try:
        if not output.replaces:
            files.rename_no_replace(staged, entry)
        elif output.kind == ASSETS:
            assets.replace(staged, entry, output.replaced)
        else:
            files.replace_file(staged, entry, lambda found: _may_replace(found, output))
    except (FileExistsError, FileNotFoundError) as error:
        raise PlanOutdatedError(output.path) from error
    if not output.is_at(entry, output.sha256):  # a neighbour had put it in our file's place
        files.rename_no_replace(entry, staged)
        raise PlanOutdatedError(output.path)


def _discard_staged(staged: Entry, output: Output) -> None:
    """Remove what an earlier run left: its own output, or that which it replaced."""
    for sha256 in filter(None, (output.sha256, output.replaced)):
        if output.is_at(staged, sha256):
            assets.discard(staged)
            return


def _may_replace(entry: Entry, output: Output) -> bool:
    return _holds(entry, output.replaced) if output.replaced else files.is_regular(entry)


def _dispose_source(plan: Plan, source: Place, folder: Directory, key: FileKey) -> None:
    if plan.action == "delete":
        files.remove(source, key)
    elif plan.action == "move":
        try:
            # What an interrupted run copied to another file system is taken up, not copied again.
            files.move(source, folder.entry(Path(plan.destination).name), key, resume=True)
        except FileExistsError as error:
            raise PlanOutdatedError(plan.destination) from error


def _make_folder(plan: Plan) -> None:
    """Make the folder that all goes to, but never on the disk below an unmounted share."""
    files.make_directories(plan.folder, root_too=plan.folder.root != Path(plan.root))


def _is_same(where: Where, key: FileKey, sha256: str | None) -> bool:
    """Say whether this is the source with this key, moved here or copied here whole."""
    try:
        found = files.file_key(where)
    except OcrdError:
        return False
    if found == key:
        return True
    return (
        (found.size, found.mtime_ns // 1000) == (key.size, key.mtime_ns // 1000)
        and sha256 is not None
        and _holds(where, sha256)
    )


def _holds(where: Where, sha256: str) -> bool:
    """Say whether a regular file of this content is there."""
    try:
        return files.sha256_of(where, files.file_key(where)) == sha256
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


def _staged(entry: Entry, output: Output, content: Content) -> Output:
    """Write one output under its temporary name, or a new one if that cannot be had."""
    try:
        assets.discard(entry)  # a left-over of an earlier attempt
        return _written(entry, output, content)
    except OSError as error:  # a neighbour saw the name coming, and holds it
        if error.errno not in _NAME_HELD:
            raise
    random = files.temporary_name().removeprefix(".ocrd-")
    return _written(entry.with_name(f"{entry.path.stem}-{random}"), output, content)


def _written(entry: Entry, output: Output, content: Content) -> Output:
    try:
        if isinstance(content, Mapping):
            sha256 = assets.stage(entry, content)
        else:
            sha256 = _write(entry, content)
    except FileExistsError:
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            assets.discard(entry)
        raise
    return replace(output, staged=str(entry.path), sha256=sha256)


def _write(entry: Entry, content: Writer) -> str:
    descriptor = entry.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        sha256 = files.fill(descriptor, entry, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return sha256
