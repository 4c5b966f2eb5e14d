"""Recognised lines with their boxes -> blocks in reading order (pure).

:mod:`ocrd.layout.sheet` straightens the page, :mod:`ocrd.layout.columns` says in which order its
rows are read, and :mod:`ocrd.layout.paragraphs` what belongs together. Here each block gets its
label and its text, with what line breaks cut joined again; pictures come among them
(:mod:`ocrd.layout.illustrated`). Every line's text is in exactly one block, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ocrd.doubts import of_block
from ocrd.job import Block, Box, Line, Rule
from ocrd.layout import (
    captions,
    cells,
    clauses,
    codes,
    crossheads,
    edges,
    footnotes,
    grids,
    headings,
    illustrated,
    indexes,
    labels,
    lists,
    pairs,
    points,
    running,
    shapes,
    sideheads,
    sidenotes,
    speakers,
    stacks,
    stanzas,
    topmost,
    unruled,
    verses,
)
from ocrd.layout.columns import Row, rows
from ocrd.layout.direction import Mirror, is_right_to_left
from ocrd.layout.joining import is_cut, join
from ocrd.layout.paragraphs import Draft, Setting, drafts
from ocrd.layout.sheet import Grid, Listing, Piece, Sheet, around, page_box, rounded
from ocrd.markdown import tables

# In heights of a line unless they say otherwise.
HEADING_SPACE = 0.45  # above a heading that is no larger than the text
LARGER_TITLE = 1.15  # times the size of the authors' names below it
HANGS = 1.0  # what begins so much further right explains the term above it
FULL = 0.7  # from a full row's end to that of the longest one
SAME_STEP = 1.15  # times the usual distance of two rows
MOST = 0.5  # of a row's letters
NOTE_RULE = 1.5  # from a rule to the head of a note below it



def blocks(
    lines: Sequence[Line],
    width: int,
    height: int,
    rules: Sequence[Rule] = (),
    pictures: Sequence[Box] = (),
) -> list[Block]:
    """Return the blocks of a page of ``width`` by ``height`` pixels in reading order.

    A page in letters that run from right to left is laid out in a mirror.
    """
    if not is_right_to_left(lines):
        return _with_pictures(lines, width, height, rules, pictures)
    mirror = Mirror(width)
    found = _with_pictures(
        [mirror.line(line) for line in lines], width, height,
        [mirror.rule(rule) for rule in rules], [mirror.box(box) for box in pictures],
    )  # fmt: skip
    return [mirror.block(block) for block in found]


def _with_pictures(
    lines: Sequence[Line],
    width: int,
    height: int,
    rules: Sequence[Rule],
    pictures: Sequence[Box],
) -> list[Block]:
    rest, found = illustrated.parted(lines, pictures)
    return illustrated.placed(_laid_out(rest, width, height, rules), found)


def _laid_out(
    lines: Sequence[Line], width: int, height: int, rules: Sequence[Rule]
) -> list[Block]:
    page = Sheet.of(lines, width, height, rules)
    pieces = _with_tables(page.pieces, grids.ruled(page.pieces, page.lying, page.standing))
    pieces, around_it = running.part(pieces, height)
    pieces, given = points.parted(pieces)
    text, notes = sidenotes.parted(pieces)
    ordered = _ordered(text, page, given, height)
    if not notes and not any(row.is_side for row in ordered):
        text, notes = sidenotes.parted(pieces, with_heads=True)
        if notes:
            ordered = _ordered(text, page, given, height)
    if not ordered:
        return []
    foot, head = (1 - running.ZONE) * height, running.ZONE * height
    setting = Setting.of(ordered, page.lying, foot, head)
    body = _blocks(_drafts(ordered, setting), setting, around_it, given, notes)
    return [
        *_marginal(around_it.heads),
        *footnotes.with_marks(list(body)),
        *_marginal(around_it.feet),
    ]


def _ordered(
    pieces: Sequence[Piece], page: Sheet, given: Sequence[points.Points], height: float
) -> list[Row]:
    """Return the rows of the text in reading order, headings beside it above their own."""
    pieces = _with_tables(pieces, labels.tables(pieces, page.standing))
    pieces = codes.gathered(stacks.gathered(indexes.gathered(pieces)), codes.ROWS)
    pieces = _with_tables(pieces, pairs.tables(pieces))
    pieces = codes.gathered(_with_tables(pieces, unruled.tables(pieces)))
    ordered = edges.outermost(rows(pieces, page.turned, page.lying), height)
    return sideheads.parted(points.restored(ordered, given)) if ordered else []


def _drafts(ordered: Sequence[Row], setting: Setting) -> list[Draft]:
    found = clauses.parted(drafts(ordered, setting), setting)
    return crossheads.parted(stanzas.gathered(found, setting), setting)


def _marginal(found: Iterable[tuple[str, tuple[Piece, ...]]]) -> Iterator[Block]:
    """Yield the blocks of what stands on every page."""
    for label, pieces in found:
        lines = [piece.line for piece in pieces]
        text = " ".join(line.text.strip() for line in lines)
        yield _of_lines(label, text, (rounded(around(map(page_box, lines))),), lines)


def _with_tables(
    pieces: Sequence[Piece], found: Sequence[tuple[Grid, frozenset[int]]]
) -> list[Piece]:
    """Return the pieces with those of each table as one."""
    whole: list[Piece] = []
    taken: set[int] = set()
    for grid, inside in found:
        if not inside & taken:
            taken |= inside
            line = replace(grid.pieces[0].line, text=tables.raw(grid.rows))
            whole.append(Piece(line, grid.box, grid))
    return whole + [piece for index, piece in enumerate(pieces) if index not in taken]


def plain(blocks: Iterable[Block]) -> str:
    """Return the blocks' text, an empty line between two of them."""
    return "\n\n".join(block.text for block in blocks if block.text)


