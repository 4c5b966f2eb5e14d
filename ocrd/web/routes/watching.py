"""What happens to jobs, as server-sent events: of one to its end, or of all that one may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from sse_starlette import ServerSentEvent
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ocrd.errors import UnknownJobError
from ocrd.events import LOST, Event
from ocrd.job import FINAL_STATES
from ocrd.web.door.asking import asker
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.shown import job_shown
from ocrd.web.door.streaming import Sent, sse
from ocrd.web.door.wire import dumps
from ocrd.web.routes.jobs import Number

KNOWN = 5000  # jobs of which it is remembered whether one may see them
_ENDS = frozenset({*(state.value for state in FINAL_STATES), "deleted"})
_STREAM = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}

router = APIRouter(prefix="/v1", tags=["Events"], dependencies=[Depends(needs("read"))])
LastId = Annotated[str, Header(alias="Last-Event-ID", max_length=100)]


@router.get("/events", responses=_STREAM)  # type: ignore[arg-type]
async def all_events(house: TheHouse, last_event_id: LastId = "") -> Response:
    """Tell what happens to all jobs that one may see, from now on or behind the last event."""
    after, is_lost = _place(house, last_event_id)
    return _Counted(house, _of_all(house, after, is_lost=is_lost))


@router.get("/jobs/{job}/events", responses=_STREAM)  # type: ignore[arg-type]
async def events_of_job(job: Number, house: TheHouse, last_event_id: LastId = "") -> Response:
    """Tell how a job stands, and then what happens to it until its end."""
    after, is_lost = _place(house, last_event_id)
    found = await house.job(job)  # raises for one who may not see it
    is_new = not last_event_id or is_lost
    if found.state.is_final and not is_new and not house.events.known(job, after):
        return Response(status_code=HTTPStatus.NO_CONTENT)  # a browser does not come again then
    return _Counted(house, _of_job(house, job, after, is_new=is_new, is_lost=is_lost))


def _place(house: House, last_id: str) -> tuple[int, bool]:
    """Return behind which event to begin, and whether some were lost before."""
    if not last_id:
        return house.events.last, False
    after = house.events.since(last_id)
    return (house.events.last, True) if after is None else (after, False)


class _Counted(Sent):
    """Events to one of those who may listen at a time: he has his place before they begin."""

    def __init__(self, house: House, events: AsyncIterator[ServerSentEvent]) -> None:
        """Raise RequestError where too many listen."""
        super().__init__(events, house.stopping)
        self._place = ExitStack()
        self._place.enter_context(house.gate.listen())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them; leave the place to others."""
        with self._place:
            await super().__call__(scope, receive, send)


async def _of_job(
    house: House, number: int, after: int, *, is_new: bool, is_lost: bool
) -> AsyncIterator[ServerSentEvent]:
    if is_lost:
        yield _lost(house, after)
    job = await house.job(number)
    if is_new:
        yield sse(
            data=dumps(job_shown(house, job)), event="job", id=f"{house.events.start}-{after}"
        )
    if job.state.is_final:
        for event in house.events.known(number, after):
            yield _told(house, event)
        return
    async for event in house.events.follow(job=number, after=after):
        yield _told(house, event)
        if event.kind in _ENDS:
            return
        if event.kind == LOST and (await house.job(number)).state.is_final:
            return


async def _of_all(house: House, after: int, *, is_lost: bool) -> AsyncIterator[ServerSentEvent]:
    if is_lost:
        yield _lost(house, after)
    is_limited = bool(asker().folders)
    seen: dict[int, bool] = {}
    async for event in house.events.follow(after=after):
        if event.kind != LOST and is_limited and not await _may_see(house, event.job, seen):
            continue
        yield _told(house, event)


async def _may_see(house: House, number: int, seen: dict[int, bool]) -> bool:
    """Say whether the asker may see a job, which may be deleted by now."""
    if number not in seen:
        if len(seen) >= KNOWN:
            del seen[next(iter(seen))]
        try:
            await house.job(number)
            seen[number] = True
        except UnknownJobError:
            seen[number] = False
    return seen[number]


def _told(house: House, event: Event) -> ServerSentEvent:
    body = {"job": event.job, "kind": event.kind, "page": event.page, "time": event.time}
    if event.kind == LOST:
        return sse(data=dumps(body), event=LOST)
    return sse(data=dumps(body), event=event.kind, id=house.events.id_of(event))


def _lost(house: House, after: int) -> ServerSentEvent:
    body = {"job": 0, "kind": LOST, "page": None}
    return sse(data=dumps(body), event=LOST, id=f"{house.events.start}-{after}")
