"""What commands print with ``--json``."""

from __future__ import annotations

from ocrd.doubts import state_of
from ocrd.job import JobState
from ocrd.schemas.forms import (
    Schema,
    count,
    counted,
    maybe,
    nullable,
    number,
    several,
    switch,
    table,
    text,
    whole,
)

PASSED = ("folder", "link", "special", "ignored", "empty", "stray")
OUTCOMES = (
    *(state for state in JobState if state is not JobState.DONE),
    *dict.fromkeys(state_of(unread=u, doubtful=d) for u, d in ((0, 0), (0, 1), (1, 0))),
)
_UNIX = "Unix time, seconds"

FAULT = table(
    {
        "message": text("What is wrong, with the file and the line."),
        "hint": text("The way out."),
        "key": text('The key, as in "inbox[1].done"; "" where it is about none.'),
        "line": nullable(whole("The line of the file, from 1; null where it is about none.")),
    },
    "One thing that is wrong with a configuration.",
)

ERROR = table(
    {
        "code": text("Which error it is, see docs/errors.md."),
        "message": text("What happened, for a person."),
        "hint": text("The way out, for a person."),
        "page": maybe(whole("The page that it is about.")),
        "faults": maybe(several(FAULT, "Of a configuration: each fault, in the file's order.")),
    }
)

REFUSAL = table({"error": ERROR}, "What every command prints that fails before it has an answer.")

JOB_FIELDS: dict[str, Schema] = {
    "id": whole("The job's number."),
    "inbox": text("The watched folder."),
    "relpath": text("The source, below the folder; its first place."),
    "key": table(
        {
            "device": whole("st_dev"), "inode": whole("st_ino"), "size": count("Bytes."),
            "mtime_ns": whole("Nanoseconds."),
        },
        "The state of the file that the job is about.",
    ),
    "state": text("Where the job stands.", JobState),
    "outcome": text(
        "The state as people are told it: of what is done, whether it is so with doubts (some pages"
        " are doubtful) or in part (some are not read).",
        OUTCOMES,
    ),
    "priority": whole("The folder's, when it was found."),
    "attempts": count("Tries since the last page was read."),
    "created": number(f"When it was found, {_UNIX}."),
    "not_before": number(f"When it is tried again, {_UNIX}; 0 for at once."),
    "finished": nullable(number(f"When it ended, {_UNIX}; null while it is open.")),
    "pages": nullable(count("Pages of the document; null while nobody has looked.")),
    "pages_done": count("Pages that are read so far."),
    "pages_doubtful": count("Pages whose text is kept and marked, because it is not sure."),
    "pages_failed": count("Pages that count as not read."),
    "sha256": nullable(text("Of the source; null while nobody has looked.")),
    "code": text('The last error\'s code, see docs/errors.md; "" for none.'),
    "message": text("What happened, or was asked for, for a person."),
    "hint": text("The way out, for a person."),
    "page": nullable(whole("The page that the last error is about.")),
    "destination": text('Where the source is, once the job ended; "" where it is gone.'),
    "outputs": several(
        text("A path."),
        "The files, and the folder of figures, that were written; none once keep_jobs is over.",
    ),
    "engine": text('What read it; "" where nothing did.'),
    "model": text("The engine's model."),
    "seconds": nullable(number("From the beginning of the last attempt to the filing.")),
    "warnings": several(text("A sentence."), "What is to be said of its pages, for a person."),
    "by": text('Who brought it, by his key\'s name or as `anna (local)`; "" of a folder\'s.'),
    "asked": {
        "type": "object",
        "description": "What was asked for it, by a folder's keys; of those that its folder has.",
    },
    "asked_pages": text('Which of its pages are to be read, as in `1-3,7`; "" for all.'),
    "callback": text('The address that is told of its end; "" for none.'),
    "pages_per_second": maybe(
        nullable(number("Since reading began; null where none is read now. Of a daemon's answer."))
    ),
    "seconds_left": maybe(
        nullable(number("An estimate, 0 at the end; null for not known. Of a daemon's answer."))
    ),
    "links": maybe(
        {
            "type": "object", "additionalProperties": {"type": "string"},
            "description": "Paths of the interface for programs: what there is of the job.",
        }
    ),
}  # fmt: skip
JOB = table(JOB_FIELDS)

