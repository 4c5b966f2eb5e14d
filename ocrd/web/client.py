"""Talks to a running daemon over its Unix socket, with nothing but the standard library.

Raises UnreachableError if no daemon answers, and otherwise the error that the daemon raised.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import shlex
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from ocrd.choice import Choice
from ocrd.errors import OcrdError, UnreachableError
from ocrd.files import rights
from ocrd.web import notes
from ocrd.web.door.wire import choice_to_json, dumps, error_from_json
from ocrd.wording import span

ALL = Choice()  # of the jobs
TIMEOUT_SECONDS = 10.0
LOOK_SECONDS = 0.1  # between two looks whether a daemon has gone
SLOW_SECONDS = 120.0  # reload and retry look at every folder, some of them on shares
CHECK_SECONDS = 3600.0  # several engines may load, each for as long as its table says


class Client:
    """One daemon, by the path of its socket."""

    def __init__(self, socket_path: Path, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.path = socket_path
        self._timeout_seconds = timeout_seconds

    def status(self) -> dict[str, Any]:
        """Return what the daemon is doing."""
        return self._ask("GET", "/v1/status")

    def inboxes(self) -> list[dict[str, Any]]:
        """Return each watched folder, with what was passed over in it."""
        inboxes: list[dict[str, Any]] = self._ask("GET", "/v1/inboxes")["inboxes"]
        return inboxes

    def jobs(
        self, choice: Choice = ALL, *, before: int | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Return the latest chosen ``jobs`` under a number, newest first; ``next`` is to go on."""
        asked = {
            "limit": str(limit),
            "state": choice.state.value if choice.state else "",
            "code": choice.code,
            "inbox": choice.inbox,
            "name": choice.name,
            "doubtful": "yes" if choice.doubted else "",
            "before": "" if before is None else str(before),
        }
        told = {key: os.fsencode(value) for key, value in asked.items() if value}
        return self._ask("GET", f"/v1/jobs?{urlencode(told)}")

    def job(self, number: int) -> dict[str, Any]:
        """Return one job."""
        job: dict[str, Any] = self._ask("GET", f"/v1/jobs/{number}")["job"]
        return job

    def retry(self, number: int | None) -> list[dict[str, Any]]:
        """Queue one failed job again, or all of them; return those."""
        path = "/v1/jobs/retry" if number is None else f"/v1/jobs/{number}/retry"
        jobs: list[dict[str, Any]] = self._ask("POST", path, seconds=SLOW_SECONDS)["jobs"]
        return jobs

    def take_back(
        self, choice: Choice, *, read: bool = True, dry: bool = False
    ) -> list[dict[str, Any]]:
        """Take the chosen jobs back, or say what would be done; return what became of each."""
        body = {**choice_to_json(choice), "read": read, "dry": dry}
        told = self._ask("POST", "/v1/jobs/retry", seconds=SLOW_SECONDS, body=dumps(body))
        outcomes: list[dict[str, Any]] = told["outcomes"]
        return outcomes

    def cancel(self, number: int) -> dict[str, Any]:
        """Cancel one job and return it."""
        told = self._ask("POST", f"/v1/jobs/{number}/cancel", seconds=SLOW_SECONDS)
        job: dict[str, Any] = told["job"]
        return job

    def pause(self) -> dict[str, Any]:
        """Start no further page; return the status."""
        return self._ask("POST", "/v1/pause")

    def resume(self) -> dict[str, Any]:
        """Undo pause; return the status."""
        return self._ask("POST", "/v1/resume")

    def reload(self) -> dict[str, Any]:
        """Read the configuration again and return the status; raise ConfigError if it is bad."""
        return self._ask("POST", "/v1/reload", seconds=SLOW_SECONDS)

    def check(self, *, with_engine: bool) -> list[dict[str, Any]]:
        """Let the daemon try its configuration; return its findings."""
        path = "/v1/check" if with_engine else "/v1/check?engine=no"
        told = self._ask("POST", path, seconds=CHECK_SECONDS)
        findings: list[dict[str, Any]] = told["findings"]
        return findings

    def stop(self) -> None:
        """Stop the daemon in order; return when its process has ended.

        Raises UnreachableError if it has not ended within the time that it said.
        """
        watch = self._process()
        try:
            seconds = float(self._ask("POST", "/v1/stop")["seconds"])
            if not _has_ended(watch, seconds, self.is_there):
                raise UnreachableError(
                    f"The daemon on {self.path} was told to stop, and still runs after"
                    f" {span(seconds)}.",
                    hint="Its log says what it waits for.",
                )
        finally:
            if watch is not None:
                os.close(watch)

    # What programs ask, see docs/api.md

    def ask(self, method: str, path: str, *, seconds: float = 0.0) -> dict[str, Any]:
        """Ask one of the routes that answer in JSON."""
        return self._ask(method, path, seconds=seconds)

    def bring(
        self, path: str, document: BinaryIO, name: str, *, seconds: float
    ) -> dict[str, Any]:
        """Send a document to a route as the body itself; ``name`` is the file's."""
        size = os.fstat(document.fileno()).st_size
        headers = {
            "Content-Type": "application/octet-stream", "Content-Length": str(size),
            "X-Filename": quote(name, errors="replace"), "Connection": "close",
        }  # fmt: skip
        status, body = self._exchange("POST", path, document, headers, seconds)
        answer = json.loads(body)
        if status >= http.client.BAD_REQUEST:
            raise _refusal(answer)
        return dict(answer)

    def text(self, path: str, *, accept: str = "text/markdown", seconds: float = 0.0) -> str:
        """Return what a route answers as text."""
        headers = {"Accept": accept, "Connection": "close"}
        status, body = self._exchange("GET", path, None, headers, seconds)
        if status >= http.client.BAD_REQUEST:
            raise _refusal(json.loads(body))
        return body.decode("utf-8", "replace")

    def _exchange(
        self, method: str, path: str, body: BinaryIO | None, headers: dict[str, str],
        seconds: float,
    ) -> tuple[int, bytes]:  # fmt: skip
        connection = _UnixConnection(self.path, max(self._timeout_seconds, seconds))
        try:
            connection.request(method, path, body, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(self.path, error) from error
        finally:
            connection.close()

    def _process(self) -> int | None:
        """Open the daemon's process to watch it; None where it is another container's."""
        try:
            with self._connected() as probe:
                form = "3i"  # struct ucred of unix(7): process, user, group
                told = probe.getsockopt(
                    socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form)
                )
            return os.pidfd_open(struct.unpack(form, told)[0])
        except OSError:
            return None

    def is_there(self) -> bool:
        """Say whether somebody listens, whom this user may not be allowed to ask."""
        try:
            self._connected().close()
        except PermissionError:
            return True
        except OSError:
            return False
        return True

    def _connected(self) -> socket.socket:
        connection = _UnixConnection(self.path, self._timeout_seconds)
        connection.connect()
        return connection.sock

    def _ask(
        self, method: str, path: str, *, seconds: float = 0.0, body: str | None = None
    ) -> dict[str, Any]:
        """Ask, and wait for at least ``seconds`` for the answer."""
        connection = _UnixConnection(self.path, max(self._timeout_seconds, seconds))
        try:
            connection.request(method, path, body, headers={"Connection": "close"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(self.path, error) from error
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise _refusal(answer)
        return dict(answer)


class _UnixConnection(http.client.HTTPConnection):
    """An HTTP connection whose other end is a path."""

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self._path = path
        self._timeout_seconds = timeout_seconds

    def connect(self) -> None:
        """Connect to the socket at the path."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(self._timeout_seconds)
            connected.connect(os.fspath(self._path))
        except BaseException:
            connected.close()
            raise
        self.sock = connected


def _has_ended(process: int | None, seconds: float, answers: Callable[[], bool]) -> bool:
    """Wait for so long at most that a process ends, or nobody answers any more."""
    if process is not None:
        return bool(select.select([process], [], [], seconds)[0])
    end = time.monotonic() + seconds
    while answers():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _refusal(body: Any) -> OcrdError:
    error = body.get("error") if isinstance(body, dict) else None
    return error_from_json(error if isinstance(error, dict) else {})


def _unreachable(path: Path, error: Exception) -> UnreachableError:
    """Return the error that says why nobody could be asked, and what to do."""
    match error:
        case FileNotFoundError() | ConnectionRefusedError():
            return UnreachableError(f"No daemon answers on {path}.", hint=_start(path))
        case PermissionError():
            return UnreachableError(
                f"This user may not open the daemon's socket {path}.", hint=rights.to_steer(path)
            )
        case TimeoutError():
            return UnreachableError(
                f"The daemon on {path} does not answer in time.",
                hint="It may be very busy or hang: its log says more, and "
                "`systemctl restart ocrd` loses nothing.",
            )
        case _:
            return UnreachableError(
                f"What answers on {path} is not to be understood ({error!r}).",
                hint="The daemon may have stopped just now, or be of another version: restart it.",
            )


def _start(path: Path) -> str:
    """Return what to do where nobody answers: start it, or ask one that runs elsewhere."""
    start = "Start it with `ocrd run` or `systemctl start ocrd`"
    others = [note for note in notes.found() if note.socket != str(path)]
    running = [note.config for note in others if Client(Path(note.socket)).is_there()]
    if not running:
        return f"{start}; if it runs with another configuration, name that with --config."
    return f"{start}; or ask one that runs: --config {shlex.quote(running[0])}."
