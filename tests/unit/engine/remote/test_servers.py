"""Which server a page goes to, by a clock that the test moves."""

from __future__ import annotations

import pytest

from ocrd.engine.remote.servers import LONGEST_REST, Pool, Server


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def pool(*servers: tuple[str, int, float]) -> tuple[Pool, Clock]:
    clock = Clock()
    return Pool([Server(url, places, weight) for url, places, weight in servers], clock), clock


def taken(pool: Pool, pages: int) -> list[str]:
    found = [pool.take(wait_seconds=0) for _ in range(pages)]
    return [server.url if server else "" for server in found]


def test_a_page_goes_where_the_fewest_are_in_flight_for_the_places() -> None:
    two, _ = pool(("small", 2, 1.0), ("large", 8, 1.0))
    urls = taken(two, 10)
    assert urls.count("small") == 2
    assert urls.count("large") == 8
    assert urls[:5].count("large") == 4  # both are as busy for their places, all along
    assert taken(two, 1) == [""]


def test_a_server_of_twice_the_weight_is_given_twice_as_much() -> None:
    two, _ = pool(("light", 30, 1.0), ("heavy", 30, 2.0))
    urls = taken(two, 30)
    assert (urls.count("light"), urls.count("heavy")) == (10, 20)


def test_a_server_that_fails_is_set_aside_longer_each_time_and_tried_with_one_page() -> None:
    one, clock = pool(("a", 4, 1.0))
    (server,) = one.servers
    rests = []
    for _ in range(9):
        assert one.take(wait_seconds=0) is server
        assert taken(one, 1) == ["" if server.failures else "a"]  # on trial it has one page
        if server.in_flight == 2:
            one.leave(server)
        one.fail(server, "it broke")
        rests.append(server.rest_until - clock.now)
        assert taken(one, 1) == [""]
        clock.now = server.rest_until
    assert rests == [1, 2, 4, 8, 16, 32, LONGEST_REST, LONGEST_REST, LONGEST_REST]
    assert one.take(wait_seconds=0) is server
    assert one.succeed(server, 1.0) == "answers again"
    assert taken(one, 5) == ["a", "a", "a", "a", ""]


def test_of_several_pages_that_fail_together_one_counts() -> None:
    one, clock = pool(("a", 4, 1.0))
    (server,) = one.servers
    taken(one, 4)
    assert [one.fail(server, "it broke") for _ in range(4)] == [True, False, False, False]
    assert (server.failures, server.rest_until - clock.now, server.in_flight) == (1, 1.0, 0)


def test_the_pages_of_one_that_failed_go_to_the_others_and_come_back_with_it() -> None:
    two, clock = pool(("a", 4, 1.0), ("b", 4, 1.0))
    first, second = two.servers
    assert two.take(wait_seconds=0) is first
    two.fail(first, "it broke")
    assert taken(two, 2) == ["b", "b"]
    clock.now += 1.0
    assert sorted(taken(two, 2)) == ["a", "b"]  # one page for the trial, and no second one
    assert (first.in_flight, second.in_flight) == (1, 3)


def test_the_server_that_just_failed_is_taken_again_only_where_there_is_no_other() -> None:
    two, clock = pool(("a", 4, 1.0), ("b", 1, 1.0))
    first, second = two.servers
    assert two.take(wait_seconds=0, avoid=first) is second
    assert two.take(wait_seconds=0, avoid=first) is first
    assert clock.now == 1000.0


def test_one_that_asks_to_be_left_alone_is_for_as_long_as_it_says() -> None:
    one, clock = pool(("a", 4, 1.0))
    (server,) = one.servers
    one.take(wait_seconds=0)
    one.rest(server, 300.0)
    assert one.resting_seconds == 300.0
    clock.now += 299.9
    assert taken(one, 1) == [""]
    clock.now += 0.2
    assert taken(one, 1) == ["a"]
    assert server.failures == 0
    assert one.down_seconds == 0.0


def test_a_failure_does_not_shorten_the_rest_that_was_asked_for() -> None:
    one, clock = pool(("a", 4, 1.0))
    (server,) = one.servers
    taken(one, 2)
    one.rest(server, 300.0)
    one.fail(server, "it broke")
    assert server.rest_until == clock.now + 300.0


def test_all_are_down_from_the_last_one_that_fails_until_one_answers() -> None:
    two, clock = pool(("a", 4, 1.0), ("b", 4, 1.0))
    first, second = two.servers
    taken(two, 2)
    two.fail(first, "refused")
    clock.now += 5
    assert two.down_seconds == 0.0
    two.fail(second, "no answer in time")
    clock.now += 7
    assert two.down_seconds == 7.0
    assert two.problems() == "a: refused; b: no answer in time"
    two.occupy(first)
    two.succeed(first)
    assert two.down_seconds == 0.0
    assert two.problems() == "b: no answer in time"


def test_one_far_slower_than_the_others_is_set_aside_and_has_a_second_chance() -> None:
    three, clock = pool(("a", 4, 1.0), ("b", 4, 1.0), ("c", 4, 1.0))
    news = ""
    for _ in range(4):
        for server, seconds in zip(three.servers, (2.0, 3.0, 40.0), strict=True):
            three.occupy(server)
            news = three.succeed(server, seconds)
    assert news == "is set aside: it takes 40 s a page, where the others take 2.5 s"
    clock.now += 1.0
    slow = three.servers[2]
    three.occupy(slow)
    assert three.succeed(slow, 2.0) == "answers again"


@pytest.mark.parametrize(
    "seconds", [(2.0, 15.0), (0.1, 9.0), (40.0, 60.0)], ids=["pages differ", "quick", "all slow"]
)
def test_a_server_is_not_slow_for_less(seconds: tuple[float, float]) -> None:
    two, _ = pool(("a", 4, 1.0), ("b", 4, 1.0))
    for _ in range(10):
        for server, took in zip(two.servers, seconds, strict=True):
            two.occupy(server)
            assert two.succeed(server, took) == ""


def test_a_server_that_refused_the_page_is_not_asked_again_while_others_are_busy() -> None:
    first, second = Server("http://a", 1), Server("http://b", 1)
    pool = Pool([first, second])
    pool.occupy(second)
    assert pool.take(wait_seconds=0, never=[first]) is None, "it waits for the other"
    assert pool.has_other([first])
    pool.fail(second, "away")
    assert not pool.has_other([first]), "nobody is left to ask"
    assert pool.take(wait_seconds=0) is first
