"""The control socket: a real uvicorn on a real Unix socket, asked by the real client."""

from __future__ import annotations

import asyncio
import functools
import grp
import os
import pwd
import resource
import signal
import socket
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ocrd.again import Outcome
from ocrd.choice import Choice, Sight
from ocrd.errors import (
    ConfigError,
    OcrdError,
    PlaceError,
    SourceChangedError,
    TransientError,
    UnknownJobError,
    UnreachableError,
)
from ocrd.job import FileKey, Job, JobState
from ocrd.readiness.finding import Finding, Verdict
from ocrd.web.client import Client
from ocrd.web.door.asking import asked_by, name_of
from ocrd.web.door.wire import error_from_json, error_to_json
from ocrd.web.server import WebServer
from tests.unit.web.houses import house_of

NOT_UTF8 = os.fsdecode(b"caf\xe9.pdf")


class Desk:
    """Something to steer, kept in memory."""

    def __init__(self) -> None:
        key = FileKey(1, 2, 3, 4)
        first = Job(1, "/in", "a.pdf", key, JobState.QUEUED, 0, 0, 1.0)
        self.known = {1: first, 2: replace(first, id=2, relpath=NOT_UTF8, state=JobState.FAILED)}
        self.state = "running"
        self.fault: Exception | None = None
        self.checked = True

    async def status(self) -> dict[str, Any]:
        return {"state": self.state, "pid": os.getpid()}

    async def inboxes(self) -> list[dict[str, Any]]:
        return [{"path": "/srv/scans", "passed": [{"relpath": "notes.txt"}]}]

    async def reload(self) -> None:
        if self.fault:
            raise self.fault

    async def stop(self) -> float:
        self.state = "stopping"
        return 0.5

    async def pause(self) -> None:
        self.state = "paused"

    async def resume(self) -> None:
        self.state = "running"

    async def cancel(self, job_id: int) -> Job:
        self.known[job_id] = replace(self.known[job_id], state=JobState.CANCELLED)
        return self.known[job_id]

    async def retry(
        self, choice: Choice, *, read: bool = True, dry: bool = False
    ) -> list[Outcome]:
        self.asked = (choice, read, dry)
        failed = [job.id for job in self.known.values() if job.state is JobState.FAILED]
        error = self.fault if isinstance(self.fault, OcrdError) else None
        chosen = [self.known[number] for number in choice.numbers or failed]
        return [
            Outcome(job, done=not error, what="Back.", new=7, error=error)
            for job in chosen
        ]

    async def jobs(
        self, choice: Choice, *, before: int | None, limit: int, sight: Sight | None
    ) -> tuple[list[Job], int | None]:
        assert sight is None, "who comes by the socket sees all"
        self.listed = (choice, before, limit)
        found = [job for job in self.known.values() if choice.state in {None, job.state}]
        return found[:limit], 1 if len(found) > limit else None

    async def check(self, *, with_engine: bool) -> list[Finding]:
        self.checked = with_engine
        return [Finding(Verdict.WARN, "folders", "Shut.", "Open it.", is_config=True)]

    async def job(self, job_id: int) -> Job:
        return self.known[job_id]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "ocrd.sock"


@pytest_asyncio.fixture
async def client(desk: Desk, path: Path) -> AsyncIterator[Client]:
    server = WebServer(house_of(desk, path.parent.parent), path)
    await server.start()
    yield Client(path)
    await server.stop()


async def test_the_status_is_what_the_daemon_says(client: Client) -> None:
    body = await asyncio.to_thread(client.status)
    assert body == {"state": "running", "pid": os.getpid()}


async def test_pause_and_resume_reach_the_daemon(client: Client, desk: Desk) -> None:
    assert (await asyncio.to_thread(client.pause))["state"] == "paused"
    assert (await asyncio.to_thread(client.resume))["state"] == "running"


async def test_jobs_are_chosen_by_state_and_limit(client: Client) -> None:
    assert len((await asyncio.to_thread(client.jobs))["jobs"]) == 2
    failed = await asyncio.to_thread(client.jobs, Choice(state=JobState.FAILED))
    assert ([job["id"] for job in failed["jobs"]], failed["next"]) == ([2], None)
    cut = await asyncio.to_thread(functools.partial(client.jobs, limit=1))
    assert ([job["id"] for job in cut["jobs"]], cut["next"]) == ([1], 1)


