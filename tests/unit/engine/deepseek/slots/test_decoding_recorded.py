"""Recorded steps in the decoder's hands: the same pages, and the recordings are made beforehand.

No graph is recorded on a processor. What stands for one does the step anew when it is replayed and
writes into the tensors that the recording returned, as a graph does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network import experts
from ocrd.engine.deepseek.network.recording import Recorder
from ocrd.engine.deepseek.slots.decoding import Decoder
from ocrd.engine.deepseek.slots.graphs import StepGraphs
from ocrd.engine.deepseek.slots.step import Round
from tests.books import ROOMY, Book, check, decoder, run, submit

pytestmark = pytest.mark.usefixtures("one_thread")


class Replay:
    def __init__(self, run: Callable[[], Round], found: Round) -> None:
        self._run = run
        self._found = found

    def replay(self) -> None:
        said = self._run()
        self._found.ids.copy_(said.ids)
        self._found.logprobs.copy_(said.logprobs)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have recording work; return of how many slots the recordings are."""
    counts: list[int] = []

    def record(_: Recorder, run: Callable[[], Round]) -> Any:
        run()
        found = run()
        counts.append(len(found.ids))
        return Replay(run, found), found

    monkeypatch.setattr(Recorder, "record", record)
    return counts


def on_gpu(book: Book, **options: Any) -> Decoder:
    plan = replace(ROOMY, few_shapes=True, **options.pop("plan", {}))
    made = decoder(book, plan, lag=1, on_notice=pytest.fail, **options)
    made._slots.graphs = StepGraphs(made._slots.step, pytest.fail)
    return made


@pytest.mark.parametrize(
    ("beforehand", "expert_code"), [(True, "auto"), (False, "dense"), (True, "gathered")]
)
def test_recorded_steps_give_what_generate_says(
    each_book: Book, recorded: list[int], beforehand: bool, expert_code: str
) -> None:
    made = on_gpu(each_book, expert_code=expert_code)
    if beforehand:
        made.record()
        assert recorded == [8, 4, 2, 1]  # the largest first: all share its memory
    generations = [submit(made, page) for page in each_book.pages]
    run(made)
    check(each_book.pages, generations)
    assert len(recorded) >= 4


def noting(compute: Callable[..., None], counts: set[int]) -> Callable[..., None]:
    """Return a code for experts that notes for how many tokens it is called."""

    def noted(block: Any, inputs: torch.Tensor, *rest: Any, **options: Any) -> None:
        counts.add(len(inputs))
        compute(block, inputs, *rest, **options)

    return noted


def test_few_slots_gather_their_experts_and_more_read_all_of_them(
    each_book: Book, recorded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where the code goes by the number of slots; so tiny a network has its own."""
    taken: dict[str, set[int]] = {"gathered": set(), "dense": set()}
    for name, counts in taken.items():
        compute = getattr(experts, name)

        monkeypatch.setattr(experts, name, noting(compute, counts))
    monkeypatch.setattr(experts, "choose", lambda setting, _: setting)
    monkeypatch.setattr(experts, "most_gathered", lambda _: 2)
    made = on_gpu(each_book)
    generations = [submit(made, page) for page in each_book.pages]
    run(made)
    check(each_book.pages, generations)
    assert taken == {"gathered": {1, 2}, "dense": {4, 8}}


def test_each_token_comes_with_how_likely_it_was(book: Book, recorded: list[int]) -> None:
    plain, made = decoder(book), on_gpu(book)
    said = []
    for one in (plain, made):
        generations = [submit(one, page) for page in book.pages[:4]]
        run(one)
        said.append(generations)
    for page, first, second in zip(book.pages, *said, strict=False):
        assert len(first.logprobs) == len(first.tokens) == len(page.expected)
        assert all(value <= 0 for value in first.logprobs)
        assert first.logprobs == pytest.approx(second.logprobs, abs=1e-3)
        assert first.logprobs == pytest.approx(likelihoods(book, page), abs=1e-3)


def likelihoods(book: Book, page: Any) -> list[float]:
    """Return the log-probability of each token of a page by Transformers' network alone."""
    embed = book.network.get_input_embeddings()
    with torch.no_grad():
        prompt = embed(torch.tensor(page.prompt)).clone()
        prompt[1 : 1 + len(page.features)] = page.features
        said = embed(torch.tensor(page.expected, dtype=torch.long))
        logits = book.network(inputs_embeds=torch.cat([prompt, said])[None]).logits[0]
    logs = logits.float().log_softmax(-1)[len(page.prompt) - 1 : -1]
    found: list[float] = logs.gather(1, torch.tensor(page.expected, dtype=torch.long)[:, None])[
        :, 0
    ].tolist()
    return found


def test_a_lack_of_memory_while_recording_beforehand_halves_the_slots(
    book: Book, recorded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    notices: list[str] = []
    made = on_gpu(book)
    made._on_notice = notices.append
    work = Recorder.record

    def short(recorder: Recorder, run: Callable[[], Round]) -> Any:
        graph, found = work(recorder, run)
        if len(found.ids) > 2:
            raise torch.OutOfMemoryError("injected")
        return graph, found

    monkeypatch.setattr(Recorder, "record", short)
    made.record()
    assert made.slots == 2 and len(notices) == 2
    generations = [submit(made, page) for page in book.pages]
    run(made)
    check(book.pages, generations)


def test_when_there_is_no_memory_for_one_page_that_is_said_at_once(
    book: Book, recorded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(_: Recorder, run: Callable[[], Round]) -> Any:
        raise torch.OutOfMemoryError("injected")

    made = on_gpu(book)
    made._on_notice = lambda _: None
    monkeypatch.setattr(Recorder, "record", short)
    with pytest.raises(MemoryError):
        made.record()
