"""Continuous batching: pages enter slots as others leave, and all slots take a token together.

``Decoder.step`` is the story of one round: pages enter (their image encoded, their prompt fed),
room is made for what grows, every running page takes a token, finished pages leave. What a page
gives does not depend on the pages beside it, nor on when it entered, was parked or came back.

A page that grows beyond the slots' length has all slots lengthened if the budget allows that beside
the other pages. Else it is parked on the host and nobody enters before it: pages leave, fewer slots
are needed, longer ones are affordable, and it comes back. Running out of memory parks everybody,
halves the slots and goes on.

On a GPU the tokens of a round are read while the next one is computed, so the device never waits
for the host; a page that ended is then computed once more, in vain, and what that gives is dropped.
"""

from __future__ import annotations

import gc
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from ocrd.engine.deepseek.network.shortage import is_shortage
from ocrd.engine.deepseek.slots.division import Division
from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.images import Images
from ocrd.engine.deepseek.slots.pages import Pages
from ocrd.engine.deepseek.slots.sight import Aside, AtOnce, Encode
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.slots.waiting import Page
from ocrd.engine.deepseek.text.prompts import EOS, IMAGE

AHEAD = 4  # pages whose images are encoded together, ahead of a slot
PREFILL_TOKENS = 4096  # of prompts between two rounds: so long the running pages stand still
HOPELESS = 3  # pages in a row that fail for memory in the only slot: then no page is to blame

log = logging.getLogger(__name__)


