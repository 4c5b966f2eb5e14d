"""An engine with others behind it: they read what it cannot now, and what it reads with doubts.

A page goes to the first link that is not out; one that waits at a link that goes out moves on.
Where all are out it waits, for whichever comes back first. A page that a link refuses has failed
there, and goes no further: that is for the second opinion. Blame stays with the link that a page
ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ocrd.engine import protocol
from ocrd.engine.client import EngineClient
from ocrd.engine.pagequeue import OnText
from ocrd.errors import EngineError, EngineUnusableError, PageError
from ocrd.job import Ink, Recognition
from ocrd.tasks import Task

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings

T = TypeVar("T")

LOOK_SECONDS = 0.2  # between two looks whether a link is out, or back


class ChainedEngine(EngineClient):
    """An engine whose table names a fallback or a second opinion."""

    def __init__(self, name: str, settings: EngineSettings, **more: Any) -> None:
        super().__init__(name, settings, **more)
        self._wants = settings
        self._others: list[EngineClient] = []
        self._second: EngineClient | None = None

    def link(self, engines: Mapping[str, EngineClient]) -> None:
        """Be told which engines there are, by name; again after each change."""
        self._others = [engines[name] for name in self._wants.fallback]
        self._second = engines.get(self._wants.second_opinion or "")

    # What the pipeline calls

    async def hello(self) -> protocol.Hello:
        """Return the announcement of the first link that is not out."""
        hello, _ = await self._at_a_link(self._links(0), EngineClient.hello)
        return hello

    async def recognise(
        self,
        path: Path,
        task: Task,
        rank: tuple[int, ...],
        *,
        door: str = "",
        ink: Ink | None = None,
        kills: int = 0,
        on_kill: Callable[[int], None] | None = None,
        on_text: OnText | None = None,
        pieces: bool = False,
        document_pages: int = 0,
    ) -> Recognition:
        """Do the task at the first link that can, and say which that was; as EngineClient's."""

        def read(link: EngineClient) -> Coroutine[Any, Any, Recognition]:
            return EngineClient.recognise(
                link, path, task, rank, door=door, ink=ink, kills=kills, on_kill=on_kill,
                on_text=on_text, pieces=pieces,
            )  # fmt: skip

        def leave() -> None:
            if on_text is not None:
                on_text("", True)

        links = [
            link for link in self._links(document_pages)
            if link is self or link.announced is None or task.mode in link.announced.modes
        ]  # fmt: skip
        result, link = await self._at_a_link(links, read, leave)
        return _by(link, result)

    async def second_opinion(
        self,
        path: Path,
        task: Task,
        rank: tuple[int, ...],
        *,
        door: str = "",
        ink: Ink | None = None,
    ) -> Recognition | None:
        """Have a page read by the other engine; None where that is out, or cannot."""
        second = self._second
        if second is None:
            return None
        reading = asyncio.ensure_future(
            EngineClient.recognise(second, path, task, rank, door=door, ink=ink)
        )
        try:
            while not reading.done():
                if _outage(second) is not None:
                    return None
                await asyncio.wait({reading}, timeout=LOOK_SECONDS)
            return _by(second, reading.result())
        except (EngineError, PageError):
            return None
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    @property
    def outage(self) -> EngineError | None:
        """What keeps all links from reading; None while one can."""
        outages = [_outage(link) for link in self._links(0)]
        return outages[0] if all(outages) else None

    def _pages_in_work(self) -> int:
        return max(EngineClient._pages_in_work(link) for link in self._links(0))

    # The links

    def _links(self, document_pages: int) -> list[EngineClient]:
        most = self._wants.fallback_pages
        if most is not None and document_pages > most:
            return [self]
        return [self, *self._others]

    async def _at_a_link(
        self,
        links: Sequence[EngineClient],
        do: Callable[[EngineClient], Coroutine[Any, Any, T]],
        leave: Callable[[], None] = lambda: None,
    ) -> tuple[T, EngineClient]:
        """Do something at the first link that is not out; move on when that changes."""
        tried: set[int] = set()
        while True:
            link = next(
                (one for one in links if _outage(one) is None and id(one) not in tried), self
            )
            for one in links:
                if one is not link and _outage(one) is not None:
                    one.look_again()  # it is asked for nothing meanwhile, and is to be back
            work = asyncio.ensure_future(do(link))
            try:
                while not work.done() and not self._moves_on(link, links, tried):
                    await asyncio.wait({work}, timeout=LOOK_SECONDS)
                if work.done():
                    return work.result(), link
                leave()
            except EngineError as error:
                tried.add(id(link))  # it was stopped, or will not do it
                was_stopped = self.is_stopping and not isinstance(error, EngineUnusableError)
                if was_stopped or (link is self and not self._is_any_left(links, tried)):
                    raise
                leave()
            finally:
                work.cancel()
                await asyncio.wait({work})

    def _moves_on(
        self, link: EngineClient, links: Sequence[EngineClient], tried: set[int]
    ) -> bool:
        """Say whether a link is out where another is not."""
        return _outage(link) is not None and self._is_any_left(links, tried | {id(link)})

    def _is_any_left(self, links: Sequence[EngineClient], tried: set[int]) -> bool:
        """Say whether a link that was not tried is not out."""
        return any(_outage(one) is None for one in links if id(one) not in tried)


def made(name: str, settings: EngineSettings, **more: Any) -> EngineClient:
    """Return an engine, not started; one that has others behind it is to be linked to them."""
    is_chain = settings.fallback or settings.second_opinion
    return (ChainedEngine if is_chain else EngineClient)(name, settings, **more)


def link_all(engines: Mapping[str, EngineClient]) -> None:
    """Tell engines which others there are, by name; again after each change."""
    for engine in engines.values():
        if isinstance(engine, ChainedEngine):
            engine.link(engines)


def with_those_behind(
    name: str, engines: Mapping[str, EngineSettings], **more: Any
) -> list[EngineClient]:
    """Return the engine of that name, not started, and then those that may read in its place."""
    found: dict[str, EngineClient] = {}
    waiting = [name]
    while waiting:
        wants = engines[one := waiting.pop()]
        found[one] = made(one, wants, **more)
        behind = [*wants.fallback, *filter(None, [wants.second_opinion])]
        waiting += [other for other in behind if other not in found and other not in waiting]
    link_all(found)
    return [*found.values()]


def _outage(link: EngineClient) -> EngineError | None:
    """Return what keeps a link itself from reading, whatever is behind it."""
    return link.own_outage()


def _by(link: EngineClient, result: Recognition) -> Recognition:
    """Return a result with the name of who read it."""
    hello = link.announced
    return replace(result, engine=hello.name, model=hello.model) if hello else result
