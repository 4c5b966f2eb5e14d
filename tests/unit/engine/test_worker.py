"""The worker process itself, spoken to over its socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest

from ocrd.engine import protocol
from ocrd.engine.protocol import MARKDOWN
from ocrd.engine.telling import PARTIAL_SECONDS
from ocrd.tasks import Task
from tests.engines import ENVIRONMENT

LIMIT_SECONDS = 15.0


class Conversation:
    """One worker and our end of its socket."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self.process = process
        self.channel = channel
        self.incoming: BinaryIO = channel.makefile("rb")

    def say(self, message: protocol.ToWorker) -> None:
        self.channel.sendall(protocol.encode(message))

    def hear(self) -> protocol.ToWorker | protocol.FromWorker:
        return protocol.decode(self.incoming.readline())

    def hear_answer(self) -> protocol.ToWorker | protocol.FromWorker:
        while isinstance(message := self.hear(), protocol.Progress):
            pass
        return message

    def ends(self) -> int:
        return self.process.wait(LIMIT_SECONDS)


Start = Callable[..., Conversation]


@pytest.fixture
def start() -> Iterator[Start]:
    conversations: list[Conversation] = []

    def begin(module: str = "echo", **options: Any) -> Conversation:
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT_SECONDS)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ocrd.engine.worker",
                 str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **ENVIRONMENT},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        conversation = Conversation(process, ours)
        conversations.append(conversation)
        settings = {"kind": "module", "module": f"tests.engines.{module}", "options": options}
        conversation.say(protocol.Configure(settings))
        return conversation

    yield begin
    for conversation in conversations:
        conversation.process.kill()
        conversation.process.wait()
        conversation.incoming.close()
        conversation.channel.close()


def test_the_worker_announces_itself_and_answers(start: Start) -> None:
    worker = start(capacity=2)
    assert worker.hear() == protocol.Hello("echo", "scripted", 2, 1000)
    worker.say(protocol.Recognise(7, "/pages/a.pgm"))
    assert worker.hear() == protocol.Progress(7, 0)
    answer = worker.hear()
    assert isinstance(answer, protocol.Recognised)
    assert answer.id == 7


def test_a_warning_of_the_engine_reaches_the_daemon(start: Start) -> None:
    worker = start(notice="The fan is loud.")
    assert worker.hear() == protocol.Notice("The fan is loud.")
    assert isinstance(worker.hear(), protocol.Hello)


def test_stop_lets_the_pages_in_flight_finish(start: Start) -> None:
    worker = start(capacity=2, delay=0.3)
    worker.hear()
    for number in (1, 2):
        worker.say(protocol.Recognise(number, "/pages/a.pgm"))
    worker.say(protocol.Stop())
    answers = [worker.hear_answer(), worker.hear_answer()]
    assert all(isinstance(answer, protocol.Recognised) for answer in answers)
    assert worker.ends() == 0


def test_a_cancelled_page_is_answered_at_once(start: Start) -> None:
    worker = start(delay=60)
    worker.hear()
    worker.say(protocol.Recognise(1, "/pages/a.pgm"))
    assert isinstance(worker.hear(), protocol.Progress)
    worker.say(protocol.Cancel(1))
    assert isinstance(worker.hear_answer(), protocol.Refused)


def test_the_worker_ends_when_the_connection_closes(start: Start) -> None:
    worker = start("hang")
    worker.hear()
    worker.say(protocol.Recognise(1, "/pages/a.pgm"))
    assert isinstance(worker.hear(), protocol.Progress)
    worker.channel.shutdown(socket.SHUT_RDWR)
    assert worker.ends() == 0


