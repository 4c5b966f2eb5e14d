"""What came of a document, for those who ask: its outputs and single pages.

Files are found by the plan that the ledger has of them, and opened as all else below a watched
folder: no link is followed. What is not there is a RequestError that says why.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from ocrd import files, pages, rendering
from ocrd.errors import LinkedError, OcrdError, RequestError, SourceChangedError, UnsupportedError
from ocrd.files import mounts
from ocrd.filing import plans
from ocrd.job import Job, JobState, PageRead, PageStatus
from ocrd.ledger.jobs import Ledger
from ocrd.sidecar import layout

MARKDOWN, JSON, ERROR = "md", "json", "error.json"
OVERLAY, ASSETS = plans.OVERLAY, plans.ASSETS
CHUNK = 256 << 10
MAX_ASSETS = 100_000  # names that are listed
_NAMES = {
    MARKDOWN: "Markdown", JSON: "JSON", OVERLAY: "overlay", ASSETS: "figures",
    ERROR: "error file",
}  # fmt: skip


@dataclass(slots=True)
class Opened:
    """An output's file, open."""

    name: str
    fd: int
    size: int = field(init=False)  # bytes

    def __post_init__(self) -> None:
        self.size = os.fstat(self.fd).st_size

    def read(self) -> bytes:
        """Return the next piece, b"" at the end."""
        return os.read(self.fd, CHUNK)

    def close(self) -> None:
        """Close it; twice is once."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()  # of an answer that never began: its client went away before


# Outputs


def kinds(job: Job) -> tuple[str, ...]:
    """Return which kinds of outputs a finished job has, as far as the ledger knows them still."""
    return tuple(_places(job))


def open_output(job: Job, kind: str) -> Opened:
    """Open an output of a job; the caller closes it. Raises RequestError where there is none."""
    return _opened(_place(job, kind), f"The {_NAMES[kind]} of job {job.id}")


def figures(job: Job) -> list[str]:
    """Return the names of a document's figures, in order; none where it has none."""
    require_finished(job)
    place = _places(job).get(ASSETS)
    if place is None:
        return []
    try:
        with files.translated(place), files.opened_folder(place) as folder:
            return sorted(os.listdir(folder.fd))[:MAX_ASSETS]  # noqa: PTH208 - of a descriptor
    except OcrdError:
        return []  # they were moved or deleted since


def open_figure(job: Job, name: str) -> Opened:
    """Open one figure; the caller closes it. Raises RequestError where there is none."""
    place = _place(job, ASSETS)
    try:
        return _opened(place / name, f"The figure {name[:100]!r} of job {job.id}")
    except ValueError:
        raise _missing(f"Job {job.id} has no figure {name[:100]!r}.") from None


def packed(job: Job) -> Generator[bytes]:
    """Yield all outputs of a job as a zip file, piece by piece; in no event loop."""
    require_finished(job)
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, place in _files(job):
            try:
                opened = _opened(place, name)
            except RequestError:
                continue  # gone since: the rest is of use all the same
            try:
                with archive.open(_member(name), "w", force_zip64=True) as member:
                    while piece := opened.read():
                        member.write(piece)
                        yield out.taken()
            finally:
                opened.close()
    yield out.taken()


def _files(job: Job) -> Iterator[tuple[str, files.Place]]:
    for kind, place in _places(job).items():
        if kind == ASSETS:
            for name in figures(job):
                yield f"{place.name}/{name}", place / name
        else:
            yield place.name, place


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(files.printable(name))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


class _Pieces:
    """A file that is written and never read back; what was written is taken away."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, content: bytes, /) -> int:
        self._held += content
        return len(content)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def require_finished(job: Job) -> None:
    """Raise RequestError for a job that is still under way."""
    if not job.state.is_final:
        raise not_yet(f"Job {job.id} is not finished.")


def _places(job: Job) -> Mapping[str, files.Place]:
    """Return the outputs' places by kind."""
    if not job.state.is_final or "outputs" not in job.plan:
        return {}
    plan = plans.Plan.from_json(job.plan)
    return {output.kind: plan.place(output.path) for output in plan.outputs}


