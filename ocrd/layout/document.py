"""All pages of a document, once they are read: what no page tells by itself (pure).

The pages are gone through twice. :class:`Survey` takes little of each (its edges, its headings, its
words), so that a book of any length fits; what it found, a :class:`Document`, then goes through the
pages again and hands them on one by one: what runs over the pages is labelled, headings have their
levels, tables of contents are lists, hyphens are decided by all words, and what goes on over the
end of a page says so. :func:`whole` joins that for whoever writes text. Blocks stay with the page
that they stand on, and their order stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ocrd.job import Block, Cell, Joint, PageRead, PageStatus, Place
from ocrd.layout import contents, hyphens, joining, margins, ranks, recurring, seams
from ocrd.layout.margins import Margin
from ocrd.layout.recurring import Likeness
from ocrd.layout.seams import HEAD_ROWS, MARGINAL, Habits, Seam
from ocrd.markdown import tables

MODES = frozenset({"markdown", "text"})  # in which pages are parts of one text
MAX_WORDS = 200_000  # different ones that are kept
MAX_SKELETON = 200  # characters by which blocks are compared
MOST_JOINED = 50  # pages over which one block goes on at most: so many are in memory
WAITING = 3  # pages without text, over which a paragraph may go on
INDENTED = 4  # paragraphs of three rows and more that tell whether indents are usual
TITLE = 1.7  # times the size of the document's running text: a title's, of a page with nothing else
TITLE_ROWS, TITLE_LETTERS, TITLE_PAGE = 4, 100, 400  # rows, characters of it and of its page
LARGER = 1.15  # times the size of the running text: no running head's


@dataclass(slots=True)
class Survey:
    """What the first look through the pages takes of each."""

    pages: int = 0
    _margins: list[Margin] = field(default_factory=list)
    _headings: list[ranks.Heading] = field(default_factory=list)
    _said: list[tuple[str, float, bool]] = field(default_factory=list)  # by headings
    _titles: list[tuple[ranks.Heading, str, float]] = field(default_factory=list)  # that may be
    _words: set[str] = field(default_factory=set)
    _sizes: Counter[float] = field(default_factory=Counter)
    _indents: Counter[bool] = field(default_factory=Counter)
    _likeness: Likeness = field(default_factory=Likeness)
    _in_contents: bool = False

    def add(self, page: PageRead) -> None:
        """Take what is needed of a page; they come in order."""
        self.pages += 1
        at_edge = margins.of(page)
        self._margins += at_edge
        edge = {margin.place.block for margin in at_edge}
        listed = contents.of(page.blocks, goes_on=self._in_contents)
        self._in_contents = _ends_in(listed, page)
        inside = range(listed.first, listed.end) if listed else range(0)
        self._headings += [
            heading for heading in ranks.of(page) if heading.place.block not in inside
        ]
        self._likeness.add(
            margins.skeleton(block.text[:MAX_SKELETON])
            for index, block in enumerate(page.blocks)
            if index not in edge and block.text.strip()
        )
        for index, block in enumerate(page.blocks):
            self._take(page, block, is_at_edge=index in edge)
        if page.number <= ranks.TITLE_PAGES:
            self._titles += _titles(page)

    def document(self) -> Document:
        """Return what the pages tell together."""
        size = _usual(self._sizes)
        spoken = hyphens.language(self._words)
        count = sum(self._indents.values())
        indents = count >= INDENTED and 2 * self._indents[True] >= count
        habits = Habits(frozenset(self._words), spoken, size, indents)
        if self.pages < 2:
            return Document(habits)
        said = frozenset(
            words
            for words, own, at_edge in self._said
            if margins.letters(words) >= recurring.FEW_LETTERS
            and (not at_edge or own > LARGER * size > 0)
        )
        said |= {words for _, words, own in self._titles if own > TITLE * size > 0}
        titles = {
            heading.place: heading
            for heading, _, own in self._titles
            if own > TITLE * size > 0
        }
        judged = recurring.Document(self.pages, size, said, self._likeness.are_forms)
        labels = recurring.labels(self._margins, judged)
        labels |= dict.fromkeys(titles.keys() - labels.keys(), "title")
        headings = [one for one in self._headings if one.place not in labels]
        headings += [one for place, one in titles.items() if labels[place] == "title"]
        headings.sort(key=lambda one: (one.place.page, one.place.block))
        return Document(habits, labels, ranks.levels(headings))

    def _take(self, page: PageRead, block: Block, *, is_at_edge: bool) -> None:
        shape = block.shape
        size = shape.size * page.points_per_pixel if shape else 0.0
        if block.label in {"title", "heading"}:
            words = recurring.named(margins.skeleton(block.text[:MAX_SKELETON]))
            self._said.append((words, size, is_at_edge))
        if block.label == "text" and shape:
            if size > 0:
                self._sizes[round(2 * size) / 2] += len(block.text)
            if shape.rows > 2:
                self._indents[shape.indent >= seams.INDENT] += 1
        if len(self._words) < MAX_WORDS and not block.table and block.label != "code":
            self._words.update(_words(block))


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a document as a whole."""

    habits: Habits = field(default_factory=Habits)
    labels: dict[Place, str] = field(default_factory=dict)  # of what runs
    levels: dict[Place, int] = field(default_factory=dict)  # of headings

    def pages(self, read: Iterable[PageRead]) -> Iterator[PageRead]:
        """Yield the pages, which come in order once more, as the document has them."""
        sewing = _Sewing(self.habits)
        in_contents = False
        last = 0
        for page in read:
            if page.number != last + 1:  # nothing goes on over pages that are left out
                yield from sewing.rest()
                in_contents = False
            last = page.number
            own, listed = self._settled(page, goes_on=in_contents)
            yield from sewing.take(own, goes_on=in_contents and listed)
            in_contents = listed
        yield from sewing.rest()

    def _settled(self, page: PageRead, *, goes_on: bool) -> tuple[PageRead, bool]:
        """Return a page with labels, levels and hyphens; and whether it ends in the contents."""
        blocks = [
            self._settled_block(block, Place(page.number, index))
            for index, block in enumerate(page.blocks)
        ]
        if not any(map(_is_body, blocks)):  # no page loses all that stands on it
            blocks = [
                new if new.label == "page-number" else old
                for old, new in zip(page.blocks, blocks, strict=True)
            ]
        blocks = _with_entries(blocks)
        listed = contents.of(blocks, goes_on=goes_on)
        if listed is not None:
            among = blocks[listed.first : listed.end]
            others = (block for block in among if block.label in contents.OTHERS)
            blocks[listed.first : listed.end] = [*listed.blocks, *others]
        return replace(page, blocks=tuple(blocks)), _ends_in(listed, page)

    def _settled_block(self, block: Block, place: Place) -> Block:
        if label := self.labels.get(place):
            block = replace(block, label=label)
        if block.label in MARGINAL:
            return block
        if level := self.levels.get(place, 0):
            block = replace(block, level=level)
        return _hyphenated(block, self.habits)


