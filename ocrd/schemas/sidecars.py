"""What is written beside a document: its layout (``*.json``), why it failed (``*.error.json``)."""

from __future__ import annotations

from ocrd.doubts import CODES, LINES
from ocrd.job import LABELS, PageStatus
from ocrd.schemas.forms import (
    Schema,
    count,
    maybe,
    nullable,
    number,
    several,
    switch,
    table,
    text,
    whole,
)

VERSION = 1  # of the layout; it grows when a field changes its meaning

_CORNERS: Schema = {
    "type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4,
    "description": "Left, top, right, bottom.",
}  # fmt: skip
_BOX = table(
    {
        "pixels": {**_CORNERS, "description": "On the upright page: left, top, right, bottom."},
        "points": {
            **_CORNERS,
            "description": "On the source's page as a viewer shows it: left, top, right, bottom.",
        },
    }
)
_PLACE: dict[str, Schema] = {
    "page": whole("A page, from 1."),
    "block": count("A place in its `blocks`, from 0."),
}
_CELL = table(
    {
        "text": text("Its text."),
        "rows": whole("Rows that it spans."),
        "columns": whole("Columns that it spans."),
        "header": switch("Whether it is of the head."),
    }
)
_BLOCK = table(
    {
        "label": text("What it is.", LABELS),
        "page": whole("Its page, from 1."),
        "text": text("Its plain text; Markdown with TeX between \\( \\) and \\[ \\] if `rich`."),
        "confidence": nullable(number("Mean over its characters, 0 to 1; null for none given.")),
        "boxes": several(
            _BOX,
            "Where it stands; several where it goes on in the next column, none where the block"
            " before has the region's.",
        ),
        "doubts": maybe(several(text("A word.", LINES), "Why its lines are not sure.")),
        "lead": maybe(text("The words in bold that its text begins with: a heading run into it.")),
        "level": maybe(whole("Of a heading in its document, from 1.")),
        "continues": maybe(table(_PLACE, "The block of a later page that it goes on in.")),
        "continued": maybe(
            table(
                {
                    **_PLACE,
                    "as": text("How both parts are one.", ("text", "table", "list")),
                    "by": maybe(text("Of a text: what stands between both parts.")),
                    "repeated": maybe(count("Of a table: rows that repeat the head.")),
                    "split": maybe(
                        switch("Of a table: whether the next row goes on in the last cells.")
                    ),
                },
                "The block of an earlier page that it goes on from.",
            )
        ),
        "rich": maybe({"const": True, "description": "The text is Markdown."}),
        "table": maybe(several(several(_CELL), "The rows, where they are known.")),
        "figures": maybe(several(text("A name."), "Its pictures, in the folder `assets`.")),
    }
)  # fmt: skip
_DOUBT = table(
    {
        "code": text("What it is about, see docs/operations.md.", CODES),
        "message": text("A sentence, for a person."),
        "share": number("Of the page's lines, or ink, that gave no text, 0 to 1."),
    }
)
_PAGE = table(
    {
        "page": whole("Its number, from 1."),
        "status": text("What became of it.", PageStatus),
        "width": number("Pixels, upright; 0 where it was not drawn."),
        "height": number("Pixels, upright."),
        "points_per_pixel": number("72 / the resolution that it was drawn with."),
        "rotation": {
            "enum": [0, 90, 180, 270],
            "description": "How far the engine turned it clockwise, degrees.",
        },
        "seconds": number("That the engine took."),
        "warnings": several(text("A sentence."), "Of one that failed the cause comes first."),
        "code": text('Of one that failed: the error, see docs/errors.md; "" else.'),
        "confidence": nullable(
            number(
                "How sure the engine is of it, 0 to 1: the mean over its tokens, of engines that"
                " read lines over its characters; null without text."
            )
        ),
        "least": nullable(number("Of the token, or the line, that it is least sure of.")),
        "tokens": count("That were written for it; see `estimated`."),
        "prompt_tokens": count("That stood before them, the image's included."),
        "estimated": switch("Whether tokens are an estimate, a quarter of the characters."),
        "doubts": several(_DOUBT, "Why it is not sure, the gravest first."),
        "unread": several(_BOX, "Lines that were found and not read."),
        "engine": maybe(text("That read it, where it was not the document's.")),
        "model": maybe(text("That engine's.")),
        "second_opinion": maybe(
            table(
                {
                    "engine": text("That read the page, too."),
                    "model": text("That engine's."),
                    "status": text("What would have become of it.", PageStatus),
                    "text": text("What it read."),
                    "doubts": several(_DOUBT, "Why it is not sure, the gravest first."),
                },
                "The reading of a doubtful page that was not kept.",
            )
        ),
        "blocks": several(_BLOCK, "In reading order, running heads and feet included."),
    }
)
LAYOUT = table(
    {
        "version": {"const": VERSION, "description": "Of this form."},
        "source": text("The document's name."),
        "sha256": text("Of the document."),
        "format": text('As "PDF", "JPEG".'),
        "page_count": count("Its pages."),
        "engine": text("That read it."),
        "model": text("The engine's."),
        "mode": text("What the engine was asked for."),
        "seconds": number("From the beginning to the filing."),
        "state": text("What it came to.", ("done", "done with doubts", "partial", "failed")),
        "confidence": nullable(number("Mean of its pages' by their tokens; null without any.")),
        "least": nullable(number("The least of its pages'.")),
        "doubtful": several(whole("A page."), "Pages that are doubtful."),
        "failed": several(whole("A page."), "Pages that count as not read."),
        "warnings": several(text("A sentence."), "What is to be said of its pages."),
        "assets": maybe(text("The folder of the figures beside it.")),
        "pages": several(_PAGE, "One a line of the file."),
    }
)

FAILURE = table(
    {
        "source": text("The document's name in its inbox."),
        "code": text("Which error it is, see docs/errors.md."),
        "message": text("What happened, for a person."),
        "hint": text("The way out, for a person."),
        "page": nullable(whole("The page that it is about.")),
        "attempts": count("Tries since the last page was read."),
        "time": text("UTC, as 2026-11-30T12:00:00Z."),
        "job": whole("The job's number: `ocrd show` has more."),
    }
)
