"""What is asked of a rasterizer's child: a function, the files that it takes, what may be spent."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

from ocrd.files import CHUNK_BYTES, Where, open_source, translate
from ocrd.job import FileKey
from ocrd.raster.isolate import LimitedChild

MAX_DEATHS = 3  # of children, on one page or one inspection
_PROBE_BYTES = 1 << 28  # of a source, to see whether its disk gives it
QUICK_SECONDS = 5.0  # within which a document has its answer, or is a slow one


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    With a ``key``, only that state of it is read; anything else is a SourceChangedError. As long as
    it is ``awaited``, a part that may still come is no loss: what lacks one is a CorruptError, and
    is read without it only once nobody waits any more. ``on_slow`` is called when it is one of
    those that go behind the others. ``door`` is who brought it: doors are served in turn.
    """

    path: Where
    key: FileKey | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)
    awaited: bool = False
    on_slow: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    door: str = field(default="", compare=False)

    @property
    def identity(self) -> tuple[str, FileKey | None]:
        """What tells this source from another one."""
        return str(self.path), self.key

    def as_arguments(self) -> dict[str, Any]:
        """Return the arguments that the child's functions share."""
        key = list(astuple(self.key)) if self.key else None
        return {
            "path": str(self.path), "key": key, "passwords": list(self.passwords),
            "awaited": self.awaited,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a child's function, and what may be spent on it."""

    function: str
    source: Source
    arguments: dict[str, Any]
    deadline_seconds: float
    outputs: tuple[Path, ...] = ()  # made anew, removed where the call fails
    inputs: tuple[Path, ...] = ()
    deaths_allowed: int = MAX_DEATHS
    extra_seconds: float = 0.0  # of the deadline: for the length of the work
    sparing: Mapping[str, Any] = field(default_factory=dict)  # arguments to ask for less with
    pages: float = 1.0  # it costs as much as drawing so many

    @property
    def quick_seconds(self) -> float:
        """How long a document may take that is not known to be slow."""
        return min(self.deadline_seconds, QUICK_SECONDS + self.extra_seconds)

    def is_halfway(self) -> bool:
        """Say whether the child began to write: it does so before what can be done without."""
        try:
            return bool(self.outputs) and self.outputs[0].stat().st_size > 0
        except OSError:
            return False

    def spared(self) -> Call:
        """Return the call without what can be done without, for another try."""
        return replace(self, arguments={**self.arguments, **self.sparing}, sparing={})

    async def on(self, child: LimitedChild, descriptors: list[int]) -> Any:
        """Return what the child answers."""
        return await child.call(
            self.function, deadline_seconds=self.deadline_seconds, descriptors=descriptors,
            **self.source.as_arguments(), **self.arguments,
        )  # fmt: skip

    def opened(self, stack: contextlib.ExitStack) -> list[int]:
        """Open what the call needs; ``stack`` closes it.

        Raises UnsupportedError for what is no regular file, SourceChangedError, TransientError.
        """
        descriptors = [open_source(self.source.path, self.source.key)]
        stack.callback(os.close, descriptors[0])
        for path, flags in (
            *((path, os.O_RDONLY) for path in self.inputs),
            *((path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in self.outputs),
        ):
            try:
                descriptors.append(os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            except OSError as error:
                raise translate(error, path) from error
            stack.callback(os.close, descriptors[-1])
        return descriptors


def refuse_unreadable(source: Source) -> None:
    """Raise the TransientError that says why the source's own bytes cannot be read.

    A child maps a file to read it, and is ended by the kernel where the disk does not give it.
    """
    descriptor = open_source(source.path, source.key)
    try:
        for offset in range(0, _PROBE_BYTES, CHUNK_BYTES):
            if not os.pread(descriptor, CHUNK_BYTES, offset):
                break
    except OSError as error:
        raise translate(error, source.path) from error
    finally:
        os.close(descriptor)
