"""Make the sample scans of ``ocrd/samples``: typeset pages, then printed and scanned in effigy.

Run ``python tests/resources/make_samples.py [FOLDER]``. The text is our own. The result is the
same on every run with the same PyMuPDF and Pillow, apart from the PDFs' own identifiers.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageFilter

A4 = pymupdf.Rect(0, 0, 595, 842)
SCAN_DPI = 200
SAMPLES = Path(__file__).resolve().parents[2] / "ocrd" / "samples"

STYLE = """
* { font-family: serif; font-size: 11pt; line-height: 1.25; text-align: justify; }
h1 { font-size: 22pt; margin: 0 0 4pt 0; text-align: left; }
h2 { font-size: 14pt; margin: 10pt 0 4pt 0; text-align: left; }
p { margin: 0 0 6pt 0; }
.small { font-size: 8pt; text-align: center; }
.left { text-align: left; }
"""

NEWSLETTER_HEAD = """
<h1>The Harbour Gazette</h1>
<p class="left"><i>Notes from the reading room, volume 4, number 2</i></p>
"""
NEWSLETTER = """
<h2>Paper that nobody could find</h2>
<p>For eleven years the harbour office kept its letters in green boxes, sorted by the day on
which they had arrived. Whoever wanted to know what had been agreed about the eastern mooring had
to remember the week in which it was agreed, and most of those who could remember have retired.
The boxes were never lost. They were merely silent.</p>
<p>Last spring the office bought a scanner with a tray for fifty sheets. It stands beside the coffee
machine, which turned out to be the right place for it: people who wait for coffee feed paper.
By the end of May the first forty boxes were through, and the folder on the server held six
thousand files whose names were nothing but numbers.</p>
<h2>A folder that reads</h2>
<p>What changed the work was not the scanner but a small program behind it. It watches the folder,
reads every page that arrives, and writes the text into a file of the same name. The original
moves aside into a folder for finished things. Nobody has to press a button, and nobody
has to be told that the text is there, because the search field of the file server finds it.</p>
<p>The harbour master was unconvinced until she typed the name of a ship that sank in her first
year of service. The answer came at once, with the insurance correspondence and a photograph.</p>
<h2>What we learned</h2>
<ul>
<li>Scan first and sort later, since sorting is what the search field does.</li>
<li>Keep the original, because a machine may misread a figure.</li>
<li>Look into the folder of failures once a week.</li>
</ul>
<p>The remaining boxes will be done by autumn. Volunteers who like coffee are welcome on Tuesday
and Thursday mornings between nine and twelve.</p>
"""

LETTER_1 = """
<p class="left">Margarethe Olsen<br/>Bakery at the Old Bridge<br/>14 Mill Lane<br/>Weststrand</p>
<p class="left"> </p>
<p class="left">Weststrand, 3 March</p>
<p class="left"> </p>
<p class="left">Mr Anton Berger<br/>Berger Ovens and Kilns<br/>2 Foundry Street<br/>Northfield</p>
<p class="left"> </p>
<p class="left"><b>Your offer for a second deck oven</b></p>
<p>Dear Mr Berger,</p>
<p>thank you for your offer of 18 February and for the patience with which you answered my
questions on the telephone. I have now measured the room once more. Between the wall and the
chimney there are 214 centimetres, so that the wider model would fit with four centimetres to
spare on either side. My nephew, who is a mason, thinks that this is enough. I should like
to have your word on it before I order.</p>
<p>Three points remain open:</p>
<p class="left">1. Can the oven be delivered through the yard? The gate is 180 centimetres wide.</p>
<p class="left">2. Does the price of 12,480 include the connection to the existing chimney?</p>
<p class="left">3. Who removes the old oven, and at whose cost?</p>
<p>You write that the stone plates have to be heated slowly over three days before the first
bread is baked. The bakery is closed from 14 to 20 April, and it would suit us well if this could
be done in that week. A later date would mean closing the shop, which I should like to avoid
before the summer guests arrive.</p>
"""
LETTER_2 = """
<p>As to payment, I propose one third with the order, one third on delivery, and the rest when
the first hundred loaves have come out as they should. You will forgive a baker for trusting
bread more than paper.</p>
<p>Please send your answer to the bakery and not to the flat, since we are moving house at
the end of the month.</p>
<p>With kind regards,</p>
<p class="left"> </p>
<p class="left"><i>Margarethe Olsen</i></p>
<p class="left"> </p>
<p class="left">Enclosed: a sketch of the bakehouse with its measures</p>
"""


def inset(across: float, down: float) -> pymupdf.Rect:
    """Return A4 without its margins, in points."""
    return pymupdf.Rect(across, down, A4.width - across, A4.height - down)


def columns(head: str, body: str, count: int, *, gutter: float = 22) -> Iterator[pymupdf.Page]:
    """Yield one A4 page with a head over the whole width and the body in columns."""
    document = pymupdf.open()
    page = document.new_page(width=A4.width, height=A4.height)
    inner = inset(56, 56)
    top = inner.y0
    if head:
        _, placed = _place(page, head, [inner])
        top = placed.y1 + 8
    width = (inner.width - gutter * (count - 1)) / count
    rects = [
        pymupdf.Rect(x, top, x + width, inner.y1)
        for x in (inner.x0 + index * (width + gutter) for index in range(count))
    ]
    _place(page, body, rects)
    yield page


def letter(parts: Sequence[str]) -> Iterator[pymupdf.Page]:
    """Yield one A4 page for each part, with its number at the foot."""
    document = pymupdf.open()
    for number, html in enumerate(parts, start=1):
        page = document.new_page(width=A4.width, height=A4.height)
        _place(page, html, [inset(72, 72)])
        foot = pymupdf.Rect(72, 790, 523, 815)
        _place(page, f'<p class="small">page {number} of {len(parts)}</p>', [foot])
        yield page


def scan(page: pymupdf.Page, *, skew: float, seed: int, dpi: int = SCAN_DPI) -> Image.Image:
    """Return the page as a flat-bed scanner gives it: grey, soft, noisy and not quite straight."""
    pixels = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    image = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    image = image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255)
    image = image.filter(ImageFilter.GaussianBlur(0.6))
    grain = np.random.default_rng(seed).normal(0.0, 3.0, (image.height, image.width))
    shade = np.linspace(0.0, 7.0, image.width)  # the lamp is brighter on one side
    noisy = np.asarray(image, dtype=np.float64) * 0.93 + 14 + grain - shade
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 45) -> bytes:
    """Return the image as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, dpi=(SCAN_DPI, SCAN_DPI))
    return buffer.getvalue()


