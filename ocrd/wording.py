"""Words that people read: of states, and of how long something takes.

The code, JSON and the log's fields keep their own names.
"""

from __future__ import annotations

MINUTE, HOUR, DAY = 60, 3600, 86400

_STATES = {
    "leased": "reading", "filing": "finishing", "withdrawn": "gone", "settling": "arriving",
}  # fmt: skip


def worded(state: str) -> str:
    """Return what people call a state."""
    return _STATES.get(state, str(state))


def span(seconds: float) -> str:
    """Return a length of time in its two greatest units, as "10 min" or "1 h 30 min"."""
    if round(seconds) < MINUTE:
        return f"{max(seconds, 0.0):.3g} s"
    whole = round(seconds)
    for unit, name, less, less_name in (
        (DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s"),
    ):  # fmt: skip
        if whole >= unit:
            rest = whole % unit // less
            return f"{whole // unit} {name}" + (f" {rest} {less_name}" if rest else "")
    raise AssertionError(whole)
