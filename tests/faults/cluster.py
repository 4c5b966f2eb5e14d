"""The embedded engine on a cluster of Ray's, two nodes on this machine, which loses parts of it.

The real daemon reads 200 pages, half of them letters, half of them in books, through
``docs/examples/ray_serve.py``; a third replica comes by how much there is to do. After a quarter of
the pages a replica is killed, after a half a whole node. Then every page has to be there, once; how
busy the engine's places were is told.

Usage (make cluster): build/cluster/bin/python -m tests.faults.cluster [--pages 200]
The exit code is 1 where a page was lost, doubled or read otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from PIL import Image, ImageDraw, ImageFont

from tests.installation import ROOT, Installation, eventually

EXAMPLE = ROOT / "docs" / "examples" / "ray_serve.py"
STORE_BYTES = 100 << 20  # of each node's shared memory: pages go by HTTP, and need none of it
REPLICAS = (2, 3)  # at least, at most
PLACES = 6
PAGES_OF_A_BOOK = 25
FIRST_NUMBER = 1001
LIMIT_SECONDS = 60.0  # without the rest of this machine, times PATIENCE


@dataclass
class Watch:
    """What was seen of the engine while it worked."""

    pages: int
    busy: list[float] = field(default_factory=list)  # share of places, while there was work for all
    most_replicas: int = 0
    began: float = field(default_factory=time.monotonic)

    def look(self, engine: dict[str, Any], replicas: int) -> None:
        """Take a sample of what the daemon says of its engine."""
        if 0 < engine["pages"] < self.pages - engine["capacity"]:
            self.busy.append(engine["in_flight"] / engine["capacity"])
        self.most_replicas = max(self.most_replicas, replicas)

    def tell(self, words: str) -> None:
        """Print what happens, and when."""
        print(f"{time.monotonic() - self.began:6.1f} s  {words}", flush=True)


def page(number: int) -> Image.Image:
    """Return a small page that says its number."""
    image = Image.new("L", (720, 240), 255)
    draw = ImageDraw.Draw(image)
    draw.text((40, 50), f"This is page {number}", 0, ImageFont.load_default(56))
    draw.text((40, 140), "It was read on a cluster.", 0, ImageFont.load_default(36))
    return image


def write(folder: Path, pages: int) -> dict[str, list[int]]:
    """Write the documents: half of the pages letters, the rest books; return what they say."""
    folder.mkdir()
    numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + pages))
    documents: dict[str, list[int]] = {}
    for book in range(pages // 2 // PAGES_OF_A_BOOK):
        documents[f"book-{book}.tiff"] = [next(numbers) for _ in range(PAGES_OF_A_BOOK)]
    documents |= {f"letter-{number}.png": [number] for number in numbers}
    for name, said in documents.items():
        first, *others = map(page, said)
        more: dict[str, Any] = {"save_all": True, "append_images": others} if others else {}
        first.save(folder / name, **more)
    return documents


def example() -> Any:
    """Return the example as a module that every process of the cluster can import."""
    sys.path.insert(0, str(EXAMPLE.parent))
    return importlib.import_module(EXAMPLE.stem)


class House:
    """Two nodes of a Ray cluster, with the deployment on them."""

    def __init__(self) -> None:
        paths = (str(ROOT), str(EXAMPLE.parent), os.environ.get("PYTHONPATH", ""))
        os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray
        from ray import serve
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 2, "object_store_memory": STORE_BYTES}
        self._cluster = Cluster(
            initialize_head=True, head_node_args={**node, "include_dashboard": False}
        )
        self._other = self._cluster.add_node(**node)
        ray.init(address=self._cluster.address, log_to_driver=False)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        # One door: those of two nodes would want the same port of this one machine.
        serve.start(
            http_options={"location": "HeadOnly", "host": "127.0.0.1", "port": self.port}
        )
        module = example()
        fewest, most = REPLICAS
        serve.run(module.build(module.Size(fewest=fewest, most=most)), route_prefix="/")
        self._ray, self._serve = ray, serve

    def replicas(self, node: Any = None) -> list[psutil.Process]:
        """Return the replicas' processes, of one node or of all."""
        found = []
        for one in [node] if node else [self._cluster.head_node, *self._cluster.worker_nodes]:
            (raylet,) = one.all_processes["raylet"]
            with contextlib.suppress(psutil.Error):
                found += [
                    child for child in psutil.Process(raylet.process.pid).children(recursive=True)
                    if _is_replica(child)
                ]
        return found

    def kill_replica(self) -> int:
        """Kill a replica of the node that stays; return its process."""
        victim: psutil.Process = self.replicas(self._cluster.head_node)[0]
        victim.send_signal(signal.SIGKILL)
        return victim.pid

    def kill_node(self) -> int:
        """Kill the other node; return how many replicas went with it."""
        lost = self.replicas(self._other)
        self._cluster.remove_node(self._other, allow_graceful=False)
        for one in lost:  # they end with their raylet; that is the death of a machine
            with contextlib.suppress(psutil.Error):
                one.kill()
        return len(lost)

    def close(self) -> None:
        """End all of it."""
        with contextlib.suppress(Exception):
            self._serve.shutdown()
        self._ray.shutdown()
        self._cluster.shutdown()


