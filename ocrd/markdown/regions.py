"""A model's text -> its regions: label, places and body of each (pure).

Two forms are told apart, with special tokens and without (see :mod:`ocrd.markdown.markup`). Tokens
may be missing, broken or cut off anywhere; what stands in none of the fields is in no field twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ocrd.tasks import Task

# The labels that DeepSeek-OCR (first six lines) and its kind write -> ours.
LABELS = {
    "title": "title", "sub_title": "heading", "text": "text",
    "image": "figure", "table": "table", "equation": "equation",
    "image_caption": "caption", "table_caption": "caption", "figure_title": "caption",
    "table_footnote": "footnote",
    "figure": "figure", "chart": "figure", "formula": "equation",
    "figure_caption": "caption", "table_title": "caption", "chart_title": "caption",
    "image_footnote": "footnote", "footnote": "footnote", "page_footnote": "footnote",
    "list": "list", "code": "code", "code_block": "code",
    "header": "header", "page_header": "header", "footer": "footer", "page_footer": "footer",
    "page_number": "page-number",
    "doc_title": "title", "paragraph_title": "heading", "paragraph": "text",
}  # fmt: skip

# Special tokens of the vocabulary, as the tokenizer prints them.
_SPECIAL = re.compile(
    r"<\|(?P<name>/?ref|/?det|grounding|User|Assistant|EOT)\|>|<｜[^｜<>\n]{1,40}｜>"
)
# Those that a cut-off text may end in the middle of.
_TEARABLE = (
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>", "<｜end▁of▁sentence｜>"
)  # fmt: skip
_BARE_LABELS = "|".join(LABELS)
_BARE = rf"^[ \t]*(?P<label>{_BARE_LABELS}) ?(?=\[ ?\[)"
# One that nobody knows, on a page that begins in this form.
_UNKNOWN_LABEL = "[a-z]{2,20}(?:_[a-z]{2,20}){1,3}"
# Where the label stands with the places: <|det|>text [1, 2, 3, 4]<|/det|>.
_WITHIN = re.compile(r"\s*(?P<label>[a-z]{2,20}(?:_[a-z]{2,20})*)\s*(?=\[)")
_STRAY_LETTER = re.compile(r"(?<!\w)[^\W\d_](?!\w)")
GROUP = re.compile(r"\[([^\[\]]*)\]")
NUMBER = re.compile(r"-?\d+(?:\.\d*)?")
_COORDINATES = frozenset("0123456789.,-+[] \t\n")


@dataclass(slots=True)
class Region:
    """One region of the page as the model gave it."""

    label: str = ""
    places: list[str] = field(default_factory=list)  # of coordinates
    body: list[str] = field(default_factory=list)


def regions(text: str, task: Task) -> Iterator[Region]:
    """Yield the regions in the model's order; text that belongs to none comes without label."""
    if "<|ref|>" in text or "<|det|>" in text:
        yield from _grounded(text)
    else:
        yield from _bare(_SPECIAL.sub("", text), task)


def _grounded(text: str) -> Iterator[Region]:
    """Yield the regions of the form with special tokens."""
    region = Region()
    before = ""  # the name of the token before
    for name, piece in _pieces(text):
        if name == "ref":
            yield region
            region = Region(piece)
        elif before == "ref" and name not in {"/ref", "det"}:
            region.label += piece
            continue
        elif name == "det":
            within = _WITHIN.match(piece)
            within = within if within and _places_end(piece, within.end()) > within.end() else None
            named_within = within is not None and (region.places or not region.label.strip())
            if "".join(region.body).strip() or named_within:
                yield region
                region = Region(within["label"] if within and named_within else "")
            start = within.end() if within else 0
            end = _places_end(piece, start)
            region.places.append(piece[start:end])
            region.body.append(piece[end:] if end > start else piece)
        else:
            if before == "det" and name == "/det" and _are_places(region.body[-1]):
                region.places.append(region.body.pop())
            region.body.append(piece)
        before = name
    if before == "det" and region.body[-1].strip() == "<":  # of a token that is cut off
        region.body.pop()
    yield region


def _are_places(text: str) -> bool:
    """Say whether what stands where the places would be is meant for them, however broken."""
    if _COORDINATES.issuperset(text):
        return True
    return "[" in text and _COORDINATES.issuperset(_STRAY_LETTER.sub("", text))


def is_group(text: str) -> bool:
    """Say whether what stands between brackets is four coordinates and nothing else."""
    return _COORDINATES.issuperset(text) and len(NUMBER.findall(text)) == 4


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield each special token's name with the text that follows it; other tokens have none."""
    name, behind = "", 0
    for token in _SPECIAL.finditer(text):
        yield name, text[behind : token.start()]
        name, behind = token["name"] or "", token.end()
    yield name, text[behind:]


def _bare(text: str, task: Task) -> Iterator[Region]:
    """Yield the regions of the form without special tokens."""
    pattern = _BARE
    if task.mode == "locate" and task.target:
        pattern = pattern.replace(_BARE_LABELS, re.escape(task.target))
    elif re.match(pattern, text.lstrip()):
        pattern = pattern.replace(_BARE_LABELS, f"{_BARE_LABELS}|{_UNKNOWN_LABEL}")
    region, behind = Region(), 0
    for label in re.finditer(pattern, text, re.MULTILINE):
        end = _places_end(text, label.end())
        places = text[label.end() : end]
        if end < len(text) and not any(map(is_group, GROUP.findall(places))):
            continue
        region.body.append(text[behind : label.start()])
        yield region
        region, behind = Region(label["label"], [places]), end
    region.body.append(text[behind:])
    yield region


def _places_end(text: str, position: int) -> int:
    """Return where the list of coordinates that begins at the position ends, or the position.

    A list that the end of the text cuts off ends there.
    """
    depth = 0
    for at in range(position, len(text)):
        character = text[at]
        if character not in _COORDINATES:
            return position
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth <= 0:
                return at + 1
        elif depth == 0 and not character.isspace():
            return position
    return len(text)


def without_torn_token(text: str) -> str:
    """Return the text without the beginning of a special token that ends it."""
    return text[: len(text) - _torn(text)]


def _torn(text: str) -> int:
    """Return how many characters at the end are the beginning of a special token."""
    beginnings = (token[:length] for token in _TEARABLE for length in range(2, len(token)))
    return max((len(start) for start in beginnings if text.endswith(start)), default=0)