def image_pdf(images: Sequence[Image.Image]) -> bytes:
    """Return a PDF whose pages are nothing but the images."""
    document = pymupdf.open()
    for image in images:
        page = document.new_page(width=A4.width, height=A4.height)
        page.insert_image(page.rect, stream=jpeg(image))
    whole: bytes = document.tobytes(deflate=True, garbage=3)
    return whole


def main(folder: Path = SAMPLES) -> None:
    """Write the samples into the folder."""
    (page,) = columns(NEWSLETTER_HEAD, NEWSLETTER, 2)
    newsletter = jpeg(scan(page, skew=0.7, seed=1))
    letter_pages = [
        scan(page, skew=skew, seed=seed)
        for page, skew, seed in zip(letter([LETTER_1, LETTER_2]), (-0.5, 0.9), (2, 3), strict=True)
    ]
    (folder / "newsletter.jpg").write_bytes(newsletter)
    (folder / "letter.pdf").write_bytes(image_pdf(letter_pages))
    # A copy that broke off. Not of the PDF: its pages would be found, each without its image.
    (folder / "torn.jpg").write_bytes(newsletter[: len(newsletter) // 5])


def _place(
    page: pymupdf.Page, html: str, rects: Sequence[pymupdf.Rect]
) -> tuple[bool, pymupdf.Rect]:
    """Set the HTML into the rectangles, one after the other; return the last one's filled part."""
    story = pymupdf.Story(html, user_css=STYLE)
    buffer = io.BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    device = writer.begin_page(page.rect)
    more, filled = True, pymupdf.Rect()
    for rect in rects:
        more, filled = story.place(rect)
        story.draw(device)
        if not more:
            break
    writer.end_page()
    writer.close()
    with pymupdf.open("pdf", buffer.getvalue()) as set_page:
        page.show_pdf_page(page.rect, set_page, 0)
    if more:
        raise ValueError("the text does not fit the page")
    return bool(more), pymupdf.Rect(filled)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
