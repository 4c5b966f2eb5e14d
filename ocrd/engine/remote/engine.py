"""The engines ``kind = "openai"`` and ``"mistral"``: recognition on servers of these interfaces.

vLLM, SGLang, Ray Serve LLM, llama.cpp, Ollama, LiteLLM, or another ocrd. A page goes to one server
at a time (``passage``); where none answers, the worker ends with ServersGoneError: its pages wait,
and nobody is blamed for it. A page that ran away is read again, a little differently each time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from ocrd.engine.deepseek.text import runaway
from ocrd.engine.protocol import Hello, Recognise
from ocrd.engine.remote import guard, images, models, outputs
from ocrd.engine.remote.answers import Reply
from ocrd.engine.remote.forms import FORMS_OF, Asked
from ocrd.engine.remote.images import Prepared
from ocrd.engine.remote.passage import GIVE_UP_SECONDS, KEY_REFUSED, LONGEST_WAIT, Passage, Sent
from ocrd.engine.remote.profiles import chosen
from ocrd.engine.remote.servers import Pool, Server
from ocrd.engine.remote.talk import Access, Refused, ServerAway, ServerBusy, Talker
from ocrd.engine.remote.wire import Wire
from ocrd.engine.telling import teller
from ocrd.errors import EngineError, EngineUnusableError, ServersGoneError
from ocrd.job import Ink, Recognition
from ocrd.tasks import Task

log = logging.getLogger("ocrd.engine.remote")

TEMPERATURES = (0.0, 0.2, 0.5)  # of the tries of one page; olmOCR's rise in the same way
WITHHELD = frozenset({"content_filter", "safety", "recitation"})  # how an answer ends then
MOST_PLACES = 1024  # that an engine may announce
PROBES = 16  # servers that are asked for their models at a time
WAYS = ("key_file", "ca_file", "client_cert", "client_key", "proxy")


class Servers:
    """The servers of an engine's table, and what speaks to each."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Raise EngineUnusableError where a key or a certificate cannot be read."""
        self.wire = Wire()
        self.talkers: dict[str, Talker] = {}
        self.wanted = str(settings.get("models") or models.AUTO)
        servers = []
        for url in settings["urls"]:
            server = _server(url, settings)
            self.talkers[server.url] = Talker(_access(url, settings), server.places, self.wire)
            servers.append(server)
        self.pool = Pool(servers)

    @property
    def owner(self) -> str:
        """Return who has the model of the first server that named one, by that server."""
        return next((server.owner for server in self.pool.servers if server.model), "")

    @property
    def model(self) -> str:
        """Return the model of the first server that named one."""
        return next((server.model for server in self.pool.servers if server.model), "")

    def probe(self) -> list[ServerAway | Refused]:
        """Ask every server for its models; return how those failed that did not answer."""
        with ThreadPoolExecutor(min(PROBES, len(self.pool.servers))) as threads:
            answers = threads.map(self._probe, self.pool.servers)
            return [error for error in answers if error is not None]

    def _probe(self, server: Server) -> ServerAway | Refused | None:
        self.pool.occupy(server)
        try:
            found = models.of_server(self.talkers[server.url], self.wanted)
        except ServerBusy as busy:  # it is there
            self.pool.rest(server, busy.seconds)
        except (ServerAway, Refused) as error:
            self.pool.fail(server, str(error))
            return error
        else:
            server.model, server.context, server.owner = found.name, found.context, found.owner
            self.pool.succeed(server)
        return None

    def close(self) -> None:
        """Close the connections."""
        for talker in self.talkers.values():
            talker.close()
        self.wire.close()


def _server(url: dict[str, Any], settings: dict[str, Any]) -> Server:
    places = int(url.get("places") or settings.get("places") or 16)
    return Server(url["url"].rstrip("/"), places, float(url.get("weight") or 1.0))


def _access(url: dict[str, Any], settings: dict[str, Any]) -> Access:
    ways = {key: str(url.get(key) or settings.get(key) or "") for key in WAYS}
    timeout = float(settings.get("request_timeout") or 120.0)
    limit = max(timeout, 2 * float(settings.get("page_timeout") or 300.0))
    return Access(url["url"].rstrip("/"), timeout=timeout, limit=limit, **ways)


