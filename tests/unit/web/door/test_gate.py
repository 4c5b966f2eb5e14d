"""The door's own limits: how often, how many at a time, and what a reload changes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from ocrd.config.api import ApiSettings
from ocrd.errors import RequestError
from ocrd.web.door.asking import NOBODY, Asker, ask_as
from ocrd.web.door.guard import MAX_LISTENING, Gate

KEY = "a-key-that-somebody-chose"


def settings(path: Path, **more: Any) -> ApiSettings:
    path.write_text(f"anna: {KEY} read folder=/srv\n")
    path.chmod(0o600)
    return ApiSettings(listen="127.0.0.1:8713", api_key_file=path, **more)


def request(path: str = "/v1/status", **headers: str) -> Request:
    told = {"host": "127.0.0.1:8713", "x_api_key": KEY, **headers}
    return Request(
        {
            "type": "http", "method": "GET", "path": path, "query_string": b"\xff",
            "headers": [(name.replace("_", "-").encode(), value.encode())
                        for name, value in told.items()],
        }
    )  # fmt: skip


def refused(gate: Gate, asked: Request) -> RequestError:
    with pytest.raises(RequestError) as caught:
        gate.admit(asked)
    return caught.value


def test_whoever_has_a_key_is_who_its_line_says(tmp_path: Path) -> None:
    who = Gate(settings(tmp_path / "keys")).admit(request())
    assert (who.name, who.scopes, who.folders) == ("anna", frozenset({"read"}), ("/srv",))
    assert who.may_see("/srv") and who.may_see("/srv/scans") and not who.may_see("/srvx")
    assert who.owner == "anna"


def test_a_key_may_ask_so_often_a_minute(tmp_path: Path) -> None:
    now = 100.0
    gate = Gate(settings(tmp_path / "keys", rate=60), lambda: now)
    for _ in range(60):
        gate.admit(request())
    error = refused(gate, request())
    assert (error.status, error.told_code, error.headers["Retry-After"]) == (429, "rate", "1")
    now += 1.0
    gate.admit(request())
    assert refused(gate, request()).told_code == "rate"
    now += 3600.0  # no more than a minute's worth is saved up
    for _ in range(60):
        gate.admit(request())
    assert refused(gate, request()).told_code == "rate"
    assert gate.admit(request("/health", x_api_key="")).name == "", "life is asked for at will"


def test_so_many_work_and_listen_at_a_time(tmp_path: Path) -> None:
    gate = Gate(settings(tmp_path / "keys", max_requests=1))
    with gate.work():
        with pytest.raises(RequestError) as caught, gate.work():
            raise AssertionError
        assert (caught.value.status, caught.value.told_code) == (429, "busy")
    with pytest.raises(ZeroDivisionError), gate.work():
        raise ZeroDivisionError
    assert gate.at_work == 0
    gate.listening = MAX_LISTENING
    with pytest.raises(RequestError), gate.listen():
        raise AssertionError


def had(gate: Gate, who: Asker, held: ExitStack) -> int:
    """Return how many places one gets who takes all that are to be had."""
    ask_as(who)
    count = 0
    try:
        while count < 100:
            held.enter_context(gate.work())
            count += 1
    except RequestError as error:
        assert (error.status, error.told_code) == (429, "busy")
        assert f"{count} of them yours" in error.what
    finally:
        ask_as(NOBODY)
    return count


@pytest.mark.parametrize(
    ("others", "most", "share"),
    [
        ("bob: another-key-of-somebody read upload", 8, 6),
        ("bob: another-key-of-somebody", 7, 5),  # which may all
        ("bob: another-key-of-somebody", 2, 1),
        ("bob: another-key-of-somebody", 1, 1),  # there is nothing to share
        ("bob: another-key-of-somebody read control", 8, 8),  # who brings nothing
        ("", 8, 8),
    ],
)
def test_a_key_leaves_places_to_others_who_may_work(
    tmp_path: Path, others: str, most: int, share: int
) -> None:
    path = tmp_path / "keys"
    gate = Gate(settings(path, max_requests=most))
    path.write_text(f"anna: {KEY} upload\n{others}\n")
    anna = gate.admit(request())
    with ExitStack() as held:
        assert had(gate, anna, held) == share
        assert had(gate, Asker("bob"), held) == most - share
    with ExitStack() as held:
        assert had(gate, Asker("anna", is_local=True), held) == most, "who is let in by the system"
    assert (gate.at_work, had(gate, anna, ExitStack())) == (0, share)


def test_without_keys_all_places_are_everybodys(tmp_path: Path) -> None:
    gate = Gate(ApiSettings(listen="127.0.0.1:8713", keys="none", max_requests=5))
    with ExitStack() as held:
        assert had(gate, gate.admit(request(x_api_key="")), held) == 5


def test_a_reload_changes_who_may_come(tmp_path: Path) -> None:
    gate = Gate(settings(tmp_path / "keys"))
    assert refused(gate, request(host="ocr.example")).told_code == "host"
    assert refused(gate, request(origin="https://tools.example")).told_code == "origin"
    gate.change(
        settings(tmp_path / "others", hosts=("ocr.example",), origins=("https://tools.example",))
    )
    gate.admit(request(host="ocr.example", origin="https://tools.example"))
    gate.admit(request(host="ocr.example", origin="http://ocr.example"))
    (tmp_path / "others").write_text("bob: another-key-of-somebody\n")
    assert refused(gate, request()).told_code == "wrong-key"
    gate.change(ApiSettings(listen="127.0.0.1:8713", keys="none"))
    assert gate.admit(request(x_api_key="")).name == "loopback"


@pytest.mark.parametrize(
    ("listen", "host", "is_ours"),
    [
        ("127.0.0.1:1", "127.8.9.1", True), ("127.0.0.1:1", "192.168.1.2", False),
        ("0.0.0.0:1", "192.168.1.2:99", True), ("[::]:1", "[fd00::1]:1", True),
        ("0.0.0.0:1", "box.lan", False), ("box.lan:1", "BOX.lan", True),
    ],
)  # fmt: skip
def test_a_host_is_ours_by_number_or_by_name(
    tmp_path: Path, listen: str, host: str, is_ours: bool
) -> None:
    gate = Gate(settings(tmp_path / "keys").model_copy(update={"listen": listen}))
    if is_ours:
        gate.admit(request(host=host))
    else:
        assert refused(gate, request(host=host)).told_code == "host"
