"""What the file in a watched folder says of its owner.

Whoever may write into the folder may have written it: a record is of one size and of known types,
and what it says is shown to people without its control characters.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from ocrd import files

RECORD_BYTES = 1024  # always: a cached size is then a right one
LARGEST_NUMBER = 1 << 53
TEXT_CHARACTERS = 200  # of a name in the record
NAMES = ("host", "state_dir")  # for people to read: the others are compared
# 2: an owner that says nothing unless it is challenged. Daemons that know only 1 would take its
# folder after a minute of that; to them this is no record, and they leave the folder alone.
VERSIONS = (1, 2)


@dataclass(frozen=True, slots=True)
class Record:
    """What the file says of the folder's owner."""

    ledger: str = ""  # id of the ledger that the folder is read with
    session: str = ""  # of one daemon, from its start to its end
    host: str = ""
    machine: str = ""
    boot: str = ""
    pid: int = 0
    state_dir: str = ""
    serial: int = 0  # highest job number that the ledger had given
    beat: int = 0
    released: bool = False  # its owner has gone, in order
    answers: int = 0  # seconds in which a challenge is answered; 0: it counts up all the time

    @property
    def holder(self) -> str:
        """Name the owner for a person."""
        return files.printable(
            f"the ocrd daemon on {self.host or 'an unknown machine'} (process {self.pid}, state"
            f" directory {self.state_dir or 'unknown'})"
        )

    def is_of_same_ledger_and_machine(self, other: Record) -> bool:
        """Say whether two daemons cannot have run at the same time: one ledger has one daemon."""
        same_machine = (self.boot and self.boot == other.boot) or (
            self.machine and self.machine == other.machine
        )
        return self.ledger == other.ledger and bool(same_machine)

    def encode(self) -> bytes:
        """Return the file's content."""
        told = {
            name: value[:TEXT_CHARACTERS] if isinstance(value, str) else value
            for name, value in asdict(self).items()
        }
        version = 2 if self.answers and not self.released else 1
        body = _line(version, told)
        while len(body) >= RECORD_BYTES:  # names full of letters that take twelve bytes each
            # What people read gives way; a daemon that found its own session halved would take
            # the folder for another's.
            longest = max(NAMES, key=lambda name: len(json.dumps(told[name])))
            told[longest] = told[longest][: len(told[longest]) // 2]
            body = _line(version, told)
        return body.ljust(RECORD_BYTES - 1) + b"\n"


def _line(version: int, told: dict[str, object]) -> bytes:
    return json.dumps({"ocrd": version, **told}, separators=(",", ":")).encode("ascii")


def decode(content: bytes) -> Record | None:
    """Return the record of a file's content; None if it is none."""
    try:
        body = json.loads(content)
        if not isinstance(body, dict) or body.pop("ocrd", None) not in VERSIONS:
            return None
        known = asdict(Record())
        record = Record(**{name: type(known[name])(body.get(name, known[name])) for name in known})
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
    numbers = (record.pid, record.serial, record.beat, record.answers)
    return record if all(0 <= number < LARGEST_NUMBER for number in numbers) else None


def this_daemon(ledger: str, state_dir: Path) -> Record:
    """Return what this process writes into the folders that it owns."""
    return Record(
        ledger=ledger,
        session=secrets.token_hex(8),
        host=socket.gethostname(),
        machine=_line_of("/etc/machine-id"),
        boot=_line_of("/proc/sys/kernel/random/boot_id"),
        pid=os.getpid(),
        state_dir=str(state_dir),
    )


def _line_of(path: str) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return Path(path).read_text(encoding="ascii").strip()
    return ""
