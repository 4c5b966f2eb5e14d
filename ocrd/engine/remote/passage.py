"""One page's way past the servers: which is asked, and who is to blame where none answers.

- A server that does not answer is set aside, and the page moves on to another.
- A server that refuses us (a key, an address, a model) is set aside, too; one that refuses the
  page is asked once, and one other, where there is one, and then the page has failed.
- A page that servers took and failed on STRIKES times is held against one that is known: where a
  server reads that, the page is to blame, and else the servers are.
- Where no server is well for GIVE_UP_SECONDS, ServersGoneError is raised: pages wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from ocrd.engine.remote import images, known, models
from ocrd.engine.remote.answers import Reply
from ocrd.engine.remote.forms import Asked, Asking, Form, optional
from ocrd.engine.remote.guard import Guard, RanAway
from ocrd.engine.remote.profiles import Profile
from ocrd.engine.remote.servers import Pool, Server
from ocrd.engine.remote.talk import Refused, ServerAway, ServerBusy, Talker
from ocrd.engine.remote.wire import BrokenOff
from ocrd.engine.telling import Telling
from ocrd.errors import PageError, ServersGoneError
from ocrd.job import Ink
from ocrd.tasks import Task

log = logging.getLogger("ocrd.engine.remote")

GIVE_UP_SECONDS = 20.0  # without any server, before the worker ends and its pages wait
LONGEST_WAIT = 900.0  # of a page for servers that are well, and busy
LOOK_SECONDS = 1.0
STRIKES = 3
KNOWN_SIDE = 800  # pixels: quickly sent and read
KEY_REFUSED = frozenset({401, 403})
# What is said of the server, or of the way to it, and not of the page.
OF_SERVER = KEY_REFUSED | {301, 302, 303, 307, 308, 404, 405, 407}
UNKNOWN_FIELD = frozenset({400, 422})


@dataclass(frozen=True, slots=True)
class Sent:
    """A page as it is sent, for all its tries."""

    url: str  # of its image, with the image in it
    ink: Ink | None


class Passage:
    """Takes the pages of one engine past its servers."""

    def __init__(
        self,
        pool: Pool,
        talkers: Mapping[str, Talker],
        form: Form,
        profile: Profile,
        wanted: str,
        *,
        give_up: float = GIVE_UP_SECONDS,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._pool = pool
        self._talkers = talkers
        self._form = form
        self._profile = profile
        self._wanted = wanted
        self._give_up = give_up
        self._longest_wait = longest_wait
        self._saying = threading.Lock()
        self._said: set[str] = set()

    def read(self, asked: Asked, sent: Sent, tell: Telling) -> tuple[Reply, str]:
        """Return a server's answer, and why it was broken off, "" if it was not.

        Raises PageError for a page that servers refuse or fail on, ServersGoneError.
        """
        refusals: list[Server] = []
        refusal: PageError | None = None
        strikes, last, waiting = 0, None, time.monotonic()
        while True:
            server = self._pool.take(wait_seconds=LOOK_SECONDS, avoid=last, never=refusals)
            self._move_on(tell)
            if server is None:
                if refusal is not None and not self._pool.has_other(refusals):
                    raise refusal
                self._keep_waiting(waiting)
                continue
            last = server
            try:
                return self._ask(server, asked, sent, tell)
            except ServerBusy as busy:
                self._pool.rest(server, busy.seconds)
                self.say_once(f"busy {server.url}", "%s asks to be left alone for %.0f s (429); it"
                              " is, whenever it does.", server.url, busy.seconds)  # fmt: skip
                self._keep_waiting(waiting)
                continue
            except Refused as error:
                if self._does_without(server, error):
                    continue
                if self._is_of_server(server, error):
                    continue
                refusals.append(server)
                refusal = _refused(server, error)
                if len(refusals) == min(2, len(self._pool.servers)):
                    raise refusal from error
            except ServerAway as error:
                self._set_aside(server, str(error))
                tell.restart()
                strikes += error.took_it
                if strikes == STRIKES:
                    strikes = 0
                    self._prove(error, tell)
            waiting = time.monotonic()

    def _move_on(self, tell: Telling) -> None:
        """Let the daemon know that we wait for servers, and do not hang."""
        tell(0)
        tell.count_on()
        tell(1)

    def _keep_waiting(self, since: float) -> None:
        """Raise ServersGoneError where no server is well, or all have been busy for too long."""
        if self._pool.down_seconds >= self._give_up:
            raise self.gone()
        resting = self._pool.resting_seconds
        if resting and time.monotonic() - since >= self._longest_wait:
            raise ServersGoneError(
                f"No server takes a page: all ask to be left alone, for {resting:.0f} s more.",
                hint="Pages wait. Give the servers more room, or lower places.",
            )

    def gone(self) -> ServersGoneError:
        """Return the error that says what is wrong with the servers."""
        return ServersGoneError(
            f"No server answers: {self._pool.problems()}.",
            hint="Its pages wait, and are read when one is back.",
        )

    def _ask(
        self, server: Server, asked: Asked, sent: Sent, tell: Telling
    ) -> tuple[Reply, str]:
        """Ask one server, and give its place back.

        That is left to whoever catches ServerBusy, ServerAway or Refused, and judges the server.
        """
        guard = Guard(sent.ink if asked.task.mode in {"markdown", "text"} else None)
        began = time.monotonic()

        def on_piece(piece: str) -> None:
            tell(guard.take(piece))
            tell.text(piece)

        why = ""
        try:
            asking = self._asking(server, asked, sent.url)
            talker = self._talkers[server.url]
            reply = self._form.ask(talker, asking, on_piece, tell.when_cancelled)
        except RanAway as error:
            reply, why = Reply(guard.text, tokens=guard.pieces), str(error)
        except (ServerBusy, ServerAway, Refused):
            raise
        except BrokenOff:
            self._pool.leave(server)
            tell(0)  # raises Cancelled
            raise
        except BaseException:  # the page is given up
            self._pool.leave(server)
            raise
        if news := self._pool.succeed(server, time.monotonic() - began):
            log.warning("%s %s.", server.url, news)
        return reply, why

    def _asking(self, server: Server, asked: Asked, url: str) -> Asking:
        if not server.model:  # it was away when the engine began
            found = models.of_server(self._talkers[server.url], self._wanted)
            server.model, server.context, server.owner = found.name, found.context, found.owner
        without = frozenset(server.without)
        return Asking(self._profile, server.model, asked, url, without, server.owner)

    # Who is to blame

    def _set_aside(self, server: Server, problem: str) -> None:
        if self._pool.fail(server, problem):
            log.warning("%s is set aside: %s.", server.url, problem)

    def _is_of_server(self, server: Server, error: Refused) -> bool:
        """Say whether a server refuses us and not the page, and set it aside then."""
        if error.status in OF_SERVER or error.is_blind:
            self._set_aside(server, f"it refuses us ({error})")
            return True
        self._pool.leave(server)
        return False

    def _does_without(self, server: Server, error: Refused) -> bool:
        """Say whether a field that the page can be read without is what the server refused."""
        named = unknown_fields(error, self._profile, server)
        if not named:
            return False
        self._pool.leave(server)
        server.without |= named
        bans = "vllm_xargs" in named and self._profile.bans_repetition
        more = ": nothing bans repetition there, and pages that run away are read again" * bans
        self.say_once(
            f"without {server.url} {sorted(named)}", "%s takes no %s%s (%s).",
            server.url, " and no ".join(sorted(named)), more, error,
        )  # fmt: skip
        return True

    def _prove(self, error: ServerAway, tell: Telling) -> None:
        """Have a page read that is known; raise PageError where that goes well."""
        for server in self._pool.servers:
            self._move_on(tell)
            self._pool.occupy(server)
            try:
                self._read_known(server)
            except (ServerAway, Refused) as fault:
                self._set_aside(server, str(fault))
            except ServerBusy as busy:
                self._pool.rest(server, busy.seconds)
            except BaseException:
                self._pool.leave(server)
                raise
            else:
                if news := self._pool.succeed(server):
                    log.warning("%s %s.", server.url, news)
                raise PageError(
                    f"Servers fail on this page, {STRIKES} times, and not on others: {error}.",
                    hint="Look at the page, or have it read by another engine.",
                )

    def _read_known(self, server: Server) -> None:
        url = images.data_url(known.page(KNOWN_SIDE), "image/png")
        asked = Asked(Task(next(iter(self._profile.prompts))), 0.0)
        self._form.ask(
            self._talkers[server.url], self._asking(server, asked, url), lambda _: None
        )

    def say_once(self, about: str, text: str, *values: object) -> None:
        """Warn of something, unless that was done."""
        with self._saying:
            if about in self._said:
                return
            self._said.add(about)
        log.warning(text, *values)


def unknown_fields(error: Refused, profile: Profile, server: Server) -> set[str]:
    """Return the fields that a server refuses by name, and that a page can be read without."""
    if error.status not in UNKNOWN_FIELD:
        return set()
    return {key for key in optional(profile) - server.without if key in error.words}


def _refused(server: Server, error: Refused) -> PageError:
    too_large = error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return PageError(
        f"{server.url} refuses the page: {error}.",
        hint="It, or a proxy before it, takes no request of that size: raise its limit, or lower"
        " most_bytes or longest_side in own_profile."
        if too_large
        else "Look at the server's limits (context, size of images) and the engine's profile.",
    )