def _with_entries(blocks: list[Block]) -> list[Block]:
    """Return the blocks with what counts between two entries of a list as one, not a heading."""
    found = list(blocks)
    for index in range(1, len(blocks) - 1):
        numbers = [seams.number_of(one.text) for one in found[index - 1 : index + 2]]
        around = (found[index - 1].label, found[index + 1].label)
        if found[index].label == "heading" and around == ("list", "list") and None not in numbers:
            first, own, last = (number or 0 for number in numbers)
            if own == first + 1 == last - 1:
                found[index] = replace(found[index], label="list", level=0)
    return found


def _titles(page: PageRead) -> Iterator[tuple[ranks.Heading, str, float]]:
    """Yield what may be a title on a page that has no running text to tell it from."""
    if any(block.shape and block.shape.rows >= TITLE_ROWS for block in page.blocks):
        return
    if sum(len(block.text) for block in page.blocks) > TITLE_PAGE:
        return
    for index, block in enumerate(page.blocks):
        shape = block.shape
        if block.label == "text" and shape and 0 < shape.rows < TITLE_ROWS:
            size = shape.size * page.points_per_pixel
            if size > 0 and len(block.text) <= TITLE_LETTERS and block.text[-1:] not in ".,;:":
                said = recurring.named(margins.skeleton(block.text))
                yield ranks.Heading(Place(page.number, index), True, "", size), said, size


