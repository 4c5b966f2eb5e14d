"""Two hundred clients beside a folder's backlog: who gets what, and what is left behind.

A scripted engine of a known speed, so that the shares of its pages are the dispatching's alone. For
a minute clients ask for readings at once, bring jobs and fetch or cancel them, and go away in the
middle. Then: no answer but 2xx and 429 with Retry-After, the folder's pages within 10 % of half of
all (one folder and the interface have equal turns), the daemon under 200 MB, and nothing of any
request on the disk. The exit code is 1 where one of these does not hold.

Usage: python -m benchmarks.api_load [--clients 200] [--seconds 60]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import psutil

from benchmarks.machine import heading
from tests.installation import LETTER, Installation, eventually, make_pdf

MOST_MB = 200.0
SHARE_WITHIN = 0.1
PAGES_OF_A_BOOK = 20
DELAY = 0.1  # seconds of the engine for a page
CAPACITY = 2
PORT = 8797
KINDS = {"direct": 0.7, "job": 0.15, "cancel": 0.05, "gone": 0.1}


@dataclass
class Tally:
    """What the clients saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    wrong: list[str] = field(default_factory=list)
    pages: int = 0  # read for the interface, as far as the clients know
    latencies: list[float] = field(default_factory=list)

    def take(self, response: httpx.Response) -> bool:
        """Count an answer; say whether it is one of the wanted kind."""
        self.statuses[response.status_code] += 1
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self.without_retry_after += "retry-after" not in response.headers
        elif not response.is_success:
            self.wrong.append(f"{response.status_code} {response.text[:200]}")
        return response.is_success


async def client(
    kind: str, http: httpx.AsyncClient, page: bytes, tally: Tally, until: float
) -> None:
    """Ask again and again until the time is over."""
    chance = random.Random(secrets.token_bytes(8))
    while time.monotonic() < until:
        try:
            answered = await _ONE[kind](http, page, tally)
        except (httpx.TransportError, TimeoutError) as error:
            tally.wrong.append(f"{kind}: {error!r}")
            answered = False
        if not answered:
            await asyncio.sleep(chance.uniform(0.5, 1.5))


async def _direct(http: httpx.AsyncClient, page: bytes, tally: Tally) -> bool:
    began = time.monotonic()
    response = await http.post("/ocr/file", files={"file": ("page.png", page)})
    if tally.take(response):
        tally.pages += 1
        tally.latencies.append(time.monotonic() - began)
        return True
    return False


async def _job(http: httpx.AsyncClient, page: bytes, tally: Tally) -> bool:
    response = await http.post("/v1/jobs", files={"file": ("page.png", page)})
    if not tally.take(response):
        return False
    number = response.json()["job"]["id"]
    for _ in range(600):
        told = (await http.get(f"/v1/jobs/{number}")).json()["job"]
        if told["state"] in {"done", "failed"}:
            break
        await asyncio.sleep(0.5)
    tally.pages += told["state"] == "done"
    tally.take(await http.delete(f"/v1/jobs/{number}"))
    return True


async def _cancel(http: httpx.AsyncClient, page: bytes, tally: Tally) -> bool:
    response = await http.post("/v1/jobs", files={"file": ("page.png", page)})
    if not tally.take(response):
        return False
    number = response.json()["job"]["id"]
    await asyncio.sleep(0.2)
    tally.take(await http.post(f"/v1/jobs/{number}/cancel"))
    tally.take(await http.delete(f"/v1/jobs/{number}"))
    return True


async def _gone(http: httpx.AsyncClient, page: bytes, tally: Tally) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            tally.take(await http.post("/ocr/file", files={"file": ("page.png", page)}))
    return False


_ONE = {"direct": _direct, "job": _job, "cancel": _cancel, "gone": _gone}


async def load(clients: int, seconds: float, key: str) -> Tally:
    """Let the clients ask for so many seconds; return what they saw."""
    tally, page = Tally(), LETTER.read_bytes()
    until = time.monotonic() + seconds
    kinds = [kind for kind, share in KINDS.items() for _ in range(round(share * clients))]
    limits = httpx.Limits(max_connections=clients * 2)
    http = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{PORT}", headers={"X-API-Key": key}, limits=limits,
        timeout=120.0,
    )  # fmt: skip
    async with http, asyncio.TaskGroup() as group:
        for kind in kinds[:clients]:
            group.create_task(client(kind, http, page, tally, until))
    return tally


def pages_of(daemon: Installation, relpath: str) -> int:
    """Return how many pages of the folder's documents are read."""
    found = daemon.call("jobs", "--limit", "1000")["jobs"]
    return sum(job["pages_done"] for job in found if job["inbox"] == relpath)


def main(arguments: list[str]) -> int:
    """Run it, print what came out, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args(arguments)
    heading("The interface under load")
    with tempfile.TemporaryDirectory(prefix="ocrd-load-") as folder:
        return _run(Path(folder), given.clients, given.seconds)


def _run(root: Path, clients: int, seconds: float) -> int:
    key = f"ocrd_{secrets.token_urlsafe(32)}"
    (root / "keys").write_text(f"load: {key}\n")
    (root / "keys").chmod(0o600)
    daemon = Installation(root)
    daemon.configure(
        'kind = "module"\nmodule = "tests.engines.echo"\n'
        f"options = {{ delay = {DELAY}, capacity = {CAPACITY} }}",
        more=f'[api]\nlisten = "127.0.0.1:{PORT}"\napi_key_file = "{root}/keys"',
    )
    make_pdf(root / "book.pdf", PAGES_OF_A_BOOK)
    books = int(seconds / DELAY * CAPACITY / PAGES_OF_A_BOOK) + 10
    for number in range(books):
        daemon.drop(root / "book.pdf", f"book-{number:04}.pdf")
    daemon.start()
    try:
        assert daemon.process is not None
        process = psutil.Process(daemon.process.pid)
        eventually(lambda: daemon.status()["jobs"]["queued"] > books // 2, 60)
        inbox = str(daemon.inbox)
        before, began = pages_of(daemon, inbox), time.monotonic()
        tally = asyncio.run(load(clients, seconds, key))
        took = time.monotonic() - began
        folder = pages_of(daemon, inbox) - before
        peak = process.memory_info().rss / 1e6
        left = [*(root / "state" / "uploads" / ".incoming").iterdir()]
    finally:
        daemon.stop()
    return _report(tally, folder, took, peak, left)


def _report(tally: Tally, folder: int, took: float, peak_mb: float, left: list[Path]) -> int:
    share = folder / max(1, folder + tally.pages)
    told = ", ".join(f"{status}: {count}" for status, count in sorted(tally.statuses.items()))
    print(f"{took:.0f} s; answers {told}")
    print(f"pages: folder {folder}, interface {tally.pages}; the folder's share {share:.3f}")
    if tally.latencies:
        middle = sorted(tally.latencies)[len(tally.latencies) // 2]
        print(f"a reading while one waits: {middle:.1f} s in the middle")
    print(f"daemon {peak_mb:.0f} MB; left behind: {len(left)}")
    faults = tally.wrong[:5]
    if tally.without_retry_after:
        faults.append(f"{tally.without_retry_after} answers 429 without Retry-After")
    if abs(share - 0.5) > SHARE_WITHIN * 0.5:
        faults.append("the folder has not its share")
    if peak_mb > MOST_MB:
        faults.append(f"the daemon takes more than {MOST_MB:.0f} MB")
    faults += [f"left: {path}" for path in left[:5]]
    print("\n".join(faults) or "all held")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
