"""The nouns that the stages hand to each other: source, job, page, line, block.

All of them are frozen values without behaviour beyond arithmetic on their own fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class FileKey:
    """What identifies one state of one file: it differs as soon as the file was written to."""

    device: int
    inode: int
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A settled file in an inbox, ready for the ledger.

    ``relpath`` is relative to the inbox, decoded with ``os.fsdecode`` (it may hold surrogates).
    """

    inbox: str  # the inbox's path, as its identity
    relpath: str
    key: FileKey


class JobState(StrEnum):
    """Where a job stands. The last four are final."""

    QUEUED = "queued"
    LEASED = "leased"
    FILING = "filing"  # verdict reached and destination names recorded, files being published
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"  # by a person
    WITHDRAWN = "withdrawn"  # the source went away or changed

    @property
    def is_final(self) -> bool:
        """Say whether nothing more will happen to the job."""
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.WITHDRAWN}
)


class PageStatus(StrEnum):
    """How a page came out."""

    READ = "read"  # its text is there
    BLANK = "blank"  # no ink above the page's own noise
    DOUBTFUL = "doubtful"  # its text is kept and marked; something of it is not sure, or not there
    FAILED = "failed"  # no usable text


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a page's result may lack text that stands on the page, or hold text that does not."""

    code: str  # a kind, one of doubts.CODES
    message: str  # a sentence, for a person
    share: float = 0.0  # of the page's lines, or of its ink, that gave no text, 0..1


@dataclass(frozen=True, slots=True)
class Ink:
    """What a drawing shows of a page's text, counted without reading it."""

    rows: int  # lines of text, as far as ink tells them
    characters: int  # that these rows hold, about, at a letter's usual width
    share: float  # of the page's pixels that are ink, 0..1


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in page pixels, origin at the top left."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0


Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Typeface:
    """What a line is set in, measured in page pixels; 0 where it is not known."""

    size: float = 0.0  # height of the small letters' bodies
    weight: float = 0.0  # breadth of the strokes
    pitch: float = 0.0  # from one letter to the next, where all are equally wide


@dataclass(frozen=True, slots=True)
class Line:
    """One recognised text line.

    ``quad`` has the corners top-left, top-right, bottom-right, bottom-left as the text reads,
    in pixels of the upright page.
    """

    text: str
    confidence: float  # 0..1
    quad: Quad
    typeface: Typeface = Typeface()
    doubt: str = ""  # why its text is not sure, or not there ("" then): one of doubts.LINES
    lead: str = ""  # the words that it begins with, where they are bolder than its rest


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line, lying or standing, in pixels of the upright page."""

    start: Point
    end: Point


LABELS = (
    "title", "heading", "text", "list", "code", "table", "figure", "caption", "footnote",
    "equation", "header", "footer", "page-number",
    "located",  # what was asked for, found
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; a cell that spans rows stands in the first of them."""

    text: str  # as Block.text
    rows: int = 1  # that it spans
    columns: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How a block's lines are set: what the document's other pages are held against."""

    rows: int = 0
    size: float = 0.0  # of its type, as Typeface's
    indent: float = 0.0  # of its first row, in heights of a line
    room: float = 0.0  # letters that its last row still had room for
    measure: float = 0.0  # letters of a full row
    # Where a row ended in a hyphen and a lower-case letter follows: the second part's beginning,
    # counted back from the end of the text. Which words keep theirs, the document's words tell.
    hyphens: tuple[int, ...] = ()
    weight: float = 0.0  # of its strokes, times the running text's; 0 where it is not known


@dataclass(frozen=True, slots=True)
class Place:
    """A block of a document, by its page (from 1) and its place in the page's blocks (from 0)."""

    page: int
    block: int


@dataclass(frozen=True, slots=True)
class Joint:
    """How a block goes on from an earlier one: the text of both, with ``by`` between, is one."""

    place: Place  # of the earlier one
    kind: str  # "text", "table", or "list": the list goes on, with an entry of its own
    by: str = " "
    repeated: int = 0  # rows at a table's top that repeat the head of the earlier one
    is_split: bool = False  # a table's first row after those goes on from the last one before


@dataclass(frozen=True, slots=True)
class Block:
    r"""One piece of a page in reading order: a paragraph, a heading, a list entry, a table.

    ``text`` is the block's plain text, paragraphs joined and hyphenation undone; if ``rich``, it
    is the Markdown of a model, with TeX between ``\( \)`` and ``\[ \]``. Several boxes are
    possible (a paragraph that goes on in the next column).
    """

    label: str  # one of LABELS
    text: str
    boxes: tuple[Box, ...] = ()
    confidence: float | None = None  # mean over characters, 0..1; None where an engine gives none
    table: tuple[tuple[Cell, ...], ...] = ()  # a table's rows, where they are known
    rich: bool = False
    doubts: tuple[str, ...] = ()  # of its lines, each once: see doubts.LINES
    shape: Shape | None = None  # None where an engine gives no lines
    lead: str = ""  # the words in bold that a paragraph begins with: a heading run into it
    # What the document tells of it, once all pages are read: see layout.document.
    level: int = 0  # of a heading, from 1; 0: what the page alone tells
    continued: Joint | None = None  # from an earlier block
    continues: Place | None = None  # in a later one


