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
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from ocrd import files
from ocrd.errors import (
    OcrdError,
    Reason,
    ShareGoneError,
    SourceChangedError,
    UnsupportedError,
)
from ocrd.files import Directory, Entry, Place, Where
from ocrd.filing import assets
from ocrd.filing.plans import ASSETS, Output, Plan, holds, staged_name
from ocrd.job import FileKey, Job

Writer = Callable[[BinaryIO], object]
Content = Writer | Mapping[str, Writer]  # a file's, or a folder's by file name


_NAME_HELD = frozenset(
    {errno.EEXIST, errno.ENOTEMPTY, errno.EPERM, errno.EACCES, errno.EISDIR, errno.ENOTDIR}
)


class PlanOutdatedError(Exception):
    """A planned name was taken, or a staged file is gone: plan and stage once more."""


def stage(plan: Plan, contents: Sequence[Content]) -> Plan:
    """Write each output to its temporary name, see :func:`staging`; afterwards it is on disk."""
    return files.carry_out(staging(plan, contents))


def staging(plan: Plan, contents: Sequence[Content]) -> files.Steps[Plan]:
    """Write each output to its temporary name and have it synced; return the plan with the hashes.

    Raises a TransientError where the folder does not take it.
    """
    outputs: list[Output] = []
    try:
        # Never on the disk below an unmounted share.
        place = plan.folder
        files.make_directories(place, root_too=place.root != Path(plan.root))
        with files.translated(place), files.opened_folder(place) as folder:
            for output, content in zip(plan.outputs, contents, strict=True):
                entry = folder.entry(Path(output.staged).name)
                with files.translated(Path(output.path)):
                    outputs.append((yield from _staged(entry, output, content)))
    except BaseException:
        withdraw(replace(plan, outputs=tuple(outputs)))
        raise
    return replace(plan, outputs=tuple(outputs))


def publish(plan: Plan, key: FileKey, sha256: str | None) -> None:
    """Carry the plan out, see :func:`publishing`; afterwards all of it is on disk."""
    files.carry_out(publishing(plan, key, sha256))


def publishing(plan: Plan, key: FileKey, sha256: str | None) -> files.Steps[None]:
    """Carry the plan out, or what is left of it.

    ``key`` and ``sha256`` are the source's, as it was read. Raises PlanOutdatedError,
    SourceChangedError (nothing of this plan stays published), or a TransientError (call again).
    """
    source = plan.place(plan.source)
    try:
        if _is_source_gone(plan, source, key, sha256):
            return  # the last step, so that everything before it has been done
        with _opened_folder(plan) as folder:
            if any(output.replaces for output in plan.outputs):
                _require_all(folder, plan)
            for output in plan.outputs:
                _publish_output(folder.entry(Path(output.path).name), output)
            yield folder
            yield from _disposing(plan, source, folder, key)
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
        for name in fnmatch.filter(names, staged_name(job, "*")):
            assets.discard(directory.entry(name))


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
        raise SourceChangedError(f"{files.printable(source.path)} is not what was read.") from None
    return False


@contextlib.contextmanager
def _opened_folder(plan: Plan) -> Iterator[Directory]:
    """Open the folder that all goes to, once: who renames it meanwhile gets all or nothing."""
    place = plan.folder
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(files.opened_folder(place))
        except FileNotFoundError as error:
            with files.opened_folder(Place(place.root)):  # is there; what was staged is not
                raise PlanOutdatedError(str(place)) from error
        yield folder


def _require_all(folder: Directory, plan: Plan) -> None:
    """Raise PlanOutdatedError where one of the outputs is neither staged nor published.

    Before any takes its place: after a power loss some of the staged names may be there and others
    not, and what was replaced by then would pass for somebody's work in the next plan.
    """
    for output in plan.outputs:
        entry = folder.entry(Path(output.path).name)
        staged = entry.with_name(Path(output.staged).name)
        if not staged.exists() and not _is_published(entry, output):
            raise PlanOutdatedError(output.path)


def _publish_output(entry: Entry, output: Output) -> None:
    staged = entry.with_name(Path(output.staged).name)
    if _is_published(entry, output):  # an earlier run came as far as this, or further
        _discard_staged(staged, output)
        return
    if not staged.exists():
        raise PlanOutdatedError(output.path)
    try:
        if not output.replaces:
            files.give_name(staged, entry)
        elif output.kind == ASSETS:
            assets.replace(staged, entry, output.replaced)
        else:
            files.replace_file(staged, entry, lambda found: _may_replace(found, output))
    except (FileExistsError, FileNotFoundError) as error:
        raise PlanOutdatedError(output.path) from error
    # A second look: rclone's mount may need a moment to show a folder under its new name.
    if not any(_is_published(entry, output) for _ in range(2)):  # a neighbour had put it there
        files.rename_no_replace(entry, staged)
        raise PlanOutdatedError(output.path)


def _is_published(entry: Entry, output: Output) -> bool:
    """Say whether an output has its place; raise ShareGoneError while that cannot be read.

    On rclone's mount a folder's files cannot be read from its renaming until they are uploaded.
    """
    try:
        if output.kind == ASSETS:
            return assets.sha256_of(entry) == output.sha256
        return files.sha256_of(entry, None) == output.sha256
    except ShareGoneError:
        raise
    except (OSError, OcrdError):
        return False


def _discard_staged(staged: Entry, output: Output) -> None:
    """Remove what an earlier run left: its own output, or that which it replaced."""
    for sha256 in filter(None, (output.sha256, output.replaced)):
        if output.is_at(staged, sha256):
            assets.discard(staged)
            return


def _may_replace(entry: Entry, output: Output) -> bool:
    return holds(entry, output.replaced) if output.replaced else files.is_regular(entry)


def _disposing(plan: Plan, source: Place, folder: Directory, key: FileKey) -> files.Steps[None]:
    if plan.action == "delete":
        files.remove(source, key)
    elif plan.action == "move":
        try:
            # What an interrupted run copied to another file system is taken up, not copied again.
            there = folder.entry(Path(plan.destination).name)
            yield from files.move_steps(source, there, key, resume=True)
        except FileExistsError as error:
            raise PlanOutdatedError(plan.destination) from error


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
        and holds(where, sha256)
    )


def _staged(entry: Entry, output: Output, content: Content) -> files.Steps[Output]:
    """Write one output under its temporary name, or a new one if that cannot be had."""
    try:
        assets.discard(entry)  # a left-over of an earlier attempt
        return (yield from _written(entry, output, content))
    except OSError as error:  # a neighbour saw the name coming, and holds it
        if error.errno not in _NAME_HELD:
            raise
    random = files.temporary_name().removeprefix(".ocrd-")
    another = entry.with_name(f"{entry.path.stem}-{random}")
    return (yield from _written(another, output, content))


def _written(entry: Entry, output: Output, content: Content) -> files.Steps[Output]:
    try:
        if isinstance(content, Mapping):
            sha256 = assets.stage(entry, content)
        else:
            sha256 = yield from _write(entry, content)
    except FileExistsError:
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            assets.discard(entry)
        raise
    return replace(output, staged=str(entry.path), sha256=sha256)


def _write(entry: Entry, content: Writer) -> files.Steps[str]:
    descriptor = entry.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        sha256 = files.fill(descriptor, entry, content)
        yield files.OpenFile(descriptor)
    finally:
        os.close(descriptor)
    return sha256
