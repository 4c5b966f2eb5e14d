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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from ocrd.engine.deepseek.network.shortage import is_shortage
from ocrd.engine.deepseek.slots.delivery import Delivery
from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.images import Images
from ocrd.engine.deepseek.slots.running import Running
from ocrd.engine.deepseek.slots.sight import Aside, AtOnce, Encode
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.slots.waiting import Page, Waiting
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
        self._plan = plan
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
        self._arrived: deque[Page] = deque()
        self._waiting = Waiting()
        self._entering: list[Page] = []  # out of the queue and in no slot yet
        self._parked: list[Page] = []
        self._running = Running(self._slots)
        self._under_way: Delivery[Page] = Delivery()
        is_aside = weight.is_cuda if aside is None else aside
        self._images = Images(
            Aside(encode, weight.device) if is_aside else AtOnce(encode), self._waiting, ahead,
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
        room = self._plan.context - len(prompt)
        arrival = Page(
            generation=Generation(on_cancel),
            rules=rules,
            prompt=prompt,
            image=page,
            due=min(rules.max_new_tokens, room),
            order=(rank, -expected, next(self._numbers)),
            on_taken=on_taken,
            most=self._most(prompt),
        )
        self._arrived.append(arrival)
        return arrival.generation

    def _most(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of a page are ever in the cache."""
        window = self._slots.window
        return len(prompt) + window if window else self._plan.context

    @property
    def slots(self) -> int:
        """Return how many pages of usual length can be decoded together."""
        return self._plan.slots_at(self._plan.first_length)

    @property
    def plan(self) -> SlotPlan:
        """Return what the slots may have now, after every halving."""
        return self._plan

    @property
    def busy(self) -> bool:
        """Return whether there is anything to do."""
        return bool(
            self._arrived or self._waiting or self._parked or self._running or self._under_way
        )

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
        self._receive()
        with self._blaming_images():
            self._images.look_ahead()
        self._enter()
        self._make_room()
        self._decode()
        self._settle(self._lag if self._running else 0)

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
        length = self._plan.first_length
        slots = self._plan.slots_at(length)
        try:
            self._lay_out(length)
            self._slots.record({self._plan.batch(count + 1, slots) for count in range(slots)})
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
        self._end_all("failed", error)

    def cancel_all(self) -> None:
        """End every page as cancelled."""
        self._end_all("cancelled")

    def _end_all(self, finished: str, error: BaseException | None = None) -> None:
        for page in [*self._arrived, *self._all_open(), *self._under_way.pages]:
            page.let_image_go()
            page.generation.end(finished, error)
        self._arrived.clear()
        self._under_way.clear()
        self._waiting.clear()
        self._entering.clear()
        self._parked.clear()
        self._running.clear()

    def _all_open(self) -> list[Page]:
        return [*self._waiting.pages, *self._entering, *self._parked, *self._running.pages]

    # Entering

    def _receive(self) -> None:
        while self._arrived:
            page = self._arrived.popleft()
            if page.due > 0:
                self._waiting.push(page)
            else:
                page.let_image_go()
                page.generation.end("context" if page.rules.max_new_tokens > 0 else "length")
        for page in self._all_open():
            if page.generation.cancelled:
                self._end(page, "cancelled")

    def _enter(self) -> None:
        while self._parked:
            page = self._parked[0]
            self._at_work = [page]
            if not self._find_room(min(page.length + 1, page.most)):
                self._at_work = []
                return
            self._come_back(page)
        fed = 0
        while self._waiting:
            page = self._waiting.first
            if fed and fed + len(page.prompt) > self._prefill_tokens:
                break
            self._at_work = [page]
            if not self._find_room(self._at_first(page)):
                break
            if not self._is_seen(page):
                break
            if not page.generation.finished and self._is_whole(page):
                fed += len(page.prompt)
                self._waiting.remove(page)
                self._entering.append(page)
        self._at_work = []
        if self._entering:
            self._feed(self._entering)

    def _find_room(self, length: int) -> bool:
        """Lay the slots out for one page more, of a length; return False if that cannot be."""
        cache, taken = self._slots.cache, len(self._running) + len(self._entering)
        entering = map(self._at_first, self._entering)
        longest = max(length, self._running.longest + 1, *entering)
        wanted = max(cache.length, self._plan.rounded(longest))
        if taken >= self._plan.slots_at(wanted) and longest + self._plan.step <= wanted:
            # Lengthened once for a page that has left: perhaps shorter slots are enough now.
            wanted = self._plan.rounded(longest + self._plan.step)
        wanted = max(wanted, self._plan.first_length)
        if taken >= self._plan.slots_at(wanted):
            return False
        if wanted != cache.length:
            self._lay_out(wanted)
        return True

    def _at_first(self, page: Page) -> int:
        """Return what a page that enters needs: all that it ever will, where that is fixed."""
        return page.most if self._slots.window else len(page.prompt) + 1

    def _lay_out(self, length: int) -> None:
        slots, used = self._plan.slots_at(length), self._running.longest
        self._slots.cache.reserve(self._plan.budget)
        self._slots.cache.lay_out(slots, length, keep=len(self._running), used=used)

    def _is_seen(self, page: Page) -> bool:
        """Say whether a page's image was looked at; that is waited for only where all is idle."""
        idle = not (self._running or self._entering or self._under_way)
        with self._blaming_images():
            return self._images.is_seen(page, idle=idle)

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
        tokens = self._slots.prefill(len(self._running), prompts)
        entered, self._entering = self._at_work, []
        for page in entered:
            page.length, page.asked, page.features = len(page.prompt), 1, None
            self._running.enter(page)
        self._at_work = []
        self._under_way.send(entered, tokens)
        for page in entered:
            if page.asked >= page.due:
                self._running.leave(page)

    # Growing

    def _make_room(self) -> None:
        """See that every running page can take a token."""
        for page in self._running:
            wanted = min(page.length + 1, page.most)
            if wanted <= self._slots.cache.length:
                continue
            length = self._plan.rounded(wanted)
            if len(self._running) > self._plan.slots_at(length):
                self._park(page)
                continue
            self._at_work = [page]
            self._lay_out(length)
            self._at_work = []

    def _park(self, page: Page) -> None:
        self._running.park(page)
        self._parked.append(page)
        self._parked.sort(key=lambda one: one.order)

    def _come_back(self, page: Page) -> None:
        self._running.come_back(page)
        self._parked.remove(page)
        self._at_work = []

    # Decoding

    def _decode(self) -> None:
        if not self._running:
            return
        allowed = self._slots.cache.slots
        batch = self._plan.batch(len(self._running), allowed)
        length = min(self._plan.rounded(self._running.longest + 1), self._slots.cache.length)
        tokens = self._slots.decode(len(self._running), batch, length, self._running.draws)
        self.rounds += 1
        self._under_way.send(self._running.pages, tokens)
        for page in self._running:
            page.length = min(page.length + 1, page.most)
            page.asked += 1
        for page in self._running:
            if page.asked >= page.due:
                self._running.leave(page)

    def _settle(self, lag: int) -> None:
        """Hand tokens to their pages, but for the latest rounds."""
        for page, token, logprob in self._under_way.receive(lag):
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
        if page.slot is not None:
            self._running.leave(page)
        elif page in self._parked:
            self._parked.remove(page)
        elif page.asked == 0:
            self._waiting.remove(page)
        page.saved = page.features = None
        page.let_image_go()
        page.generation.end(finished, error)

    # Out of memory

    def _save_memory(self) -> None:
        """Park everybody, free what can be freed, and halve the slots."""
        blamed, self._at_work = self._at_work or self._running.pages, []
        self._settle(0)
        length = self._slots.cache.length or self._plan.first_length
        slots = self._plan.slots_at(length)
        for page in self._entering:
            self._waiting.push(page)
        self._entering.clear()
        for page in reversed(self._running.pages):
            self._park(page)
        self._slots.free()
        gc.collect()
        if slots == 1 and len(blamed) <= 1:
            self._give_up(blamed)
            return
        self._images.ahead = self._prefill_tokens = (
            1  # one image and one prompt at a time from now on
        )
        self._plan = self._plan.halved(length)
        self._on_notice(
            f"Out of memory with {slots} slots; going on with {self._plan.slots_at(length)}."
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
