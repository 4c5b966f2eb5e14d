"""What a document leaves behind: which files, with what in them, staged and recorded.

After :meth:`Publisher.staging` every sidecar is on disk under its temporary name; once the ledger
has the :meth:`Publisher.intent`, what is left is :func:`filing.publish`.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ocrd import files, pages
from ocrd.account import NOT_REACHED, Account, damage
from ocrd.config.settings import InboxSettings
from ocrd.errors import NO_REASON, OcrdError, Reason
from ocrd.filing import filing, plans
from ocrd.job import Job, JobAccount, JobState, PageRead, PageStatus, SourceInfo
from ocrd.layout import document as documents
from ocrd.layout.whole import whole
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.sidecar import text
from ocrd.sidecar.document import DocumentResult
from ocrd.sidecar.style import Style
from ocrd.work import Work

PAGES_FETCHED = 32  # checkpoints in memory at a time while a sidecar is written


class Publisher:
    """Stages documents. One for the whole daemon, since names are reserved in it."""

    def __init__(self, ledger: LedgerWriter) -> None:
        self._ledger = ledger
        self.names = plans.Names()

    def release(self, plan: plans.Plan) -> None:
        """Give the plan's names back."""
        self.names.release(plan)

    def staging(
        self, work: Work, info: SourceInfo | None, error: OcrdError | None
    ) -> files.Steps[plans.Plan]:
        """Plan and stage, return the plan; for one of the folder's threads.

        Call :meth:`release` once the plan is carried out or given up.
        """
        job, settings = work.job, work.settings
        owned = self._owned(work)
        reason = NO_REASON if error is None else Reason.of(error)
        kinds = [] if error is None else ["error.json"]
        if info is not None:
            kinds = [*_kinds(work), *kinds]
        plan = self.names.plan(
            job,
            state=JobState.DONE if error is None else JobState.FAILED,
            action=_action(settings, error),
            folder=_folder_of(work, error),
            kinds=kinds,
            owned=owned,
            reason=reason,
        )
        try:
            account = work.account or self._account(work, info)
            contents = [self._content(work, plan, kind, info, account) for kind in kinds]
            plan = yield from filing.staging(plan, contents)
        except BaseException:
            self.names.release(plan)
            filing.withdraw(plan)
            raise
        return plan

    def intent(
        self, work: Work, info: SourceInfo | None, plan: plans.Plan
    ) -> Callable[[Ledger], None]:
        """Return the step that has the ledger know what was staged."""
        body, account = plan.to_json(), _told_of(work, info, work.account or Account())
        return lambda ledger: ledger.intend(work.job.id, body, sha256=work.sha256, account=account)

    def _owned(self, work: Work) -> dict[str, str]:
        """Return path and hash of the source's earlier outputs.

        Where it had none at its lease it has none now: nobody else works on a source of this name.
        """
        job = work.job
        if work.past is not None and not work.past.has_outputs:
            return {}
        outputs = partial(Ledger.outputs_of, inbox=job.inbox, relpath=job.relpath)
        return self._ledger.submit(outputs).result()

    def _account(self, work: Work, info: SourceInfo | None) -> Account:
        """Go through the pages for what is told of them, and for what they tell together."""
        account = Account(work.settings.doubt_tolerance)
        survey = documents.Survey()
        for page in self.pages(work, info) if info else ():
            account.add(page)
            survey.add(page)
        work.account, work.document = account, survey.document()
        return account

    def _content(
        self, work: Work, plan: plans.Plan, kind: str, info: SourceInfo | None, account: Account
    ) -> filing.Content:
        made = work.illustrations
        if kind == "error.json" or info is None:
            return filing.error_writer(work.job, plan.reason, _utc(time.time()))
        if kind == plans.ASSETS:
            return {path.name: filing.copying(path) for path in made.figures}
        if kind == plans.OVERLAY and made.overlay is not None:
            return filing.copying(made.overlay)
        settings = work.settings
        document = DocumentResult(
            source_name=files.printable(Path(plan.destination or plan.source).name),
            sha256=work.sha256 or "",
            format=info.format,
            pages=info.pages,
            engine=account.engine or work.engine.name,  # ours may not have started yet
            model=account.model,
            mode=settings.mode,
            seconds=time.monotonic() - work.started,
            warnings=_warnings(work, info, account),
            state=account.state if plan.state is JobState.DONE else "failed",
            doubtful=tuple(account.doubtful),
            failed=tuple(account.unread),
            confidence=account.confidence,
            least=account.least,
        )
        style = style_of(settings, _assets_name(plan))

        def write(out: BinaryIO) -> None:
            read = self.settled(work, info)
            if kind == "md":
                read = map(made.linkable, whole(read))
            text.write(out, kind, document, read, style)

        return write

    def settled(self, work: Work, info: SourceInfo) -> Iterator[PageRead]:
        """Yield the pages as the document has them, of modes that read one; in no event loop."""
        if work.settings.mode not in documents.MODES:
            yield from self.pages(work, info)
            return
        if work.document is None:
            self._account(work, info)
        known = work.document or documents.Document()
        yield from known.pages(self.pages(work, info))

    def pages(self, work: Work, info: SourceInfo) -> Iterator[PageRead]:
        """Yield the checkpointed pages in order, a few in memory at a time; in no event loop."""
        numbers = work.numbers(info)
        if all(number in work.read for number in numbers):
            yield from (work.read[number] for number in numbers)
            return
        wanted = iter(numbers)
        for number, result in self._checkpoints(work.job):
            yield from map(_missing, itertools.takewhile(number.__gt__, wanted))
            yield pages.from_json(result)
        yield from map(_missing, wanted)

    def _checkpoints(self, job: Job) -> Iterator[tuple[int, str]]:
        after = 0
        while True:
            fetch = partial(Ledger.page_results, job_id=job.id, after=after, limit=PAGES_FETCHED)
            fetched = self._ledger.submit(fetch).result()
            if not fetched:
                return
            yield from fetched
            if len(fetched) < PAGES_FETCHED:
                return
            after = fetched[-1][0]


