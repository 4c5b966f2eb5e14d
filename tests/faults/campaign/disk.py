"""What a disk may hold after the power went, worked out from the calls that were recorded.

The model is the weakest that ocrd's files have to live with:

- Bytes are there for sure only after an fsync of their file. Before that any of the writes since
  the last one may be there, in any order, one of them in part.
- A name is there for sure only after an fsync of its folder, for a new file as for a new folder.
  Before that each change of names may have come to the disk or not, for itself and in any order,
  however old it is. A rename is one change, in both its folders at once, and an fsync of either
  brings it to the disk: so it is with every journalling file system of Linux.
- Names and bytes know nothing of each other.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.campaign.supervisor import WRITES, Call

_NOREPLACE, _EXCHANGE = 1, 2  # linux/fs.h
_REMOVEDIR = 0x200  # linux/fcntl.h
_OF_NO_ACCOUNT = frozenset(
    "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat"
    " fallocate setxattr lsetxattr fsetxattr".split()
)
MOST_PENDING = 14  # changes of names, all of whose combinations are looked at

State = dict[str, bytes | None]  # path to content; None is a folder
Write = tuple[int, bytes | None]  # offset and bytes; without bytes: cut to this length
Change = tuple[tuple[int, str, int | None], ...]  # (folder, name, inode or None), at once


@dataclass
class Inode:
    """A file or folder, as the running system sees it and as the disk has it for sure."""

    device: int
    number: int = 0  # that it had on the real disk, if it was there at the beginning
    entries: dict[str, int] | None = None  # of a folder
    content: bytes = b""  # for sure
    writes: list[Write] = field(default_factory=list)  # since

    def now(self) -> bytes:
        return written(self.content, self.writes)


class Disk:
    """The folders of an installation, from a moment of rest on."""

    def __init__(self, roots: Sequence[Path], ignored: Sequence[Path]) -> None:
        self._ignored = tuple(str(path) for path in ignored)
        self._inodes: dict[int, Inode] = {}
        self._changes: list[tuple[Change, bool]] = []  # and whether it is on the disk for sure
        self._roots = {}
        for root in roots:
            self._roots[str(root)] = self._read(root)

    def _read(self, path: Path) -> int:
        """Take a file or folder in as it is, all of it on the disk."""
        number = len(self._inodes)
        status = path.stat()
        inode = self._inodes[number] = Inode(status.st_dev, status.st_ino)
        if path.is_dir():
            inode.entries = {}
            for entry in sorted(path.iterdir()):
                if not self._is_ignored(str(entry)) and (entry.is_dir() or entry.is_file()):
                    child = self._read(entry)
                    inode.entries[entry.name] = child
                    self._changes.append((((number, entry.name, child),), True))
        else:
            inode.content = path.read_bytes()
        return number

    def adopt(self, path: Path) -> None:
        """Take in what somebody else put there, and its folder, as on the disk for sure."""
        folder, name = self._find(str(path.parent)), path.name
        if folder is None:
            self.adopt(path.parent)
            return
        child = self._read(path)
        self._enter(((folder, name, child),), durable=True)

    def content(self, path: str) -> bytes | None:
        """Return what the running system finds in a file, None if there is none."""
        number = self._find(path)
        return None if number is None else self._inodes[number].now()

    def number(self, path: str) -> int:
        """Return the inode number that a file had at the beginning, 0 if it came later."""
        number = self._find(path)
        return 0 if number is None else self._inodes[number].number

    # The running system

    def apply(self, call: Call) -> bool:
        """Do what the call does, if anything; return whether the disk may look different then."""
        paths = [path for path in call.paths if not self._is_ignored(path)]
        if len(paths) < len(call.paths) or call.name in _OF_NO_ACCOUNT:
            return False
        if call.name in WRITES:
            return self._write(paths[0], (call.offset, call.data))
        done = {
            "open": self._open, "openat": self._open, "openat2": self._open, "creat": self._open,
            "mkdir": self._mkdir, "mkdirat": self._mkdir,
            "rename": self._rename, "renameat": self._rename, "renameat2": self._rename,
            "link": self._link, "linkat": self._link,
            "unlink": self._unlink, "unlinkat": self._unlink, "rmdir": self._unlink,
            "fsync": self._sync, "fdatasync": self._sync,
            "ftruncate": self._cut, "truncate": self._cut,
        }.get(call.name)  # fmt: skip
        if done is None:
            raise NotImplementedError(f"the model knows nothing of {call}")
        return done(call)

    def _open(self, call: Call) -> bool:
        flags = os.O_CREAT | os.O_TRUNC
        if call.name != "creat":
            flags = call.arguments[1 if call.name == "open" else 2]
        folder, name = self._parent(call.paths[0])
        if folder is None:
            return False
        found = self._entries(folder).get(name)
        if found is None and flags & os.O_CREAT:
            number = len(self._inodes)
            self._inodes[number] = Inode(self._inodes[folder].device)
            return self._enter(((folder, name, number),))
        if found is not None and flags & os.O_TRUNC and not flags & os.O_EXCL:
            self._inodes[found].writes.append((0, None))
            return True
        return False

    def _mkdir(self, call: Call) -> bool:
        folder, name = self._parent(call.paths[0])
        if folder is None or name in self._entries(folder):
            return False
        number = len(self._inodes)
        self._inodes[number] = Inode(self._inodes[folder].device, entries={})
        return self._enter(((folder, name, number),))

    def _rename(self, call: Call) -> bool:
        flags = call.arguments[4] if call.name == "renameat2" else 0
        (old, old_name), (new, new_name) = map(self._parent, call.paths)
        if old is None or new is None or self._inodes[old].device != self._inodes[new].device:
            return False
        source, target = self._entries(old).get(old_name), self._entries(new).get(new_name)
        if source is None or (flags & _NOREPLACE and target is not None):
            return False
        left = target if flags & _EXCHANGE else None
        return self._enter(((old, old_name, left), (new, new_name, source)))

    def _link(self, call: Call) -> bool:
        (old, old_name), (new, new_name) = map(self._parent, call.paths)
        if old is None or new is None or new_name in self._entries(new):
            return False
        source = self._entries(old).get(old_name)
        if source is None or self._inodes[old].device != self._inodes[new].device:
            return False
        return self._enter(((new, new_name, source),))

    def _unlink(self, call: Call) -> bool:
        folder, name = self._parent(call.paths[0])
        if folder is None or name not in self._entries(folder):
            return False
        entries = self._inodes[self._entries(folder)[name]].entries
        is_rmdir = call.name == "rmdir" or (
            call.name == "unlinkat" and bool(call.arguments[2] & _REMOVEDIR)
        )
        if is_rmdir != (entries is not None) or entries:
            return False
        return self._enter(((folder, name, None),))

    def _sync(self, call: Call) -> bool:
        number = self._find(call.paths[0])
        if number is None:
            return False
        inode = self._inodes[number]
        inode.content, inode.writes = inode.now(), []
        self._changes = [
            (change, durable or any(folder == number for folder, _, _ in change))
            for change, durable in self._changes
        ]
        return True

    def _cut(self, call: Call) -> bool:
        return self._write(call.paths[0], (call.arguments[1], None))

    def _write(self, path: str, write: Write) -> bool:
        number = self._find(path)
        if number is None:
            return False
        self._inodes[number].writes.append(write)
        return True

    def _enter(self, change: Change, *, durable: bool = False) -> bool:
        for folder, name, inode in change:
            entries = self._entries(folder)
            if inode is None:
                entries.pop(name, None)
            else:
                entries[name] = inode
        self._changes.append((change, durable))
        return True

    def _entries(self, folder: int) -> dict[str, int]:
        entries = self._inodes[folder].entries
        assert entries is not None
        return entries

    def _parent(self, path: str) -> tuple[int | None, str]:
        folder, _, name = path.rpartition("/")
        found = self._find(folder)
        if found is None or self._inodes[found].entries is None:
            return None, name
        return found, name

    def _find(self, path: str) -> int | None:
        for root, number in self._roots.items():
            if path == root or path.startswith(f"{root}/"):
                found: int | None = number
                for part in path[len(root) :].split("/")[1:]:
                    entries = self._inodes[found].entries if found is not None else None
                    found = None if entries is None else entries.get(part)
                return found
        return None

    def _is_ignored(self, path: str) -> bool:
        return path.startswith(self._ignored)

    # After the power went

    def states(self) -> Iterator[State]:
        """Yield what may be on the disk if the power goes now, some of it more than once."""
        pending = [number for number, (_, durable) in enumerate(self._changes) if not durable]
        assert len(pending) <= MOST_PENDING, f"{len(pending)} changes of names never synced"
        for count in range(len(pending) + 1):
            for there in itertools.combinations(pending, count):
                yield from self._contents(self._names(frozenset(there)))

    def _names(self, there: frozenset[int]) -> dict[str, int]:
        folders: dict[int, dict[str, int]] = {}
        for number, (change, durable) in enumerate(self._changes):
            if durable or number in there:
                for folder, name, inode in change:
                    entries = folders.setdefault(folder, {})
                    if inode is None:
                        entries.pop(name, None)
                    else:
                        entries[name] = inode
        found: dict[str, int] = {}

        def walk(path: str, number: int) -> None:
            found[path] = number
            for name, child in folders.get(number, {}).items():
                walk(f"{path}/{name}", child)

        for root, number in self._roots.items():
            walk(root, number)
        return found

    def _contents(self, names: dict[str, int]) -> Iterator[State]:
        fixed: State = {}
        open_: list[tuple[str, list[bytes]]] = []
        for path, number in names.items():
            inode = self._inodes[number]
            if inode.entries is not None:
                fixed[path] = None
            elif inode.writes:
                open_.append((path, variants(inode.content, inode.writes)))
            else:
                fixed[path] = inode.content
        paths = [path for path, _ in open_]
        for contents in itertools.product(*(found for _, found in open_)):
            yield fixed | dict(zip(paths, contents, strict=True))


def variants(content: bytes, writes: list[Write]) -> list[bytes]:
    """Return what may be in a file, not every combination, but each kind of damage."""
    half = len(writes) // 2
    last, data = writes[-1]
    torn: list[Write] = [] if data is None else [(last, data[: len(data) // 2])]
    chosen: list[list[Write]] = [
        [], writes[:half], writes[half:], writes[-1:], writes[:-1], [*writes[:-1], *torn], writes,
    ]  # fmt: skip
    return list(dict.fromkeys(written(content, some) for some in chosen))


def written(content: bytes, writes: Iterable[Write]) -> bytes:
    """Return the content after these writes."""
    made = bytearray(content)
    for offset, data in writes:
        if data is None:
            made = made[:offset].ljust(offset, b"\0")
        else:
            made = made.ljust(offset, b"\0")
            made[offset : offset + len(data)] = data
    return bytes(made)


def every_state(
    disk: Disk, calls: Iterable[Call], keep: Callable[[Call], bool] = lambda _call: True
) -> Iterator[tuple[Call | None, State]]:
    """Yield each state that a power loss at any moment of these calls may leave, once.

    With ``keep`` calls are left out, as a program that forgets them would.
    """
    seen: set[int] = set()
    for call in (None, *calls):
        if call is not None and (not keep(call) or not disk.apply(call)):
            continue
        for state in disk.states():
            mark = hash(frozenset(state.items()))
            if mark not in seen:
                seen.add(mark)
                yield call, state
