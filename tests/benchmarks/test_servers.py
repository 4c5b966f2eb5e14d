"""The simulated servers answer as a model's does, take their time, and count their places."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from benchmarks import servers
from benchmarks.simulated import MODEL, SPREAD, WORDS

SECONDS = 0.6
LEAST = SECONDS * (1 - SPREAD)
PLACES = 2


@pytest.fixture(name="simulated")
def _simulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Simulated]:
    monkeypatch.setattr(servers, "PLACES", PLACES)
    simulated = servers.Simulated(1, SECONDS)
    yield simulated
    simulated.stop()


def text_of(answer: httpx2.Response) -> str:
    events = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    deltas = [json.loads(event)["choices"][0]["delta"] for event in events[:-1]]
    return "".join(delta.get("content", "") for delta in deltas)


def test_a_page_is_answered_in_its_time(simulated: servers.Simulated) -> None:
    url = f"http://127.0.0.1:{simulated.ports[0]}/v1"
    assert httpx2.get(f"{url}/models").json()["data"] == [{"id": MODEL}]
    began = time.monotonic()
    answer = httpx2.post(f"{url}/chat/completions", json={"messages": ["x" * 300_000]})
    assert time.monotonic() - began >= LEAST
    assert text_of(answer) == WORDS
    seen = simulated.seen()
    assert seen["answered"] == seen["highest"] == 1
    assert seen["area"] >= 0.9 * LEAST


def test_what_is_asked_beyond_the_places_waits(simulated: servers.Simulated) -> None:
    url = f"http://127.0.0.1:{simulated.ports[0]}/v1/chat/completions"
    began = time.monotonic()
    with ThreadPoolExecutor(3 * PLACES) as pool:
        answers = [*pool.map(lambda _: httpx2.post(url, json={}, timeout=60), range(3 * PLACES))]
    assert time.monotonic() - began >= 3 * LEAST
    assert {text_of(answer) for answer in answers} == {WORDS}
    assert simulated.seen()["highest"] == PLACES


def test_what_the_cores_would_do_leaves_the_servers_out() -> None:
    found = servers.Found(
        10.0, 0.5, {"daemon": 10.0, "worker": 5.0, "drawing": 25.0, "servers": 60.0}, 3
    )
    assert found.most(2) == pytest.approx(50)
