"""What a request asks for its document: by the keys of a watched folder, and held by their rules.

All that is wrong with it is told at once, as of a configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError, create_model

from ocrd.config.api import ApiSettings
from ocrd.config.file import Key
from ocrd.config.refusal import explain
from ocrd.config.settings import Settings
from ocrd.config.tables import InboxSettings
from ocrd.config.types import Table
from ocrd.errors import ConfigError, Fault, RequestError
from ocrd.job import LAST_PAGE, Order
from ocrd.tasks import fault_of
from ocrd.web.door.asking import asker
from ocrd.work import asked_of

# Of a folder's keys, those that may be others for one document.
ASKABLE = (
    "mode", "target", "prompt", "size", "languages", "engine", "outputs", "figures", "math",
    "tables", "front_matter", "page_marks", "running_heads", "tolerance", "doubt_tolerance",
)  # fmt: skip
LISTS = frozenset({"languages", "outputs"})
OWN = ("pages", "priority", "callback")  # that no folder has
LOWEST, HIGHEST = -1000, 1000  # priorities, as of folders
MAX_RANGES = 1000
LONGEST_CALLBACK = 2000  # characters: each % in it may be another layer to be taken off
_RANGE = re.compile(r"\s*(\d{1,9})\s*(-\s*(\d{1,9})?\s*)?", re.ASCII)
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")

_FIELDS: dict[str, Any] = {
    name: (field.annotation, field) for name, field in InboxSettings.model_fields.items()
    if name in ASKABLE
}  # fmt: skip
_Asked = create_model("Asked", __base__=Table, **_FIELDS)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for a document."""

    order: Order
    priority: int


class _Request:
    """Stands for a configuration's file where faults say what they are about."""

    @staticmethod
    def where(key: Key) -> tuple[str, int | None]:
        return "The request", None


def wish(settings: Settings, folder: InboxSettings, told: Iterable[tuple[str, str]]) -> Wish:
    """Return what fields ask for, of the one who asks, where the ``folder`` says the rest.

    A list may be written with commas, or field by field. Raises ConfigError with all faults, and
    RequestError for what this key may not ask for.
    """
    values = _gathered(told)
    who, faults = asker(), list[Fault]()
    own = {name: str(values.pop(name)) for name in OWN if name in values}
    try:
        pages = ranges(own.get("pages", ""))
    except ConfigError as error:
        faults += error.faults
        pages = ()
    callback = own.get("callback", "")
    faults += _fault_of_callback(callback, settings.api)
    priority, wrong = _priority(own.get("priority", ""), folder.priority)
    faults += wrong
    asked, wrong = _asked(values)
    faults += wrong
    if asked is not None:
        faults += _contradictions(settings, asked_of(folder, Order(asked)))
    if faults:
        raise ConfigError.of(faults, "The keys are those of a folder: docs/api.md has them.")
    if priority > folder.priority and "control" not in who.scopes:
        raise RequestError(
            f"The key of {who.name} may not raise a document above priority {folder.priority}.",
            hint="Leave the priority out, or add 'control' to the key's line.",
            status=HTTPStatus.FORBIDDEN, code="scope",
        )  # fmt: skip
    return Wish(Order(asked or {}, pages, who.owner, callback), priority)


def ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of pages in a text like ``1-3,7,12-``, none for ""; raise ConfigError."""
    if not text.strip():
        return ()
    found = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        first = int(match[1]) if match else 0
        last = first if not match or match[2] is None else int(match[3] or LAST_PAGE)
        if not 1 <= first <= last:
            raise _no_ranges(text, f"{part.strip()[:40]!r} is no range of pages")
        found.append((first, last))
    if len(found) > MAX_RANGES:
        raise _no_ranges(text, f"there are more than {MAX_RANGES} ranges")
    return tuple(found)


def _no_ranges(text: str, why: str) -> ConfigError:
    return ConfigError.of([_fault("pages", why, 'Write "1-3,7", or "12-" for all from page 12.')])


def _gathered(told: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields by name; the last of several counts, but those of a list come together."""
    values: dict[str, Any] = {}
    for name, text in told:
        if name in LISTS:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            values[name] = [*values.get(name, []), *parts]
        else:
            values[name] = text
    return values


def _asked(values: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[Fault]]:
    """Return the values that were asked for, as JSON has them; None where one is wrong."""
    try:
        found = _Asked.model_validate(values, strict=False)
    except ValidationError as error:
        told = error.errors(include_url=False)
        entries = {one["loc"][:-1] for one in told}
        return None, [
            fault for one in told if one["type"] != "too_short" or one["loc"] not in entries
            for fault in explain(one, _Request(), _Asked)
        ]
    body: dict[str, Any] = found.model_dump(mode="json", exclude_unset=True)
    return body, []


def _contradictions(settings: Settings, folder: InboxSettings) -> Iterator[Fault]:
    """Yield what contradicts each other, as the configuration says of a folder."""
    known = ["default", *settings.engines]
    name = folder.engine or "default"
    if name not in known:
        yield _fault("engine", f"there is no engine {name!r}", f"There are {', '.join(known)}.")
    elif fault := fault_of(folder.task, settings.engine_of(folder).kind):
        yield _fault(fault.field, fault.message, fault.remedy)
    if folder.mode == "text" and "md" not in folder.outputs:
        yield _fault("outputs", 'mode "text" writes no text without "md"', 'Add "md".')


def _priority(text: str, usual: int) -> tuple[int, list[Fault]]:
    if not text:
        return usual, []
    if re.fullmatch(r"-?[0-9]{1,4}", text) and LOWEST <= int(text) <= HIGHEST:
        return int(text), []
    remedy = f"Write a number from {LOWEST} to {HIGHEST}."
    return usual, [_fault("priority", f"{text[:40]!r} is no priority", remedy)]


def _fault_of_callback(url: str, settings: ApiSettings) -> Iterator[Fault]:
    if not url:
        return
    if not settings.callbacks:
        yield _fault("callback", "nobody is called back here", "Name whom, in [api] callbacks.")
    elif not any(url.startswith(prefix) for prefix in settings.callbacks) or _is_odd(url):
        known = ", ".join(settings.callbacks)
        yield _fault(
            "callback", "this address is not called back", f"It has to begin with {known}."
        )


def _is_odd(url: str) -> bool:
    """Say whether an address may lead elsewhere than it begins."""
    if len(url) > LONGEST_CALLBACK:
        return True
    path = url.partition("?")[0]
    while (plain := unquote(path)) != path:  # whatever a server on the way may take off
        path = plain
    steps = (step.partition(";")[0].strip() for step in re.split(r"[/\\]", path))
    return bool(_UNFIT.search(url)) or ".." in steps or "#" in url


def _fault(key: str, message: str, remedy: str) -> Fault:
    return Fault(f"The request: {key}: {message}.", remedy, key)