class Remote:
    """Reads pages on servers."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Ask the servers what they have.

        Raises ServersGoneError where none answers, EngineUnusableError where a person has to help.
        """
        self._servers = Servers(settings)
        try:
            self._begin(settings)
        except BaseException:
            self._servers.close()
            raise

    def _begin(self, settings: dict[str, Any]) -> None:
        pool = self._servers.pool
        failures = self._servers.probe()
        if len(failures) == len(pool.servers):
            raise _none_answers(pool, failures)
        self._profile = chosen(
            str(settings.get("profile") or "auto"), self._servers.model,
            settings.get("own_profile") or {}, self._servers.owner,
        )  # fmt: skip
        timeout = float(settings.get("request_timeout") or GIVE_UP_SECONDS)
        page_timeout = float(settings.get("page_timeout") or LONGEST_WAIT)
        self._passage = Passage(
            pool, self._servers.talkers, FORMS_OF[settings["kind"]], self._profile,
            self._servers.wanted,
            give_up=min(GIVE_UP_SECONDS, timeout), longest_wait=min(LONGEST_WAIT, 5 * page_timeout),
        )  # fmt: skip
        for server in pool.servers:
            if server.failures:
                log.warning("%s is set aside: %s.", server.url, server.problem)
        self._warn_of_others(str(settings.get("profile") or "auto"))
        self._hello = Hello(
            name=str(settings["kind"]), model=self._servers.model,
            capacity=min(pool.places, MOST_PLACES),
            longest_side=self._profile.longest_side, modes=self._profile.modes,
            device=", ".join(server.url for server in pool.servers),
        )  # fmt: skip

    @property
    def hello(self) -> Hello:
        """The engine's announcement."""
        return self._hello

    def _warn_of_others(self, wanted: str) -> None:
        """Say of servers whose model is asked otherwise that they are asked as the first is."""
        for server in self._servers.pool.servers:
            if wanted == "auto" and server.model:
                theirs = chosen("auto", server.model, {}, server.owner).name
                ours = chosen("auto", self._servers.model, {}, self._servers.owner).name
                if theirs != ours:
                    log.warning(
                        "%s has %s, which is asked as %s is: name the model of all in models.",
                        server.url, server.model, self._servers.model,
                    )  # fmt: skip

    # A page

    def recognise(self, request: Recognise, progress: Callable[[int], None]) -> Recognition:
        """Read one page image."""
        began = time.monotonic()
        tell = teller(progress)
        path = Path(request.path)
        with Image.open(path) as image:
            width, height = image.size
        sent = images.prepared(path, self._profile)
        tries = self._tries(request.task)
        best: _Reading | None = None
        number = 0
        for number, asked in enumerate(tries):
            if number:
                tell.restart()
                tell.count_on()
            reply, why = self._passage.read(asked, Sent(sent.url, request.ink), tell)
            reading = self._judged(reply, why, asked.task, sent, request.ink)
            if best is None or reading.rank < best.rank:
                best = reading
            if not reading.doubt:
                break
            if reading.ran_away and self._profile.bans_repetition:
                self._passage.say_once(
                    "runaway", "A page ran away on a server (%s): does it ban repetition as its"
                    " model wants (ocrd check)? Such pages are read again.", reading.doubt,
                )  # fmt: skip
        assert best is not None
        tell.settle(best.reply.text)
        reply = best.reply
        return Recognition(
            lines=(), width=width, height=height, seconds=time.monotonic() - began, form="markup",
            markup=best.text, doubt=best.doubt, retries=number, tokens=reply.tokens,
            prompt_tokens=reply.prompt_tokens, estimated=not reply.is_counted,
            finish=reply.finish if reply.finish == "length" else "stop",
        )  # fmt: skip

    def _tries(self, task: Task) -> list[Asked]:
        """Return the tries of a page, until one is sound."""
        first = task.decoding.temperature
        if first:
            return [Asked(task, first)]
        tries = [Asked(task, temperature) for temperature in TEMPERATURES]
        other = "text" if task.mode == "markdown" and "text" in self._profile.prompts else ""
        if other and self._profile.prompts[other] != self._profile.prompts[task.mode]:
            tries[1:1] = [Asked(replace(task, mode=other), 0.0)]
        return tries

    def _judged(
        self, reply: Reply, why: str, task: Task, sent: Prepared, ink: Ink | None
    ) -> _Reading:
        """Return what became of one try."""
        size = sent.width, sent.height
        text = outputs.markup_of(reply.text, self._profile, task.mode, size)
        wants_all = task.mode in {"markdown", "text"}
        is_cut = reply.finish == "length"
        ink = ink if wants_all else None
        grave = why or _withheld(reply)
        grave = grave or runaway.judge(text, finished="eos", has_ink=True, ink=ink)
        if not grave and is_cut and not task.decoding.max_tokens:  # else as it was asked for
            why = runaway.judge(text, finished="length", has_ink=True, ink=ink)
        ran_away = bool(why) or bool(runaway.judge(text, finished="eos", has_ink=False))
        return _Reading(reply, text, grave or why, bool(grave), ran_away, guard.misfit(text, ink))

    def close(self) -> None:
        """Close the connections."""
        self._servers.close()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What became of one try of a page."""

    reply: Reply
    text: str
    doubt: str
    is_grave: bool  # whether more is wrong with it than that it was cut off
    ran_away: bool  # whether it went on and on, whatever else is wrong with it
    misfit: float

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """Return how bad it is: sound ones first, then what is nearest to the page's extent."""
        return self.is_grave, bool(self.doubt), self.misfit


def _withheld(reply: Reply) -> str:
    """Return why an answer is not what the model reads there, "" where nothing speaks for that."""
    if reply.finish in WITHHELD:
        return f"The server kept a part of the answer to itself ({reply.finish})."
    return f"The model answered with {reply.instead}." if reply.instead else ""


def _none_answers(pool: Pool, failures: list[ServerAway | Refused]) -> EngineError:
    refused = [one for one in failures if isinstance(one, Refused)]
    if any(one.status in KEY_REFUSED for one in refused):
        return EngineUnusableError(
            f"No server lets us in: {pool.problems()}.", hint="Look at the engine's key_file."
        )
    if len(refused) == len(failures):
        return EngineUnusableError(
            f"No server takes what is asked: {pool.problems()}.",
            hint="Look at the engine's models and urls, which end in /v1 as a rule.",
        )
    return ServersGoneError(
        f"No server answers: {pool.problems()}.",
        hint="Its pages wait, and are read when one is back.",
    )


def load(settings: dict[str, Any]) -> Remote:
    """Return the engine; raise ServersGoneError or EngineUnusableError where it cannot be."""
    return Remote(settings)
