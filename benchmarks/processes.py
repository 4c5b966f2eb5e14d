"""How far one process of the embedded engine keeps many cores busy, and several of them do.

Python runs one thread of a process at a time, so that lanes wait for each other in whatever is not
network or image. On a machine of few cores that does not show. So the networks only sleep here, as
long as each had taken, and answer what they had answered, as if every lane had a core of its own;
all else is done for real, by the cores there are. ``python -m benchmarks.processes`` prints pages a
second by lanes and processes, in turns, and what as many cores could do.

It cannot show more pages a second than the real cores do of all else: see the row "as many as".
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.machine import heading
from benchmarks.slots import draw_scans

ARRANGEMENTS = ((1, 1), (1, 2), (1, 4), (1, 8), (2, 4), (1, 16), (4, 4))  # processes, lanes of each
PAGES = 24  # read by each arrangement in a round


class Sleeping:
    """A network that was asked before: it sleeps for as long, and answers the same."""

    def __init__(self, network: Callable[..., Any]) -> None:
        """Take the network; it answers itself until ``learnt`` is set."""
        self._network = network
        self._answers: dict[tuple[object, ...], tuple[float, Any]] = {}
        self.learnt = threading.Event()

    def __call__(self, batch: Any) -> Any:
        """Answer, and note the processor time that this took; or sleep so long."""
        key = (batch.shape, batch[:, :, ::7, ::3].tobytes())
        if self.learnt.is_set() and key in self._answers:
            seconds, answer = self._answers[key]
            time.sleep(seconds)
            return answer
        started = time.thread_time()
        answer = self._network(batch)
        self._answers[key] = time.thread_time() - started, answer
        return answer

    @property
    def seconds(self) -> float:
        """What all answers take together."""
        return sum(seconds for seconds, _ in self._answers.values())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


def work(lanes: int, paths: list[Path]) -> None:
    """Be one process: read all pages once, say so, and with each line of input read some again."""
    from ocrd.engine.protocol import Recognise
    from ocrd.engine.rapidocr.engine import RapidOcr, Share

    engine = RapidOcr(Share.of(lanes, lanes, lanes))
    # The two places where the engine asks a network; nobody else may reach for them.
    recogniser, finder = engine._recogniser, engine._finder
    lines = recogniser._network = Sleeping(recogniser._network)
    boxes = Sleeping(finder._detect.text_det.session)
    finder._detect.text_det.session = finder._detect_small.text_det.session = boxes

    def read(path: Path) -> None:
        engine.recognise(Recognise(0, str(path)), lambda _: None)

    with ThreadPoolExecutor(lanes) as slots:
        before = time.process_time()
        for path in paths:
            read(path)
        all_of_it = time.process_time() - before
        networks = lines.seconds + boxes.seconds
        lines.learnt.set()
        boxes.learnt.set()
        told = {"networks": networks / len(paths), "rest": (all_of_it - networks) / len(paths)}
        print(json.dumps(told), flush=True)
        for line in sys.stdin:
            list(slots.map(read, [paths[number] for number in json.loads(line)]))
            print(json.dumps({}), flush=True)


def main() -> None:
    """Measure every arrangement in turn, and print the medians."""
    options = _options()
    if options.work:
        work(*json.loads(options.work))
        return
    heading("The embedded engine on many cores, its networks asleep for as long as they take")
    taken: dict[tuple[int, int], list[float]] = {}
    told: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in draw_scans(Path(folder), 3508)]
        for _ in range(options.rounds):
            for processes, lanes in ARRANGEMENTS:
                seconds, costs = _run(processes, lanes, paths)
                taken.setdefault((processes, lanes), []).append(seconds)
                told += costs
    networks, rest = (statistics.median(one[key] for one in told) for key in ("networks", "rest"))
    cores = len(os.sched_getaffinity(0))
    print(f"\nA page: {networks:.2f} s of networks, {rest:.2f} s of all else")
    print(f"\n| processes x lanes | pages/s | as many as {cores} cores do of all else | of it |")
    print("|---|---|---|---|")
    for (processes, lanes), some in taken.items():
        rate = PAGES / statistics.median(some)
        most = min(processes * lanes / (networks + rest), cores / rest)
        print(f"| {processes} x {lanes} | {rate:.2f} | {most:.2f} | {rate / most:.2f} |")


def _run(processes: int, lanes: int, paths: list[str]) -> tuple[float, list[dict[str, float]]]:
    """Return how long an arrangement takes for the pages, and what each process says of a page."""
    command = [sys.executable, "-m", "benchmarks.processes", "--work", json.dumps([lanes, paths])]
    some = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    costs = [_answer(one) for one in some]
    numbers = [number % len(paths) for number in range(PAGES)]
    started = time.perf_counter()
    for place, one in enumerate(some):
        assert one.stdin
        one.stdin.write(json.dumps(numbers[place::processes]) + "\n")
        one.stdin.flush()
    for one in some:
        _answer(one)
    seconds = time.perf_counter() - started
    for one in some:
        assert one.stdin
        one.stdin.close()
        one.wait()
    return seconds, costs


def _answer(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdout
    answer: dict[str, float] = json.loads(process.stdout.readline())
    return answer


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.processes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