def whole(pages: Iterable[PageRead]) -> Iterator[PageRead]:
    """Yield the pages with what goes on over their ends at the place where it begins.

    What is left of it on the later pages has no text. No more pages are held than one block goes
    on over.
    """
    held: list[PageRead] = []
    waited = 0  # the last page on which something goes on
    for page in pages:
        held.append(page)
        for index, block in enumerate(page.blocks):
            joint = block.continued
            if joint and joint.kind != "list" and _give(held, block, joint):
                left = replace(held[-1].blocks[index], text="", table=(), boxes=())
                held[-1] = _with(held[-1], index, left)
            if block.continues:
                waited = max(waited, block.continues.page)
        if waited <= page.number:
            yield from held
            held = []
    yield from held


def _give(held: list[PageRead], part: Block, joint: Joint) -> bool:
    """Add a part to the block that it goes on from, where that one's text is, if that is held."""
    place = joint.place
    while True:
        at = next((at for at, page in enumerate(held) if page.number == place.page), None)
        if at is None:
            return False
        page = held[at]
        block = page.blocks[place.block]
        if not block.continued or block.continued.kind == "list":
            break
        place = block.continued.place
    held[at] = _with(page, place.block, _joined(block, part, joint))
    return True


def _joined(block: Block, part: Block, joint: Joint) -> Block:
    doubts = tuple(dict.fromkeys((*block.doubts, *part.doubts)))
    if joint.kind == "table":
        rows = list(block.table)
        added = list(part.table[joint.repeated :])
        if joint.is_split and rows and added:
            rows[-1] = tuple(
                replace(cell, text=f"{cell.text} {more.text}".strip())
                for cell, more in zip(rows[-1], added.pop(0), strict=True)
            )
        table = (*rows, *(tuple(replace(cell, header=False) for cell in row) for row in added))
        return replace(block, table=table, text=tables.raw(table), doubts=doubts)
    return replace(block, text=f"{block.text}{joint.by}{part.text}", doubts=doubts)


class _Sewing:
    """The ends of pages, as they come: a page is handed on once it is known what goes on."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._held: list[PageRead] = []  # a page with text, and those without behind it
        self._lengths: dict[Place, int] = {}  # pages that what ends at a block goes on over
        self._heads: dict[Place, tuple[tuple[Cell, ...], ...]] = {}  # of tables that go on

    def take(self, page: PageRead, *, goes_on: bool = False) -> Iterator[PageRead]:
        """Take a page and yield those before it; ``goes_on``: so does the table of contents."""
        page = _within(page, self._habits)
        before = self._held[0] if self._held else None
        is_open = page.status is not PageStatus.FAILED
        if before is not None and is_open and _has_body(page):
            found = seams.seams(before, page, self._habits, self._head(before))
            if goes_on and not found:
                found = _contents_seam(before, page)
            for seam in found:
                before, page = self._sewn(before, page, seam)
            self._held[0] = before
        elif before is not None and is_open and len(self._held) <= WAITING:
            self._held.append(page)
            return
        yield from self._held
        self._held = [page] if is_open else []
        self._forget(page)
        if not is_open:
            yield page

    def rest(self) -> Iterator[PageRead]:
        """Yield what is held."""
        yield from self._held
        self._held = []

    def _head(self, page: PageRead) -> tuple[tuple[Cell, ...], ...]:
        return next(
            (head for place, head in self._heads.items() if place.page == page.number), ()
        )

    def _sewn(
        self, before: PageRead, page: PageRead, seam: Seam
    ) -> tuple[PageRead, PageRead]:
        place, joint = seam.joint.place, seam.joint
        later = replace(page.blocks[seam.index], continued=joint)
        if joint.kind == "list":
            return before, _with(page, seam.index, later)
        length = self._lengths.get(place, 1) + 1
        if length > MOST_JOINED:
            return before, page
        own = Place(page.number, seam.index)
        self._lengths[own] = length
        earlier = replace(before.blocks[place.block], continues=own)
        if joint.kind == "table":
            self._heads[own] = self._heads.get(place, earlier.table[:HEAD_ROWS])
        else:
            earlier = replace(earlier, text=seam.before)
            later = replace(later, text=seam.after)
        return _with(before, place.block, earlier), _with(page, seam.index, later)

    def _forget(self, page: PageRead) -> None:
        """Drop what is known of earlier pages' ends."""
        for known in (self._lengths, self._heads):
            for place in [place for place in known if place.page != page.number]:
                del known[place]


