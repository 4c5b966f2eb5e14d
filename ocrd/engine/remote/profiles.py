"""How a model on a server is asked, and how its answer is to be read: data, see ``profiles.toml``.

A profile says, by mode, what is asked; which decoding arguments the servers take; in which form the
page's image goes, and in which form the text comes back (``outputs``). One of a person's own is the
table ``own_profile`` of the engine: what it says takes the place of what the named one says.
"""

from __future__ import annotations

import fnmatch
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocrd.errors import EngineUnusableError

OWN = "own"  # the name of a profile that is all a person's own
FORMS = ("grounded", "markdown", "html", "layout-json", "text")  # of outputs
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
    image_first: bool = True
    system: str = ""
    max_tokens: int = 8192
    temperature: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)  # further fields of the request
    stop: tuple[str, ...] = ()
    bans_repetition: bool = False  # whether ``extra`` asks the server to, where it can
    source: str = ""  # where that is written, and when it was read there

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the tasks that the model has."""
        return (*self.prompts, "prompt")

    def prompt(self, mode: str, own: str, target: str) -> str:
        """Return what is asked for a task: the profile's words, or a person's own."""
        if mode == "prompt":
            return own
        return self.prompts[mode].replace("{target}", " ".join(target.split()))

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
    unknown = body.keys() - Profile.__dataclass_fields__.keys()
    form = {body.get("output", "markdown"), *body.get("outputs", {}).values()}
    if unknown or not form <= {*FORMS} or body.get("image", "png") not in ("png", "jpeg"):
        what = ", ".join(sorted(unknown)) or ", ".join(sorted(map(str, form - {*FORMS})))
        raise EngineUnusableError(
            f"The profile {name} is none: {what or 'image'} is not known.",
            hint=f"It may say {', '.join(Profile.__dataclass_fields__)}; output is one of"
            f" {', '.join(FORMS)}, image png or jpeg.",
        )
    told: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in body.items()
    }
    return Profile(**{"name": name, **told})


def chosen(name: str, model: str, own: Mapping[str, Any]) -> Profile:
    """Return the profile of this name, or for "auto" that of the model, with what is one's own.

    Raises EngineUnusableError where there is none of that name.
    """
    if name == "auto":
        base = of_model(model)
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