@dataclass(frozen=True, slots=True)
class PageImage:
    """A drawn page on disk, before recognition."""

    number: int  # from 1
    path: str
    width: int  # pixels
    height: int  # pixels
    points_per_pixel: float  # 72 / drawn resolution
    blank: bool
    ink: Ink | None = None  # None where it was not counted
    doubts: tuple[Doubt, ...] = ()  # of the drawing: what may not stand on it
    warnings: tuple[str, ...] = ()  # of the source, that cost no content


@dataclass(frozen=True, slots=True)
class Piece:
    """What an engine wrote in one go, a model's token or a line, and how sure it is of it.

    A character of several tokens is the last one's; the others have no text.
    """

    text: str
    probability: float  # 0..1


@dataclass(frozen=True, slots=True)
class Recognition:
    """What an engine says about one page image: lines, or the text of a model.

    ``rotation`` is how far the engine turned the image clockwise before reading (0, 90, 180 or
    270); ``width``, ``height`` and all quads are of the turned, upright page.
    """

    lines: tuple[Line, ...]
    width: int
    height: int
    rotation: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    form: str = "lines"  # or "markup": ``markup`` is what counts
    markup: str = ""  # the model's text as it came, special tokens included
    doubt: str = ""  # a sentence: why the result cannot be trusted
    retries: int = 0  # readings of this page that were thrown away before
    rules: tuple[Rule, ...] = ()  # ruled lines, where an engine looks for them
    pictures: tuple[Box, ...] = ()  # where they stand, in pixels of the upright page; likewise
    script: str = ""  # a sentence: in what letters the page is that the engine does not have
    tokens: int = 0  # generated for the result, without those of readings that were thrown away
    prompt_tokens: int = 0  # that stood before them, the image's included
    estimated: bool = False  # tokens are counted by the length of the text: the engine has none
    finish: str = "stop"  # or "length": the task's max_tokens or the model's context ended it
    confidence: float | None = None  # 0..1: mean over tokens, of line engines over characters
    least: float | None = None  # 0..1: of the token, or the line, that is least sure
    pieces: tuple[Piece, ...] = ()  # of a model's text, where they were asked for
    engine: str = ""  # that read it, and its model, where others might have
    model: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A second reading of a page, of which the better one was kept."""

    engine: str
    model: str
    status: PageStatus
    text: str
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page's final result, as the ledger checkpoints it and the sidecar prints it.

    A FAILED page may have blocks: what came of it, but is no usable text.
    """

    number: int  # from 1
    status: PageStatus
    blocks: tuple[Block, ...] = ()
    width: int = 0  # pixels, upright
    height: int = 0
    points_per_pixel: float = 1.0
    rotation: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()  # for FAILED: the cause, for a person, comes first
    doubts: tuple[Doubt, ...] = ()  # of a DOUBTFUL page, the gravest first
    unread: tuple[Box, ...] = ()  # of lines that were found and not read, upright pixels
    code: str = ""  # for FAILED: the error's code
    engine: str = ""  # that read it
    model: str = ""
    confidence: float | None = None  # this and what follows: as Recognition's
    least: float | None = None
    tokens: int = 0
    prompt_tokens: int = 0
    estimated: bool = False
    finish: str = "stop"
    second: Opinion | None = None  # the reading that was not kept


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a look into a source told, without drawing it."""

    format: str  # "PDF", "PNG", "JPEG", "TIFF", …
    pages: int
    repaired: bool = False  # opened only after repair: damaged, or not complete yet


@dataclass(frozen=True, slots=True)
class JobAccount:
    """What is told of a document that was read, once its outputs are written."""

    engine: str = ""  # that read it
    model: str = ""
    seconds: float | None = None  # from the lease to the filing
    warnings: tuple[str, ...] = ()  # as in front matter and JSON


NO_ACCOUNT = JobAccount()


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for one document by whoever brought it, instead of what its folder says."""

    settings: Mapping[str, Any] = field(default_factory=dict)  # by the folder's keys
    pages: tuple[tuple[int, int], ...] = ()  # from and to, from 1, both read; () is all of them
    by: str = ""  # the name of the key that brought it
    callback: str = ""  # the URL that is told of its end


NO_ORDER = Order()
LAST_PAGE = 10**9  # ends a range that has no end


@dataclass(frozen=True, slots=True)
class News:
    """What has become of a job, on disk."""

    job: int
    kind: str  # a state, or "page", "inspected", "waiting", "deleted"
    page: int | None = None  # for "page": its number


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the ledger: one state of one source, on its way."""

    id: int
    inbox: str
    relpath: str
    key: FileKey
    state: JobState
    priority: int
    attempts: int  # leases since the last progress
    created: float  # Unix time, seconds
    not_before: float = 0.0  # Unix time, seconds
    pages: int | None = None  # None until inspected
    pages_done: int = 0
    sha256: str | None = None
    finished: float | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)  # filing's intent, see plans.Plan
    code: str = ""  # of the last error
    message: str = ""
    hint: str = ""
    page: int | None = None  # that the last error names
    destination: str = ""  # where the source is now, once final
    pages_doubtful: int = 0
    pages_failed: int = 0  # that count as not read; a doubtful one may be among them
    account: JobAccount = NO_ACCOUNT
    order: Order = NO_ORDER


@dataclass(frozen=True, slots=True)
class Past:
    """What there is of a job's document from before its lease."""

    pages: frozenset[int] = frozenset()  # that have a checkpoint
    kills: Mapping[int, int] = field(default_factory=dict)  # how often each page ended an engine
    has_outputs: bool = False  # that are known to be this source's own
