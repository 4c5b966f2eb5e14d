"""Ends its own process by SIGKILL on page 4: on an image named like ``page-4`` or ``0004``.

Options: ``on``, a regular expression searched in the image's name instead; ``times``, how often it
dies before it reads the page after all, counted in the file ``tally``.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

from ocrd.engine.protocol import Recognise
from ocrd.job import Recognition
from tests.engines import Progress, Scripted

PAGE_4 = r"(?<![0-9])0*4(?![0-9])(?!-known-good)"  # that one is read to see who is to blame


class DieOnPage4(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        if re.search(str(self.options.get("on", PAGE_4)), Path(request.path).name):
            self._die_unless_done()
        return super().recognise(request, progress)

    def _die_unless_done(self) -> None:
        if "times" in self.options:
            tally = Path(self.options["tally"])
            deaths = len(tally.read_bytes()) if tally.exists() else 0
            if deaths >= int(self.options["times"]):
                return
            tally.write_bytes(b"x" * (deaths + 1))
        os.kill(os.getpid(), signal.SIGKILL)


def load(settings: dict[str, Any]) -> DieOnPage4:
    return DieOnPage4(settings)
