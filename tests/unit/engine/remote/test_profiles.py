"""Profiles: which model is asked how, and what a person may say otherwise."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ocrd.engine.remote.profiles import FORMS, IMAGES, chosen, of_model, shipped
from ocrd.errors import EngineUnusableError


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("deepseek-ai/DeepSeek-OCR-2", "deepseek-ocr-2"),
        ("deepseek-community/DeepSeek-OCR-2", "deepseek-ocr-2"),
        ("deepseek-ai/DeepSeek-OCR", "deepseek-ocr"),
        ("deepseek-ocr:3b", "deepseek-ocr"),
        ("baidu/Unlimited-OCR", "unlimited-ocr"),
        ("PaddlePaddle/PaddleOCR-VL-1.6", "paddleocr-vl"),
        ("PaddleOCR-VL-0.9B", "paddleocr-vl"),
        ("zai-org/GLM-OCR", "glm-ocr"),
        ("glm-ocr:latest", "glm-ocr"),
        ("lightonai/LightOnOCR-2-1B-bbox-soup", "lightonocr"),
        ("lightonai/LightOnOCR-1B-1025", "lightonocr"),
        ("lightonai/LightOnOCR-3-0.8B", "lightonocr-3"),
        ("rednote-hilab/dots.ocr", "dots-ocr"),
        ("rednote-hilab/dots.mocr", "dots-ocr"),
        ("datalab-to/chandra", "chandra"),
        ("allenai/olmOCR-2-7B-1025-FP8", "olmocr"),
        ("Qwen/Qwen3-VL-8B-Instruct", "qwen-vl"),
        ("qwen2.5vl:7b", "qwen-vl"),
        ("gpt-4.1", "vision"),
        ("", "vision"),
    ],
)
def test_a_models_name_tells_its_profile(model: str, profile: str) -> None:
    assert of_model(model).name == profile


@pytest.mark.parametrize("name", list(shipped()))
def test_a_shipped_profile_is_whole_and_says_where_that_is_written(name: str) -> None:
    profile = shipped()[name]
    assert profile.prompts.keys() >= {"markdown", "text"}
    assert profile.output in FORMS
    assert profile.image in IMAGES
    if name != "vision":
        assert re.search(r"read 20\d\d-\d\d-\d\d", profile.source), profile.source
        assert profile.models or name == "ocrd"
        assert profile.context > profile.max_tokens
    if profile.bans_repetition:
        assert profile.extra["skip_special_tokens"] is False
        assert {"ngram_size", "window_size"} <= profile.extra["vllm_xargs"].keys()


def test_a_profile_is_chosen_by_name_or_by_the_model() -> None:
    assert chosen("chandra", "deepseek-ai/DeepSeek-OCR", {}).name == "chandra"
    assert chosen("auto", "deepseek-ai/DeepSeek-OCR", {}).name == "deepseek-ocr"
    with pytest.raises(EngineUnusableError, match="no profile 'dots'"):
        chosen("dots", "", {})


def test_another_ocrd_is_known_by_what_it_says_of_its_models() -> None:
    assert chosen("auto", "deepseek-ocr", {}, "ocrd").name == "ocrd"
    assert chosen("auto", "default", {}, "ocrd").longest_side == 3508
    assert chosen("auto", "default", {}, "somebody").name == "vision"
    assert chosen("chandra", "default", {}, "ocrd").name == "chandra"


def test_what_a_person_says_takes_the_place_of_what_the_profile_says() -> None:
    own = {
        "longest_side": 999, "prompts": {"text": "Read it."}, "extra": {"top_k": 1},
        "stop": ["END"], "temperature": 0,
    }  # fmt: skip
    base, found = shipped()["deepseek-ocr"], chosen("deepseek-ocr", "", own)
    assert (found.name, found.longest_side, found.stop) == ("own", 999, ("END",))
    assert found.prompts == {**base.prompts, "text": "Read it."}
    assert found.extra == {**base.extra, "top_k": 1}
    assert found.grid == base.grid
    assert found.modes == base.modes


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"longest": 7}, "longest is not known"),
        ({"output": "xml"}, "not 'xml'"),
        ({"outputs": {"text": "xml"}}, "not 'xml'"),
        ({"image": "webp"}, "image is png or jpeg"),
        ({"longest_side": "big"}, "longest_side cannot be 'big'"),
        ({"longest_side": 0}, "has to be more than 0"),
        ({"max_tokens": True}, "max_tokens cannot be True"),
        ({"image_first": 1}, "image_first cannot be 1"),
        ({"prompts": "Read"}, "prompts cannot be"),
        ({"prompts": {"sing": "La"}}, "no prompt for 'sing'"),
        ({"prompts": {"text": 7}}, "no prompt for 'text'"),
        ({"stop": "END"}, "stop cannot be"),
    ],
)
def test_a_profile_that_is_none_is_refused_with_what_is_wrong(
    own: dict[str, Any], words: str
) -> None:
    with pytest.raises(EngineUnusableError) as caught:
        chosen("auto", "", own)
    assert words in caught.value.what


def test_the_modes_are_those_that_there_is_a_prompt_for() -> None:
    assert shipped()["chandra"].modes == ("markdown", "text", "prompt")
    assert "locate" in shipped()["deepseek-ocr"].modes
