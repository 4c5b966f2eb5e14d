"""All pages of a document, once they are read: what no page tells by itself (pure).

The pages are gone through twice. :class:`Survey` takes little of each (its edges, its headings, its
words), so that a book of any length fits; what it found, a :class:`Document`, then goes through the
pages again and hands them on one by one: what runs over the pages is labelled, headings have their
levels, tables of contents are lists, hyphens are decided by all words, and what goes on over the
end of a page says so (:mod:`ocrd.layout.sewing`; :mod:`ocrd.layout.whole` joins it for whoever
writes text). Blocks stay with the page that they stand on, and their order stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ocrd.job import Block, PageRead, Place
from ocrd.layout import contents, hyphens, joining, margins, ranks, recurring, seams
from ocrd.layout.margins import Margin
from ocrd.layout.recurring import Likeness
from ocrd.layout.seams import MARGINAL, Habits
from ocrd.layout.sewing import Sewing

MODES = frozenset({"markdown", "text"})  # in which pages are parts of one text
MAX_WORDS = 200_000  # different ones that are kept
MAX_SKELETON = 200  # characters by which blocks are compared
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
    _topmost: list[ranks.Heading] = field(default_factory=list)  # rows that may be headings
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
        self._topmost += ranks.topmost(page)

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
        found = [one for one in self._topmost if one.place not in labels]
        found = ranks.alike(found, headings)
        labels |= {one.place: "heading" for one in found}
        headings = sorted([*headings, *found], key=lambda one: (one.place.page, one.place.block))
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
        sewing = Sewing(self.habits)
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


def _is_body(block: Block) -> bool:
    return block.label not in MARGINAL and bool(block.text.strip() or block.label == "figure")


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
