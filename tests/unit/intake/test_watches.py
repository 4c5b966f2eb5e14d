"""What the watches of a root do with events."""

from __future__ import annotations

import pytest
from watchdog.events import FileCreatedEvent

from ocrd.intake.scan import junk
from ocrd.intake.watches import Watches


def test_event_that_is_not_understood_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise RuntimeError("no")

    with caplog.at_level("ERROR"):
        Watches(broken, junk(())).on_any_event(FileCreatedEvent("/srv/a.pdf"))
    assert "An event was not understood." in caplog.text
