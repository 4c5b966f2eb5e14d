"""Functions that the isolate tests call in a child."""

from __future__ import annotations

import os
import resource
import signal

from ocrd.errors import CorruptError

_idled = 0


def idle() -> None:
    global _idled  # noqa: PLW0603 -- the child is one process with one counter
    _idled += 1


def idled() -> int:
    return _idled


def echo(value: object) -> object:
    return value


def limits() -> dict[str, int]:
    return {
        "address_space": resource.getrlimit(resource.RLIMIT_AS)[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "nice": os.nice(0),
        "session": os.getsid(0),
    }


def refuse(page: int) -> None:
    raise CorruptError("torn", hint="mend it", page=page)


def stumble() -> None:
    raise KeyError("x")


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def leave(words: str) -> None:
    os.write(2, words.encode())
    os._exit(3)


def hang() -> None:
    signal.pause()


def hoard(count: int) -> int:
    return len(bytearray(count))


