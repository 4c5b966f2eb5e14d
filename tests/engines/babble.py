"""Talks nonsense on the connection when it meets a page; ``options.how`` says which.

"garbage": a line that is no message. "endless": bytes without a newline, for ever. "stranger":
an answer to a question that nobody asked. "flood": progress that never ends. "print": noise on
stdout, then a good answer. "partial": text of a page that nobody wants to be told.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from ocrd.engine.protocol import Partial, Recognise, Recognised, encode
from ocrd.job import Recognition
from tests.engines import Progress, Scripted


class Babble(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        how = self.options.get("how", "garbage")
        if how == "print":
            print("noise " * 100_000, flush=True)
            return self.answer(request)
        with socket.socket(fileno=os.dup(int(sys.argv[1]))) as channel:
            if how == "garbage":
                channel.sendall(b"Loading weights: 100%\n")
            elif how == "partial":
                channel.sendall(encode(Partial(request.id, "la")))
            elif how == "stranger":
                channel.sendall(encode(Recognised(request.id + 1000, self.answer(request))))
            while how == "endless":
                channel.sendall(b"la" * 65536)
            count = 0
            while how == "flood":
                count += 1
                channel.sendall(b'{"kind":"progress","id":%d,"count":%d}\n' % (request.id, count))
        return super().recognise(request, progress)


def load(settings: dict[str, Any]) -> Babble:
    return Babble(settings)
