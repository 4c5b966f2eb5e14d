"""What an attendant of a worker asks of the engine that it works for."""

from __future__ import annotations

from typing import Protocol, TypeVar

from ocrd.engine import protocol
from ocrd.engine.remembered import Remembered
from ocrd.errors import EngineError

Attendant_contra = TypeVar("Attendant_contra", contravariant=True)


class Employer(Protocol[Attendant_contra]):
    """What an attendant asks of the engine that it works for."""

    @property
    def is_stopping(self) -> bool:
        """Say whether no further page may be sent."""
        ...

    def is_wanted(self, attendant: Attendant_contra) -> bool:
        """Say whether the attendant should have a worker."""
        ...

    def agree(self, attendant: Attendant_contra, hello: protocol.Hello) -> None:
        """Raise EngineError if the engine's other workers announce something else."""
        ...

    @property
    def remembered(self) -> Remembered:
        """What is known of the engine's last start."""
        ...

    def greeted(self, hello: protocol.Hello) -> None:
        """Take note that a worker is ready."""
        ...

    def feed(self) -> None:
        """Send pages to every worker that has slots."""
        ...

    def note_answer(self) -> None:
        """Take note of an answered page, whose slot is free."""
        ...

    def note_end(self) -> None:
        """Take note that a worker has failed and its pages are queued again."""
        ...

    def note_quit(self, answer: EngineError) -> None:
        """Take note that an attendant keeps no worker any more, for the reason of ``answer``."""
        ...

    def idle_until(self) -> float:
        """Return when idle workers are to end; infinity while there are pages."""
        ...

    def stopped(self) -> EngineError:
        """Return the answer to the pages that a stop leaves unread."""
        ...