def _blocks(
    some: Sequence[Draft],
    setting: Setting,
    around_it: running.Running,
    given: Sequence[points.Points],
    notes: Sequence[sidenotes.Note],
) -> Iterator[Block]:
    for index in lists.unmarked([(draft.rows[0], draft.label == "list") for draft in some]):
        if not some[index].is_stanza:
            some[index].label = "list"
    for index in lists.firsts_of_counted([(one.rows[0], one.label == "list") for one in some]):
        draft = some[index]
        if draft.label == "text" and not (
            draft.is_stanza or headings.is_bold(draft.rows[0], setting.body)
        ):
            draft.label = "list"
    _set_labels(some, setting, around_it)
    some = speakers.joined(_with_marks(some), setting)
    for draft in some:
        if draft.label == "text" and not draft.is_stanza and verses.are_verses(draft.rows):
            draft.breaks |= set(range(1, len(draft.rows)))
    levels = lists.levels((draft.rows[0], draft.label == "list") for draft in some)
    level_of = dict(zip(map(id, some), levels, strict=True))
    for draft in sidenotes.placed(points.placed(some, given), notes):
        yield _block(draft, setting, level_of.get(id(draft), 0))


def _set_labels(
    some: Sequence[Draft], setting: Setting, around_it: running.Running
) -> None:
    """Say of each block of text what it is; the largest heading, if it is the first, is a title."""
    for before, draft, after in zip([None, *some], some, [*some[1:], None], strict=False):
        if draft.label == "text" and not draft.rows[0].whole and not draft.is_stanza:
            draft.label = _label(draft, setting, after)
            if draft.label == "heading" and before and (
                _is_in_step(draft, before, setting) or _names_authors(draft, before, after)
            ):
                draft.label = "text"
    _set_namesakes(some, setting)
    if some and topmost.runs(some, setting, around_it):
        some[0].label = "text"
    first, *others = [draft.rows for draft in some if draft.label in {"title", "heading"}] or [[]]
    if some and first is some[0].rows and headings.is_larger(first, others, setting.body):
        some[0].label = "title"