async def test_jobs_are_chosen_by_all_that_is_known(client: Client, desk: Desk) -> None:
    choice = Choice(
        state=JobState.DONE, code="a&b", inbox=os.fsdecode(b"/caf\xe9/ ?"), name="a*+", doubted=True
    )
    await asyncio.to_thread(functools.partial(client.jobs, choice, before=7, limit=9))
    assert desk.listed == (choice, 7, 9)


async def test_a_check_returns_its_findings_whole(client: Client, desk: Desk) -> None:
    (told,) = await asyncio.to_thread(functools.partial(client.check, with_engine=False))
    assert Finding.from_json(told) == Finding(
        Verdict.WARN, "folders", "Shut.", "Open it.", is_config=True
    )
    assert not desk.checked


async def test_a_name_that_is_not_utf8_survives_the_socket(client: Client) -> None:
    job = await asyncio.to_thread(client.job, 2)
    assert os.fsencode(job["relpath"]) == b"caf\xe9.pdf"


async def test_cancel_and_retry_return_the_jobs(client: Client) -> None:
    assert [job["id"] for job in await asyncio.to_thread(client.retry, None)] == [2]
    assert [job["id"] for job in await asyncio.to_thread(client.retry, 1)] == [1]
    assert (await asyncio.to_thread(client.cancel, 1))["state"] == "cancelled"


async def test_what_is_to_be_taken_back_is_chosen_by_all_that_is_known(
    client: Client, desk: Desk
) -> None:
    choice = Choice(
        state=JobState.DONE, code="x", inbox=os.fsdecode(b"/caf\xe9"), name="a*", doubted=True
    )
    take_back = functools.partial(client.take_back, choice, read=False, dry=True)
    (one,) = await asyncio.to_thread(take_back)
    assert (one["id"], one["taken_back"], one["what"], one["new"]) == (2, True, "Back.", 7)
    assert desk.asked == (choice, False, True)
    chosen = functools.partial(client.take_back, Choice(numbers=(2, 1)))
    assert [one["id"] for one in await asyncio.to_thread(chosen)] == [2, 1]
    assert desk.asked == (Choice(numbers=(2, 1)), True, False)
    with pytest.raises(UnknownJobError, match="no job 99"):
        await asyncio.to_thread(client.take_back, Choice(numbers=(1, 99)))


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"state": "eaten"}', '{"colour": "red"}', '{"numbers": ["x"]}', "7"]
)
async def test_a_choice_that_is_none_is_refused(client: Client, body: str) -> None:
    with pytest.raises(OcrdError, match="not to be understood"):
        await asyncio.to_thread(client._ask, "POST", "/v1/jobs/retry", body=body)


async def test_one_that_is_asked_alone_is_refused_with_its_own_error(
    client: Client, desk: Desk
) -> None:
    desk.fault = SourceChangedError("a.pdf is there already.")
    with pytest.raises(SourceChangedError, match="is there already"):
        await asyncio.to_thread(client.retry, 1)
    assert await asyncio.to_thread(client.retry, None) == []


@pytest.mark.parametrize("verb", ["job", "cancel", "retry"])
async def test_an_unknown_job_is_refused_by_its_number(client: Client, verb: str) -> None:
    with pytest.raises(UnknownJobError, match="no job 99"):
        await asyncio.to_thread(getattr(client, verb), 99)


async def test_a_bad_file_fails_reload_with_its_own_error(client: Client, desk: Desk) -> None:
    desk.fault = ConfigError("config.toml, line 3: no such key.", hint="Remove it.")
    with pytest.raises(ConfigError) as caught:
        await asyncio.to_thread(client.reload)
    assert (caught.value.what, caught.value.hint) == (
        "config.toml, line 3: no such key.",
        "Remove it.",
    )


