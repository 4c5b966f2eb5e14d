"""What a model writes of a page, with the places of its regions, and what is made of it."""

from ocrd.job import Block
from ocrd.markdown import markup
from ocrd.tasks import Task

MARKDOWN = Task()
EOS = "<｜end▁of▁sentence｜>"
BOX = "[[1, 2, 3, 4]]"
ROWS = "<table><tr><td>{}</td></tr></table>"


def region(label: str, places: str, body: str = "", *, bare: bool = False) -> str:
    """Return a region with its label, its places and its text; bare: without special tokens."""
    if bare:
        return f"{label}{places}\n{body}\n"
    return f"<|ref|>{label}<|/ref|><|det|>{places}<|/det|>\n{body}\n"


def read(text: str, task: Task = MARKDOWN) -> list[Block]:
    """Return the blocks of a page as wide and high as the grid."""
    return markup.blocks(text, 999, 999, task)[0]


def page(*, bare: bool) -> str:
    """Return a page with a region of most kinds."""
    parts = [
        region("title", "[[100, 10, 900, 50]]", "# A title", bare=bare),
        region("text", "[[100, 60, 450, 500], [500, 60, 900, 200]]", "Two columns.", bare=bare),
        region("sub_title", "[[100, 510, 900, 520]]", "## 1. Part", bare=bare),
        region("image", "[[100, 530, 900, 600]]", bare=bare),
        region("image_caption", "[[1, 2, 3, 4]]", "<center>Figure 1</center>", bare=bare),
        region("table_caption", "[[1, 2, 3, 5]]", "<center>Table 1</center>", bare=bare),
        region("table", "[[1, 2, 3, 6]]", "<table><tr><td>a</td><td>b</td></tr></table>",
               bare=bare),
        region("table_footnote", "[[1, 2, 3, 7]]", "* p", bare=bare),
        region("equation", "[[1, 2, 3, 8]]", "\\[ x \\coloneqq y \\]", bare=bare),
        region("figure_title", "[[1, 2, 3, 9]]", "Chart", bare=bare),
    ]  # fmt: skip
    return "\n".join(parts) + EOS


def seen(text: str, task: Task = MARKDOWN) -> list[tuple[str, str, int]]:
    """Return label, text and number of boxes of each block."""
    return [(block.label, block.text, len(block.boxes)) for block in read(text, task)]
