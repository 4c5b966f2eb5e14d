"""What a person would see of a model's text: its letters without labels, boxes and tags (pure)."""

from __future__ import annotations

import re

BLOCK_START = re.compile(
    r"<\|ref\|>(?P<label>[^<]*)<\|/ref\|>|^(?P<bare>[a-z_]{1,30})(?=\[\[\d)"
    # Unlimited-OCR has the label with the place.
    r"|<\|det\|>(?P<within>[a-z_]{1,30}) ?\[[^<]*(?:<\|/det\|>)?",
    re.MULTILINE,
)
TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15})\b[^<>]{0,200}>")
LETTER = re.compile(r"[^\W\d_]")
_BOXES = re.compile(r"<\|det\|>[^<]*(?:<\|/det\|>)?|\[(?:\[[\d\s,.]{0,80}\][\s,]{0,4}){1,60}\]")
_SPECIAL = re.compile(r"<[|｜][^<>]{0,40}[|｜]>")
_CONTENT = re.compile(r"[^\W0_]")  # a letter or a digit other than 0


def as_read(text: str) -> str:
    """Return the text without tags, a row to a line and a cell to a tab; boxes are kept.

    Boxes stay because they tell apart blocks that say the same.
    """
    return TAG.sub(lambda tag: "\n" if tag["name"].lower() in {"tr", "table"} else "\t", text)


def visible(text: str) -> str:
    """Return what a person would see of the model's text: no labels, boxes, tags or tokens."""
    bare = _BOXES.sub(" ", BLOCK_START.sub(" ", text))
    return _SPECIAL.sub(" ", as_read(bare)).strip()


def has_content(text: str) -> bool:
    """Say whether it holds more than filler: a letter, a digit other than 0, or a box."""
    return _CONTENT.search(visible(text)) is not None or _BOXES.search(text) is not None