def _set_namesakes(some: Sequence[Draft], setting: Setting) -> None:
    """Make rows in bold headings that number themselves as others do: TOP 2 as TOP 1."""
    names = {
        (headings.name_of(draft.rows[0].text), draft.rows[0].column)
        for draft in some
        if draft.label == "heading"
    }
    for draft, after in zip(some, [*some[1:], None], strict=True):
        row = draft.rows[0]
        if draft.label != "text" or len(draft.rows) > 1 or row.whole or after is None:
            continue
        name = headings.name_of(row.text)
        is_bold = name and headings.is_bold(row, setting.body)
        if is_bold and (name, row.column) in names and not _runs_on(draft, after, setting):
            found = headings.label(draft.rows, setting.body, has_breaks=False)
            draft.label = "text" if found == "text" else "heading"


def _with_marks(some: Sequence[Draft]) -> list[Draft]:
    """Return the drafts with "Chapter 2" and the title below it as one heading."""
    found: list[Draft] = []
    for draft in some:
        above = found[-1] if found else None
        if above and _are_headings(above, draft) and headings.is_mark(_text(above)):
            label = "title" if "title" in (above.label, draft.label) else "heading"
            found[-1] = Draft([*above.rows, *draft.rows], label, above.space)
        else:
            found.append(draft)
    return found


def _are_headings(*some: Draft) -> bool:
    return all(draft.label in {"title", "heading"} for draft in some)


def _text(draft: Draft) -> str:
    return " ".join(row.text for row in draft.rows)


def _block(draft: Draft, setting: Setting, level: int) -> Block:
    if whole := draft.rows[0].whole:
        return _whole(whole)
    label, text = draft.label, ""
    are_cells = not draft.is_stanza and any(len(row.cells) > 1 for row in draft.rows)
    if label == "text" and are_cells:
        table = cells.table(draft.rows)
        if table:
            return _whole(table)
    parts: list[int] = []  # where those of words begin that a row's hyphen cuts
    for index, row in enumerate(draft.rows):
        if not text:
            text = draft.begins or row.text
        elif index in draft.breaks and label == "text":
            text += "\n" + row.text
        else:
            is_decided = is_cut(text, row.text)
            text = join(text, row.text, setting.vocabulary)
            parts += [len(text) - len(row.text)] * is_decided
    shape = shapes.of(draft.rows, setting, tuple(len(text) - part for part in parts))
    if label == "list":
        text = lists.with_plain_mark(text, level)
    lines = [piece.line for row in draft.rows for piece in row.pieces]
    lead = _lead(draft, text, setting) if label == "text" else ""
    return replace(_of_lines(label, text, _boxes(draft.rows), lines), shape=shape, lead=lead)


def _lead(draft: Draft, text: str, setting: Setting) -> str:
    """Return the words in bold that a paragraph begins with, "" where none are."""
    row = draft.rows[0]
    line = row.pieces[0].line
    if not line.lead or not text.startswith(f"{line.lead} "):
        return ""
    # Most of a row is bolder than the text, or what follows is only thinner than that.
    is_most = len(line.lead) > MOST * len(line.text)
    if is_most and headings.weight_of([row], setting.body) < headings.BOLD:
        return ""
    return line.lead


def _label(draft: Draft, setting: Setting, after: Draft | None) -> str:
    """Return "title", "heading", "caption" or "text"."""
    first = draft.rows[0]
    if captions.are_one(draft.rows):
        return "caption"
    found = headings.label(draft.rows, setting.body, has_breaks=bool(draft.breaks))
    if found == "text" and headings.is_in_capitals(draft.rows) and _heads_text(draft, after):
        return "heading"
    if first.kept:
        return "text"
    if found == "heading" and (
        # A word in bold under a rule heads a note and no part of the text.
        (crossheads.NOTE.match(first.text) and _is_under_rule(first, setting))
        # A number makes no heading of what nothing stands below, but a foot.
        or (after is None and first.box.y0 > setting.foot)
        or (headings.is_only_bold(draft.rows, setting.body) and not _stands_free(draft, after))
        or headings.is_hardly_larger(draft.rows, setting.body)
        or _runs_on(draft, after, setting)
    ):
        return "text"
    return found


