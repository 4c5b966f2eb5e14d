"""Text of a page as it comes, heard by a client of a real worker; and pages that are cancelled."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from ocrd.engine.client import EngineClient
from ocrd.job import Recognition
from ocrd.tasks import Decoding, Task
from tests.clients import engine, page, until
from tests.engines import ENVIRONMENT
from tests.engines.streamer import PROMPT_TOKENS

SOON_SECONDS = 1.0  # in which a cancelled page is to be over


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


class Listener:
    """Who hears a page's text, and drops what is taken back."""

    def __init__(self) -> None:
        self.text = ""
        self.pieces = 0
        self.restarts = 0

    def __call__(self, added: str, restart: bool) -> None:
        self.restarts += restart
        self.pieces += 1
        self.text = added if restart else self.text + added


async def read(client: EngineClient, task: Task) -> tuple[Recognition, str]:
    heard = Listener()
    return await client.recognise(Path("/pages/a"), task, (0,), on_text=heard), heard.text


async def test_the_pieces_that_are_heard_are_the_pages_text() -> None:
    async with engine("streamer", {"text": "one two three", "delay": 0.06}) as client:
        heard = Listener()
        answer = await page(client, "a", on_text=heard)
    assert heard.text == answer.markup == "one two three"
    assert heard.pieces >= 2
    assert (answer.tokens, answer.prompt_tokens, answer.finish) == (3, PROMPT_TOKENS, "stop")
    assert answer.confidence == pytest.approx((0.9 + 0.9 + 0.5) / 3)
    assert answer.least == 0.5


async def test_a_page_that_is_read_again_is_heard_from_its_beginning() -> None:
    async with engine("streamer", {"text": "one two three", "again": 2, "delay": 0.06}) as client:
        heard = Listener()
        await page(client, "a", on_text=heard)
    assert (heard.text, heard.restarts) == ("one two three", 1)


async def test_a_page_whose_worker_ends_is_heard_from_its_beginning(tmp_path: Path) -> None:
    options = {"text": "one two three four", "delay": 0.06, "die_after": 2, "once": str(tmp_path)}
    async with engine("streamer", options) as client:
        heard = Listener()
        await page(client, "a", on_text=heard)
    assert (heard.text, heard.restarts) == ("one two three four", 1)


async def test_two_pages_at_a_time_are_heard_apart() -> None:
    async with engine("streamer", {"capacity": 2, "delay": 0.02}) as client:
        first, second = Listener(), Listener()
        answers = await asyncio.gather(
            page(client, "a", on_text=first), page(client, "b", on_text=second)
        )
        unheard = await page(client, "c")
    assert {first.text, second.text, unheard.markup} == {answers[0].markup}


async def test_what_a_listener_raises_reaches_the_page_and_its_slot_is_free() -> None:
    def deaf(_text: str, _restart: bool) -> None:
        raise ConnectionResetError("gone")

    async with engine("streamer", {"text": "word " * 2000, "delay": 0.01}) as client:
        with pytest.raises(ConnectionResetError):
            await page(client, "a", on_text=deaf)
        await until(lambda: client.status()["in_flight"] == 0)
        assert client.status()["restarts"] == 0


async def test_a_cancelled_page_stops_at_the_next_word() -> None:
    async with engine("streamer", {"text": "word " * 2000, "delay": 0.01}) as client:
        waits = []
        for _ in range(3):  # the machine may be busy with others
            heard = Listener()
            one = page(client, "a", on_text=heard)
            await until(lambda: heard.pieces > 0)  # noqa: B023 - it is over before the next
            one.cancel()
            began = time.monotonic()
            await until(lambda: client.status()["in_flight"] == 0)
            waits.append(time.monotonic() - began)
        assert min(waits) < SOON_SECONDS
        pieces = heard.pieces
        short = Task(decoding=Decoding(max_tokens=3))
        assert (await client.recognise(Path("/pages/b"), short, (0,))).tokens == 3
        assert heard.pieces == pieces


async def test_how_it_is_to_be_decoded_reaches_the_engine() -> None:
    async with engine("streamer", {"text": "one two three four"}) as client:
        short, said = await read(client, Task(decoding=Decoding(max_tokens=2)))
        until_three, also_said = await read(client, Task(decoding=Decoding(stop=("three",))))
    assert (short.markup, short.finish, short.tokens) == (said, "length", 2)
    assert (until_three.markup, until_three.finish) == ("one two ", "stop")
    assert also_said == "one two "


async def test_each_token_comes_with_its_probability_where_that_is_asked_for() -> None:
    async with engine("streamer", {"text": "one two three"}) as client:
        answer = await page(client, "a", pieces=True)
        without = await page(client, "b")
    assert [(piece.text, piece.probability) for piece in answer.pieces] == [
        ("one ", 0.9), ("two ", 0.9), ("three", 0.5),
    ]  # fmt: skip
    assert without.pieces == ()


async def test_a_worker_may_not_tell_text_that_nobody_asked_for() -> None:
    async with engine("babble", {"how": "partial"}, max_kills=1) as client:
        with pytest.raises(Exception, match="Partial that nobody asked for"):
            await page(client, "a")