JOBS = table(
    {
        "jobs": several(JOB, "The newest first."),
        "next": nullable(
            whole("Where the list was cut: `--before` this number goes on; null where it is whole.")
        ),
    }
)

OUTCOME = table(
    {
        **JOB_FIELDS,
        "taken_back": switch("Whether it was taken back."),
        "what": text("What was done, or is in the way, for a person."),
        "new": nullable(whole("The job that reads it again.")),
    },
    "The job as it was, and what became of it.",
)

_PASSED = table(
    {
        "relpath": text("The name, below the folder."),
        "why": text("Why it is passed over.", PASSED),
        "what": text('What it is, where it was looked into; "" else.'),
        "sentence": text("All that, for a person."),
    }
)
_SKIPPED = counted("How much is passed over, by why; without what is none.", PASSED)
_INBOX: dict[str, Schema] = {
    "path": text("The folder."),
    "online": switch("Whether it is there, answers and may be read."),
    "error": text('Why it is not online; "" if it is.'),
    "blocked": text('Why nothing can be filed; "" if it can.'),
    "network": switch("Whether it is on a network file system."),
    "settling": count("Files that are arriving: they have to stand still first."),
    "empty": count("Files without content so far."),
    "skipped": _SKIPPED,
    "last_scan_seconds": number("How long the last look took."),
    "queued": count("Documents that wait."),
    "engine": text("The engine's name."),
    "mode": text("What the engine is asked for."),
    "priority": whole("The folder's."),
    "unsupported": text("What happens to what is no document.", ("leave", "fail")),
}
INBOX = table(
    {
        "path": _INBOX["path"],
        "skipped": _SKIPPED,
        "passed": several(_PASSED, "What is passed over, up to 1000 names of each kind."),
        "unsupported": _INBOX["unsupported"],
        **{
            name: maybe(form) for name, form in _INBOX.items()
            if name not in {"path", "skipped", "unsupported"}
        },
        "documents": maybe(count("Documents that lie there; where no daemon runs.")),
        "is_cut": maybe(switch("Whether there is more than was looked at; where no daemon runs.")),
    },
    "A watched folder; what a daemon alone knows is there where one runs.",
)  # fmt: skip

_ENGINE_STATES = ("ready", "starting", "broken", "unloaded")
_WORKER: dict[str, Schema] = {
    "state": text("How it stands.", _ENGINE_STATES),
    "pid": nullable(whole("Its process.")),
    "capacity": count("Pages at a time."),
    "in_flight": count("Pages in work."),
    "restarts": count("How often it had to be started again."),
    "last_error": text('The last failure; "" for none.'),
}
_ENGINE = table(
    {
        "name": text('Its name; "default" is [engine].'),
        "kind": text("Its kind."),
        **_WORKER,
        "model": text('Its model; "" before the first start.'),
        "waiting": count("Pages that wait for it."),
        "pages": count("Pages read since the daemon's start."),
        "pages_per_second": number("Over the last minute."),
        "silent_seconds": number("How long a page in work has made no progress."),
        "last_notice": text("What it last remarked."),
        "workers": several(
            table({"device": text("Its device."), **_WORKER}), "One a device, or a process."
        ),
        "problem": text('What keeps it from reading; "" for nothing.'),
    }
)
_WORKING = table(
    {
        "job": whole("The job's number."),
        "inbox": text("The watched folder."),
        "relpath": text("The source, below the folder."),
        "by": text('Who brought it; "" of a folder\'s.'),
        "pages": nullable(count("Pages of the document; null while nobody has looked.")),
        "pages_done": count("Pages that are read so far."),
        "seconds": number("How long it has been in work."),
    }
)
STATUS = table(
    {
        "version": text("Of the daemon."),
        "pid": whole("Its process."),
        "started": number(f"When it started, {_UNIX}."),
        "state": text("How it stands.", ("starting", "running", "paused", "stopping")),
        "summary": text("The present work in one line, for a person."),
        "paused": nullable(
            table(
                {
                    "by": text('Who paused it; "" where that is not known.'),
                    "since": nullable(number(f"When, {_UNIX}.")),
                },
                "Its pause; null for none.",
            )
        ),
        "awaited": text('What has to be before it is ready; "" for nothing.'),
        "config": text("Its configuration."),
        "inboxes": several(table(_INBOX), "The watched folders."),
        "engines": several(_ENGINE, "The engines."),
        "jobs": counted(
            "How many jobs there are in each state; besides `waiting` for a later time, and of"
            " those that are done how many with doubts (`doubtful`) or in part (`partial`).",
            (*JobState, "waiting", "doubtful", "partial"),
        ),
        "working": several(_WORKING, "The documents in work."),
        "pages_per_second": number("Over the last minute."),
        "halts": several(text("A sentence."), "What keeps all documents waiting."),
        "problems": several(text("A sentence."), "All that keeps documents waiting."),
        "api": table(
            {
                "address": text('Where programs ask over TCP; "" where that is shut.'),
                "uploads": count("Documents that programs have brought and are not deleted."),
                "bytes": count("What they and their results take on the disk, about."),
                "room": count("What they may take (`upload_room`)."),
            },
            "What programs bring.",
        ),
    }
)