def _heads_text(draft: Draft, after: Draft | None) -> bool:
    """Say whether rows stand within a column, white above them and a paragraph right below."""
    if not HEADING_SPACE <= draft.space < math.inf or after is None or after.label != "text":
        return False
    row, below = draft.rows[-1], after.rows[0]
    paragraph = below.whole is None and len(after.rows) > 1 and not after.breaks
    return paragraph and below.column == row.column and below.box.width > row.box.width


def _stands_free(draft: Draft, after: Draft | None) -> bool:
    """Say whether rows in bold stand above the text and not in it, nor explain what hangs below."""
    if draft.space < HEADING_SPACE:
        return False
    if after is None or after.rows[0].column != draft.rows[0].column:
        return after is not None
    return after.rows[0].box.x0 - draft.rows[0].box.x0 < HANGS * draft.rows[0].height


def _runs_on(draft: Draft, after: Draft | None, setting: Setting) -> bool:
    """Say whether a row in the text's size fills its column and text follows in the same step.

    A few words in bold run into the sentence behind them.
    """
    row = draft.rows[0]
    if len(draft.rows) > 1 or after is None or not headings.is_only_bold(draft.rows, setting.body):
        return False
    below, column = after.rows[0], setting.columns[row.column]
    step = (below.box.y0 + below.box.y1 - row.box.y0 - row.box.y1) / 2
    return (
        below.column == row.column
        and below.whole is None
        and not headings.is_set_apart(below, setting.body)
        and row.box.x1 > column.right - FULL * row.height
        and 0 < step < SAME_STEP * column.pitch
    )


def _names_authors(draft: Draft, before: Draft, after: Draft | None) -> bool:
    """Say whether rows under a larger title are its authors' names, and head no text."""
    size, said = max(map(headings.size_of, draft.rows)), _text(draft)
    heads_text = after is not None and after.label == "text" and len(after.rows) > 1
    return (
        before.label in {"title", "heading"}
        and headings.are_names(said)
        and (
            headings.has_initial(said)
            or (min(map(headings.size_of, before.rows)) >= LARGER_TITLE * size and not heads_text)
        )
    )


def _is_in_step(draft: Draft, before: Draft, setting: Setting) -> bool:
    """Say whether a row that seems somewhat larger follows text in its own step: an address's."""
    return (
        len(draft.rows) == 1
        and draft.space < HEADING_SPACE
        and before.label == "text"
        and before.rows[-1].whole is None
        and headings.is_hardly_measured(draft.rows, setting.body)
        and not headings.NUMBERED.match(draft.rows[0].text)
    )


def _is_under_rule(row: Row, setting: Setting) -> bool:
    """Say whether a rule lies close above the row, longer than its text and no longer than text is.

    A rule over several columns heads the page and no note.
    """
    box, height = row.box, row.height
    bottom, right = box.y0 + 0.3 * height, setting.columns[row.column].right + height
    return any(
        rule.start < box.x1 and box.x1 + 5 * height < rule.end < right
        for rule in setting.rules_between(bottom - NOTE_RULE * height, bottom)
    )


def _whole(whole: Grid | Listing) -> Block:
    lines = [piece.line for piece in whole.pieces]
    boxes = (rounded(around(map(page_box, lines))),)
    if isinstance(whole, Listing):
        return _of_lines("code", whole.text, boxes, lines)
    return replace(_of_lines("table", tables.raw(whole.rows), boxes, lines), table=whole.rows)


def _of_lines(label: str, text: str, boxes: tuple[Box, ...], lines: Sequence[Line]) -> Block:
    """Return a block with what its lines say of themselves: how sure they are, and what is not."""
    return Block(label, text, boxes, _mean(lines), doubts=of_block(lines))


def _boxes(some: Sequence[Row]) -> tuple[Box, ...]:
    """Return the block's boxes on the page as it is: one a column, to a tenth of a pixel."""
    columns: dict[int, list[Box]] = {}
    for row in some:
        columns.setdefault(row.column, []).extend(page_box(piece.line) for piece in row.pieces)
    return tuple(map(rounded, map(around, columns.values())))


def _mean(lines: Sequence[Line]) -> float:
    """Return the confidence as the mean over characters."""
    characters = sum(len(line.text) for line in lines)
    return round(sum(line.confidence * len(line.text) for line in lines) / characters, 4)
