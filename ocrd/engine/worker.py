"""The engine worker: the child's loop of receive, recognise, reply.

Started by the daemon as ``python -m ocrd.engine.worker FD PARENT_PID``. An engine is a module with
``load(settings) -> Engine``. Every request is answered exactly once, or the process ends. It
ends when its parent does, when the connection closes, and when the engine cannot go on.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import logging
import os
import queue
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Protocol

from ocrd import installation, loading
from ocrd.engine import protocol
from ocrd.engine.telling import Cancelled, Telling
from ocrd.errors import EngineError, EngineUnusableError, OcrdError
from ocrd.job import Recognition

MODULES = {  # by EngineSettings.kind
    "rapidocr": "ocrd.engine.tesseract.engine",  # the embedded one, with Tesseract beside it
    "tesseract": "ocrd.engine.tesseract.engine",
    "deepseek-ocr": "ocrd.engine.deepseek.engine",
    "deepseek-ocr-2": "ocrd.engine.deepseek.engine",
    "unlimited-ocr": "ocrd.engine.deepseek.engine",
    "openai": "ocrd.engine.remote.engine",
    "mistral": "ocrd.engine.remote.engine",
}
_EXTRAS = {"ocrd.engine.deepseek.engine": "gpu"}  # that an engine needs
EXIT_ENGINE = 70  # EX_SOFTWARE of sysexits.h: the engine cannot go on
MAX_NOTICE = 2000  # characters
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Engine(Protocol):
    """What an engine module's ``load`` returns.

    ``load`` gets the engine's table of the configuration, with ``had_gpus``: the names that the
    engine's last ``hello.gpus`` had. One that had a GPU and finds none raises GpuGoneError.

    What it wants to know at its next start on the same device, over restarts of the daemon too, it
    logs along with a warning, as ``extra={"memo": {…}}``: it is ``settings["memo"]`` then.

    ``recognise`` is called from ``hello.capacity`` threads at once. It calls ``progress`` with a
    growing count as it moves on, which raises Cancelled when the page is no longer wanted. What it
    gets is a Telling: where ``request.stream`` is true, an engine that has a page's text bit by bit
    tells it there (``telling.teller(progress).text(…)``); one that does not is right, too. A
    PageError refuses the page; MemoryError or EngineError ends the worker; any other exception
    refuses the page. What is logged under "ocrd" as a warning reaches the daemon's log.
    """

    @property
    def hello(self) -> protocol.Hello:
        """The engine's announcement."""
        ...

    def recognise(
        self, request: protocol.Recognise, progress: Callable[[int], None]
    ) -> Recognition:
        """Read one page image."""
        ...

    def close(self) -> None:
        """Let go of what outlives the process, if anything."""
        ...


class Channel:
    """The way back to the daemon, shared by threads."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._sending = threading.Lock()

    def send(self, message: protocol.FromWorker) -> None:
        """Send the message; end the process when nobody listens any more."""
        line = protocol.encode(message)
        if len(line) > protocol.MAX_MESSAGE_BYTES and isinstance(message, protocol.Recognised):
            cause = f"The engine's result is too large ({len(line)} bytes)."
            line = protocol.encode(protocol.Refused(message.id, cause))
        try:
            with self._sending:
                self._channel.sendall(line)
        except OSError:
            os._exit(0)


class _Notices(logging.Handler):
    """Sends what the engine logs as a warning to the daemon, whose log people read."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.WARNING)
        self._notices = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record's text."""
        memo: dict[str, Any] = getattr(record, "memo", {})
        self._notices.send(protocol.Notice(record.getMessage()[:MAX_NOTICE], memo))