def test_the_worker_ends_when_its_parent_is_killed() -> None:
    # The parent sleeps with the socket's other end inherited by us, so that only its death ends
    # the worker, and not the end of the connection.
    ours, theirs = socket.socketpair()
    script = (
        "import os, subprocess, sys, time\n"
        "fd = int(sys.argv[1])\n"
        "subprocess.Popen([sys.executable, '-P', '-m', 'ocrd.engine.worker', str(fd),"
        " str(os.getpid())], pass_fds=(fd,))\n"
        "time.sleep(600)\n"
    )
    with ours, theirs:
        parent = subprocess.Popen(
            [sys.executable, "-c", script, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            env={**os.environ, **ENVIRONMENT},
        )
        ours.settimeout(LIMIT_SECONDS)
        settings = {"kind": "module", "module": "tests.engines.echo", "options": {}}
        ours.sendall(protocol.encode(protocol.Configure(settings)))
        assert protocol.decode(ours.recv(65536)) == protocol.Hello("echo", "scripted", 1, 1000)
        (worker,) = psutil.Process(parent.pid).children()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        psutil.wait_procs([worker], timeout=LIMIT_SECONDS)
        assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_an_interrupt_from_the_terminal_is_the_daemons_affair(start: Start) -> None:
    worker = start(delay=0.2)
    worker.hear()
    worker.say(protocol.Recognise(1, "/pages/a.pgm"))
    assert isinstance(worker.hear(), protocol.Progress)
    worker.process.send_signal(signal.SIGINT)
    assert isinstance(worker.hear_answer(), protocol.Recognised)


def test_running_out_of_memory_is_fatal_and_said(start: Start) -> None:
    worker = start("out_of_memory", capacity=2, delay=5)
    worker.hear()
    worker.say(protocol.Recognise(1, "/pages/a.pgm"))
    worker.say(protocol.Recognise(2, "/pages/b.pgm"))
    message = worker.hear_answer()
    assert isinstance(message, protocol.Fatal)
    assert "memory" in message.message
    assert worker.ends() == 70


def test_an_engine_that_cannot_load_says_why(start: Start) -> None:
    worker = start("slow_start", start=0, refuse=True)
    message = worker.hear()
    assert isinstance(message, protocol.Fatal)
    assert "no such weights" in message.message
    assert worker.ends() == 70


def test_progress_is_told_a_few_times_a_second_however_often_it_is_made(start: Start) -> None:
    worker = start(delay=1.0)
    worker.hear()
    started = time.monotonic()
    worker.say(protocol.Recognise(1, "/pages/a.pgm"))
    told = 0
    while isinstance(worker.hear(), protocol.Progress):
        told += 1
    assert 2 <= told <= 2 + 4 * (time.monotonic() - started)


def streamed(worker: Conversation, task: Task = MARKDOWN) -> tuple[list[protocol.Partial], str]:
    """Return what is told of a page that is streamed, and its whole text."""
    worker.say(protocol.Recognise(1, "/pages/a.pgm", task, stream=True))
    partials = []
    while not isinstance(message := worker.hear_answer(), protocol.Recognised):
        assert isinstance(message, protocol.Partial)
        partials.append(message)
    return partials, message.recognition.markup


def test_a_streamed_page_tells_its_text_word_by_word(start: Start) -> None:
    worker = start("streamer", text=" ".join(map(str, range(12))), delay=0.06)
    worker.hear()
    partials, whole = streamed(worker)
    assert "".join(partial.text for partial in partials) == whole
    assert whole == "0 1 2 3 4 5 6 7 8 9 10 11"
    assert len(partials) > 6  # each word is later than what is told together


def test_words_that_come_fast_are_told_together(start: Start) -> None:
    worker = start("streamer", text="word " * 2000)
    worker.hear()
    started = time.monotonic()
    partials, whole = streamed(worker)
    assert "".join(partial.text for partial in partials) == whole == "word " * 2000
    assert len(partials) <= 2 + (time.monotonic() - started) / PARTIAL_SECONDS


def test_a_page_that_is_read_again_takes_its_text_back_first(start: Start) -> None:
    worker = start("streamer", text="one two three", again=2)
    worker.hear()
    partials, whole = streamed(worker)
    [again] = [place for place, partial in enumerate(partials) if partial.restart]
    assert again > 0
    assert "".join(partial.text for partial in partials[again:]) == whole == "one two three"


def test_the_text_of_a_page_that_nobody_streams_is_told_once(start: Start) -> None:
    worker = start("streamer")
    worker.hear()
    worker.say(protocol.Recognise(1, "/pages/a.pgm"))
    assert isinstance(worker.hear_answer(), protocol.Recognised)


def test_the_worker_is_the_first_to_go_when_memory_is_short(start: Start) -> None:
    worker = start()
    worker.hear()
    score = Path(f"/proc/{worker.process.pid}/oom_score_adj").read_text()
    assert int(score) >= 500
