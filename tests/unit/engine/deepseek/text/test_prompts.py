"""Prompts as the models were trained on them, and what a person may not slip into one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.deepseek.text.prompts import (
    BOS,
    GROUNDING,
    IMAGE,
    TD,
    TD_END,
    RepeatRule,
    as_asked,
    prompt_ids,
    prompt_of,
    repeat_rule,
)
from ocrd.tasks import Task

V1, V2, UNLIMITED = "deepseek-ocr", "deepseek-ocr-2", "unlimited-ocr"


def spell(text: str) -> list[int]:
    """Tokenize as one id a character, the grounding token one id."""
    ids: list[int] = []
    for number, piece in enumerate(text.split("<|grounding|>")):
        ids += [GROUNDING] if number else []
        ids += [1000 + ord(letter) for letter in piece]
    return ids


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize(
    ("mode", "prompt"),
    [
        ("markdown", "<image>\n<|grounding|>Convert the document to markdown."),
        ("text", "<image>\nFree OCR."),
    ],
)
def test_both_models_have_their_official_prompts(kind: str, mode: str, prompt: str) -> None:
    assert prompt_of(kind, Task(mode)) == prompt


@pytest.mark.parametrize(
    ("task", "prompt"),
    [
        (Task("figure"), "<image>\nParse the figure."),
        (Task("describe"), "<image>\nDescribe this image in detail."),
        (
            Task("locate", target=" the  total\namount "),
            "<image>\nLocate <|ref|>the total amount<|/ref|> in the image.",
        ),
        (
            Task("locate", target="a {brace}"),
            "<image>\nLocate <|ref|>a {brace}<|/ref|> in the image.",
        ),
    ],
)
def test_v1_has_prompts_for_its_other_modes(task: Task, prompt: str) -> None:
    assert prompt_of(V1, task) == prompt


@pytest.mark.parametrize("mode", ["figure", "describe", "locate", "dance"])
def test_a_mode_that_a_model_was_not_trained_for_is_refused_with_the_list(mode: str) -> None:
    with pytest.raises(ValueError, match="markdown, text, prompt"):
        prompt_of(V2, Task(mode, target="x"))


def test_an_engine_without_prompts_is_refused() -> None:
    with pytest.raises(ValueError, match="rapidocr"):
        prompt_of("rapidocr", Task("text"))


@pytest.mark.parametrize("target", ["", "  \n", "<|/ref|> and", "a <| b", "<｜end", "x <image> y"])
def test_a_target_that_is_none_or_holds_tokens_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="target"):
        prompt_of(V1, Task("locate", target=target))


@pytest.mark.parametrize(
    ("own", "prompt"),
    [
        ("List the names. ", "<image>\nList the names."),
        ("<|grounding|>OCR this image.", "<image>\n<|grounding|>OCR this image."),
        ("Look: <image> What is it?", "Look: <image> What is it?"),
        ("Is a < b | c > d?", "<image>\nIs a < b | c > d?"),
        ("Where is <|ref|>the stamp<|/ref|>?", "<image>\nWhere is <|ref|>the stamp<|/ref|>?"),
    ],
)
@pytest.mark.parametrize("kind", [V1, V2])
def test_an_own_prompt_follows_the_image_unless_it_places_it(
    kind: str, own: str, prompt: str
) -> None:
    assert prompt_of(kind, Task("prompt", prompt=own)) == prompt


@pytest.mark.parametrize(
    "own",
    [
        "", "  ", "<image>", "<image> and <image>", "a<｜end▁of▁sentence｜>b", "<|User|> hello",
        "<｜begin▁of▁sentence｜>", "<|Assistant|>", "<|▁pad▁|>", "<|grounding|><|User|>",
    ],
)  # fmt: skip
def test_an_own_prompt_that_is_empty_or_holds_foreign_tokens_is_refused(own: str) -> None:
    with pytest.raises(ValueError, match="prompt"):
        prompt_of(V2, Task("prompt", prompt=own))


def test_the_image_tokens_stand_between_bos_and_the_text() -> None:
    ids = prompt_ids(spell, prompt_of(V2, Task()), 257)
    assert ids[:259] == [BOS] + [IMAGE] * 257 + [1000 + ord("\n")]
    assert ids[259] == GROUNDING
    assert ids[260:] == spell("Convert the document to markdown.")


def test_the_image_stands_where_an_own_prompt_places_it() -> None:
    assert prompt_ids(spell, "A<image>B", 3) == [BOS, *spell("A"), IMAGE, IMAGE, IMAGE, *spell("B")]


@pytest.mark.parametrize("text", ["no image", "<image><image>"])
def test_ids_need_exactly_one_image(text: str) -> None:
    with pytest.raises(ValueError, match="once"):
        prompt_ids(spell, text, 3)


@given(st.text())
def test_no_own_prompt_yields_a_second_image_or_an_end(own: str) -> None:
    try:
        prompt = prompt_of(V2, Task("prompt", prompt=own))
    except ValueError:
        return
    assert prompt == prompt.strip()
    assert prompt_ids(spell, prompt, 5).count(IMAGE) == 5


def test_unlimited_ocr_has_one_prompt_right_behind_the_image() -> None:
    for mode in ("markdown", "text"):
        assert prompt_of(UNLIMITED, Task(mode)) == "<image>document parsing."
    own = Task("prompt", prompt="Multi page parsing.")
    assert prompt_of(UNLIMITED, own) == "<image>Multi page parsing."
    with pytest.raises(ValueError, match="markdown, text, prompt"):
        prompt_of(UNLIMITED, Task("figure"))


@pytest.mark.parametrize(
    ("kind", "size", "told"),
    [
        (V2, "base", "has one size only"),
        (UNLIMITED, "tiny", "has the sizes base and gundam"),
        (V1, "tiny", ""),
        (UNLIMITED, "gundam", ""),
    ],
)
def test_a_size_that_a_model_does_not_have_is_refused(kind: str, size: str, told: str) -> None:
    if not told:
        assert prompt_of(kind, Task(size=size))
        return
    with pytest.raises(ValueError, match=told):
        prompt_of(kind, Task(size=size))


def test_places_are_left_out_of_what_is_asked_for_as_text() -> None:
    said = (
        "<|det|>title [1, 2, 3, 4]<|/det|>The Quay\n<|det|>text [1, 5, 3, 9]<|/det|>It is dry.\n"
        "2 [a, b] <b>"
    )
    assert as_asked(UNLIMITED, Task("text"), said) == "The Quay\nIt is dry.\n2 [a, b] <b>"
    assert as_asked(UNLIMITED, Task(), said) == said
    assert as_asked(V1, Task("text"), said) == said


def test_the_no_repeat_rules_are_upstreams() -> None:
    assert repeat_rule(UNLIMITED) == RepeatRule(35, 128)
    assert repeat_rule(V1) == RepeatRule(30, 90)
    assert repeat_rule(V2) == RepeatRule(20, 90)
    assert (TD, TD_END) == (128821, 128822)
    with pytest.raises(ValueError, match="rapidocr"):
        repeat_rule("rapidocr")