class Worker:
    """Serves one connection with one engine."""

    def __init__(self, channel: Channel, engine: Engine) -> None:
        self._channel = channel
        self._engine = engine
        self._requests: queue.SimpleQueue[protocol.Recognise | None] = queue.SimpleQueue()
        self._open: dict[int, Telling] = {}  # by request
        self._slots = [
            threading.Thread(target=self._serve, name=f"slot-{number}", daemon=True)
            for number in range(engine.hello.capacity + engine.hello.express)
        ]

    def run(self, incoming: BinaryIO) -> None:
        """Answer requests until Stop, then return; end the process if the connection closes."""
        self._channel.send(self._engine.hello)
        for slot in self._slots:
            slot.start()
        while True:
            message = _receive(incoming)
            if message is None:
                os._exit(0)  # nobody is left to answer: do not wait for the slots
            if isinstance(message, protocol.Recognise):
                self._open[message.id] = Telling(message, self._channel.send)
                self._requests.put(message)
            elif isinstance(message, protocol.Cancel):
                if telling := self._open.get(message.id):  # else it is answered
                    telling.cancel()
            elif isinstance(message, protocol.Stop):
                break
        for _ in self._slots:
            self._requests.put(None)
        for slot in self._slots:
            slot.join()

    def _serve(self) -> None:
        """Be one slot: take a request, answer it, take the next."""
        while (request := self._requests.get()) is not None:
            answer = self._answer(request, self._open[request.id])
            del self._open[request.id]
            self._channel.send(answer)

    def _answer(self, request: protocol.Recognise, telling: Telling) -> protocol.FromWorker:
        started = time.monotonic()
        try:
            telling(0)
            recognition = self._engine.recognise(request, telling)
            telling.settle(recognition.markup if recognition.form == "markup" else None)
            return protocol.Recognised(request.id, _timed(recognition, started))
        except Cancelled:
            return protocol.Refused(request.id, "Cancelled.")
        except MemoryError as error:
            self._fail(f"The engine ran out of memory ({error}).", "It is restarted.")
        except EngineError as error:
            self._fail(error.what, error.hint, error.code)
        except OcrdError as error:
            return protocol.Refused(request.id, error.what, error.hint)
        except Exception as error:  # noqa: BLE001 - the border of one worker message
            traceback.print_exc()
            cause = f"{type(error).__name__}: {error}"[:500]
            return protocol.Refused(request.id, f"The engine failed on this page ({cause}).")
        except BaseException as error:  # noqa: BLE001 - SystemExit and its like end the worker
            self._fail(f"The engine ended ({type(error).__name__}: {error}).", "It is restarted.")

    def _fail(self, message: str, hint: str, code: str = EngineError.code) -> NoReturn:
        self._channel.send(protocol.Fatal(message, hint, code))
        os._exit(EXIT_ENGINE)


def _timed(recognition: Recognition, started: float) -> Recognition:
    """Return the recognition with its duration, unless the engine measured its own."""
    if recognition.seconds:
        return recognition
    return replace(recognition, seconds=round(time.monotonic() - started, 3))


def _remedy(kind: str) -> str:
    """Return how what an engine's module needs is installed."""
    if kind not in MODULES:
        return "Install what it needs into ocrd's own environment."
    if extra := _EXTRAS.get(MODULES[kind]):
        return f"Install it: {installation.adding(extra)}."
    return f"Install it again: {installation.again()}."


def load(settings: dict[str, Any]) -> Engine:
    """Load the engine that the settings name; raise EngineError with the cause and a way out."""
    name = MODULES.get(settings["kind"]) or settings.get("module")
    if not name:
        raise EngineError(
            f"There is no engine of the kind {settings['kind']!r} in this installation.",
            hint=f"Known: {', '.join(MODULES)}, and module with its module's name.",
        )
    try:
        engine: Engine = importlib.import_module(name).load(settings)
    except OcrdError:
        raise
    except Exception as error:
        remedy = _remedy(settings["kind"])
        if obstacle := loading.of_import(error, remedy):
            raise EngineUnusableError(
                f"The engine module {name} cannot be imported: {obstacle.what}.",
                hint=obstacle.hint,
            ) from error
        raise EngineError(
            f"The engine {name} cannot be loaded ({type(error).__name__}: {error})."
        ) from error
    return engine


def _receive(incoming: BinaryIO) -> protocol.ToWorker | None:
    """Return the next message of the daemon, None at the end of the connection."""
    try:
        line = incoming.readline(protocol.MAX_MESSAGE_BYTES)
    except OSError:
        return None
    if not line.endswith(b"\n"):
        return None
    message = protocol.decode(line)
    assert isinstance(message, protocol.ToWorker)
    return message


def _live_and_die_with(parent: int) -> None:
    """Tie this process's life to its parent's and make it the first to go when memory is short."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)  # it died before the tie was made
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the daemon's affair
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def main() -> int:
    """Serve the connection given on the command line; return the exit status."""
    faulthandler.enable()  # where a library crashes is this process's last word
    descriptor, parent = map(int, sys.argv[1:3])
    _live_and_die_with(parent)
    os.set_inheritable(descriptor, False)
    with socket.socket(fileno=descriptor) as channel, channel.makefile("rb") as incoming:
        configure = _receive(incoming)
        if not isinstance(configure, protocol.Configure):
            return 0
        back = Channel(channel)
        logging.getLogger("ocrd").addHandler(_Notices(back))
        try:
            engine = load(configure.settings)
        except EngineError as error:
            back.send(protocol.Fatal(error.what, error.hint, error.code))
            return EXIT_ENGINE
        Worker(back, engine).run(incoming)
        engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
