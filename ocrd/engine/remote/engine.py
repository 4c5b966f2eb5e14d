"""The engines ``kind = "openai"`` and ``"mistral"``: recognition on servers of these interfaces.

vLLM, SGLang, Ray Serve LLM, llama.cpp, Ollama, LiteLLM, or another ocrd. A page goes to one server
at a time; one that does not answer is set aside and the page moves on. Where none answers, the
worker ends with ServersGoneError: its pages wait, and nobody is blamed for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from ocrd.engine.deepseek.text import runaway
from ocrd.engine.protocol import Hello, Recognise
from ocrd.engine.remote import images, outputs
from ocrd.engine.remote.forms import FORMS_OF, Asked, Asking
from ocrd.engine.remote.guard import Guard, RanAway
from ocrd.engine.remote.profiles import chosen
from ocrd.engine.remote.servers import Pool, Server
from ocrd.engine.remote.talk import Access, Refused, Reply, ServerAway, ServerBusy, Talker
from ocrd.engine.telling import Telling, teller
from ocrd.errors import EngineUnusableError, PageError, ServersGoneError
from ocrd.job import Ink, Recognition
from ocrd.tasks import Task

log = logging.getLogger("ocrd.engine.remote")

GIVE_UP_SECONDS = 20.0  # without any server, before the worker ends and its pages wait
LOOK_SECONDS = 1.0
TEMPERATURES = (0.0, 0.2, 0.5)  # of the tries of one page; olmOCR's rise in the same way
REFUSED_KEYS = {401, 403}


class Remote:
    """Reads pages on servers."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Ask the servers what they have.

        Raises ServersGoneError where none answers, EngineUnusableError where a person has to help.
        """
        self._talkers: dict[str, Talker] = {}
        servers = []
        for url in settings["urls"]:
            ways = {
                key: str(url.get(key) or settings.get(key) or "")
                for key in ("key_file", "ca_file", "client_cert", "client_key", "proxy")
            }
            timeout = float(settings.get("request_timeout") or 120.0)
            access = Access(url["url"].rstrip("/"), timeout=timeout, **ways)
            places = int(url.get("places") or settings.get("places") or 16)
            self._talkers[access.url] = Talker(access, places)
            servers.append(Server(access.url, places, float(url.get("weight") or 1.0)))
        self._pool = Pool(servers)
        self._models: dict[str, str] = {}  # by server
        self._wanted = str(settings.get("models") or "auto")
        self._probe()
        self._profile = chosen(
            str(settings.get("profile") or "auto"), self._model, settings.get("own_profile") or {}
        )
        self._form = FORMS_OF[settings["kind"]]
        self._said = threading.Lock()
        self._told: set[str] = set()
        self._hello = Hello(
            name=str(settings["kind"]), model=self._model, capacity=min(self._pool.places, 1024),
            longest_side=self._profile.longest_side, modes=self._profile.modes,
            device=", ".join(server.url for server in servers),
        )  # fmt: skip

    @property
    def hello(self) -> Hello:
        """The engine's announcement."""
        return self._hello

    @property
    def _model(self) -> str:
        return next(iter(self._models.values()), "")

    def _probe(self) -> None:
        """Ask every server for its models; go on if one answers."""
        refusals = []
        for server in self._pool.servers:
            try:
                found = self._talkers[server.url].models()
                self._models[server.url] = self._choose(server.url, found)
            except ServerBusy:
                self._models[server.url] = "" if self._wanted == "auto" else self._wanted
            except (ServerAway, Refused) as error:
                server.in_flight += 1
                self._pool.fail(server, str(error))
                refusals.append(error)
        if not self._models:
            if any(isinstance(one, Refused) and one.status in REFUSED_KEYS for one in refusals):
                raise EngineUnusableError(
                    f"No server lets us in: {self._pool.all_down}.",
                    hint="Look at the engine's key_file.",
                )
            raise self._gone()

    def _choose(self, url: str, found: list[str]) -> str:
        if self._wanted != "auto":
            if found and self._wanted not in found:
                raise Refused(404, f"it has no model {self._wanted}, but {', '.join(found[:5])}")
            return self._wanted
        if not found:
            raise ServerAway(f"{url} has no model")
        return found[0]

    def _gone(self) -> ServersGoneError:
        return ServersGoneError(
            f"No server answers: {self._pool.all_down}.",
            hint="Its pages wait, and are read when one is back.",
        )

    # A page

    def recognise(self, request: Recognise, progress: Callable[[int], None]) -> Recognition:
        """Read one page image."""
        began = time.monotonic()
        tell = teller(progress)
        path = Path(request.path)
        with Image.open(path) as image:
            width, height = image.size
        image_sent, media_type, *size = images.prepared(path, self._profile)
        url = images.data_url(image_sent, media_type)
        best: tuple[Reply, str, str] | None = None
        tries = self._tries(request.task)
        retries = 0
        for number, asked in enumerate(tries):
            if number:
                tell.restart()
                tell.count_on()
            reply, doubt = self._read(asked, url, request.ink, tell)
            text = outputs.markup_of(
                reply.text, self._profile, asked.task.mode, (size[0], size[1])
            )
            doubt = doubt or self._judged(text, reply, asked.task, request.ink)
            if best is None or not doubt:
                best = (reply, text, doubt)
            if not doubt:
                break
            retries = min(number + 1, len(tries) - 1)
            self._say_once(
                "runaway", "A page ran away on a server (%s): does it ban repetition as its"
                " model wants? Such pages are read again.", doubt,
            )
        assert best is not None
        reply, text, doubt = best
        tell.settle(reply.text)
        return Recognition(
            lines=(), width=width, height=height, seconds=time.monotonic() - began, form="markup",
            markup=text, doubt=doubt, retries=retries, tokens=reply.tokens,
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
        if other and self._profile.prompt(other, "", "") != self._profile.prompt(task.mode, "", ""):
            tries[1:1] = [Asked(replace(task, mode=other), 0.0)]
        return tries

    def _judged(self, text: str, reply: Reply, task: Task, ink: Ink | None) -> str:
        finished = "length" if reply.finish == "length" else "eos"
        wants_all = task.mode in {"markdown", "text"}
        if finished == "length" and task.decoding.max_tokens:
            return ""  # as it was asked for
        return runaway.judge(
            text, finished=finished, has_ink=True, ink=ink if wants_all else None
        )

    def _read(
        self, asked: Asked, url: str, ink: Ink | None, tell: Telling
    ) -> tuple[Reply, str]:
        """Return a server's answer, and why it was broken off, "" if it was not."""
        refusals, last, waited = 0, None, 0.0
        while True:
            server = self._pool.take(wait_seconds=LOOK_SECONDS, avoid=last)
            if server is None:
                waited += LOOK_SECONDS
                tell(0)
                if waited >= GIVE_UP_SECONDS and self._pool.all_down:
                    raise self._gone()
                continue
            waited, last = 0.0, server
            try:
                return self._ask(server, asked, url, ink, tell)
            except ServerBusy as busy:
                self._pool.rest(server, busy.seconds)
            except Refused as error:
                refusals += 1
                self._refused(server, error, refusals)
            except ServerAway as error:
                if self._pool.fail(server, str(error)):
                    log.warning("%s is set aside: %s.", server.url, error)
                tell.restart()

    def _ask(
        self, server: Server, asked: Asked, url: str, ink: Ink | None, tell: Telling
    ) -> tuple[Reply, str]:
        """Ask one server, and give its place back.

        That is left to whoever catches ServerBusy, ServerAway or Refused, and judges the server.
        """
        guard = Guard(ink if asked.task.mode in {"markdown", "text"} else None)

        def on_piece(piece: str) -> None:
            tell(guard.take(piece))
            tell.text(piece)

        try:
            model = self._models.get(server.url) or self._model_of(server)
            asking = Asking(self._profile, model, asked, url)
            reply, why = self._form.ask(self._talkers[server.url], asking, on_piece), ""
        except RanAway as error:
            reply, why = Reply(guard.text, tokens=guard.pieces), str(error)
        except (ServerBusy, ServerAway, Refused):
            raise
        except BaseException:  # the page is given up
            self._pool.leave(server)
            raise
        if self._pool.succeed(server):
            log.warning("%s answers again.", server.url)
        return reply, why

    def _model_of(self, server: Server) -> str:
        """Ask a server for its model that was away when the engine began."""
        found = self._talkers[server.url].models()
        self._models[server.url] = self._choose(server.url, found)
        return self._models[server.url]

    def _refused(self, server: Server, error: Refused, refusals: int) -> None:
        """Judge a request that a server did not take; raise where no other will."""
        if error.status in {*REFUSED_KEYS, 404, 405}:  # of the server, or of what it was set up for
            if self._pool.fail(server, f"it refuses us ({error})"):
                log.warning("%s is set aside: it refuses us (%s).", server.url, error)
            return
        self._pool.leave(server)
        if refusals >= min(2, len(self._pool.servers)):
            raise PageError(
                f"{server.url} refuses the page: {error}.",
                hint="Look at the server's limits (context, image size) and the engine's profile.",
            )

    def _say_once(self, about: str, text: str, *values: object) -> None:
        with self._said:
            if about in self._told:
                return
            self._told.add(about)
        log.warning(text, *values)

    def close(self) -> None:
        """Close the connections."""
        for talker in self._talkers.values():
            talker.close()


def load(settings: dict[str, Any]) -> Remote:
    """Return the engine; raise ServersGoneError or EngineUnusableError where it cannot be."""
    return Remote(settings)