FINDINGS = several(
    table(
        {
            "verdict": text("How it stands.", ("ok", "warn", "fail")),
            "subject": text("What was looked at."),
            "message": text("What was found, for a person."),
            "remedy": text('The way out, for a person; "" for none.'),
            "is_config": switch("Whether `run` or `reload` would refuse the configuration for it."),
        }
    )
)

STOPPED = table({"stopped": {"const": True, "description": "It is."}})

INIT = table(
    {
        "config": text("The file that was written."),
        "folders": several(text("A path."), "The folders that were made."),
    }
)

CONVERTED = several(
    table(
        {
            "file": text("The source."),
            "outputs": several(text("A path.")),
            "pages": count("Pages of the document."),
            "seconds": number("How long it took."),
            "state": text("As `outcome` of a job.", (*OUTCOMES, "failed")),
            "doubtful": several(whole("A page."), "Pages that are doubtful."),
            "failed": several(whole("A page."), "Pages that count as not read."),
            "warnings": several(text("A sentence.")),
            "error": nullable(ERROR),
        }
    )
)

_KEY_FILE = text("The file of the keys.")
KEY_MADE = table(
    {
        "name": text("Whose it is."),
        "key": text("The key, which nobody can show again."),
        "file": _KEY_FILE,
    }
)
KEYS = table(
    {
        "file": _KEY_FILE,
        "keys": several(
            table(
                {
                    "name": text("Whose it is."),
                    "scopes": several(text("A scope.", ("read", "upload", "control"))),
                    "folders": several(text("A path."), "Whose documents it sees; none is all."),
                }
            )
        ),
    }
)
KEY_REMOVED = table({"removed": text("Whose it was."), "file": _KEY_FILE})

_ASIDE = nullable(text("Where the ledger is now that was there; null where there was none."))
LEDGER_CHECK = table(
    {
        "ledger": text("Its path."),
        "bytes": count("Its size."),
        "jobs": counted("How many jobs there are in each state.", JobState),
        "damage": several(text("A sentence."), "What is not whole."),
        "lost": several(text("A sentence."), "Documents that are not where the ledger has them."),
        "remarks": several(text("A sentence."), "What may well be as it is."),
        "whole": switch("Whether there is no damage."),
        "agrees": switch("Whether nothing is lost."),
    }
)
LEDGER_BACKUP = table({"copy": text("Its path."), "bytes": count("Its size.")})
LEDGER_RESTORE = table(
    {
        "aside": _ASIDE,
        "rebuild": several(text("A path."), "Folders for which `ocrd ledger rebuild` is needed."),
    }
)
LEDGER_REBUILD = table(
    {
        "aside": _ASIDE,
        "folders": several(
            table(
                {
                    "path": text("The folder."),
                    "adopted": count("Documents that are taken as read."),
                    "known": count("That the ledger knew."),
                    "unread": count("That will be read."),
                    "problem": text('Why it was left as it is; "" if it was not.'),
                }
            )
        ),
    }
)

