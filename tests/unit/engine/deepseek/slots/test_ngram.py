"""The rule against repetition, for all slots at once, against the rule as one would write it."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.slots.generation import Rules
from ocrd.engine.deepseek.slots.ngram import RepeatBan
from tests.sequential import plain_ban

CPU = torch.device("cpu")
VOCABULARY = 12

rules = st.builds(
    Rules,
    max_new_tokens=st.just(0),
    ngram=st.integers(0, 6),
    window=st.integers(0, 40),
    exempt=st.sampled_from([(), (2,), (2, 3)]),
)


def banned_of(ban: RepeatBan, slots: int) -> list[set[int]]:
    scores = torch.zeros((slots, VOCABULARY))
    ban.forbid(scores)
    return [set(torch.nonzero(row == -torch.inf)[:, 0].tolist()) for row in scores]


def seat(ban: RepeatBan, slot: int, rule: Rules, tokens: list[int]) -> None:
    ban.seat(slot, rule.ngram, rule.window, rule.exempt)
    ban.begin(slot, torch.tensor(tokens[0]))


def banned_after(ban: RepeatBan, slot: int, rule: Rules, said: list[int]) -> set[int]:
    """Return what may not follow these tokens in a slot, whatever the slots beside it say."""
    slots = slot + 1
    for other in range(slot):
        seat(ban, other, Rules(0, 2, 4), [11])
    seat(ban, slot, rule, said[:1])
    for token in said[1:]:
        ban.push(torch.tensor([11] * slot + [token]))
    return banned_of(ban, slots)[slot]


@pytest.mark.parametrize(
    ("ngram", "window", "exempt", "said", "banned"),
    [
        (2, 2, (), [5], set()),  # nothing is repeated yet
        (2, 2, (), [5, 5], {5}),  # the pair is all that the window holds
        (2, 2, (), [5, 6, 5], set()),  # of three tokens it holds the last two
        (2, 3, (), [5, 6, 5], {6}),
        (2, 1, (), [5, 5, 5], set()),  # a window that holds no pair
        (3, 2, (), [5, 5, 5, 5], set()),
        (3, 3, (), [5, 5, 5], {5}),
        (3, 3, (), [5, 5], set()),
        (3, 9, (), [0, 1, 2, 0, 1], {2}),
        (3, 5, (), [0, 1, 2, 0, 1], {2}),
        (3, 4, (), [0, 1, 2, 0, 1], set()),
        (2, 9, (), [1, 0, 1], {0}),
        (2, 9, (), [5, 6, 5, 7, 5], {6, 7}),
        (2, 9, (6,), [5, 6, 5, 7, 5], {7}),
        (2, 9, (6, 7), [5, 6, 5, 7, 5], set()),
        (2, 9, (0, 5), [0, 0, 5, 5], set()),
        (1, 9, (), [5, 5, 5], set()),  # off
        (0, 9, (), [5, 5, 5], set()),
        (0, 0, (), [0, 0, 0], set()),
    ],
)
@pytest.mark.parametrize("slot", [0, 1, 2])
def test_a_token_is_banned_that_completes_what_the_window_holds_whole(
    ngram: int, window: int, exempt: tuple[int, ...], said: list[int], banned: set[int], slot: int
) -> None:
    rule = Rules(0, ngram, window, exempt=exempt)
    assert plain_ban(said, rule) == banned
    assert banned_after(RepeatBan(slot + 1, CPU), slot, rule, said) == banned


def test_a_ban_leaves_every_other_score_as_it_was() -> None:
    ban = RepeatBan(1, CPU)
    seat(ban, 0, Rules(0, 2, 9), [5])
    for token in (6, 5):
        ban.push(torch.tensor([token]))
    scores = torch.arange(float(VOCABULARY))[None] - 3
    ban.forbid(scores)
    expected = torch.arange(float(VOCABULARY))[None] - 3
    expected[0, 6] = -torch.inf
    assert torch.equal(scores, expected)


@pytest.mark.parametrize("window", [2, 3, 4, 40])
@pytest.mark.parametrize("exempt", [(), (1,), (1, 2, 3)])
def test_a_page_keeps_its_rule_when_another_with_a_wider_one_comes(
    window: int, exempt: tuple[int, ...]
) -> None:
    ban = RepeatBan(2, CPU)
    rule, wider = Rules(0, 2, 3), Rules(0, 2, window, exempt=exempt)
    said, others = [4, 5, 4], [1, 4, 1]
    seat(ban, 0, rule, said)
    for token in said[1:]:
        ban.push(torch.tensor([token]))
    seat(ban, 1, wider, others)
    assert banned_of(ban, 2) == [{5}, set()]
    for token in others[1:]:
        ban.push(torch.tensor([token, token]))
        said.append(token)
    assert banned_of(ban, 2) == [plain_ban(said, rule), plain_ban(others, wider)]


@pytest.mark.parametrize("window", [2, 9, 60])
def test_a_saved_page_goes_on_in_any_slot_whatever_its_first_one_said_since(window: int) -> None:
    rule = Rules(0, 2, 9, exempt=(2, 3))
    first = RepeatBan(1, CPU)
    said = [4, 5, 6, 4]
    assert banned_after(first, 0, rule, said) == {5}
    saved = first.save(0)
    for token in (5, 5, 5):
        first.push(torch.tensor([token]))
    second = RepeatBan(2, CPU)
    seat(second, 0, Rules(0, 2, window), [7])
    seat(second, 1, Rules(0, 2, window, exempt=(1,) * 5), [7])
    second.push(torch.tensor([7, 7]))
    second.restore(1, saved)
    assert banned_of(second, 2) == [{7}, {5}]
    for token in (2, 4, 4):
        second.push(torch.tensor([8, token]))
        said.append(token)
        assert banned_of(second, 2)[1] == plain_ban(said, rule)


@given(
    st.lists(rules, min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(0, 2**32),
    st.integers(1, 80),
)
@settings(max_examples=60, deadline=None)
def test_each_slot_is_forbidden_what_its_own_rule_forbids(
    slot_rules: list[Rules], alphabet: int, seed: int, steps: int
) -> None:
    random_tokens = random.Random(seed)
    ban = RepeatBan(len(slot_rules), CPU)
    said = [[random_tokens.randrange(alphabet)] for _ in slot_rules]
    for slot, rule in enumerate(slot_rules):
        seat(ban, slot, rule, said[slot])
    for _ in range(steps):
        plain = [plain_ban(tokens, rule) for tokens, rule in zip(said, slot_rules, strict=True)]
        assert banned_of(ban, len(slot_rules)) == plain
        latest = [random_tokens.randrange(alphabet) for _ in slot_rules]
        for tokens, token in zip(said, latest, strict=True):
            tokens.append(token)
        ban.push(torch.tensor(latest))


@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_pages_keep_their_rule_while_others_come_move_and_are_saved(seed: int) -> None:
    chance = random.Random(seed)
    ban = RepeatBan(4, CPU)
    pages: list[tuple[Rules, list[int]]] = []
    saved: list[tuple[Rules, list[int], tuple[torch.Tensor, ...]]] = []
    for _ in range(150):
        move = chance.random()
        if len(pages) < 4 and (not pages or move < 0.2):
            if saved and chance.random() < 0.7:
                rule, tokens, rows = saved.pop()
                ban.restore(len(pages), rows)
            else:
                rule = Rules(0, chance.randint(2, 4), chance.choice([3, 9, 60]), exempt=(1,))
                tokens = [chance.randrange(3)]
                seat(ban, len(pages), rule, tokens)
            pages.append((rule, tokens))
        elif pages and move < 0.35:
            slot, last = chance.randrange(len(pages)), len(pages) - 1
            if chance.random() < 0.6:
                saved.append((*pages[slot], ban.save(slot)))
            ban.move(last, slot)
            pages[slot] = pages[last]
            pages.pop()
        if not pages:
            continue
        assert banned_of(ban, len(pages)) == [plain_ban(said, rule) for rule, said in pages]
        latest = [chance.randrange(3) for _ in pages]
        for (_, tokens), token in zip(pages, latest, strict=True):
            tokens.append(token)
        ban.push(torch.tensor(latest))


@pytest.mark.parametrize(("ngram", "window"), [(30, 90), (20, 90), (20, 50), (10, 400)])
def test_the_models_own_rules_hold_for_thousands_of_steps_of_near_loops(
    ngram: int, window: int
) -> None:
    chance = random.Random(ngram * window)
    rule = Rules(0, ngram, window, exempt=(4,))
    ban = RepeatBan(1, CPU)
    said = [0]
    seat(ban, 0, rule, said)
    times_banned = 0
    period = 7
    for _ in range(1500):
        (banned,) = banned_of(ban, 1)
        assert banned == plain_ban(said, rule)
        times_banned += bool(banned)
        if chance.random() < 0.01:
            period = chance.randint(1, 40)
        wanted = said[-period] if len(said) >= period else chance.randrange(VOCABULARY)
        token = chance.randrange(VOCABULARY) if wanted in banned else wanted
        said.append(token)
        ban.push(torch.tensor([token]))
    assert times_banned > 10


def test_the_window_holds_the_whole_ngram_and_not_the_token_to_come() -> None:
    ban = RepeatBan(2, CPU)
    for slot, window in enumerate((4, 3)):  # 5 6 7 5 | the pair 5 6 is four tokens back
        seat(ban, slot, Rules(0, 2, window), [5])
    for token in (6, 7, 5):
        ban.push(torch.tensor([token, token]))
    assert banned_of(ban, 2) == [{6}, set()]


def test_a_token_banned_at_one_place_stays_banned_though_another_place_allows_it() -> None:
    ban = RepeatBan(1, CPU)
    seat(ban, 0, Rules(0, 3, 20), [1])
    for token in (2, 3, 9, 3, 1, 2):  # 1 2 3 … 9 3 …: 3 follows "1 2" once, "x 9" once
        ban.push(torch.tensor([token]))
    assert banned_of(ban, 1) == [{3}]


def test_a_recording_is_void_when_a_rule_needs_wider_tables_and_only_then() -> None:
    ban = RepeatBan(2, CPU, lags=30, exempt=2)
    before = ban.state
    ban.seat(0, 20, 49, (1, 2))  # as far as the tables reach
    ban.seat(1, 0, 0, ())
    assert ban.version == 0
    assert all(one is other for one, other in zip(ban.state, before, strict=True))
    ban.seat(0, 20, 50, ())
    assert ban.version == 1
    assert all(one is not other for one, other in zip(ban.state, before, strict=True))
    ban.seat(1, 2, 3, (1, 2, 3))
    assert ban.version == 2
    ban.restore(0, ban.save(1))
    assert ban.version == 2


def test_what_a_step_changes_is_told() -> None:
    ban = RepeatBan(1, CPU, lags=8)
    seat(ban, 0, Rules(0, 2, 9), [5])
    before = [tensor.clone() for tensor in ban.state]
    ban.push(torch.tensor([5]))
    assert banned_of(ban, 1) == [{5}]
    for tensor, value in zip(ban.state, before, strict=True):
        assert not torch.equal(tensor, value)
        tensor.copy_(value)
    assert banned_of(ban, 1) == [set()]
