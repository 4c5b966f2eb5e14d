"""Answers of models, made up for these tests in the form of each, as blocks of a page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ocrd.engine.remote.outputs import markup_of
from ocrd.engine.remote.profiles import shipped
from ocrd.job import Block
from ocrd.markdown import markup
from ocrd.tasks import Task

SIZE = (1120, 1568)  # of the image that was sent, a multiple of 28


def read(text: str, profile: str, mode: str = "markdown") -> list[Block]:
    said = markup_of(text, shipped()[profile], mode, SIZE)
    return markup.blocks(said, *SIZE, Task(mode))[0]


def told(blocks: list[Block]) -> list[tuple[str, str]]:
    return [(block.label, block.text) for block in blocks]


def corners(block: Block) -> list[int]:
    (box,) = block.boxes
    return [round(edge) for edge in (box.x0, box.y0, box.x1, box.y1)]


# dots.ocr: a list of regions, in pixels


LAYOUT = json.dumps(
    [
        {"bbox": [112, 80, 1000, 140], "category": "Title", "text": "# Tide tables"},
        {"bbox": [112, 200, 1000, 240], "category": "Section-header", "text": "## March"},
        {"bbox": [112, 300, 1000, 420], "category": "Text", "text": "High water at **noon**."},
        {"bbox": [112, 440, 1000, 500], "category": "Formula", "text": "$$h = a + b$$"},
        {"bbox": [112, 520, 1000, 800], "category": "Table",
         "text": "<table><tr><td>Mon</td><td>5.17</td></tr></table>"},
        {"bbox": [112, 820, 1000, 1200], "category": "Picture"},
        {"bbox": [112, 1210, 1000, 1240], "category": "Caption", "text": "The north mole"},
        {"bbox": [500, 1500, 600, 1540], "category": "Page-footer", "text": "12"},
    ]
)  # fmt: skip


def test_a_layout_in_json() -> None:
    blocks = read(LAYOUT, "dots-ocr")
    assert told(blocks) == [
        ("title", "Tide tables"),
        ("heading", "March"),
        ("text", "High water at **noon**."),
        ("equation", "h = a + b"),
        ("table", "Mon\t5.17"),
        ("figure", ""),
        ("caption", "The north mole"),
        ("footer", "12"),
    ]
    assert corners(blocks[0]) == pytest.approx([112, 80, 1000, 140], abs=2)
    assert corners(blocks[5]) == pytest.approx([112, 820, 1000, 1200], abs=2)


def test_a_layout_in_a_fence_or_in_an_object_is_the_same() -> None:
    fenced = f"```json\n{LAYOUT}\n```"
    within = json.dumps({"layout": json.loads(LAYOUT)})
    assert read(fenced, "dots-ocr") == read(within, "dots-ocr") == read(LAYOUT, "dots-ocr")


def test_a_layout_that_was_cut_off_keeps_its_whole_regions() -> None:
    torn = LAYOUT[: LAYOUT.index("Formula")]
    assert told(read(torn, "dots-ocr")) == told(read(LAYOUT, "dots-ocr"))[:3]


def test_what_is_no_layout_keeps_its_words() -> None:
    assert told(read("Sorry, I only read this.", "dots-ocr")) == [
        ("text", "Sorry, I only read this.")
    ]
    odd = json.dumps(["a word", {"bbox": [1, 2], "category": "Text", "text": "no place"},
                      {"bbox": ["x"] * 4, "text": "odd place"}, 7])  # fmt: skip
    text = "\n".join(block.text for block in read(odd, "dots-ocr"))
    for words in ("a word", "no place", "odd place", "7"):
        assert words in text


# Chandra: HTML in blocks, on a grid of 1024


HTML = """<div data-bbox="100 20 900 60" data-label="Page-Header">Harbour office</div>
<div data-bbox="100 80 900 140" data-label="Section-Header"><h1>Pilots &amp; tugs</h1></div>
<div data-bbox="100 200 900 300" data-label="Text"><p>They <b>wait</b> at <i>night</i>,
<math>t &gt; 2</math> hours.</p></div>
<div data-bbox="100 310 900 360" data-label="Equation-Block"><math display="block">a^2</math></div>
<div data-bbox="100 400 900 500" data-label="List-Group"><ul><li>rope</li><li>tar</li></ul></div>
<div data-bbox="100 520 900 700" data-label="Table"><table><tr><th colspan="2">Fees</th></tr>
<tr><td>a &lt; b</td><td>3</td></tr></table></div>
<div data-bbox="100 720 900 800" data-label="Form"><p><input type="checkbox" checked> paid</p></div>
<div data-bbox="0 512 512 1024" data-label="Image"><img alt="A tug in a storm"></div>
<div data-bbox="100 1000 900 1020" data-label="Page-Footer">7</div>"""


def test_html_in_blocks() -> None:
    blocks = read(HTML, "chandra")
    assert told(blocks) == [
        ("header", "Harbour office"),
        ("heading", "Pilots & tugs"),
        ("text", "They **wait** at *night*, \\(t > 2\\) hours."),
        ("equation", "a^2"),
        ("list", "- rope"),
        ("list", "- tar"),
        ("table", "Fees\na < b\t3"),
        ("text", "☒ paid"),
        ("figure", ""),
        ("footer", "7"),
    ]
    assert corners(blocks[8]) == pytest.approx([0, SIZE[1] / 2, SIZE[0] / 2, SIZE[1]], abs=2)
    assert blocks[6].table[0][0].columns == 2


def test_html_that_was_cut_off_keeps_its_words() -> None:
    torn = HTML[: HTML.index("tar</li>") + 2]
    assert told(read(torn, "chandra"))[:5] == told(read(HTML, "chandra"))[:5]


def test_html_without_blocks_is_read_as_it_stands() -> None:
    assert told(read("<h2>Rates</h2><p>One.</p><p>Two.</p>", "chandra"))[1:] == [
        ("text", "One."),
        ("text", "Two."),
    ]


# Markdown


def test_plain_markdown_with_a_table_and_formulas() -> None:
    text = (
        "# Dues\n\nA ship of $L = 40$ m pays $20 and $5 more.\n\n$$p = 3L$$\n\n"
        "| Ship | Dues |\n|:---|---:|\n| Ada | 20 |\n| Bo \\| Co | 5 |\n\nAll is paid."
    )
    blocks = read(text, "vision")
    assert told(blocks)[0] == ("title", "Dues")
    assert blocks[1].text == "A ship of \\(L = 40\\) m pays $20 and $5 more."
    assert ("equation", "p = 3L") in told(blocks)
    (table,) = [block for block in blocks if block.label == "table"]
    assert [cell.text for cell in table.table[0]] == ["Ship", "Dues"]
    assert len(table.table) == 3
    assert told(blocks)[-1] == ("text", "All is paid.")


def test_a_fence_and_a_models_thoughts_are_no_words_of_the_page() -> None:
    assert told(read("<think>Hm, a page.</think>\n```markdown\nGood day.\n```", "qwen-vl")) == [
        ("text", "Good day.")
    ]


def test_the_head_of_olmocr_is_no_word_of_the_page() -> None:
    text = (
        "---\nprimary_language: en\nis_rotation_valid: True\nrotation_correction: 0\n"
        "is_table: False\nis_diagram: False\n---\nThe lock opens at six.\n\n---\n\nAnd shuts."
    )
    found = " ".join(text for _, text in told(read(text, "olmocr")))
    assert found.startswith("The lock opens at six.")
    assert "And shuts." in found
    assert "primary_language" not in found


def test_a_comment_is_no_word_of_the_page() -> None:
    said = "<!-- page 1 is doubtful:\n1 of 9 lines -->\n\nThe words."
    assert told(read(said, "ocrd")) == [("text", "The words.")]


@pytest.mark.parametrize(
    "mark",
    ["![image](image_1.png)", "![image](image_1.png)100,200,300,400", "![A ship](p_1_2.png)"],
)
def test_a_figures_mark_is_no_word_of_the_page(mark: str) -> None:
    assert told(read(f"Before.\n\n{mark}\n\nBehind.", "lightonocr")) == [
        ("text", "Before."),
        ("text", "Behind."),
    ]


def test_plain_text_is_left_as_it_is() -> None:
    text = "| no | table |\n|---|---|\n$a^2$ ![x](y)"
    assert markup_of(text, shipped()["vision"], "text", SIZE) == text


# DeepSeek's own form, with its special tokens and without


@pytest.mark.parametrize(
    "text",
    ["<|ref|>title<|/ref|><|det|>[[100, 50, 900, 100]]<|/det|>\n# Mud\n\n"
     "<|ref|>text<|/ref|><|det|>[[100, 150, 900, 200]]<|/det|>\nIt is deep.",
     "title[[100, 50, 900, 100]]\n# Mud\n\ntext[[100, 150, 900, 200]]\nIt is deep.",
     "<|det|>title [100, 50, 900, 100]<|/det|># Mud\n<|det|>text [100, 150, 900, 200]<|/det|>"
     "It is deep."],
    ids=["grounded", "stripped", "unlimited"],
)  # fmt: skip
def test_grounded_forms(text: str) -> None:
    for profile in ("deepseek-ocr", "deepseek-ocr-2", "unlimited-ocr"):
        blocks = read(text, profile)
        assert told(blocks) == [("title", "Mud"), ("text", "It is deep.")]
        assert len(blocks[0].boxes) == 1


@given(some.text(max_size=300) | some.sampled_from([LAYOUT, HTML]).flatmap(
    lambda whole: some.integers(0, len(whole)).map(lambda end: whole[:end])
))  # fmt: skip
def test_no_answer_raises(text: str) -> None:
    for profile in shipped().values():
        markup.blocks(markup_of(text, profile, "markdown", SIZE), *SIZE, Task())
