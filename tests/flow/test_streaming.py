"""A page's text as a DeepSeek engine writes it: from its slot, through the worker, to who asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from ocrd.engine.client import EngineClient
from ocrd.job import Ink
from ocrd.tasks import AS_CONFIGURED, Decoding, Task
from tests import checkpoints, clients

pytestmark = pytest.mark.timeout(300)

KIND = "deepseek-ocr-2"
SAID = "Die Größe der Kaimauer beträgt 7,5 Meter – 潮位は三尺。 Ende der Messung, gezeichnet: Ü."
LOOP = " ".join(f"again{number}" for number in range(270))
ENDLESS = Ink(4000, 10**7, 0.5)  # of a page on which even that would have room
SOON_SECONDS = 1.0  # in which a cancelled page is to be over


@pytest.fixture(name="page")
def _page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # more would wait for each other on a busy machine
    page = tmp_path / "page.pgm"
    Image.linear_gradient("L").resize((300, 400)).save(page, "PPM")
    return page


@asynccontextmanager
async def deepseek(model: Path) -> AsyncIterator[EngineClient]:
    async with clients.engine(
        None, kind=KIND, model=str(model), device="cpu", turn=False, max_tiles=2, max_slots=3,
        limit_seconds=240.0,
    ) as client:  # fmt: skip
        await client.hello()
        yield client


class Listener:
    """Who hears a page's text."""

    def __init__(self) -> None:
        self.text = ""
        self.pieces = 0

    def __call__(self, added: str, restart: bool) -> None:
        self.text = added if restart else self.text + added
        self.pieces += 1


async def test_what_is_heard_is_the_page_and_an_end_or_a_limit_is_said(
    tmp_path: Path, page: Path
) -> None:
    async with deepseek(checkpoints.make_scripted(tmp_path / "model", KIND, SAID)) as client:

        async def read(decoding: Decoding = AS_CONFIGURED) -> tuple[str, str, int, str]:
            heard = Listener()
            found = await client.recognise(page, Task(decoding=decoding), (0,), on_text=heard)
            assert heard.text == found.markup
            return found.markup, found.finish, found.tokens, found.doubt

        every = checkpoints.tokens_of(SAID)
        three = await asyncio.gather(read(), read(Decoding(3)), read(Decoding(stop=("Meter",))))
    whole, short, stopped = three
    assert whole == (SAID, "stop", every, "")
    assert short[1:] == ("length", 3, "")
    assert SAID.startswith(short[0])
    assert (stopped[0], stopped[1], stopped[3]) == (SAID.partition("Meter")[0], "stop", "")


async def test_tokens_are_heard_while_the_page_is_written_and_a_cancelled_one_frees_its_slot(
    tmp_path: Path, page: Path
) -> None:
    model = checkpoints.make_scripted(tmp_path / "model", KIND, LOOP, loop=True)
    async with deepseek(model) as client:
        waits = []
        for _ in range(3):  # the machine may be busy with others
            heard = Listener()
            work = asyncio.ensure_future(
                client.recognise(page, Task(), (0,), ink=ENDLESS, on_text=heard)
            )
            await clients.until(lambda: heard.pieces >= 3 or work.done())  # noqa: B023 - over before the next
            assert not work.done()
            assert LOOP.startswith(heard.text[: len(LOOP)])
            work.cancel()
            began = time.monotonic()
            await clients.until(lambda: client.status()["in_flight"] == 0)
            waits.append(time.monotonic() - began)
        assert client.status()["restarts"] == 0
    assert min(waits) < SOON_SECONDS
