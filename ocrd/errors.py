"""Every error of ocrd, with its code and its fate.

An error carries what happened (naming the thing and the cause) and a hint (the way out). Its
``fate`` says what the pipeline does with it, so that nothing has to guess from a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self


class Fate(StrEnum):
    """What happens to the work that met an error."""

    EXIT = "exit"  # the process ends with EXIT_CONFIG
    FAIL_DOCUMENT = "fail-document"  # source to failed/, with its error file
    FAIL_PAGE = "fail-page"  # noted in the page's place, document judged by its tolerance
    RETRY = "retry"  # back off, try again, never final
    RESTART_ENGINE = "restart-engine"  # new worker, then again
    WITHDRAW = "withdraw"  # the source went away or changed: forget this job
    STOP = "stop"  # the daemon cannot go on


class OcrdError(Exception):
    """Something that ocrd can explain.

    ``what`` names the thing and the cause in one sentence; ``hint`` names the way out.
    """

    code: ClassVar[str] = "internal"
    fate: ClassVar[Fate] = Fate.FAIL_DOCUMENT

    def __init__(self, what: str, *, hint: str = "", page: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.page = page

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class Reason:
    """An error as the ledger and the error file keep it, without its class."""

    code: str = ""
    message: str = ""
    hint: str = ""
    page: int | None = None

    @classmethod
    def of(cls, error: OcrdError) -> Reason:
        """Return the reason that an error gives, fit for UTF-8."""
        message, hint = (
            text.encode("utf-8", "backslashreplace").decode() for text in (error.what, error.hint)
        )
        return cls(error.code, message, hint, error.page)


NO_REASON = Reason()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a configuration, and its place where it has one."""

    what: str
    hint: str = ""
    key: str = ""  # like "inbox[1].done"
    line: int | None = None  # of the file, from 1

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


class ConfigError(OcrdError):
    """The configuration cannot be used."""

    code = "config"
    fate = Fate.EXIT

    def __init__(
        self, what: str, *, hint: str = "", page: int | None = None, faults: Sequence[Fault] = ()
    ) -> None:
        """``faults`` are what ``what`` is about, where that is told of one by one."""
        super().__init__(what, hint=hint, page=page)
        self.faults = tuple(faults) or (Fault(what, hint),)

    @classmethod
    def of(cls, faults: Sequence[Fault], hint: str = "") -> Self:
        """Return the refusal for these faults, at least one; ``hint`` is for several."""
        if len(faults) == 1:
            return cls(faults[0].what, hint=faults[0].hint, faults=faults)
        return cls("\n".join(map(str, faults)), hint=hint, faults=faults)


class UnreachableError(OcrdError):
    """No daemon answers on its socket."""

    code = "unreachable"
    fate = Fate.EXIT

    @property
    def is_absence(self) -> bool:
        """Say whether nobody is there; else somebody may be, who cannot be asked."""
        return isinstance(self.__cause__, FileNotFoundError | ConnectionRefusedError)


class UnknownJobError(OcrdError):
    """No job has this number."""

    code = "unknown-job"
    fate = Fate.EXIT


class PromiseError(OcrdError):
    """The same Idempotency-Key came with another request."""

    code = "idempotency"
    fate = Fate.EXIT


class OutOfReachError(OcrdError):
    """A path leads to a file that may not be read for whoever asks."""

    code = "out-of-reach"
    fate = Fate.EXIT


class KeyFileError(OcrdError):
    """The file of the keys cannot be used."""

    code = "keys"
    fate = Fate.EXIT