def _is_replica(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any("ServeReplica" in word for word in process.cmdline()[:1])
    return False


@contextlib.contextmanager
def running(root: Path, port: int) -> Iterator[Installation]:
    """Have a daemon that reads on the cluster."""
    daemon = Installation(root)
    daemon.configure(
        f'kind = "openai"\nurls = [{{ url = "http://127.0.0.1:{port}/v1", places = {PLACES} }}]\n'
        'profile = "vision"\nown_profile = { longest_side = 3508 }\nrequest_timeout = "60s"'
    )
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop(60)


def read(daemon: Installation, house: House, documents: dict[str, list[int]], watch: Watch) -> None:
    """Have all documents read, and kill parts of the cluster meanwhile."""
    pages = sum(map(len, documents.values()))
    due: list[tuple[int, Callable[[], str]]] = [
        (pages // 4, lambda: f"replica {house.kill_replica()} killed"),
        (pages // 2, lambda: f"a node killed, with {house.kill_node()} replicas"),
    ]

    def is_over() -> bool:
        (engine,) = daemon.status().get("engines") or [{}]
        if not engine:
            return False
        watch.look(engine, len(house.replicas()))
        if due and engine["pages"] >= due[0][0]:
            _, act = due.pop(0)
            watch.tell(f"{engine['pages']} pages read: {act()}")
        left = any(path.is_file() for path in daemon.inbox.glob("[!.]*"))
        return not left and not engine["in_flight"] and not daemon.status().get("working")

    eventually(is_over, LIMIT_SECONDS, "all documents are done", interval=0.25)
    assert not due, "the work was over before all was killed"


def faults(daemon: Installation, documents: dict[str, list[int]]) -> list[str]:
    """Return what is not as it has to be: each page there, once, and each document."""
    found = []
    jobs = daemon.listed("--limit", "1000")
    names = sorted(Path(job["relpath"]).name for job in jobs)
    if names != sorted(documents):
        found.append(f"the ledger has {len(names)} jobs for {len(documents)} documents")
    found += [f"{job['relpath']} is {job['state']}" for job in jobs if job["state"] != "done"]
    for name, said in documents.items():
        text = (daemon.done / name).with_suffix(".md")
        numbers = re.findall(r"This is page (\d+)", text.read_text()) if text.exists() else []
        if numbers != [str(number) for number in said]:
            found.append(f"{name} says {numbers}, not {said}")
    if left := [path for path in daemon.tree() if not path.startswith("done/")]:
        found.append(f"not filed: {left}")
    return found


def main() -> int:
    """Run it, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    arguments = parser.parse_args()
    watch = Watch(arguments.pages)
    with tempfile.TemporaryDirectory(prefix="ocrd-cluster-") as folder:
        root = Path(folder)
        documents = write(root / "new", arguments.pages)
        house = House()
        try:
            watch.tell(f"two nodes, {len(house.replicas())} replicas at port {house.port}")
            with running(root, house.port) as daemon:
                for path in (root / "new").iterdir():
                    path.rename(daemon.inbox / path.name)
                began = time.monotonic()
                read(daemon, house, documents, watch)
                seconds = time.monotonic() - began
                wrong = faults(daemon, documents)
                if wrong:
                    print(daemon.log.read_text()[-4000:], file=sys.stderr)
        finally:
            house.close()
    watch.tell(f"{arguments.pages} pages of {len(documents)} documents in {seconds:.0f} s")
    mean = sum(watch.busy) / max(1, len(watch.busy))
    print(f"places busy: {mean:.0%}; at most {watch.most_replicas} replicas at a time")
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    print("nothing lost, nothing doubled" if not wrong else f"{len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