def _within(page: PageRead, habits: Habits) -> PageRead:
    """Return a page whose columns were parted by what runs over the pages, sewn there."""
    body = [index for index, block in enumerate(page.blocks) if block.label not in MARGINAL]
    for a, b in pairwise(body):
        first, second = page.blocks[a], page.blocks[b]
        if b == a + 1 or first.label not in {"text", "list"} or second.label != "text":
            continue
        seam = seams.text((page, a), (page, b), habits)
        if seam and page.blocks[a].boxes and second.boxes and _is_beside(first, second):
            earlier = replace(first, text=seam.before, continues=Place(page.number, b))
            later = replace(second, text=seam.after, continued=seam.joint)
            page = _with(_with(page, a, earlier), b, later)
    return page


def _is_beside(first: Block, second: Block) -> bool:
    """Say whether a block begins above the end of the one before: in the next column."""
    return second.boxes[0].y0 < first.boxes[-1].y1


def _contents_seam(before: PageRead, page: PageRead) -> list[Seam]:
    """Return the seam of a table of contents that goes on."""
    last = [index for index, block in enumerate(before.blocks) if block.label == "list"]
    first = next((index for index, one in enumerate(page.blocks) if one.label == "list"), None)
    if not last or first is None:
        return []
    return [Seam(first, Joint(Place(before.number, last[-1]), "list", "\n"))]


def _with(page: PageRead, index: int, block: Block) -> PageRead:
    blocks = list(page.blocks)
    blocks[index] = block
    return replace(page, blocks=tuple(blocks))


def _is_body(block: Block) -> bool:
    return block.label not in MARGINAL and bool(block.text.strip() or block.label == "figure")


def _has_body(page: PageRead) -> bool:
    return any(
        block.label not in MARGINAL and block.label not in {"figure", "caption"}
        for block in page.blocks
    )


def _ends_in(listed: contents.Contents | None, page: PageRead) -> bool:
    """Say whether nothing but notes follows a page's table of contents."""
    return listed is not None and all(
        block.label in MARGINAL or len(block.text) < margins.MAX_TEXT
        for block in page.blocks[listed.end :]
    )


def _hyphenated(block: Block, habits: Habits) -> Block:
    """Return a block with the hyphens that its rows ended in decided by the document's words."""
    text = block.text
    for place in sorted(block.shape.hyphens, reverse=True) if block.shape else ():
        at = len(text) - place
        if not 0 < at < len(text):
            continue
        before, after = text[:at], text[at:]
        if before[-1] not in "-‐":
            before += "-"
        text = joining.join(before, after, habits.words, habits.spoken)
    return block if text == block.text else replace(block, text=text)


def _words(block: Block) -> Iterator[str]:
    """Yield a block's words in lower case, but those that the end of a row or of a page may cut."""
    text = block.text
    cut = {len(text) - place for place in block.shape.hyphens} if block.shape else set()
    for word in joining.WORD.finditer(text):
        if any(word.start() < at < word.end() for at in cut):
            continue
        is_first = word.start() == 0 and word[0][0].islower()
        is_last = text[word.end() :].strip() in {"-", "‐", "\u00ad"}
        if not is_first and not is_last:
            yield word[0].lower()


def _usual(sizes: Counter[float]) -> float:
    """Return the size that most characters have."""
    return max(sizes, key=lambda size: (sizes[size], -size), default=0.0)