class RequestError(OcrdError):
    """A request cannot be answered as it is: ``status`` is HTTP's."""

    code = "request"
    fate = Fate.EXIT

    def __init__(
        self, what: str, *, hint: str = "", page: int | None = None, status: int = 400,
        code: str = "", headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(what, hint=hint, page=page)
        self.status = status
        self.told_code = code or self.code
        self.headers = dict(headers or {})


class UnknownEngineError(OcrdError):
    """No engine of the configuration has this name."""

    code = "unknown-engine"
    fate = Fate.EXIT


class AlienTaskError(OcrdError):
    """The engine cannot do what is asked of it."""

    code = "alien-task"
    fate = Fate.EXIT


class TooManyPagesError(OcrdError):
    """A request wants more pages than it may."""

    code = "too-many-pages"
    fate = Fate.EXIT


class NoRoomError(OcrdError):
    """What programs have brought takes all the room that it may."""

    code = "no-room"
    fate = Fate.RETRY


class DocumentError(OcrdError):
    """This document cannot be read; it goes to ``failed/``."""

    code = "document"
    fate = Fate.FAIL_DOCUMENT


class NoPagesError(DocumentError):
    """None of the pages that were asked for are there."""

    code = "no-pages"


class EncryptedError(DocumentError):
    """The document needs a password that the folder does not have."""

    code = "encrypted"


class CorruptError(DocumentError):
    """The document cannot be opened or decoded: damaged, or not yet complete."""

    code = "corrupt"


class BrokenError(CorruptError):
    """The document cannot be opened, and is as complete as it will ever be."""

    code = "broken"


class TooLargeError(DocumentError):
    """The document is over one of the configured limits."""

    code = "too-large"


class UnsupportedError(DocumentError):
    """The content is of no format that ocrd reads."""

    code = "unsupported"


class LinkedError(DocumentError):
    """The file has a second name elsewhere, and who put it here may not be allowed to read it."""

    code = "linked"


class PoisonousError(DocumentError):
    """The document ended, again and again, whatever tried to read it."""

    code = "poisonous"


class UnreadablePagesError(DocumentError):
    """More pages failed than the folder tolerates."""

    code = "unreadable-pages"


class PageError(OcrdError):
    """This page cannot be read; the document is judged by its tolerance."""

    code = "page"
    fate = Fate.FAIL_PAGE


class PoisonousPageError(PageError):
    """The page ended the engine or the rasterizer too often."""

    code = "poisonous-page"


class DoubtfulPageError(PageError):
    """The model did not come to a sound end on the page, and no usable text came of it."""

    code = "doubtful-page"


class TransientError(OcrdError):
    """A cause that passes: back off and try again."""

    code = "transient"
    fate = Fate.RETRY


class DiskFullError(TransientError):
    """A file system has no space, inodes or quota left."""

    code = "disk-full"


class ShareGoneError(TransientError):
    """A folder is not there: unmounted, renamed, or its server does not answer."""

    code = "share-gone"


class FolderWithheldError(TransientError):
    """A watched folder is another daemon's, or was read with a ledger that is not this one."""

    code = "folder-withheld"


class PlaceError(TransientError):
    """A place of the daemon's own cannot be used: ``state_dir`` or ``runtime_dir``.

    The daemon ends, and a service is started again until it can be.
    """

    code = "place"


class LedgerBlockedError(TransientError):
    """The ledger cannot be written for now: its disk is full, read-only or failing."""

    code = "ledger-blocked"


class SourceChangedError(OcrdError):
    """The source changed or went away while it was read; the scan finds it again."""

    code = "source-changed"
    fate = Fate.WITHDRAW


class EngineError(OcrdError):
    """The engine failed; its worker is started again."""

    code = "engine"
    fate = Fate.RESTART_ENGINE


class EngineUnusableError(EngineError):
    """The engine cannot run here: a package, a shared library or an instruction is missing.

    Its documents wait until a person has changed that; a worker is tried every five minutes.
    """

    code = "engine-unusable"


class GpuGoneError(EngineUnusableError):
    """The GPU that the engine had is gone: after a suspend, an upgrade of its driver, or for good.

    Its documents wait for it and go on by themselves once it is back, over restarts too; with
    ``device = "cpu"`` the engine needs none.
    """

    code = "gpu-gone"


class ServersGoneError(EngineError):
    """No server of the engine answers; its pages wait, and none of them is to blame."""

    code = "servers-gone"


class LedgerError(OcrdError):
    """The ledger cannot be trusted or written; the daemon stops."""

    code = "ledger"
    fate = Fate.STOP


class LedgerRefusedError(LedgerError):
    """The ledger is damaged, or lost: a person has to decide what takes its place."""

    code = "ledger-refused"


class LedgerTooNewError(LedgerRefusedError):
    """The ledger was written by a newer version of ocrd."""

    code = "ledger-too-new"


EXIT_OK = 0
EXIT_FAILED = 1  # documents failed
EXIT_USAGE = 2
EXIT_LEDGER = 65  # EX_DATAERR of sysexits.h: the ledger is refused
EXIT_UNREACHABLE = 69  # EX_UNAVAILABLE of sysexits.h
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h


def exit_code(error: OcrdError) -> int:
    """Return what a process ends with that ends because of an error."""
    if isinstance(error, ConfigError):
        return EXIT_CONFIG
    if isinstance(error, UnreachableError):
        return EXIT_UNREACHABLE
    if isinstance(error, LedgerRefusedError):
        return EXIT_LEDGER
    return EXIT_FAILED
