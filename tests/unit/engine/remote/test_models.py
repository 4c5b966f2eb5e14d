"""Which of a server's models is asked."""

from __future__ import annotations

import pytest

from ocrd.engine.remote.models import chosen
from ocrd.engine.remote.talk import Model, Refused, ServerAway

MODELS = [Model("llama3:8b"), Model("deepseek-ocr:3b", 8192), Model("glm-ocr")]


def test_auto_is_the_first_that_a_profile_is_made_for() -> None:
    assert chosen(MODELS, "auto") == Model("deepseek-ocr:3b", 8192)


def test_auto_is_the_first_where_no_profile_is_made_for_any() -> None:
    assert chosen([Model("a"), Model("b")], "auto") == Model("a")


def test_a_name_is_taken_where_it_is_there() -> None:
    assert chosen(MODELS, "glm-ocr") == Model("glm-ocr")
    assert chosen([], "glm-ocr") == Model("glm-ocr")  # a server without a list


def test_a_model_that_is_not_there_is_refused_with_what_is() -> None:
    with pytest.raises(Refused, match="no model chandra, but llama3:8b, deepseek-ocr:3b, glm-ocr"):
        chosen(MODELS, "chandra")
    with pytest.raises(ServerAway, match="no model"):
        chosen([], "auto")
