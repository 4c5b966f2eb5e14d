"""A model's text to regions: what stands in which field."""

import pytest

from ocrd.markdown.regions import is_group, regions, without_torn_token
from ocrd.tasks import Task

BOX = "[[1, 2, 3, 4]]"


MARKDOWN = Task()


def fields(text: str, task: Task = MARKDOWN) -> list[tuple[str, str, str]]:
    return [
        (region.label, "".join(region.places).strip(), "".join(region.body).strip())
        for region in regions(text, task)
        if region.label or region.places or "".join(region.body).strip()
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a<|ref|>text<|/ref|><|det|>{BOX}<|/det|>b", [("", "", "a"), ("text", BOX, "b")]),
        (f"<|det|>text {BOX}<|/det|>b", [("text", BOX, "b")]),
        (f"<|det|>text{BOX}<|/det|><|det|>image{BOX}<|/det|>",
         [("text", BOX, ""), ("image", BOX, "")]),
        (f"<|ref|>table<|/ref|><|det|>text {BOX}<|/det|>b", [("table", BOX, "b")]),
        (f"<|det|>no places {BOX}<|/det|>b", [("", "", f"no places {BOX}b")]),
        ("<|det|>text [a]<|/det|>b", [("", "", "text [a]b")]),
        ("<|det|>[[1, s 2, 3, 4]]<|/det|>b", [("", "[[1, s 2, 3, 4]]", "b")]),
        ("<|det|>s<|/det|>b", [("", "", "sb")]),
        ("<|det|>[[1, so 2]]<|/det|>b", [("", "", "[[1, so 2]]b")]),
        (f"<|ref|>image<|/ref|><|det|>{BOX}<", [("image", BOX, "")]),
        (f"<|ref|>text<|/ref|><|det|>{BOX}<|/det|><", [("text", BOX, "<")]),
    ],
)  # fmt: skip
def test_what_stands_where_with_tokens(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert fields(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"text{BOX}a\nodd_box{BOX}b", [("text", BOX, "a"), ("odd_box", BOX, "b")]),
        (f"text{BOX}a\nodd{BOX}b", [("text", BOX, f"a\nodd{BOX}b")]),
        (f"so\ntext{BOX}a\nodd_box{BOX}b",
         [("", "", "so"), ("text", BOX, f"a\nodd_box{BOX}b")]),
    ],
)  # fmt: skip
def test_what_stands_where_without_tokens(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert fields(text) == expected


def test_a_target_is_the_only_label_where_something_is_located() -> None:
    task = Task("locate", target="a (b)")
    assert fields(f"a (b){BOX}\ntext{BOX}", task) == [("a (b)", BOX, f"text{BOX}")]


def test_only_four_numbers_are_a_group() -> None:
    assert is_group("1, 2, 3, 4")
    assert is_group("-1 2.5,3,4")
    assert not is_group("1, 2, 3")
    assert not is_group("1, 2, 3, 4, 5")
    assert not is_group("1, s 2, 3, 4")
    assert not is_group("")


def test_a_token_that_is_cut_off_goes() -> None:
    assert without_torn_token("a<|de") == "a"
    assert without_torn_token("a<") == "a<"
    assert without_torn_token("a<|det|>") == "a<|det|>"
