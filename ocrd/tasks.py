"""What can be asked of an engine for a page, and which kinds were trained for what (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

EVERY_MODE = ("markdown", "text", "figure", "describe", "locate", "prompt")
SIZES = ("tiny", "small", "base", "large", "gundam")  # of DeepSeek-OCR v1

# From the model cards: DeepSeek-OCR-2 documents the conversion to Markdown and free OCR; a text of
# one's own is the user's own risk with every model.
MODES: Mapping[str, tuple[str, ...]] = {
    "rapidocr": ("markdown", "text"),
    "tesseract": ("markdown", "text"),
    "deepseek-ocr": EVERY_MODE,
    "deepseek-ocr-2": ("markdown", "text", "prompt"),
    "unlimited-ocr": ("markdown", "text", "prompt"),  # its card has the parsing of documents only
}

# Kinds that are told languages; DeepSeek's models read what they read.
SPEAKING = ("rapidocr", "tesseract", "module")

MODELS = {  # where the configuration names none
    "deepseek-ocr-2": "deepseek-community/DeepSeek-OCR-2",
    "deepseek-ocr": "deepseek-ai/DeepSeek-OCR",
    "unlimited-ocr": "baidu/Unlimited-OCR",
}
SIZES_OF: Mapping[str, tuple[str, ...]] = {  # of those that have more than one
    "deepseek-ocr": SIZES,
    "unlimited-ocr": ("base", "gundam"),
}


MAX_TEMPERATURE = 2.0  # as far as OpenAI's API goes
MAX_STOPS = 16
LONGEST_STOP = 1000  # characters
LONGEST_PROMPT = 20_000  # characters, of a target too: a worker takes messages of so much alone


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a model's answer is decoded; engines that read lines have nothing of it to settle."""

    max_tokens: int | None = None  # that may be generated for a page; None: what the engine allows
    temperature: float = 0.0  # 0 takes the likeliest token
    stop: tuple[str, ...] = ()  # texts that end the answer before them


AS_CONFIGURED = Decoding()


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of an engine for a page."""

    mode: str = "markdown"  # one of EVERY_MODE
    target: str = ""  # of mode locate: what to find
    prompt: str = ""  # of mode prompt: the text that follows the image
    size: str = ""  # of DeepSeek-OCR v1, one of SIZES; "" is the engine's own choice
    languages: tuple[str, ...] = ()  # of the documents, by Tesseract's codes; (): not known
    decoding: Decoding = AS_CONFIGURED


IMAGE_TEXT = "<image>"  # where a prompt wants the page, which is otherwise before it

# DeepSeek writes special tokens with plain or with full-width bars.
_SPECIAL = re.compile(r"<[|｜][^<>]*[|｜]>")
_SPECIAL_START = re.compile(r"<[|｜]")
_ALLOWED_SPECIALS = ("<|grounding|>", "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>")


class Fault(NamedTuple):
    """Why a task cannot be done."""

    field: str  # of Task, which is wrong
    message: str
    remedy: str


def fault_of(task: Task, kind: str) -> Fault | None:
    """Return why an engine of this kind cannot do the task, None if it can.

    A kind that is not in MODES knows its own modes.
    """
    if kind in MODES and task.mode not in MODES[kind]:
        return Fault(
            "mode",
            f'the engine ({kind}) was not made for the mode "{task.mode}"',
            f"It has {', '.join(MODES[kind])}. Choose one of them, or another engine.",
        )
    if task.size and task.size not in (sizes := SIZES_OF.get(kind, ())):
        return Fault(
            "size",
            f"the engine ({kind}) has {_told(sizes)}",
            'Remove it, or use an engine with kind = "deepseek-ocr".',
        )
    if task.languages and kind not in SPEAKING:
        return Fault(
            "languages",
            f"the engine ({kind}) cannot be told languages",
            'Remove it, or use an engine with kind = "tesseract".',
        )
    return (
        _missing_or_needless("target", "locate", task.target, task)
        or _missing_or_needless("prompt", "prompt", task.prompt, task)
        or _fault_of_target(task.target)
        or _fault_of_prompt(task.prompt)
        or _fault_of_decoding(task.decoding)
    )


def _told(sizes: tuple[str, ...]) -> str:
    return f"the sizes {' and '.join(sizes)}" if sizes else "one size only"


def _missing_or_needless(field: str, mode: str, text: str, task: Task) -> Fault | None:
    if task.mode == mode and not text.replace(IMAGE_TEXT, "").strip():
        return Fault("mode", f'the mode "{mode}" needs a {field}', f'Add {field} = "…".')
    if task.mode != mode and text:
        return Fault(field, f'this belongs to the mode "{mode}"', "Remove it, or set that mode.")
    return None


def _fault_of_target(target: str) -> Fault | None:
    if len(target) > LONGEST_PROMPT:
        return _too_long("target")
    if _SPECIAL_START.search(target) or IMAGE_TEXT in target:
        return Fault(
            "target", f"a target must not hold {IMAGE_TEXT}, <| or <｜", "Write plain words."
        )
    return None


def _too_long(field: str) -> Fault:
    what = f"this is longer than {LONGEST_PROMPT} characters"
    return Fault(field, what, "Ask in fewer words.")


def _fault_of_prompt(prompt: str) -> Fault | None:
    if len(prompt) > LONGEST_PROMPT:
        return _too_long("prompt")
    # Special tokens that the models were not trained to see end a prompt, or open a chat's roles.
    if prompt.count(IMAGE_TEXT) > 1:
        return Fault(
            "prompt",
            f"a prompt may hold {IMAGE_TEXT} once only: there is one page",
            "Remove the others.",
        )
    for token in _SPECIAL.findall(prompt):
        if token not in _ALLOWED_SPECIALS:
            known = " ".join(_ALLOWED_SPECIALS)
            return Fault(
                "prompt", f"a prompt must not hold {token}", f"Of such tokens it may hold {known}."
            )
    return None


def _fault_of_decoding(decoding: Decoding) -> Fault | None:
    if decoding.max_tokens is not None and decoding.max_tokens < 1:
        return Fault("max_tokens", "a page needs a token at least", "Use 1 or more, or remove it.")
    if not 0 <= decoding.temperature <= MAX_TEMPERATURE:  # neither is not-a-number
        return Fault(
            "temperature", "this is no temperature", f"It may be 0 to {MAX_TEMPERATURE:g}."
        )
    lengths = [len(text) for text in decoding.stop]
    if len(lengths) > MAX_STOPS or not all(0 < length <= LONGEST_STOP for length in lengths):
        return Fault(
            "stop", "these texts cannot end an answer",
            f"Name up to {MAX_STOPS}, each of 1 to {LONGEST_STOP} characters.",
        )  # fmt: skip
    return None
