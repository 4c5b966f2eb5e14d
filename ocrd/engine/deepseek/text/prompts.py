"""What a DeepSeek-OCR model is told besides the image: prompts, token ids, decoding rules (pure).

The models were trained on bare text after the image, without a chat template.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ocrd.tasks import IMAGE_TEXT, Task, fault_of

# Ids of the special tokens, the same in both models (their tokenizer.json).
BOS = 0
EOS = 1
PAD = 2
IMAGE = 128815
REF, REF_END = 128816, 128817
DET, DET_END = 128818, 128819
GROUNDING = 128820
TD, TD_END = 128821, 128822
TR, TR_END = 128823, 128824

UNLIMITED = "unlimited-ocr"
DET_TEXT, DET_END_TEXT = "<|det|>", "<|/det|>"
_PLACES = re.compile(r"\n?<\|det\|>[^<>]*<\|/det\|>")

REPEATABLE = (TD, TD_END)  # what the no-repeat rule never bans: tables repeat them by nature

_PROMPTS = {
    "markdown": "<image>\n<|grounding|>Convert the document to markdown.",
    "text": "<image>\nFree OCR.",
    "figure": "<image>\nParse the figure.",
    "describe": "<image>\nDescribe this image in detail.",
}
# What Unlimited-OCR was trained on (its model card): one prompt, right behind the image.
_UNLIMITED = "<image>document parsing."
_LOCATE = "<image>\nLocate <|ref|>{target}<|/ref|> in the image."


@dataclass(frozen=True, slots=True)
class RepeatRule:
    """No ``ngram`` generated tokens may come again within the last ``window`` ones."""

    ngram: int
    window: int


_REPEAT_RULES = {
    "deepseek-ocr": RepeatRule(30, 90),  # upstream's vLLM examples for images
    "deepseek-ocr-2": RepeatRule(20, 90),
    "unlimited-ocr": RepeatRule(35, 128),  # its model card, for one page
}


def repeat_rule(kind: str) -> RepeatRule:
    """Return upstream's no-repeat rule of the model; raise ValueError for another kind."""
    if kind not in _REPEAT_RULES:
        raise ValueError(f"{kind!r} is no DeepSeek engine.")
    return _REPEAT_RULES[kind]


def prompt_of(kind: str, task: Task) -> str:
    """Return the prompt for the task; raise ValueError if this model cannot be asked for it.

    A person's own prompt follows the image unless it places ``<image>`` itself.
    """
    repeat_rule(kind)
    if fault := fault_of(task, kind):
        raise ValueError(f"{fault.message}. {fault.remedy}")
    if task.mode == "locate":
        return _LOCATE.format(target=" ".join(task.target.split()))
    if task.mode != "prompt":
        return _UNLIMITED if kind == UNLIMITED else _PROMPTS[task.mode]
    prompt = task.prompt.strip()
    between = "" if kind == UNLIMITED else "\n"
    return prompt if IMAGE_TEXT in prompt else f"{IMAGE_TEXT}{between}{prompt}"


def as_asked(kind: str, task: Task, text: str) -> str:
    """Return a model's text as its task wants it: one that always gives places gives none.

    Unlimited-OCR has no other prompt for text alone.
    """
    if kind != UNLIMITED or task.mode != "text":
        return text
    return _PLACES.sub("\n", text).lstrip("\n")


def settled(kind: str, task: Task, text: str) -> str:
    """Return as much of a growing text, as its task wants it, as no further text will change."""
    if kind != UNLIMITED or task.mode != "text":
        return text
    kept = text[:last] if (last := _open_place(text)) is not None else text
    return as_asked(kind, task, kept.removesuffix("\n"))


def _open_place(text: str) -> int | None:
    """Return where a place begins that has not ended."""
    start = text.rfind(DET_TEXT)
    return start if start >= 0 and text.find(DET_END_TEXT, start) < 0 else None


def prompt_ids(tokenize: Callable[[str], list[int]], text: str, image_tokens: int) -> list[int]:
    """Return BOS and the ids of the prompt, the image's tokens standing where ``<image>`` stood.

    ``tokenize`` must add nothing of its own, no BOS either. Raise ValueError unless the text has
    exactly one ``<image>``.
    """
    if text.count(IMAGE_TEXT) != 1:
        raise ValueError(f"A prompt must hold {IMAGE_TEXT} once.")
    before, after = text.split(IMAGE_TEXT)
    ids = [BOS]
    ids += tokenize(before) if before else []
    ids += [IMAGE] * image_tokens
    ids += tokenize(after) if after else []
    return ids
