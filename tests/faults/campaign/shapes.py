"""The ways a document can take through a folder, and the files that it leaves at their end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.campaign.documents import Document, make_pdf, make_unreadable

MD, JSON, OVERLAY, ASSETS, ERROR = "md", "json", "overlay.pdf", "assets", "error.json"
ALL = 'outputs = ["md", "json", "overlay"]'


@dataclass(frozen=True)
class Shape:
    """One way: the folder's settings, the document, and what is left of it."""

    name: str
    settings: str
    leaves: tuple[str, ...]
    pages: int = 1  # 0: a file that cannot be read
    refuse: int = 0  # the page that the engine refuses
    kept: bool = False
    deleted: bool = False
    outside: bool = False  # done/ and failed/ are on another file system
    below: bool = False  # in a folder of its own
    one_name: bool = False  # every document has the same name
    again: bool = False  # it has failed, and is asked for once more
    renamed: bool = False  # it was read, and gets another name

    @property
    def fails(self) -> bool:
        return self.refuse > 0 or self.pages == 0

    @property
    def figures(self) -> int:
        """How many figures are cut out."""
        read = self.pages - (self.refuse > 0)
        return 2 * read if ASSETS in self.leaves else 0

    def document(self, number: int, inbox: Path) -> Document:
        """Return the document of this number."""
        name = f"doc-{number:06}"
        if self.one_name:
            name = "scan"
        if self.below:
            name = f"box-{number:06}/{name}"
        if not self.pages:
            return Document(number, inbox, f"{name}.docx", make_unreadable(number))
        return Document(number, inbox, f"{name}.pdf", make_pdf(number, self.pages))

    def folder(self, inbox: Path, outside: Path) -> Path:
        """Return where the document and its sidecars end."""
        if self.kept:
            return inbox
        return (outside if self.outside else inbox) / ("failed" if self.fails else "done")

    def files(self, document: Document, outside: Path) -> Iterator[tuple[Path, str]]:
        """Yield path and kind of each file that the document leaves, "source" for itself."""
        folder = self.folder(document.inbox, outside)
        if not self.deleted:
            yield folder / document.name, "source"
        for kind in self.leaves:
            path = folder / f"{document.stem}.{kind}"
            if kind != ASSETS:
                yield path, kind
                continue
            for figure in range(self.figures):
                page, number = divmod(figure, 2)
                yield path / f"page-{page + 1:03}-figure-{number + 1}.jpg", "figure"


MOVE = Shape("move", ALL, (MD, JSON, OVERLAY, ASSETS), pages=2)
ACROSS = Shape(
    "across", 'done = "{outside}/done"\nrecursive = true\nnetwork = true', (MD, ASSETS),
    outside=True, below=True,
)  # fmt: skip
KEEP = Shape("keep", f'source = "keep"\n{ALL}', (MD, JSON, OVERLAY, ASSETS), kept=True)
REPLACE = Shape("replace", 'source = "keep"', (MD, ASSETS), kept=True, one_name=True)
DELETE = Shape("delete", 'source = "delete"\nfigures = false', (MD,), deleted=True)
PAGE_FAILS = Shape("page-fails", ALL, (MD, JSON, OVERLAY, ASSETS, ERROR), pages=2, refuse=2)
UNREADABLE = Shape("unreadable", "", (ERROR,), pages=0)
FAILS_ACROSS = Shape(
    "fails-across", 'failed = "{outside}/failed"', (ERROR,), pages=0, outside=True
)
RETRY = Shape("retry", "", (ERROR,), pages=0, again=True)
RETRY_ACROSS = Shape(
    "retry-across", 'failed = "{outside}/failed"', (ERROR,), pages=0, outside=True, again=True
)

RENAMED = Shape(
    "renamed", 'source = "keep"\nfigures = false\noutputs = ["md", "json", "overlay"]',
    (MD, JSON, OVERLAY), kept=True, renamed=True,
)  # fmt: skip

SHAPES = {
    shape.name: shape
    for shape in (MOVE, ACROSS, KEEP, REPLACE, DELETE, PAGE_FAILS, UNREADABLE, FAILS_ACROSS,
        RETRY, RETRY_ACROSS, RENAMED,
    )
}
POWER_LOSS_SHAPES = (MOVE, ACROSS, REPLACE, DELETE, FAILS_ACROSS, RETRY_ACROSS)
