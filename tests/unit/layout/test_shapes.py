"""What is kept of how a block's rows are set."""

from dataclasses import replace

from ocrd.job import Block, Shape, Typeface
from ocrd.layout import columns, layout, paragraphs, shapes
from tests.unit.layout.typeset import HEIGHT, LETTER, LINE, PITCH, WIDTH, Setting
from tests.unit.printed import piece

FULL = 60 * LETTER


def shape_of(text: str, *, size: float = 0.0) -> tuple[str, Shape]:
    lines = Setting(text, 100, 300, full=FULL).lines()
    lines = [replace(line, typeface=Typeface(size)) for line in lines]
    block: Block = layout.blocks(lines, WIDTH, HEIGHT)[0]
    assert block.shape is not None
    return block.text, block.shape


def test_rows_type_and_measure_are_those_of_the_block() -> None:
    text, shape = shape_of("this is what stands first\nand that is below it\nand the end.", size=14)
    assert text == "this is what stands first and that is below it and the end."
    assert (shape.rows, shape.size) == (3, 14.0)
    assert shape.measure == 60.0
    assert shape.indent == 0.0


def test_the_room_on_the_last_row_is_told_in_letters() -> None:
    _, shape = shape_of("this is what stands first\nand that is below it\n" + "x" * 40)
    assert shape.room == 20.0


def test_an_indent_of_the_first_row_is_told_in_heights_of_a_line() -> None:
    _, shape = shape_of("  this is what stands first\nand that is below it\nand the end.")
    assert shape.indent == round(2 * LETTER / LINE, 2)


def test_a_row_by_itself_is_held_against_its_column() -> None:
    above = Setting("a paragraph that fills\nits rows to the end\nand ends.", 100, 300, full=FULL)
    alone = Setting("an indented one", 100 + 4 * LETTER, 300 + 6 * PITCH)
    lines = [*above.lines(), *alone.lines()]
    shape = layout.blocks(lines, WIDTH, HEIGHT)[-1].shape
    assert shape is not None
    assert (shape.rows, shape.indent) == (1, 2.0)


def test_where_a_hyphen_was_decided_on_is_kept_from_the_end() -> None:
    text, shape = shape_of("• there is a nation-\nal park and a long-\nish way\nand the end.")
    assert text == "• there is a national park and a longish way and the end."
    assert [text[-place:] for place in shape.hyphens] == [
        "al park and a longish way and the end.", "ish way and the end."
    ]  # fmt: skip
    assert shape_of("there is an Anglo-\nSaxon word")[1].hyphens == ()


def test_the_weight_of_its_type_is_held_against_the_running_texts() -> None:
    text = Setting("a paragraph that fills\nits rows to the end\nand ends.", 100, 300, full=FULL)
    bold = Setting("in bold", 100, 300 + 6 * PITCH)
    lines = [replace(line, typeface=Typeface(12, 2.0)) for line in text.lines()]
    lines += [replace(line, typeface=Typeface(12, 3.5)) for line in bold.lines()]
    shapes = [block.shape for block in layout.blocks(lines, WIDTH, HEIGHT)]
    assert [shape.weight for shape in shapes if shape] == [1.0, 1.75]
    assert shape_of("a paragraph of one row", size=12)[1].weight == 0.0


def test_a_heading_beside_its_text_has_no_indent_wherever_it_begins() -> None:
    setting = paragraphs.Setting.of([columns.Row((piece("Results", 300, 300),), 0)], ())
    row = columns.Row((piece("Results", 340, 300),), 0)
    assert shapes.of([row], setting).indent > 1
    assert shapes.of([replace(row, is_side=True)], setting).indent == 0.0
