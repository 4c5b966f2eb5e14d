"""What ``ocrd convert`` says of each document, as soon as it is known."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ocrd.cli import screen

if TYPE_CHECKING:
    from ocrd.convert import Outcome


class Outcomes:
    """Tells a person, or a program by one JSON list that grows by each document."""

    def __init__(self, *, as_json: bool, is_quiet: bool) -> None:
        self.is_quiet = is_quiet
        self._as_json = as_json
        self._count = 0
        self.has_failures = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """End the list, also of what was interrupted; an error before its start stands alone."""
        if self._as_json and (self._count or kind is None):
            _write("\n]\n" if self._count else "[]\n")

    def left_alone(self, count: int) -> None:
        """Say how many files of the folders are no documents by their names."""
        if count:
            many = "1 file" if count == 1 else f"{count} files"
            self.note(f"{many} in these folders left alone: no document by its name.")

    def note(self, text: str) -> None:
        """Say to a person what is of no one document."""
        if not self.is_quiet and not self._as_json:
            screen.warn(text)

    def tell(self, outcome: Outcome) -> None:
        """Say what became of one document."""
        self.has_failures |= outcome.error is not None
        if self._as_json:
            body = json.dumps(_to_json(outcome), indent=2, ensure_ascii=True)
            _write(("," if self._count else "[") + "\n" + body)
        else:
            _print(outcome, is_quiet=self.is_quiet)
        self._count += 1


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _to_json(outcome: Outcome) -> dict[str, Any]:
    from ocrd.web.door.wire import error_to_json

    return {
        "file": str(outcome.file),
        "outputs": [str(path) for path in outcome.outputs],
        "pages": outcome.pages,
        "seconds": round(outcome.seconds, 3),
        "state": outcome.state,
        "doubtful": list(outcome.doubtful),
        "failed": list(outcome.failed),
        "warnings": list(outcome.warnings),
        "error": None if outcome.error is None else error_to_json(outcome.error),
    }


def _print(outcome: Outcome, *, is_quiet: bool) -> None:
    from ocrd.gathering import STANDARD

    if outcome.error is not None:
        screen.explain(outcome.error, as_json=False)
    if is_quiet or not outcome.outputs:
        return
    name = screen.plain(outcome.file)
    if STANDARD not in outcome.outputs:
        made = ", ".join(str(screen.plain(path)) for path in outcome.outputs)
        many = "1 page" if outcome.pages == 1 else f"{outcome.pages} pages"
        screen.say(f"{name} → {made} ({many}, {screen.span(outcome.seconds)})")
    if outcome.error is None and outcome.state != "done":
        screen.warn(f"{name}: {outcome.state}")
    for warning in outcome.warnings:
        screen.warn(f"  {screen.plain(warning)}")
