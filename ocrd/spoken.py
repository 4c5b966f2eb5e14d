"""A model's text as it comes, piece by piece, as a reader is to have it (pure).

Marks of places (``<|ref|>title<|/ref|><|det|>[[60, 40, 940, 90]]<|/det|>``, and with the label
inside as Unlimited-OCR has it) and other special tokens are no text. What has been given is never
taken back, and how the text was cut into pieces makes no difference: what may still become a mark,
or be the end's white space, is held. No words are lost: a mark that is broken is taken for what it
holds.
"""

from __future__ import annotations

import re

from ocrd.markdown.regions import GROUP, LABELS, is_group

MAX_LABEL = 2000  # characters: of a page that is read line by line the words stand there
MAX_PLACES = 20_000  # of one mark
_TOKEN = re.compile(
    r"<\|(?P<name>/?ref|/?det|grounding|User|Assistant|EOT)\|>|<｜[^｜<>\n]{1,40}｜>"
)
_BEGINNINGS = tuple(
    f"<|{name}|>"[:length]
    for name in ("ref", "/ref", "det", "/det", "grounding", "User", "Assistant", "EOT")
    for length in range(1, len(name) + 4)
)
_WIDE_BEGINNING = re.compile(r"<｜[^｜<>\n]{0,40}｜?")
_IDENTIFIER = re.compile(r"[a-z]{2,20}(?:_[a-z]{2,20})+")  # a label that nobody knows
_LABELLED = re.compile(r"\s*(?:[a-z]{2,20}(?:_[a-z]{2,20})*)?\s*(?=\[|\Z)")
_COORDINATES = re.compile(r"[\d.,\-+\[\]\s]*")
_MANY_NEWLINES = re.compile(r"\n{3,}")


class Spoken:
    """One page's text on its way to a reader."""

    def __init__(self, *, marked: bool = False) -> None:
        """Make one; ``marked`` leaves the marks where they are."""
        self._marked = marked
        self._raw = ""  # of which it is not clear yet whether it is text
        self._white = ""  # white space that is text if something follows it
        self._has_begun = False

    def take(self, piece: str) -> str:
        """Take what comes next; return what is settled now and was not before."""
        if self._marked:
            return self._said(piece)
        self._raw += piece
        return self._settled(is_over=False)

    def end(self) -> str:
        """Return what was held and is text."""
        return self._settled(is_over=True)

    def _settled(self, *, is_over: bool) -> str:
        raw, at, text = self._raw, 0, ""
        while (start := raw.find("<", at)) >= 0:
            text += raw[at:start]
            kept, at = _judged(raw, start, is_over=is_over)
            text += kept
            if at == start:  # more has to come
                break
        else:
            start = len(raw)
            text += raw[at:]
        self._raw = raw[start:]
        return self._said(text)

    def _said(self, text: str) -> str:
        """Return a text without the white space at the page's ends."""
        text = self._white + text
        if not self._has_begun:
            text = text.lstrip()
        said = text.rstrip()
        self._white = text[len(said) :]
        if not said:
            return ""
        self._has_begun = True
        return said if self._marked else _MANY_NEWLINES.sub("\n\n", said)


def _judged(raw: str, start: int, *, is_over: bool) -> tuple[str, int]:
    """Return the text of what begins with "<", and where it ends; ``start`` if that is not clear.

    Once the text ``is_over`` it is.
    """
    token = _TOKEN.match(raw, start)
    if token is None:
        rest = raw[start:]
        if rest in _BEGINNINGS or _WIDE_BEGINNING.fullmatch(rest):
            torn = len(rest) > 1
            return ("" if torn else rest, len(raw)) if is_over else ("", start)
        return "<", start + 1
    behind = token.end()
    if token["name"] not in {"ref", "det"}:
        return "", behind
    is_label = token["name"] == "ref"
    closing = f"<|/{token['name']}|>"
    end = raw.find(closing, behind)
    another = _TOKEN.search(raw, behind)
    if end >= 0 and another is not None and another.start() == end:
        held = raw[behind:end]
        return (_label(held) if is_label else _places(held)), end + len(closing)
    is_broken = another is not None or len(raw) - behind > (MAX_LABEL if is_label else MAX_PLACES)
    if is_broken:
        return "", behind  # what it holds is text, and looked at as such
    if not is_over:
        return "", start
    return (_label if is_label else _torn_places)(raw[behind:]), len(raw)


def _label(held: str) -> str:
    """Return the words where a label stands: of a page read line by line they are its text."""
    name = held.strip()
    return "" if name in LABELS or _IDENTIFIER.fullmatch(name) else held


def _places(held: str) -> str:
    """Return what stands among places and is none."""
    labelled = _LABELLED.match(held)
    rest = held[labelled.end() :] if labelled else held
    if _COORDINATES.fullmatch(rest) or any(map(is_group, GROUP.findall(rest))):
        return ""
    return held


def _torn_places(held: str) -> str:
    """Return what is text of places that the end has cut off."""
    held = re.sub(r"<[|/det]*\Z", "", held)
    labelled = _LABELLED.match(held)
    rest = held[labelled.end() :] if labelled else held
    return "" if _COORDINATES.fullmatch(rest) else held


class Cut:
    """Ends a text that a program has, not a model: at a number of characters, before a stop."""

    def __init__(self, most: int | None = None, stops: tuple[str, ...] = ()) -> None:
        self.finish = "stop"
        self.is_over = False
        self._left = most
        self._stops = stops
        self._held = ""

    def take(self, piece: str) -> str:
        """Take what comes next; return what is sure to be before the end."""
        if self.is_over:
            return ""
        text = self._held + piece
        ends = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if ends:
            self._held, self.is_over = "", True
            return self._within(text[: min(ends)])
        keep = max((_beginning(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return self._within(text[: len(text) - keep])

    def end(self) -> str:
        """Return what was held."""
        held, self._held = self._held, ""
        return "" if self.is_over else self._within(held)

    def _within(self, text: str) -> str:
        if self._left is None or len(text) <= self._left:
            self._left = None if self._left is None else self._left - len(text)
            return text
        self.finish, self.is_over = "length", True
        return text[: self._left]


def _beginning(text: str, stop: str) -> int:
    """Return how many characters at the text's end are the beginning of a stop."""
    longest = min(len(stop) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
