"""A page's text while its tokens come: what of it is settled, and whether it is to stop (pure).

A character may be several tokens, and a text that ends the page may be spread over some; what may
still become one of either is held until it is clear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ocrd.doubts import REPLACEMENT

Decode = Callable[[Sequence[int]], str]


class Transcript:
    """The tokens of one page, and their text.

    ``stops`` are texts that end the page before them. Unless it is ``live``, or has to look for
    those, nothing is decoded before the end: that would cost the host more than the tokens.
    """

    def __init__(self, decode: Decode, stops: Sequence[str] = (), *, live: bool = False) -> None:
        self.tokens: list[int] = []
        self.is_stopped = False  # one of the stops came
        self._decode = decode
        self._stops = stops
        self._live = live
        self._context = 0  # where the tokens begin of which the last settled text was made
        self._settled = 0  # tokens whose text is settled
        self._held = ""  # text that may be the beginning of a stop

    def take(self, tokens: Sequence[int]) -> str:
        """Take new tokens, up to a stop; return the text that is settled now and was not before."""
        if self._stops:
            fresh = ""
            for token in tokens:  # one by one: the page has no token behind its stop
                self.tokens.append(token)
                fresh += self._without_stops(self._decoded())
                if self.is_stopped:
                    break
            return fresh
        self.tokens.extend(tokens)
        return self._decoded() if self._live else ""

    def whole(self) -> str:
        """Return all text, what was held included, without what follows a stop."""
        text = self._decode(self.tokens)
        ends = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        return text[: min(ends)] if ends else text

    def by_token(self) -> list[str]:
        """Return what each token adds to the whole text, nothing where a character goes on."""
        whole = self.whole()
        again = Transcript(self._decode, live=True)
        texts, left = [], len(whole)
        for token in self.tokens:
            text = again.take([token])[:left]
            texts.append(text)
            left -= len(text)
        if left:  # of a character that never was whole
            texts[-1] = whole[-left:]
        return texts

    def _decoded(self) -> str:
        """Return the text of tokens that are not settled yet, if it ends with a whole character."""
        tokens = self.tokens
        before = self._decode(tokens[self._context : self._settled])
        both = self._decode(tokens[self._context :])
        if both.endswith(REPLACEMENT):  # of a character that goes on in the next token
            return ""
        self._context, self._settled = self._settled, len(tokens)
        return both[len(before) :]

    def _without_stops(self, fresh: str) -> str:
        text = self._held + fresh
        ends = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if ends:
            self.is_stopped, self._held = True, ""
            return text[: min(ends)]
        keep = max(_beginning(text, stop) for stop in self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _beginning(text: str, stop: str) -> int:
    """Return how many characters at the text's end are the beginning of a stop."""
    longest = min(len(stop) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
