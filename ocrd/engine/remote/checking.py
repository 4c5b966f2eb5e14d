"""Finds out what is wrong with each server of an engine, by pages whose text is known.

Servers can be wrong in silence: they answer, and worse than their model would. Run as a process of
its own (``python -m ocrd.engine.remote.checking``), with the engine's table as JSON on its standard
input; a list of what was found, as JSON, is its output.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from ocrd.engine.deepseek.text.seen import visible
from ocrd.engine.remote import images, known, models, outputs
from ocrd.engine.remote.answers import Reply
from ocrd.engine.remote.engine import Servers
from ocrd.engine.remote.forms import FORMS_OF, Asked, Asking
from ocrd.engine.remote.guard import Guard, RanAway
from ocrd.engine.remote.passage import KEY_REFUSED, unknown_fields
from ocrd.engine.remote.profiles import ANY, Profile, chosen, of_model
from ocrd.engine.remote.servers import Server
from ocrd.engine.remote.talk import Refused, ServerAway, ServerBusy
from ocrd.errors import OcrdError
from ocrd.tasks import Task

GOOD = 0.05  # share of the known words that may be wrong: a model that sees the page has 0 to 0.02
USELESS = 0.6
COUNTED = 0.25  # of the image's tokens: a server that tells fewer does not count them
SPARE_TOKENS = 64  # of the prompt, beside the image's
REPEATS = 8  # rows in a row: more than any of the models' bans lets through
_BARE_PLACE = re.compile(r"^\s*[a-z_]{2,30} ?\[\[?\d", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is to be said of a server."""

    verdict: str  # "ok", "warn" or "fail"
    url: str
    message: str
    remedy: str = ""


class Check:
    """Checks the servers of one engine."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Raise OcrdError where the engine's table is none."""
        self._settings = settings
        self._servers = Servers(settings)
        self._form = FORMS_OF[settings["kind"]]

    def findings(self) -> Iterator[Found]:
        """Yield what is to be said of each server."""
        try:
            for server in self._servers.pool.servers:
                try:
                    yield from self._of(server)
                except ServerBusy as busy:
                    yield Found("warn", server.url, f"It is {busy}: it was not tried.")
                except ServerAway as error:
                    yield Found("fail", server.url, f"It does not answer: {error}.",
                                "Is it started, and is the address right?")  # fmt: skip
                except Refused as error:
                    yield _of_refusal(server, error)
        finally:
            self._servers.close()

    def _of(self, server: Server) -> Iterator[Found]:
        talker = self._servers.talkers[server.url]
        found = models.of_server(talker, self._servers.wanted)
        server.model, server.context, server.owner = found.name, found.context, found.owner
        wanted = str(self._settings.get("profile") or "auto")
        own = self._settings.get("own_profile") or {}
        profile = chosen(wanted, server.model, own, server.owner)
        yield from _of_model(server, wanted, profile)
        mode = next(iter(profile.prompts))
        began = time.monotonic()
        reply = self._read(server, profile, mode, known.page(profile.longest_side))
        seconds = time.monotonic() - began
        yield from _of_answer(server, profile, mode, reply, seconds)
        if profile.bans_repetition:
            mode = "text" if "text" in profile.prompts else mode
            again = self._read(server, profile, mode, known.repetitive(profile.longest_side))
            if "vllm_xargs" in server.without or repeats(again.text) >= REPEATS:
                yield Found(
                    "warn", server.url,
                    "Nothing bans repetition there, which this model needs: some pages will run"
                    " away, and be read again.",
                    "vLLM: start it with --logits_processors, see docs/engines.md. Other servers"
                    " have no such ban.",
                )  # fmt: skip

    def _read(self, server: Server, profile: Profile, mode: str, png: bytes) -> Reply:
        """Return what a server makes of an image; what it said before it ran away, too."""
        guard = Guard(None)
        url = images.data_url(png, "image/png")
        asking = Asking(profile, server.model, Asked(Task(mode), 0.0), url, owner=server.owner)
        while True:
            try:
                return self._form.ask(
                    self._servers.talkers[server.url],
                    replace(asking, without=frozenset(server.without)),
                    lambda piece: void(guard.take(piece)),
                )
            except RanAway:
                return Reply(guard.text, "runaway")
            except Refused as error:
                named = unknown_fields(error, profile, server)
                if not named:
                    raise
                server.without |= named


def void(_: object) -> None:
    """Make nothing of a value."""


def _of_refusal(server: Server, error: Refused) -> Found:
    if error.status in KEY_REFUSED:
        return Found("fail", server.url, f"It does not let us in ({error}).",
                     "Look at the engine's key_file.")  # fmt: skip
    if error.is_blind:
        return Found("fail", server.url, f"Its model sees no images ({error}).",
                     "Name one that does in models; llama.cpp wants --mmproj.")  # fmt: skip
    if "context" in error.words.casefold() or "token" in error.words.casefold():
        return Found("fail", server.url, f"Its context is too short for a page: {error}.",
                     "vLLM: raise --max-model-len; others: the size of the context.")  # fmt: skip
    return Found("fail", server.url, f"It refuses what it is asked: {error}.",
                 "Look at the engine's models, urls and profile.")  # fmt: skip


