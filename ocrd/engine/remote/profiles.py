"""How a model on a server is asked, and how its answer is to be read: data, see ``profiles.toml``.

A profile says, by mode, what is asked; which decoding arguments the servers take; in which form the
page's image goes, and in which form the text comes back (``outputs``). One of a person's own is the
table ``own_profile`` of the engine: what it says takes the place of what the named one says.
"""

from __future__ import annotations

import fnmatch
import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocrd.errors import EngineUnusableError
from ocrd.tasks import EVERY_MODE

OWN = "own"  # the name of a profile that is all a person's own
FORMS = ("grounded", "markdown", "front-matter", "html", "layout-json", "text")  # of outputs
IMAGES = ("png", "jpeg")
OCRD = "ocrd"  # the profile for whatever another ocrd has, and what it says it is owned by
ANY = "vision"  # the profile for a model that no other is for


@dataclass(frozen=True, slots=True)
class Profile:
    """How one family of models is asked."""

    name: str
    models: tuple[str, ...] = ()  # patterns of their names, without case
    prompts: Mapping[str, str] = field(default_factory=dict)  # by mode
    output: str = "markdown"  # one of FORMS: what comes back
    outputs: Mapping[str, str] = field(default_factory=dict)  # by mode, where it is another
    grid: float = 0.0  # of a form with places: the highest coordinate; 0 are the sent pixels
    image: str = "png"  # or "jpeg"
    longest_side: int = 1540  # pixels of the image that is sent
    most_pixels: int = 0  # of the image; 0 is no limit
    most_bytes: int = 15_000_000  # of the image as it is sent; servers refuse what is larger
    multiple: int = 1  # pixels: the server's own preprocessing rounds the sides to it
    image_first: bool = True
    between: str = ""  # image and text, as the model was trained; not every server puts it there
    system: str = ""
    max_tokens: int = 8192
    temperature: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)  # further fields of the request
    stop: tuple[str, ...] = ()
    context: int = 0  # tokens that a page and its text need together; 0 is not known
    page_tokens: int = 0  # that the image of an A4 page is; 0 is not known
    bans_repetition: bool = False  # whether ``extra`` asks the server to, where it can
    source: str = ""  # where that is written, and when it was read there

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the tasks that the model has."""
        return tuple(dict.fromkeys((*self.prompts, "prompt")))

    def prompt(self, mode: str, own: str, target: str) -> str:
        """Return what is asked for a task: the profile's words, or a person's own."""
        if mode == "prompt":
            return own
        return self.prompts[mode].replace("{target}", " ".join(target.split()))

    def temperature_of(self, asked: float) -> float:
        """Return the temperature of a try: the model's own, or what is asked for above it."""
        return max(asked, self.temperature)

    def form(self, mode: str) -> str:
        """Return the form in which the answer comes."""
        return self.outputs.get(mode, self.output)


@functools.cache
def shipped() -> Mapping[str, Profile]:
    """Return the profiles that come along, by name, in the order in which models are looked up."""
    text = Path(__file__).with_name("profiles.toml").read_text(encoding="utf-8")
    return {name: made(name, body) for name, body in tomllib.loads(text).items()}


def made(name: str, body: Mapping[str, Any]) -> Profile:
    """Return the profile of a table; raise EngineUnusableError for one that is none."""
    if fault := next(_faults(body), ""):
        raise EngineUnusableError(
            f"The profile {name} is none: {fault}.",
            hint=f"It may say {', '.join(Profile.__dataclass_fields__)}; see docs/engines.md.",
        )
    told: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in body.items()
    }
    prompts = dict(body.get("prompts", {}))
    if "markdown" in prompts:  # a model that has one prompt is asked by it for text alone, too
        prompts.setdefault("text", prompts["markdown"])
    return Profile(**{"name": name, **told, "prompts": prompts})


def _faults(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the table of a profile."""
    for key, value in body.items():
        if key not in Profile.__dataclass_fields__:
            yield f"{key} is not known"
        elif not isinstance(value, _KIND_OF[key]) or isinstance(value, bool) is not (
            _KIND_OF[key] is bool
        ):
            yield f"{key} cannot be {value!r}"
        elif key in _SIZES and not value > 0:
            yield f"{key} has to be more than {value!r}"
    outputs = body.get("outputs", {})
    for form in (body.get("output", FORMS[0]), *outputs.values()):
        if form not in FORMS:
            yield f"output is one of {', '.join(FORMS)}, not {form!r}"
    if body.get("image", "png") not in IMAGES:
        yield f"image is {' or '.join(IMAGES)}, not {body['image']!r}"
    for mode, prompt in body.get("prompts", {}).items():
        if mode not in EVERY_MODE or not isinstance(prompt, str):
            yield f"there is no prompt for {mode!r}, only for {', '.join(EVERY_MODE)}"


_NUMBER = (int, float)
_KIND_OF: Mapping[str, Any] = {
    **dict.fromkeys(("name", "output", "image", "system", "source", "between"), str),
    **dict.fromkeys(("models", "stop"), (list, tuple)),
    **dict.fromkeys(("prompts", "outputs", "extra"), Mapping),
    **dict.fromkeys(("grid", "temperature"), _NUMBER),
    **dict.fromkeys(
        ("longest_side", "most_pixels", "most_bytes", "multiple", "max_tokens", "context",
         "page_tokens"),
        int,
    ),
    **dict.fromkeys(("image_first", "bans_repetition"), bool),
}  # fmt: skip
_SIZES = frozenset({"longest_side", "most_bytes", "multiple", "max_tokens"})


def chosen(name: str, model: str, own: Mapping[str, Any], owner: str = "") -> Profile:
    """Return the profile of this name, or for "auto" that of the model, with what is one's own.

    ``owner`` is whose the model is, as its server says: another ocrd's may have any name.

    Raises EngineUnusableError where there is none of that name.
    """
    if name == "auto":
        base = shipped()[OCRD] if owner == OCRD else of_model(model)
    elif name in shipped():
        base = shipped()[name]
    else:
        raise EngineUnusableError(
            f"There is no profile {name!r}.", hint=f"There are auto, {', '.join(shipped())}."
        )
    if not own:
        return base
    fields = {key: getattr(base, key) for key in Profile.__dataclass_fields__}
    merged = {
        key: {**fields[key], **value} if isinstance(value, Mapping) else value
        for key, value in own.items() if key in fields
    }
    return made(OWN, {**fields, **own, **merged, "name": OWN})


def of_model(model: str) -> Profile:
    """Return the profile that a model's name asks for, that of any vision model for others."""
    name = model.casefold()
    for profile in shipped().values():
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in profile.models):
            return profile
    return shipped()[ANY]
