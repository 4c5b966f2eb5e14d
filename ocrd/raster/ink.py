"""How much text stands on a drawn page, counted by its ink and without reading it.

It is a witness, of another make than any engine: a page of which nothing was read and that shows
forty rows has lost them, whatever the engine says. Counted are what differs from the paper around
it, be it darker or lighter, by more than the page's own noise; pictures, whose ground is never
even, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

from ocrd.job import Ink
from ocrd.raster.rows import FEW, Row, rows

LEAST_PIXELS = 1_500_000  # counted at their size: what is smaller was drawn small, letters too
MOST_PIXELS = 32_000_000  # what is larger has larger letters, or shows more than is needed
SAMPLE = 16  # pixels from one sample of the paper to the next
AROUND = 7  # samples to a side: letters are less than two thirds of what is around them
PAPER = 31  # of these samples, from the darkest: paper, even among bold or blurred letters
PICTURE = 14  # of 255, from one sample of the ground to the next: paper is more even
FAINT = 10  # of 255: the least that ink differs by
NOISE = 4  # times what three quarters of a page differ by, which are paper
GRAIN = 6  # times what neighbours differ by: of close or blurred type less is paper than that
CONTRAST = 0.35  # of what most ink differs by: between paper and ink
SIDEWAYS = 14  # characters of a usual row: shorter ones may be the letters of rows that run up
CELLS, PROSE = 10, 30  # characters: shorter than most cells, longer than columns of digits
FEWER = 0.3  # of the characters counted one way, that rows the other way round have at least
LONGER, MUCH_LONGER = 1.5, 4.5  # times as long are rows the other way round


def counted(image: Image.Image) -> Ink:
    """Return what the drawing shows of its page's text."""
    while image.width * image.height > MOST_PIXELS:
        image = image.reduce(2)
    gray = image if image.mode == "L" else image.convert("L")
    if gray.width * gray.height < LEAST_PIXELS:
        gray = gray.resize((2 * gray.width, 2 * gray.height), Image.Resampling.BILINEAR)
    mask, share = _mask(gray)
    found = rows(mask)
    if len(found) > FEW and _length(found) < SIDEWAYS:
        found = _longer(found, rows(mask.transpose(Image.Transpose.ROTATE_90)))
    return Ink(len(found), round(_sum(found)), round(share, 4))


def _longer(found: list[Row], other: list[Row]) -> list[Row]:
    """Return the rows of a page as it stands, or those of the page on its side if it lies so.

    Letters below each other make long rows, too, in a receipt or a column of numbers: but then
    more than there are letters, and not so much longer ones.
    """
    times = _length(other) / _length(found)
    if times > LONGER and FEWER * _sum(found) <= _sum(other) <= 1.2 * _sum(found):
        return other
    is_prose = _length(other) > PROSE and _length(found) < CELLS
    return other if is_prose and times > MUCH_LONGER else found


def _mask(gray: Image.Image) -> tuple[Image.Image, float]:
    """Return the page, white where letters may be, and the share that is ink, be it faint."""
    samples = (max(1, gray.width // SAMPLE), max(1, gray.height // SAMPLE))
    sampled = gray.resize(samples, Image.Resampling.NEAREST)
    paper = sampled.filter(ImageFilter.RankFilter(AROUND, _rank(sampled)))
    paper = paper.filter(ImageFilter.MedianFilter(5))
    pictures = _pictures(paper)
    ground = paper.resize(gray.size, Image.Resampling.NEAREST)
    difference = ImageChops.difference(gray, ground)
    levels = difference.histogram()
    least = max(FAINT, min(NOISE * _level(levels, 0.75), GRAIN * _grain(gray)))
    limit = _limit(levels, least)
    mask = difference.point([0] * limit + [255] * (256 - limit))
    if pictures.getbbox():
        mask.paste(0, mask=pictures.resize(gray.size, Image.Resampling.NEAREST))
    return mask, sum(levels[least:]) / (gray.width * gray.height)


def _limit(levels: Sequence[int], least: int) -> int:
    """Return from which difference to the paper on a pixel is of a letter; ``least`` is noise."""
    usual = _level([0] * least + list(levels[least:]), 0.9)
    return min(255, max(least, int(CONTRAST * usual)))


def _grain(gray: Image.Image) -> int:
    """Return how much a pixel usually differs from its neighbour, on some lines of the page."""
    lines = gray.resize((gray.width, max(1, gray.height // SAMPLE)), Image.Resampling.NEAREST)
    return _level(ImageChops.difference(lines, ImageChops.offset(lines, 1, 0)).histogram(), 0.5)


def _rank(sampled: Image.Image) -> int:
    """Return which of the samples around a place are paper there, from the darkest."""
    levels = sampled.histogram()
    darkest, usual, lightest = (_level(levels, share) for share in (0.02, 0.5, 0.98))
    is_dark = usual - darkest < lightest - usual  # most of a page is paper
    return AROUND**2 - 1 - PAPER if is_dark else PAPER


def _pictures(paper: Image.Image) -> Image.Image:
    """Return where the ground is uneven over an area, and a little around it, in white."""
    lightest, darkest = ImageFilter.MaxFilter(3), ImageFilter.MinFilter(3)
    steps = ImageChops.subtract(paper.filter(lightest), paper.filter(darkest))
    uneven = steps.point([0] * (PICTURE + 1) + [255] * (255 - PICTURE))
    return uneven.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.MaxFilter(7))


def _level(levels: Sequence[int], share: float) -> int:
    """Return the level that so large a share of the pixels does not exceed."""
    left = share * sum(levels)
    for level, count in enumerate(levels):
        left -= count
        if left <= 0:
            return level
    return 255


def _length(found: Sequence[Row]) -> float:
    """Return how many characters the row has in which a usual one of them stands."""
    return sum(row.characters**2 for row in found) / max(_sum(found), 1.0)


def _sum(found: Sequence[Row]) -> float:
    return sum(row.characters for row in found)