def _place(job: Job, kind: str) -> files.Place:
    require_finished(job)
    places = _places(job)
    if kind in places:
        return places[kind]
    what = _NAMES[kind]
    if job.state in {JobState.CANCELLED, JobState.WITHDRAWN}:
        raise _missing(f"Job {job.id} has no {what}: it was {job.state.value}. {job.message}")
    if ERROR in places:
        raise _missing(f"Job {job.id} has no {what}: it failed. {job.message}", job.hint)
    if not places:
        raise _missing(f"Where the {what} of job {job.id} is, is not known any more (keep_jobs).")
    raise _missing(
        f"Job {job.id} has no {what}.",
        f"It has {', '.join(_NAMES[one] for one in places)}: outputs names what is written.",
    )


def _opened(place: files.Place, what: str) -> Opened:
    try:
        opened = Opened(place.name, files.open_source(place, None))
        try:
            _refuse_borrowed(place, opened.fd)
        except BaseException:
            opened.close()
            raise
    except LinkedError as error:
        raise _missing(f"{what} is not given out: another file was linked there.") from error
    except (SourceChangedError, UnsupportedError) as error:
        raise _missing(f"{what} is not there any more: it was moved or deleted.") from error
    return opened


def _refuse_borrowed(place: files.Place, fd: int) -> None:
    """Raise LinkedError for another file that a neighbour may have linked in an output's place."""
    status = os.fstat(fd)
    if status.st_nlink > 1:
        network = mounts.is_network(place.root)
        files.refuse_borrowed(place, files.key_of(status), network=network)


# Pages


def read_page(ledger: Ledger, job: Job, number: int) -> PageRead | None:
    """Return a page of a job in work from its checkpoint; None where there is none (yet)."""
    found = ledger.page_results(job.id, number - 1, 1)
    return pages.from_json(found[0][1]) if found and found[0][0] == number else None


def filed_page(job: Job, number: int) -> PageRead:
    """Return a page of a finished job from its JSON; raise RequestError where there is none."""
    for page in filed_pages(job):
        if page.number == number:
            return page
    raise _missing(f"Job {job.id} has no page {number}.")


def filed_pages(job: Job) -> Iterator[PageRead]:
    """Yield the pages of a finished job from its JSON; raise RequestError where there is none."""
    opened = open_output(job, JSON)
    try:
        with os.fdopen(opened.fd, "rb", closefd=False) as file:
            yield from layout.pages(file)
    except ValueError as error:
        raise _missing(f"The JSON of job {job.id} cannot be read: {error}.") from error
    finally:
        opened.close()


def require_wanted(job: Job, number: int) -> None:
    """Raise RequestError for a page that is not among those that a job reads."""
    wanted = job.order.pages
    if wanted and not any(first <= number <= last for first, last in wanted):
        raise _missing(
            f"Page {number} of job {job.id} was not asked for.",
            "asked_pages of the job says which were.",
        )
    if not wanted and job.pages is not None and number > job.pages:
        raise _missing(f"Job {job.id} has {job.pages} pages.", "Ask for one of them.")


def text_of(page: PageRead, mode: str) -> str:
    """Return a page's own text, Markdown unless ``mode`` is "text"; "" of one that failed."""
    if page.status is PageStatus.FAILED and not page.blocks:
        return ""
    return rendering.each([page], mode)[0]


def not_yet(what: str) -> RequestError:
    """Return the refusal of what will be there later."""
    return RequestError(
        what, hint="Come again later, wait with ?wait=, or listen to its events.",
        status=HTTPStatus.CONFLICT, code="not-yet", headers={"Retry-After": "1"},
    )  # fmt: skip


def _missing(what: str, hint: str = "") -> RequestError:
    return RequestError(what.strip(), hint=hint, status=HTTPStatus.NOT_FOUND, code="no-result")
