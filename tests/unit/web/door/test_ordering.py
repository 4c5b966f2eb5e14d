"""What is asked for a document: by a folder's rules, all faults at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from ocrd.config.api import ApiSettings
from ocrd.config.settings import Settings, default_settings
from ocrd.errors import ConfigError, RequestError
from ocrd.job import LAST_PAGE
from ocrd.uploads import LONGEST_NAME, folder_of, safe_name
from ocrd.web.door.accepting import accepted
from ocrd.web.door.asking import NOBODY, Asker, ask_as
from ocrd.web.door.ordering import Wish, ranges, wish
from ocrd.web.door.wire import ranges_text

HOOKS = "https://tools.example/hooks/"


@pytest.fixture(autouse=True)
def _asks() -> Iterator[None]:
    ask_as(Asker("anna", frozenset({"read", "upload"})))
    yield
    ask_as(NOBODY)


def asked(*told: tuple[str, str], **api: Any) -> Wish:
    settings: Settings = default_settings({})
    settings = settings.model_copy(update={"api": ApiSettings(callbacks=(HOOKS,), **api)})
    return wish(settings, folder_of(Path("/state/uploads"), settings.api), told)


def faults(*told: tuple[str, str]) -> set[str]:
    with pytest.raises(ConfigError) as caught:
        asked(*told)
    assert all(fault.what and fault.hint for fault in caught.value.faults)
    return {fault.key for fault in caught.value.faults}


def test_nothing_asked_for_is_what_the_configuration_says() -> None:
    found = asked(priority=3)
    assert (found.order.settings, found.order.pages, found.priority) == ({}, (), 3)
    assert found.order.by == "anna"


def test_what_is_asked_for_is_kept_as_json_has_it() -> None:
    found = asked(
        ("mode", "markdown"), ("mode", "text"), ("outputs", "md, json"), ("outputs", "overlay"),
        ("languages", "deu"), ("front_matter", "yes"), ("tolerance", "0.5"), ("pages", "1-3,7"),
        ("callback", f"{HOOKS}done?id=7"), ("priority", "-7"),
    )  # fmt: skip
    assert found.order.settings == {
        "mode": "text", "outputs": ["md", "json", "overlay"], "languages": ["deu"],
        "front_matter": True, "tolerance": 0.5,
    }  # fmt: skip
    assert found.order.pages == ((1, 3), (7, 7)) and found.priority == -7
    assert found.order.callback == f"{HOOKS}done?id=7"


@pytest.mark.parametrize(
    ("told", "keys"),
    [
        ([("mode", "eat")], {"mode"}),
        ([("mode", "locate")], {"mode"}),  # the embedded engine has no such mode
        ([("size", "tiny")], {"size"}),
        ([("target", "x")], {"target"}),
        ([("engine", "none")], {"engine"}),
        ([("mode", "text"), ("outputs", "json")], {"outputs"}),
        ([("outputs", "md,doc")], {"outputs[1]"}),
        ([("outputs", "")], {"outputs"}),
        ([("tolerance", "nan")], {"tolerance"}),
        ([("done", "/etc")], {"done"}),  # no request names a path
        ([("path", "/etc")], {"path"}),
        ([("passwords", "x")], {"passwords"}),
        ([("priority", "1001"), ("pages", "0"), ("math", "x")], {"priority", "pages", "math"}),
        ([("callback", "http://tools.example/hooks/x")], {"callback"}),
        ([("callback", f"{HOOKS}../x")], {"callback"}),
        ([("callback", f"{HOOKS}%2E%2e/x")], {"callback"}),
        ([("callback", f"{HOOKS}a b")], {"callback"}),
        ([("callback", f"{HOOKS}..")], {"callback"}),
        ([("callback", f"{HOOKS}..%2fx")], {"callback"}),
        ([("callback", f"{HOOKS}%252e%252e%252Fx")], {"callback"}),
        ([("callback", f"{HOOKS}..;a=1/x")], {"callback"}),
        ([("callback", f"{HOOKS}..\\x")], {"callback"}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_key(
    told: list[tuple[str, str]], keys: set[str]
) -> None:
    assert faults(*told) == keys


def test_who_does_not_steer_raises_nothing_above_the_others() -> None:
    with pytest.raises(RequestError) as caught:
        asked(("priority", "1"))
    assert caught.value.status == 403
    ask_as(Asker("anna"))
    assert asked(("priority", "1")).priority == 1


def test_nobody_on_the_network_can_be_a_user_of_this_machine() -> None:
    ask_as(Asker("anna", is_local=True))
    assert asked().order.by == "anna (local)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()), ("3", ((3, 3),)), (" 1 - 2 , 9- ", ((1, 2), (9, LAST_PAGE))),
        ("0", None), ("2-1", None), ("-3", None), ("a", None), ("1,,2", None), ("1;2", None),
        ("9" * 10, None), ("1," * 1001 + "1", None), ("\u0663", None),
    ],
)  # fmt: skip
def test_ranges_are_what_a_person_writes(text: str, found: Any) -> None:
    if found is None:
        with pytest.raises(ConfigError):
            ranges(text)
    else:
        assert ranges(text) == found
        assert ranges(ranges_text(found)) == found


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("scan.pdf", "scan.pdf"), ("a/../b.pdf", "b.pdf"), ("a\\b.pdf", "b.pdf"),
        ("..", "document"), ("...pdf", "pdf"), ("", "document"), ("\x00", "_"),
        ("a\udcff.pdf", "a?.pdf"),
        ("x" * 300, "x" * 120), ("ü" * 100 + ".pdf", "ü" * 60 + ".pdf"),
        ("a." + "e" * 50, "a." + "e" * 50), ("  b.pdf ", "b.pdf"),
    ],
)  # fmt: skip
def test_a_name_is_made_fit_to_be_a_files(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("x" * (1 << 20) + ".pdf", "x" * LONGEST_NAME + ".pdf"),
        ("a" + "\u0301\u0323" * (1 << 19) + ".pdf", None),
        ("/" * (1 << 20) + "a.pdf", "a.pdf"),
        ("." * (1 << 20), "document"),
        ("💩" * (1 << 18), "💩" * (LONGEST_NAME // 4)),
    ],
)  # fmt: skip
def test_a_very_long_name_takes_no_time(name: str, safe: str | None) -> None:
    began = time.process_time()
    found = safe_name(name)
    assert time.process_time() - began < 3.0  # it was minutes
    assert safe is None or found == safe
    assert len(found.encode()) < 255


def test_a_very_long_address_to_call_back_takes_no_time() -> None:
    began = time.process_time()
    assert faults(("callback", f"{HOOKS}%{'25' * (1 << 19)}")) == {"callback"}
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", "a/1"), ("*/*", "a/1"), ("a/*", "a/1"), ("b/2", "b/2"), ("b/2, a/1", "a/1"),
        ("a/1;q=0.5, b/2;q=0.6", "b/2"), ("a/1;q=0, */*", "b/2"), ("B/2;q=1;x=y", "b/2"),
        ("c/3", None), ("*/*;q=0", None), ("a/1;q=x", None), (",;q,=", None),
    ],
)  # fmt: skip
def test_the_form_is_the_one_that_is_wanted_most(header: str, form: str | None) -> None:
    headers = [(b"accept", header.encode())] if header else []
    asked_for = Request({"type": "http", "headers": headers})
    if form is None:
        with pytest.raises(RequestError) as caught:
            accepted(asked_for, ("a/1", "b/2"))
        assert caught.value.status == 406
    else:
        assert accepted(asked_for, ("a/1", "b/2")) == form
