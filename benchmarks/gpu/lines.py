"""What is known of each stage: one line of JSON, and where the lines go."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from benchmarks.gpu import stages

FILE = "results.jsonl"


@dataclass(slots=True)
class Line:
    """How a stage went and what it gave. Figures of one that failed half way are kept."""

    stage: int
    name: str
    status: str = ""  # ok | shortened | failed | skipped
    why: str = ""
    seconds: float = 0.0
    limit: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, stage: stages.Stage) -> Line:
        """Return the empty line of a stage."""
        return cls(stage.number, stage.name)

    def take(self, message: dict[str, Any]) -> bool:
        """Take a message of the bench; return whether it was the last of the stage."""
        if "row" in message:
            self.rows.append(message["row"])
        if "notes" in message:
            self.notes |= message["notes"]
        if "ending" not in message:
            return False
        ending = message["ending"]
        self.status, self.why = ending["status"], ending["why"]
        self.seconds = ending["seconds"]
        return True


class Lines:
    """The lines so far, each written to the file and to a stream as soon as it is known."""

    def __init__(self, folder: Path, stream: TextIO) -> None:
        self._stream = stream
        self._file = (folder / FILE).open("w", encoding="utf-8")
        self.all: list[Line] = []

    def write(self, line: Line) -> None:
        """Write a line and see that it is out."""
        self.all.append(line)
        said = json.dumps(asdict(line)) + "\n"
        for out in (self._file, self._stream):
            out.write(said)
            out.flush()

    def notes(self) -> dict[str, dict[str, Any]]:
        """Return the notes of each stage so far."""
        return {line.name: line.notes for line in self.all}

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read(path: Path) -> list[Line]:
    """Return the lines of a file."""
    return [Line(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
