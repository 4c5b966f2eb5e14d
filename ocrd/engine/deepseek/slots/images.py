"""The images of waiting pages: looked at together, a few ahead, each taken in or refused."""

from __future__ import annotations

from collections.abc import Callable

from ocrd.engine.deepseek.slots.sight import Sight
from ocrd.engine.deepseek.slots.waiting import Page, Waiting

Refuse = Callable[[Page, ValueError], None]


class Images:
    """Sees to it that pages have the features of their images before they enter."""

    def __init__(self, sight: Sight, waiting: Waiting, ahead: int, refuse: Refuse) -> None:
        """Look ``ahead`` at so many pages of those waiting; ``refuse`` ends a page."""
        self._sight = sight
        self._waiting = waiting
        self._refuse = refuse
        self.ahead = ahead
        self.at_work: list[Page] = []  # whom a lack of memory would be blamed on

    def look_ahead(self) -> None:
        """Take in what was looked at meanwhile, and have the next images looked at."""
        if not self._sight.is_aside:
            return
        self._take_in(wait=False)
        encoded = sum(page.features is not None for page in self._waiting.pages)
        if not self._sight.busy and encoded < self.ahead:
            batch = self._waiting.to_encode(self.ahead)
            if batch:
                self._sight.begin(batch)

    def is_seen(self, page: Page, *, idle: bool) -> bool:
        """Say whether a page's image was looked at, or has none, or was refused.

        Have it looked at if not, together with those of the pages that come next. Where that goes
        on aside, it is waited for only if there is nothing else to do.
        """
        while page.image is not None and not page.generation.finished:
            if not self._sight.busy:
                self._sight.begin(self._waiting.to_encode(self.ahead))
            if not self._take_in(wait=idle):
                return False
        return True

    def close(self) -> None:
        """Look at nothing any more."""
        self._sight.close()

    def _take_in(self, *, wait: bool) -> bool:
        """Give pages what was seen of their images; return whether there was anything.

        An image that is refused ends its own page only; any other error is raised.
        """
        seen = self._sight.take(wait=wait)
        if seen is None:
            return False
        open_ = [page for page in seen.pages if not page.generation.finished]
        if isinstance(seen.error, ValueError):
            self._part(open_, seen.error)
        elif seen.error is not None:
            self.at_work = open_
            raise seen.error
        for page, found in zip(seen.pages, seen.features, strict=False):
            if not page.generation.finished:
                page.features = found
                page.let_image_go()
        return True

    def _part(self, batch: list[Page], error: ValueError) -> None:
        """Look one by one at pages of which one is refused."""
        if len(batch) == 1:
            self._refuse(batch[0], error)
            return
        for page in batch:
            self._sight.begin([page])
            self._take_in(wait=True)
