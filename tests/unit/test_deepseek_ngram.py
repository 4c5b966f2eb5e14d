"""The rule against repetition, for all slots at once, against the rule as one would write it."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.generation import Rules
from ocrd.engine.deepseek.ngram import RepeatBan
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


@given(
    st.lists(rules, min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(0, 2**32),
    st.integers(1, 120),
)
@settings(max_examples=120, deadline=None)
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
