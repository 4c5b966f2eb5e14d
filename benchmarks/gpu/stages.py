"""The stages, in the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One question to the GPU, and how long it may take."""

    number: int
    name: str  # of the module that measures it, too
    seconds: float  # what it may take, loading left out
    least: float  # with less time than this it is skipped
    tells: str
    needs_network: bool = True
    spoils: bool = False  # afterwards its process is no good for timing


SUITE = "suite"  # the one stage that the bench does not run
STAGES = (
    Stage(0, "ceilings", 15, 3, "versions, copy rate, bf16 products, what a launch costs",
          needs_network=False),
    Stage(1, "attention", 40, 5, "one decode attention, by backend", needs_network=False),
    Stage(2, "steps", 60, 8, "the decode step, recorded and plain, by slots and experts"),
    Stage(3, "encoding", 60, 8, "images and prompts: host and device time, syncs, memory"),
    Stage(4, "texts", 60, 8, "texts of 302 tokens in and 188 out, alone and 100 at once"),
    Stage(5, "reading", 90, 15, "pages end to end, as the engine reads them"),
    Stage(6, "trace", 30, 8, "kernels by name, the device's idle gaps", spoils=True),
    Stage(7, "alone", 60, 10, "pages one at a time with Transformers' generate"),
    Stage(8, SUITE, 120, 20, "tests/gpu", needs_network=False),
)  # fmt: skip


def named(name: str) -> Stage:
    """Return the stage of a name; raise KeyError."""
    return {stage.name: stage for stage in STAGES}[name]
