"""A document's pages to its sidecar: Markdown, plain text or layout JSON.

Pages are written as they come, one in memory at a time, so that a book of any length takes
constant memory. Model text is text: whatever it holds, it makes no Markdown of its own and no
page mark. The caller publishes; nothing here knows of file names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ocrd.job import Block, Box, DocumentResult, PageRead, PageStatus

FORMAT_VERSION = 1  # of the layout JSON; grows when a field changes its meaning
MAX_HEADING = 6

# Characters that a printed line may use as a bullet.
BULLETS = "•●◦○▪■□◆◇►▶‣⁃∙·*+-–—"

# Marks that begin a list entry: a bullet, or a number with its point or bracket.
_BULLET = re.compile(rf"[{re.escape(BULLETS)}]\s+(?=\S)")
_NUMBER = re.compile(r"(\d{1,9}[.)])\s+(?=\S)")

# Control characters but newline, and what would break a line: no reader shows them.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")

# What CommonMark and GFM take for markup inside a line (spec 0.31, sections 2 and 6).
_INLINE = re.compile(
    r"""
      \\(?=[!-/:-@\[-`{-~])            # a backslash before punctuation escapes it
    | [`*|~]                           # code, emphasis, table cells, strikethrough
    | (?<![^\W_])_ | _(?![^\W_])       # emphasis, but not inside a word
    | <(?=[A-Za-z/!?])                 # HTML, comments, autolinks
    | &(?=\#?\w+;)                     # entities
    | \[(?=\[) | \](?=[(\[])           # links and images
    """,
    re.VERBOSE,
)
# What they take for a block at the start of a line (sections 4 and 5).
_AT_START = re.compile(
    r"""
      (?P<mark>[#>])
    | (?P<bullet>[-+])(?=\s|$)
    | (?P<rule>[-=])(?=[-=\s:]*$)      # setext underlines, thematic breaks
    | (?P<reference>\[)(?=[^\]]*\]:)
    | (?P<number>\d{1,9})(?=[.)](?:\s|$))
    """,
    re.VERBOSE,
)


def write(
    out: BinaryIO,
    kind: str,
    document: DocumentResult,
    pages: Iterable[PageRead],
    *,
    front_matter: bool = False,
    page_marks: bool = True,
) -> None:
    """Write the sidecar of a kind, "md" or "json", as the document's mode asks for it."""
    if kind == "json":
        write_json(out, document, pages)
        return
    write_words = write_text if document.mode == "text" else write_markdown
    write_words(out, document, pages, front_matter=front_matter, page_marks=page_marks)


def write_markdown(
    out: BinaryIO,
    document: DocumentResult,
    pages: Iterable[PageRead],
    *,
    front_matter: bool = False,
    page_marks: bool = True,
) -> None:
    """Write the document as CommonMark."""
    paragraphs = _markdown_pages(pages, page_marks=page_marks)
    _write(out, document, paragraphs, front_matter=front_matter)


def write_text(
    out: BinaryIO,
    document: DocumentResult,
    pages: Iterable[PageRead],
    *,
    front_matter: bool = False,
    page_marks: bool = True,
) -> None:
    """Write the document's text in reading order, as it is."""
    paragraphs = _text_pages(pages, page_marks=page_marks)
    _write(out, document, paragraphs, front_matter=front_matter)


def write_json(out: BinaryIO, document: DocumentResult, pages: Iterable[PageRead]) -> None:
    """Write the layout: every block with label, text, confidence, page and boxes.

    One page a line. A box is given in pixels of the upright page (``width``, ``height``) and in
    points of the source's page as a viewer shows it; both count from the top left.
    """
    head = {
        "version": FORMAT_VERSION,
        "source": document.source_name,
        "sha256": document.sha256,
        "format": document.format,
        "page_count": document.pages,
        "engine": document.engine,
        "model": document.model,
        "mode": document.mode,
        "seconds": round(document.seconds, 1),
        "warnings": list(document.warnings),
    }
    out.write(_json(head).removesuffix(b"}") + b',"pages":[')
    separator = b"\n"
    for page in pages:
        out.write(separator + _json(_page_body(page)))
        separator = b",\n"
    out.write(b"\n]}\n")


def escape(text: str) -> str:
    """Return the text so that Markdown shows it as it is; line breaks stay line breaks."""
    lines = (line.strip() for line in _clean(text).split("\n"))
    return "  \n".join(_escape_line(line) for line in lines if line)


def yaml_header(document: DocumentResult) -> str:
    """Return the document's facts as a YAML block, every text in quotes."""
    facts: dict[str, str | int | float] = {
        "source": document.source_name,
        "sha256": document.sha256,
        "pages": document.pages,
        "engine": document.engine,
        "model": document.model,
        "mode": document.mode,
        "seconds": round(document.seconds, 1),
    }
    rows = [
        f"{name}: {_yaml(value) if isinstance(value, str) else value}"
        for name, value in facts.items()
    ]
    if document.warnings:
        rows += ["warnings:", *(f"  - {_yaml(warning)}" for warning in document.warnings)]
    else:
        rows.append("warnings: []")
    return "\n".join(["---", *rows, "---"])


def _write(
    out: BinaryIO, document: DocumentResult, paragraphs: Iterator[str], *, front_matter: bool
) -> None:
    """Write the paragraphs, an empty line between them and one newline at the end."""
    separator = ""
    if front_matter:
        out.write(_utf8(yaml_header(document)))
        separator = "\n\n"
    for paragraph in paragraphs:
        out.write(_utf8(separator + paragraph))
        separator = "\n\n"
    if separator:
        out.write(b"\n")


def _markdown_pages(pages: Iterable[PageRead], *, page_marks: bool) -> Iterator[str]:
    for page in pages:
        if page_marks:
            yield f"<!-- page {page.number} -->"
        if page.status is PageStatus.FAILED:
            yield f"> **{_failure(page)}** {escape(_cause(page))}".rstrip()
        elif page_marks and not page.blocks:
            yield "<!-- blank -->" if page.status is PageStatus.BLANK else "<!-- no text -->"
        yield from _joined_lists(page.blocks)


def _text_pages(pages: Iterable[PageRead], *, page_marks: bool) -> Iterator[str]:
    for page in pages:
        if page_marks:
            yield f"<!-- page {page.number} -->"
        if page.status is PageStatus.FAILED:
            yield f"[{_failure(page)} {_cause(page)}".rstrip() + "]"
        for block in page.blocks:
            if text := _clean(block.text).strip():
                yield text


def _failure(page: PageRead) -> str:
    return f"Page {page.number} could not be read."


def _cause(page: PageRead) -> str:
    return " ".join(_clean("; ".join(page.warnings)).split())


def _joined_lists(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the blocks as Markdown, entries of one list on consecutive lines."""
    entries: list[str] = []
    for block in blocks:
        markdown = _block(block)
        if block.label == "list" and markdown:
            entries.append(markdown)
            continue
        if entries:
            yield "\n".join(entries)
            entries = []
        if markdown:
            yield markdown
    if entries:
        yield "\n".join(entries)


def _block(block: Block) -> str:
    match block.label:
        case "heading" | "title":
            return _heading(block.text, level=1 if block.label == "title" else 2)
        case "list":
            return _list_entry(block.text)
        case "code":
            return _code(block.text)
        case _:
            return escape(block.text)


def _heading(text: str, level: int) -> str:
    line = _escape_line(" ".join(_clean(text).split()))
    # A closing run of # would be dropped.
    line = re.sub(r"(?<=\s)(#+)$", lambda run: "\\#" * len(run[1]), line)
    return f"{'#' * level} {line}" if line else ""


def _list_entry(text: str) -> str:
    text = " ".join(_clean(text).split())
    if number := _NUMBER.match(text):
        return f"{number[1]} {_escape_line(text[number.end() :])}"
    if bullet := _BULLET.match(text):
        text = text[bullet.end() :]
    return f"- {_escape_line(text)}" if text else ""


def _code(text: str) -> str:
    text = _clean(text, keep="\t").strip("\n")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}" if text.strip() else ""


def _escape_line(line: str) -> str:
    """Escape one stripped line."""
    start = _AT_START.match(line)
    line = _INLINE.sub(r"\\\g<0>", line)
    if start is None:
        return line
    if start["number"]:
        return f"{start['number']}\\{line[start.end() :]}"
    return f"\\{line}" if not line.startswith("\\") else line


def _clean(text: str, keep: str = "") -> str:
    """Return the text without characters that are none for a reader."""
    return _CONTROL.sub(lambda found: found[0] if found[0] == keep else " ", text)


def _page_body(page: PageRead) -> dict[str, Any]:
    return {
        "page": page.number,
        "status": page.status.value,
        "width": page.width,
        "height": page.height,
        "points_per_pixel": page.points_per_pixel,
        "rotation": page.rotation,
        "seconds": round(page.seconds, 3),
        "warnings": list(page.warnings),
        "code": page.code,
        "blocks": [
            {
                "label": block.label,
                "page": page.number,
                "text": block.text,
                "confidence": None if block.confidence is None else round(block.confidence, 4),
                "boxes": [
                    {"pixels": _corners(box), "points": _corners(_in_points(box, page))}
                    for box in block.boxes
                ],
            }
            for block in page.blocks
        ],
    }


def _in_points(box: Box, page: PageRead) -> Box:
    """Return the box on the source's page: the engine's turn undone, in points."""
    turned = {
        90: Box(box.y0, page.width - box.x1, box.y1, page.width - box.x0),
        180: Box(
            page.width - box.x1, page.height - box.y1, page.width - box.x0, page.height - box.y0
        ),
        270: Box(page.height - box.y1, box.x0, page.height - box.y0, box.x1),
    }.get(page.rotation, box)
    scale = page.points_per_pixel
    return Box(turned.x0 * scale, turned.y0 * scale, turned.x1 * scale, turned.y1 * scale)


def _corners(box: Box) -> list[float]:
    return [round(value, 1) for value in (box.x0, box.y0, box.x1, box.y1)]


def _json(body: dict[str, Any]) -> bytes:
    return _utf8(json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _yaml(text: str) -> str:
    """Return the text as a YAML double-quoted scalar (YAML 1.2, section 7.3.1)."""
    return '"' + "".join(map(_yaml_character, text)) + '"'


def _yaml_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else (
        f"\\U{code:08x}"
    )


def _utf8(text: str) -> bytes:
    """Return the text in UTF-8; lone surrogates, which no file can hold, are replaced."""
    return text.encode("utf-8", "replace")
