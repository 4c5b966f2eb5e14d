"""A page whose text is known: drawn here, as large as a model wants it.

A server that fails on somebody's page is asked for this one: who reads it is well, and the page is
to blame. And a server that is wrong in silence is found out by it (``checking``).
"""

from __future__ import annotations

import functools
import io

from PIL import Image, ImageDraw, ImageFont

RATIO = 2**0.5  # of an A4 page's sides
MARGIN = 0.08  # of the page's width
ROWS = 46  # on a page: small print, as on a dense letter

TITLE = "Harbour office, notes of the week"
LINES = (
    "The dredger came on Monday at 7.40 and left again with 312 tons of silt.",
    "Quay 4 stays closed until 19 March, because two bollards have to be set anew.",
    "Captain Osterholm paid 1,265.50 for berth, water and the hire of a crane.",
    "A grey seal slept on the slipway for three nights and bit nobody at all.",
    "Invoice 88-2071 was sent twice; the second one is void and may be torn up.",
    "Fog on Thursday: eleven ships waited outside, the pilot boat went out nine times.",
    "The lamp on the north mole burns again, with a bulb of 400 watts in place of 250.",
    "Whoever lost a green oilskin in shed 12 may fetch it from the weigh house.",
    "Tides for Friday: high water 5.17 and 17.52, low water 11.30 and 23.48.",
    "The ferry to Ravnsholm takes no lorries over 18 tons while its ramp is mended.",
    "Rope, 40 fathoms, was issued to the tug Wilhelmine against signature.",
    "The scale was tested with weights of 5, 20 and 50 kilograms and found true.",
    "Herring fetched 3.80 a crate on Tuesday, and 4.15 on Wednesday after the storm.",
    "The clerk is away from 6 to 21 April; letters are opened by the deputy.",
)
ROW = "The same row stands here again and again."
REPEATS = 36


def text() -> str:
    """Return what the page says."""
    return "\n".join((TITLE, *LINES))


def page(longest_side: int) -> bytes:
    """Return the page as PNG, that many pixels high."""
    return _drawn(longest_side, (TITLE, "", *LINES))


def repetitive(longest_side: int) -> bytes:
    """Return a page as PNG that says one row again and again."""
    return _drawn(longest_side, (ROW,) * REPEATS)


@functools.lru_cache(maxsize=4)
def _drawn(longest_side: int, rows: tuple[str, ...]) -> bytes:
    height = max(longest_side, 400)
    width = round(height / RATIO)
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    margin = round(MARGIN * width)
    step = (height - 2 * margin) / ROWS
    room = width - 2 * margin
    font = ImageFont.load_default(0.72 * step)
    widest = max(draw.textlength(row, font) for row in rows)
    if widest > room:
        font = ImageFont.load_default(0.72 * step * room / widest)
    for number, row in enumerate(rows):
        draw.text((margin, margin + number * step), row, 0, font)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
