"""Where a file is: a configured folder, and the way from there.

The folder's own path is the administrator's word. Everything below it may have been put there by
anybody, so that no link on the way is followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder below a configured one."""

    root: Path
    parts: tuple[str, ...] = ()
    # The whole path, for people and the ledger; not for opening. Asked for many times.
    path: Path = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if any(part in {"", ".", ".."} or "/" in part or "\0" in part for part in self.parts):
            raise ValueError(f"{self.parts!r} leads out of {str(self.root)!r}")
        path = self.root.joinpath(*self.parts) if self.parts else self.root
        object.__setattr__(self, "path", path)

    @classmethod
    def below(cls, root: Path, relpath: str | Path) -> Self:
        """Return the place of a relative path; raise ValueError for one that leads out."""
        path = Path(relpath)
        if path.is_absolute():
            raise ValueError(f"{str(path)!r} is not relative")
        return cls(root, path.parts)

    @classmethod
    def of(cls, path: Path, *roots: Path) -> Self:
        """Return the place of an absolute path below the first root that holds it.

        Where none does, its own folder counts as named by the administrator.
        """
        parts = path.parts
        for root in roots:
            above = root.parts
            if parts[: len(above)] == above:
                return cls(root, parts[len(above) :])
        return cls(path.parent, parts[-1:])

    def __str__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> Self:
        return type(self)(self.root, (*self.parts, name))

    @property
    def name(self) -> str:
        """The last part; that of the root's own path for the root."""
        return self.parts[-1] if self.parts else self.root.name

    @property
    def parent(self) -> Self:
        """The folder; raise ValueError for the root, which is reached from nowhere."""
        if not self.parts:
            raise ValueError(f"{str(self.root)!r} is the root")
        return type(self)(self.root, self.parts[:-1])

    def with_name(self, name: str) -> Self:
        """Return the place of another name in the same folder."""
        return self.parent / name