async def test_an_unforeseen_error_is_answered_and_the_server_lives(
    client: Client, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.fault = RuntimeError("a defect")
    with pytest.raises(OcrdError, match="a defect"):
        await asyncio.to_thread(client.reload)
    assert "RuntimeError: a defect" in caplog.text
    assert (await asyncio.to_thread(client.status))["state"] == "running"


async def test_a_wrong_limit_is_refused(client: Client) -> None:
    with pytest.raises(OcrdError, match="limit must be a number"):
        await asyncio.to_thread(functools.partial(client.jobs, limit=0))


async def test_the_socket_is_for_user_and_group_only(client: Client, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to any group")
async def test_the_socket_is_of_the_group_that_steers(desk: Desk, path: Path) -> None:
    group = next(each for each in grp.getgrall() if each.gr_gid != os.getegid())
    server = WebServer(house_of(desk, path.parent.parent), path, group.gr_name)
    await server.start()
    status = path.stat()
    assert (status.st_gid, stat.S_IMODE(status.st_mode)) == (group.gr_gid, 0o660)
    await server.stop()


async def test_where_the_group_cannot_have_the_socket_nobody_else_has_it(
    desk: Desk, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = WebServer(house_of(desk, path.parent.parent), path, "nobody-is-in-it")
    await server.start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "nobody-is-in-it cannot steer the daemon (there is none)" in caplog.text
    await server.stop()


async def test_a_server_that_nobody_asks_does_nothing(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn looks ten times a second whether it is to end."""
    ticks = []
    monkeypatch.setattr("uvicorn.Server.on_tick", lambda *_: ticks.append(1))
    server = WebServer(house_of(desk, path.parent.parent), path)
    await server.start()
    woken = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    await asyncio.sleep(0.5)
    woken = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - woken
    await asyncio.to_thread(Client(path).status)
    await server.stop()
    assert ticks == []
    assert woken <= 2, "the end of the half second, and what else there may be"


async def test_who_asks_is_known_while_it_is_answered(path: Path) -> None:
    class Ear(Desk):
        async def status(self) -> dict[str, Any]:
            return {"by": asked_by()}

    server = WebServer(house_of(Ear(), path.parent.parent), path)
    await server.start()
    told = await asyncio.to_thread(Client(path).status)
    await server.stop()
    assert told == {"by": pwd.getpwuid(os.geteuid()).pw_name}
    assert asked_by() == ""


def test_a_user_without_a_name_is_a_number() -> None:
    assert name_of(0) == "root"
    assert name_of(4_000_000_000) == "user 4000000000"


async def test_a_clean_stop_leaves_no_socket_behind(desk: Desk, path: Path) -> None:
    server = WebServer(house_of(desk, path.parent.parent), path)
    await server.start()
    await server.stop()
    assert list(path.parent.iterdir()) == []


async def test_a_stale_socket_is_replaced(desk: Desk, path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(path))
    server = WebServer(house_of(desk, path.parent.parent), path)
    await server.start()
    assert (await asyncio.to_thread(Client(path).status))["state"] == "running"
    await server.stop()


async def test_a_socket_that_answers_is_left_to_its_owner(client: Client, path: Path) -> None:
    with pytest.raises(PlaceError, match="already answers"):
        await WebServer(house_of(Desk(), path.parent.parent), path).start()
    assert (await asyncio.to_thread(client.status))["state"] == "running"


async def test_a_file_with_the_sockets_name_is_not_removed(desk: Desk, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(PlaceError, match="something else"):
        await WebServer(house_of(desk, path.parent.parent), path).start()
    assert path.read_text() == "precious"


async def test_stop_leaves_another_servers_socket(desk: Desk, path: Path) -> None:
    house = house_of(desk, path.parent.parent)
    old, new = WebServer(house, path), WebServer(house, path)
    await old.start()
    path.unlink()
    await new.start()
    await old.stop()
    assert (await asyncio.to_thread(Client(path).status))["state"] == "running"
    await new.stop()


async def test_the_signal_handlers_stay_the_daemons(desk: Desk, path: Path) -> None:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in signals]
    server = WebServer(house_of(desk, path.parent.parent), path)
    await server.start()
    assert [signal.getsignal(number) for number in signals] == before
    await server.stop()


def test_no_daemon_is_said_with_the_way_out(path: Path) -> None:
    with pytest.raises(UnreachableError, match="No daemon answers") as caught:
        Client(path).status()
    assert "ocrd run" in caught.value.hint


def test_a_daemon_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(os.fspath(path))
        silent.listen(1)
        with pytest.raises(UnreachableError, match="in time"):
            Client(path, timeout_seconds=0.1).status()


def test_an_error_keeps_its_class_over_the_wire() -> None:
    error = error_from_json(error_to_json(TransientError("The share is gone.", hint="Wait.")))
    assert type(error) is TransientError
    assert str(error) == "The share is gone. Wait."
