"""Does its worst on page 4 of a document and reads every other page; ``options.how`` says what.

Without answers: "hang" (silently), "progress" (with progress for ever). With noise: "endless"
(bytes without a newline), "garbage", "notices" (a flood of them), "print" (noise on stdout for
ever), "stranger" (an answer to what nobody asked). "twice" answers every page two times, "die" and
"killed" end the process by exit status and by SIGKILL, "memory" is a MemoryError, "leak" takes
memory until its limit ends that. "late" ends the worker after the answer. "slow" answers after
``options.seconds`` without a sign of progress.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from ocrd.engine.protocol import Recognise, Recognised, encode
from ocrd.job import Recognition
from tests.engines import Progress, Scripted

PAGE_4 = r"-0*4\."  # of any job: an image is named after both
LEAK_BYTES = 64 << 20


class Saboteur(Scripted):
    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        how = str(self.options["how"])
        if how == "twice":
            write(encode(Recognised(request.id, self.answer(request))))
        elif re.search(str(self.options.get("on", PAGE_4)), Path(request.path).name):
            self.sabotage(how, request, progress)
        return super().recognise(request, progress)

    def sabotage(self, how: str, request: Recognise, progress: Progress) -> None:
        ways: dict[str, Callable[[], object]] = {
            "hang": lambda: threading.Event().wait(),
            "progress": lambda: forever(lambda n: write(
                b'{"kind":"progress","id":%d,"count":%d}\n' % (request.id, n)
            )),
            "endless": lambda: forever(lambda _: write(b"la" * 65536)),
            "garbage": lambda: write(b"Loading weights: 100%\n"),
            "notices": lambda: forever(lambda n: notice(f"Number {n} of very many notices.")),
            "print": lambda: forever(lambda _: print("noise " * 10_000, flush=True)),
            "stranger": lambda: write(
                encode(Recognised(request.id + 1000, self.answer(request)))
            ),
            "die": lambda: os._exit(3),
            "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "memory": run_out_of_memory,
            "leak": leak,
            "slow": lambda: time.sleep(float(self.options["seconds"])),
            "late": lambda: threading.Thread(target=die_soon, daemon=True).start(),
        }  # fmt: skip
        ways[how]()


def forever(act: Callable[[int], object]) -> NoReturn:
    for number in itertools.count(1):
        act(number)
    raise AssertionError


def write(content: bytes) -> None:
    with socket.socket(fileno=os.dup(int(sys.argv[1]))) as channel:
        channel.sendall(content)


def notice(text: str) -> None:
    logging.getLogger("ocrd.engine.scripted").warning("%s", text)


def run_out_of_memory() -> NoReturn:
    raise MemoryError("scripted")


def leak() -> NoReturn:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + LEAK_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    taken = []
    while True:
        taken.append(bytearray(8 << 20))


def die_soon() -> NoReturn:
    time.sleep(0.05)
    os._exit(4)


def load(settings: dict[str, Any]) -> Saboteur:
    return Saboteur(settings)
