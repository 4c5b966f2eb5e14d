"""Settings of which some values are refused: what can be said of the others all the same.

A contradiction is one between values. It is told together with values that are refused by
themselves, unless it needs one of those to be judged: nobody knows what that one was to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel

T = TypeVar("T")

_ARE_JUDGED: ContextVar[bool] = ContextVar("contradictions are judged", default=True)


class UnknownValueError(LookupError):
    """A value is asked for that is refused itself."""


class Forgetful:
    """What a model has so that its values may be unknown."""

    # key -> keys whose defaults, or whose meaning, come from it
    FOLLOWS: ClassVar[dict[str, tuple[str, ...]]] = {}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Raise UnknownValueError for a key that was forgotten."""
            if name in type(self).model_fields:
                raise UnknownValueError(name)
            return super().__getattr__(name)


def forget(table: BaseModel, key: str) -> None:
    """Make a value unknown, and what follows from it."""
    table.__dict__.pop(key, None)
    for follower in getattr(table, "FOLLOWS", {}).get(key, ()):
        table.__dict__.pop(follower, None)


def as_far_as_known(found: Iterable[T]) -> Iterator[T]:
    """Yield what is found until an unknown value is needed to go on."""
    try:
        yield from found
    except UnknownValueError:
        return


@contextmanager
def unjudged() -> Iterator[None]:
    """Let models be made whose values contradict each other."""
    before = _ARE_JUDGED.set(False)
    try:
        yield
    finally:
        _ARE_JUDGED.reset(before)


def are_judged() -> bool:
    """Say whether a model that contradicts itself is refused, as it is but within unjudged."""
    return _ARE_JUDGED.get()