def _of_model(server: Server, wanted: str, profile: Profile) -> Iterator[Found]:
    """Say where the model is another than the profile is for, or has too little room."""
    theirs = of_model(server.model).name
    if wanted != "auto" and theirs not in {ANY, wanted}:
        yield Found(
            "warn", server.url,
            f"It has {server.model}, which the profile {wanted} was not made for.",
            f'Set profile = "{theirs}" or "auto", or start the right model.',
        )  # fmt: skip
    if 0 < server.context < profile.context:
        yield Found(
            "warn", server.url,
            f"Its context is too short: {server.context} tokens, where a full page may need"
            f" {profile.context}.",
            "vLLM: raise --max-model-len; others: the size of the context.",
        )  # fmt: skip


def _of_answer(
    server: Server, profile: Profile, mode: str, reply: Reply, seconds: float
) -> Iterator[Found]:
    """Say what the answer to the known page tells."""
    wrong = error_rate(outputs.markup_of(reply.text, profile, mode, (1000, 1414)))
    told = f"{server.model}, asked as {profile.name}: read a page in {seconds:.1f} s"
    if reply.finish == "length":
        yield Found(
            "warn", server.url, "Its context is too short: a page of 15 rows was cut off.",
            "vLLM: raise --max-model-len; others: the size of the context.",
        )  # fmt: skip
    if not reply.text.strip():
        yield Found(
            "fail", server.url, f"{told}, and {_nothing(reply)}.",
            "Does its model see images, and is it this one? Look at the server's own log.",
        )  # fmt: skip
        return
    yield from _of_tiles(server, profile, reply)
    if profile.form(mode) == "grounded" and "<|ref|>" not in reply.text:
        yield from _of_places(server, reply)
    if reply.finish == "runaway":
        yield Found("fail", server.url, f"{told}, and ran away on it.", _WRONG)
    elif wrong > USELESS:
        yield Found("fail", server.url, f"{told}, and {wrong:.0%} of its words wrongly.", _WRONG)
    elif wrong > GOOD:
        yield Found(
            "warn", server.url, f"{told}, and {wrong:.0%} of its words wrongly.",
            "It may scale or cut the image otherwise than its model wants, or be quantised too"
            " much.",
        )  # fmt: skip
    else:
        yield Found("ok", server.url, f"{told}, {1 - wrong:.0%} of its words rightly")


def _nothing(reply: Reply) -> str:
    """Say what came where no text did."""
    return f"answered with {reply.instead}" if reply.instead else "read nothing"


_WRONG = (
    "Is this the model, and is it asked as it wants to be? See models and profile in"
    " docs/engines.md."
)


def _of_tiles(server: Server, profile: Profile, reply: Reply) -> Iterator[Found]:
    """Say where the page was another number of tokens than the model's own preprocessing makes."""
    usual, told = profile.page_tokens, reply.prompt_tokens
    if usual and told > COUNTED * usual and not usual <= told <= usual + SPARE_TOKENS:
        yield Found(
            "warn", server.url,
            f"A page is {told} tokens there, where the model's own preprocessing makes {usual}:"
            " it is cut into other tiles, or scaled before, and read worse for it.",
            "Update the server; it has a setting for the image's size, or none that is right.",
        )  # fmt: skip


def _of_places(server: Server, reply: Reply) -> Iterator[Found]:
    if "<|det|>" in reply.text:  # Unlimited-OCR has the label with the place
        return
    if _BARE_PLACE.search(reply.text):
        yield Found(
            "warn", server.url,
            "It strips special tokens: places come without their marks. They are read all the"
            " same, but for words that look like one.",
            "It does not heed skip_special_tokens = false, or is too old to.",
        )  # fmt: skip
    else:
        yield Found(
            "warn", server.url,
            "Special tokens are stripped, or its prompt was changed: no places come, so that"
            " there are no figures and no overlay.",
            "It does not heed skip_special_tokens = false, or has a chat template that adds words.",
        )  # fmt: skip


def error_rate(markup: str) -> float:
    """Return the share of the known page's words that an answer has not, or has besides."""
    wanted, got = _words(known.text()), _words(visible(markup))
    blocks = SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks)
    return 1.0 - same / max(len(wanted), len(got))


def _words(text: str) -> list[str]:
    return re.findall(r"[\w.,]*\w", text.casefold())


def repeats(text: str) -> int:
    """Return how often the repetitive page's row comes in one go."""
    row = "".join(_words(known.ROW))
    joined = "".join(_words(visible(text)))
    longest = 0
    while row * (longest + 1) in joined:
        longest += 1
    return longest


def main() -> int:
    """Check the engine whose table comes on standard input."""
    logging.getLogger("ocrd").addHandler(logging.NullHandler())
    settings = json.load(sys.stdin)
    try:
        found = list(Check(settings).findings())
    except OcrdError as error:
        found = [Found("fail", "", error.what, error.hint)]
    json.dump([asdict(one) for one in found], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
