"""All schemas by name, with the commands and files that they are of."""

from __future__ import annotations

from dataclasses import dataclass

from ocrd.schemas import answers, sidecars
from ocrd.schemas.configuration import configuration
from ocrd.schemas.forms import Schema, document


@dataclass(frozen=True, slots=True)
class Entry:
    """One schema."""

    name: str
    of: str  # what it is the form of, as in "`ocrd jobs --json`"
    form: Schema

    @property
    def schema(self) -> Schema:
        """Return it as a schema of its own."""
        return document(self.name, self.of.replace("`", ""), self.form)


def catalogue() -> list[Entry]:
    """Return all schemas, in the order that people read them."""
    return [
        Entry("error", "whatever fails before it has an answer", answers.REFUSAL),
        Entry("status", "`ocrd status`, `pause`, `resume`, `reload`", answers.STATUS),
        Entry("jobs", "`ocrd jobs`", answers.JOBS),
        Entry("job", "`ocrd show JOB`, `ocrd cancel`", answers.JOB),
        Entry("inbox", "`ocrd show INBOX`", answers.INBOX),
        Entry("retried", "`ocrd retry`", {"type": "array", "items": answers.OUTCOME}),
        Entry("stopped", "`ocrd stop`", answers.STOPPED),
        Entry("findings", "`ocrd check`", answers.FINDINGS),
        Entry("init", "`ocrd init`", answers.INIT),
        Entry("converted", "`ocrd convert`", answers.CONVERTED),
        Entry("key-made", "`ocrd key new`", answers.KEY_MADE),
        Entry("keys", "`ocrd key list`", answers.KEYS),
        Entry("key-removed", "`ocrd key remove`", answers.KEY_REMOVED),
        Entry("ledger-check", "`ocrd ledger check`", answers.LEDGER_CHECK),
        Entry("ledger-backup", "`ocrd ledger backup`", answers.LEDGER_BACKUP),
        Entry("ledger-restore", "`ocrd ledger restore`", answers.LEDGER_RESTORE),
        Entry("ledger-rebuild", "`ocrd ledger rebuild`", answers.LEDGER_REBUILD),
        Entry("layout", 'the sidecar `*.json` (`outputs = ["json"]`)', sidecars.LAYOUT),
        Entry("failure", "`*.error.json` beside what failed", sidecars.FAILURE),
        Entry("config", "the configuration file", configuration()),
    ]
