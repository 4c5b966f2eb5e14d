"""What can be asked of an engine, beyond what the configuration's own tests ask."""

from __future__ import annotations

import pytest

from ocrd.tasks import (
    LONGEST_PROMPT,
    LONGEST_STOP,
    MAX_STOPS,
    MAX_TEMPERATURE,
    MODES,
    Decoding,
    Task,
    fault_of,
)


@pytest.mark.parametrize("kind", [*MODES, "module"])
@pytest.mark.parametrize(
    "decoding",
    [Decoding(), Decoding(1), Decoding(9000, MAX_TEMPERATURE, ("\n\n", "END"))],
)
def test_how_it_is_decoded_may_be_asked_of_every_engine(kind: str, decoding: Decoding) -> None:
    assert fault_of(Task("markdown", decoding=decoding), kind) is None


@pytest.mark.parametrize(
    ("decoding", "field"),
    [
        (Decoding(0), "max_tokens"),
        (Decoding(-1), "max_tokens"),
        (Decoding(temperature=-0.1), "temperature"),
        (Decoding(temperature=MAX_TEMPERATURE + 0.1), "temperature"),
        (Decoding(temperature=float("nan")), "temperature"),
        (Decoding(temperature=float("inf")), "temperature"),
        (Decoding(stop=("a", "")), "stop"),
        (Decoding(stop=("a",) * (MAX_STOPS + 1)), "stop"),
        (Decoding(stop=("a", "b" * (LONGEST_STOP + 1))), "stop"),
    ],
)
def test_what_nobody_can_decode_by_is_refused_by_its_name(decoding: Decoding, field: str) -> None:
    fault = fault_of(Task(decoding=decoding), "deepseek-ocr-2")
    assert fault is not None
    assert fault.field == field
    assert fault.message and fault.remedy


def test_an_engine_is_not_asked_in_words_without_end() -> None:
    long = "x" * (LONGEST_PROMPT + 1)
    for task in (Task("prompt", prompt=long), Task("locate", target=long)):
        fault = fault_of(task, "deepseek-ocr")
        assert fault is not None and fault.field in {"prompt", "target"} and fault.remedy
    assert fault_of(Task("prompt", prompt=long[1:]), "deepseek-ocr") is None
