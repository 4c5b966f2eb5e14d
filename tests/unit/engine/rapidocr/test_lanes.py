"""Promises of the lanes: urgent first, equal ranks in order, errors reach who waits."""

from __future__ import annotations

import threading

import pytest

from ocrd.engine.rapidocr.lanes import Lanes


def test_the_lowest_rank_goes_first_and_equal_ranks_in_order() -> None:
    lanes = Lanes(1)
    begun, gate = threading.Event(), threading.Event()
    order: list[str] = []

    def hold() -> None:
        begun.set()
        gate.wait(10)

    lanes.submit((0,), hold)
    assert begun.wait(10)
    futures = [
        lanes.submit((5, 1), order.append, "book 1"),
        lanes.submit((5, 1), order.append, "book 2"),
        lanes.submit((5, 0), order.append, "letter"),
        lanes.submit((-1, 9), order.append, "urgent"),
    ]
    gate.set()
    for future in futures:
        future.result(10)
    assert order == ["urgent", "letter", "book 1", "book 2"]


def test_an_error_reaches_who_waits_and_the_lane_goes_on() -> None:
    lanes = Lanes(1)
    with pytest.raises(ZeroDivisionError):
        lanes.submit((), lambda: 1 // 0).result(10)
    assert lanes.submit((), lambda: "next").result(10) == "next"


def test_cancelled_work_is_not_run() -> None:
    lanes = Lanes(1)
    gate = threading.Event()
    lanes.submit((), gate.wait, 10)
    ran: list[int] = []
    unwanted = lanes.submit((1,), ran.append, 1)
    assert unwanted.cancel()
    gate.set()
    lanes.submit((2,), ran.append, 2).result(10)
    assert ran == [2]