class Decoder:
    """Decodes many pages at once. One thread calls step; submit and cancel may come from any."""

    def __init__(
        self,
        network: Any,
        encode: Encode,
        plan: SlotPlan,
        *,
        expert_code: str = "auto",
        attention_way: str = "auto",
        ahead: int = AHEAD,
        prefill_tokens: int = PREFILL_TOKENS,
        lag: int | None = None,
        aside: bool | None = None,
        eos: int = EOS,
        image: int = IMAGE,
        on_notice: Callable[[str], None] = log.warning,
    ) -> None:
        """Decode with this network; ``encode`` turns prepared pages into image features.

        ``lag`` is how many rounds the host stays behind the device: 1 on a GPU, 0 elsewhere.
        ``aside`` is whether images are looked at beside decoding: on a GPU they are.
        """
        weight = network.lm_head.weight
        self._prefill_tokens = prefill_tokens
        self._lag = (1 if weight.is_cuda else 0) if lag is None else lag
        self._eos, self._image = eos, image
        self._on_notice = on_notice
        self._slots = Slots(
            network,
            plan,
            device=weight.device,
            dtype=weight.dtype,
            expert_code=expert_code,
            attention_way=attention_way,
            on_notice=on_notice,
        )
        self._pages = Pages(self._slots)
        self._division = Division(self._slots, self._pages.running, plan)
        is_aside = weight.is_cuda if aside is None else aside
        self._images = Images(
            Aside(encode, weight.device) if is_aside else AtOnce(encode),
            self._pages.waiting, ahead,
            lambda page, error: self._end(page, "failed", error),
        )  # fmt: skip
        self._numbers = itertools.count()
        self._at_work: list[Page] = []  # whom a lack of memory would be blamed on
        self._failures = 0
        self.rounds = 0  # decode steps so far

    def submit(
        self,
        page: Any,
        prompt: Sequence[int],
        rules: Rules,
        rank: Any = 0,
        *,
        expected: int = 0,
        on_taken: Callable[[], None] = lambda: None,
        on_cancel: Callable[[], None] = lambda: None,
    ) -> Generation:
        """Take a page: its prepared image, or None, and its prompt with the image's tokens.

        The lowest rank enters first, among equals the one expected to be longest, then the
        earliest. Long pages first leave short ones for the end, where they fill the gaps.
        ``on_taken`` is called once the prepared image is no longer held, whatever became of it.
        """
        room = self.plan.context - len(prompt)
        arrival = Page(
            generation=Generation(on_cancel),
            rules=rules,
            prompt=prompt,
            image=page,
            due=min(rules.max_new_tokens, room),
            order=(rank, -expected, next(self._numbers)),
            on_taken=on_taken,
            most=self._division.most(prompt),
        )
        self._pages.arrived.append(arrival)
        return arrival.generation

    @property
    def slots(self) -> int:
        """Return how many pages of usual length can be decoded together."""
        return self.plan.slots_at(self.plan.first_length)

    @property
    def plan(self) -> SlotPlan:
        """Return what the slots may have now, after every halving."""
        return self._division.plan

    @property
    def busy(self) -> bool:
        """Return whether there is anything to do."""
        return bool(self._pages)

    def step(self) -> None:
        """Do one round. Raises MemoryError when not even single pages find memory any more."""
        with torch.inference_mode():
            try:
                self._round()
                return
            except (RuntimeError, MemoryError) as error:
                if not is_shortage(error):
                    raise
            # Out of the handler, which holds on to the tensors of the attempt.
            self._save_memory()

    def _round(self) -> None:
        self._pages.receive()
        with self._blaming_images():
            self._images.look_ahead()
        self._enter()
        self._make_room()
        self._decode()
        self._settle(self._lag if self._pages.running else 0)

    def record(self) -> None:
        """Record the steps for all numbers of pages that there may be, where they can be.

        Raises MemoryError when there is not enough for a single page.
        """
        with torch.inference_mode():
            while not self._is_recorded():
                self._save_memory()

    def _is_recorded(self) -> bool:
        """Say whether that was done, or was not to be; there was too little memory if not."""
        if self._slots.graphs is None:
            return True
        length = self.plan.first_length
        slots = self.plan.slots_at(length)
        try:
            self._division.lay_out(length)
            self._slots.record({self.plan.batch(count + 1, slots) for count in range(slots)})
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            return False
        return True

    def close(self) -> None:
        """End every page as cancelled, and what goes on aside."""
        self.cancel_all()
        self._images.close()

    def fail(self, error: BaseException) -> None:
        """End every page with an error."""
        self._pages.end_all("failed", error)

    def cancel_all(self) -> None:
        """End every page as cancelled."""
        self._pages.end_all("cancelled")

    # Entering

    def _enter(self) -> None:
        pages, division = self._pages, self._division
        while pages.parked:
            page = pages.parked[0]
            self._at_work = [page]
            if not division.find_room(min(page.length + 1, page.most), pages.entering):
                self._at_work = []
                return
            pages.come_back(page)
            self._at_work = []
        fed = 0
        while pages.waiting:
            page = pages.waiting.first
            if fed and fed + len(page.prompt) > self._prefill_tokens:
                break
            self._at_work = [page]
            if not division.find_room(division.at_first(page), pages.entering):
                break
            if not self._is_seen(page):
                break
            if not page.generation.finished and self._is_whole(page):
                fed += len(page.prompt)
                pages.waiting.remove(page)
                pages.entering.append(page)
        self._at_work = []
        if pages.entering:
            self._feed(pages.entering)

    def _is_seen(self, page: Page) -> bool:
        """Say whether a page's image was looked at; that is waited for only where all is idle."""
        with self._blaming_images():
            return self._images.is_seen(page, idle=self._pages.idle)

    @contextmanager
    def _blaming_images(self) -> Iterator[None]:
        """Have a lack of memory blamed on the pages whose images were looked at."""
        try:
            yield
        except (RuntimeError, MemoryError):
            self._at_work = self._images.at_work
            raise

    def _is_whole(self, page: Page) -> bool:
        """Say whether an image is as long as the prompt says; a page whose is not ends."""
        page.places = [place for place, token in enumerate(page.prompt) if token == self._image]
        found = 0 if page.features is None else len(page.features)
        if len(page.places) == found:
            return True
        said = f"{len(page.places)} image tokens in the prompt, {found} in the image"
        self._end(page, "failed", ValueError(said))
        return False

    def _feed(self, pages: Sequence[Page]) -> None:
        """Feed the prompts of pages that are entering into the next slots."""
        self._at_work = [*pages]
        prompts = [Prompt(page.prompt, page.rules, page.places, page.features) for page in pages]
        running = self._pages.running
        tokens = self._slots.prefill(len(running), prompts)
        entered, self._pages.entering = self._at_work, []
        for page in entered:
            page.length, page.asked, page.features = len(page.prompt), 1, None
            running.enter(page)
        self._at_work = []
        self._pages.under_way.send(entered, tokens)
        for page in entered:
            if page.asked >= page.due:
                running.leave(page)

    # Growing

    def _make_room(self) -> None:
        """See that every running page can take a token; park those that cannot."""
        for page in self._pages.running:
            self._at_work = [page]
            if not self._division.grow(min(page.length + 1, page.most)):
                self._at_work = []
                self._pages.park(page)
            self._at_work = []

    # Decoding

    def _decode(self) -> None:
        running, cache = self._pages.running, self._slots.cache
        if not running:
            return
        batch = self.plan.batch(len(running), cache.slots)
        length = min(self.plan.rounded(running.longest + 1), cache.length)
        tokens = self._slots.decode(len(running), batch, length, running.draws)
        self.rounds += 1
        self._pages.under_way.send(running.pages, tokens)
        for page in running:
            page.length = min(page.length + 1, page.most)
            page.asked += 1
        for page in running:
            if page.asked >= page.due:
                running.leave(page)

    def _settle(self, lag: int) -> None:
        """Hand tokens to their pages, but for the latest rounds."""
        for page, token, logprob in self._pages.under_way.receive(lag):
            self._take(page, token, logprob)

    def _take(self, page: Page, token: int, logprob: float) -> None:
        generation = page.generation
        if generation.finished:
            return  # computed once more before its end was known
        if token == self._eos:
            self._end(page, "eos")
            return
        generation.take(token, logprob)
        if len(generation.tokens) >= page.due:
            full = page.due >= page.rules.max_new_tokens
            self._end(page, "length" if full else "context")

    # Leaving

    def _end(self, page: Page, finished: str, error: BaseException | None = None) -> None:
        if finished in ("eos", "length", "context"):
            self._failures = 0
        self._pages.end(page, finished, error)

    # Out of memory

    def _save_memory(self) -> None:
        """Park everybody, free what can be freed, and halve the slots."""
        blamed, self._at_work = self._at_work or self._pages.running.pages, []
        self._settle(0)
        length = self._division.length
        slots = self.plan.slots_at(length)
        self._pages.retreat()
        self._slots.free()
        gc.collect()
        if slots == 1 and len(blamed) <= 1:
            self._give_up(blamed)
            return
        # One image and one prompt at a time from now on.
        self._images.ahead = self._prefill_tokens = 1
        self._division.plan = self.plan.halved(length)
        self._on_notice(
            f"Out of memory with {slots} slots; going on with {self.plan.slots_at(length)}."
        )

    def _give_up(self, blamed: Sequence[Page]) -> None:
        """End the page that finds no memory even alone; raise MemoryError if it is not at fault."""
        if blamed and blamed[0].generation.finished:
            return  # its last tokens were on their way
        self._failures += 1
        if not blamed or self._failures >= HOPELESS:
            raise MemoryError("out of memory with one slot; other programs may hold the memory")
        said = "the page needs more memory than there is, even alone"
        self._on_notice(f"Out of memory with one slot: {said}.")
        self._end(blamed[0], "failed", MemoryError(said))