def sweep(work: Work) -> None:
    """Remove the temporary files that a crash left of this document, wherever they may lie.

    What is staged stays while the document's filing goes on; a folder that cannot be looked into
    now is left as it is.
    """
    below = Path(work.job.relpath).parent
    settings = work.settings
    filed = (
        files.Place.of(root / below, settings.path, root)
        for root in (settings.done_dir, settings.failed_dir)
    )
    for folder in (work.place.parent, *filed):
        with contextlib.suppress(OSError, OcrdError):
            files.sweep(folder)
            if work.job.state is not JobState.FILING:
                filing.discard_staged(folder, work.job)


def needs_figures(settings: InboxSettings) -> bool:
    """Say whether figures are to be cut out: somebody wants them, and an output names them."""
    named = "json" in settings.outputs or ("md" in settings.outputs and settings.mode != "text")
    return settings.figures and named


def style_of(settings: InboxSettings, assets: str = "") -> Style:
    """Return how the folder's sidecars are written, with figures in the folder ``assets``."""
    return Style(
        front_matter=settings.front_matter,
        page_marks=settings.page_marks,
        running_heads=settings.running_heads,
        math=settings.math,
        tables=settings.tables,
        assets=assets,
    )


def _kinds(work: Work) -> Iterator[str]:
    """Yield what a read document leaves; what others link to comes first."""
    if work.illustrations.figures:
        yield plans.ASSETS
    for output in work.settings.outputs:
        if output != "overlay":
            yield output
        elif work.illustrations.overlay is not None:
            yield plans.OVERLAY


def _assets_name(plan: plans.Plan) -> str:
    paths = (output.path for output in plan.outputs if output.kind == plans.ASSETS)
    return next((Path(path).name for path in paths), "")


def _told_of(work: Work, info: SourceInfo | None, account: Account) -> JobAccount:
    """Return what the ledger keeps of a document for those who ask."""
    return JobAccount(
        engine=account.engine, model=account.model,
        seconds=round(time.monotonic() - work.started, 2),
        warnings=_warnings(work, info, account) if info else (),
    )  # fmt: skip


def _warnings(work: Work, info: SourceInfo, account: Account) -> tuple[str, ...]:
    return (*damage(info), *account.remarks, *work.illustrations.warnings)


def _missing(number: int) -> PageRead:
    """Return a page that the document failed before."""
    return PageRead(
        number,
        PageStatus.FAILED,
        warnings=("The document failed before this page was read.",),
        code=NOT_REACHED,
    )


def _action(settings: InboxSettings, error: OcrdError | None) -> str:
    """Return what happens to the source: a failed one is never deleted, a kept one never moved."""
    return "move" if error is not None and settings.source == "delete" else settings.source


def _folder_of(work: Work, error: OcrdError | None) -> files.Place:
    settings = work.settings
    if settings.source == "keep":
        return work.place.parent
    root = settings.done_dir if error is None else settings.failed_dir
    return files.Place.of(root / Path(work.job.relpath).parent, settings.path, root)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
