"""The readings of one page, in turn until one is sound (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ocrd.engine.deepseek.text.prompts import RepeatRule, prompt_of, repeat_rule
from ocrd.tasks import SIZES_OF, Task

TEXT = Task("text")
STRICT = RepeatRule(15, 256)  # for retries: reaches loops that upstream's window of 90 cannot see
RETRY_TEMPERATURE = 0.2  # olmOCR's retries begin with 0.1, 0.1, 0.2, 0.3, 0.5
LAST_TEMPERATURE = 0.5
_OTHER_SIZE = {"gundam": "base", "base": "gundam", "large": "gundam", "small": "gundam",
               "tiny": "gundam"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of a page: what is asked, and how the answer is decoded."""

    task: Task
    repeat: RepeatRule
    temperature: float = 0.0


def ladder(kind: str, task: Task) -> tuple[Attempt, ...]:
    """Return the readings to try in turn until one is sound, the first as asked.

    The two ways of reading a whole page miss different things, so that free OCR is a rung for
    Markdown. What has no second prompt is only read again at a small temperature.
    """
    rule = repeat_rule(kind)
    first = Attempt(task, rule)
    if task.mode not in {"markdown", "text"}:
        return (
            first,
            replace(first, temperature=RETRY_TEMPERATURE),
            replace(first, temperature=LAST_TEMPERATURE),
        )
    strict = replace(first, repeat=STRICT)
    rungs = [first, strict]
    if kind in SIZES_OF:
        other = _OTHER_SIZE[task.size or "gundam"]
        rungs.append(replace(strict, task=replace(task, size=other)))
    if task.mode == "markdown" and prompt_of(kind, task) != prompt_of(kind, TEXT):
        rungs.append(replace(strict, task=replace(task, mode="text")))
    rungs.append(replace(strict, temperature=RETRY_TEMPERATURE))
    return tuple(rungs)
