"""Whose a watched folder is: one daemon's at a time, also of several machines on one share.

The owner keeps a small hidden file in the folder's root, and writes it when the folder changes
hands. Another daemon that finds it leaves a ``challenge``; the owner counts up at its next look.
Only after a long ``silence`` the other takes the folder, or at once when the owner says that it has
gone. What is taken is on trial for a moment, in which another may be found to have taken it too.
Where the file system knows locks, a lock says besides that an owner which stands still is alive.

Who slept while its folder was taken finds that out when it looks: at each scan, and before anything
is filed (:meth:`Claim.confirm`).

In a folder whose sources stay where they are, the file also says with which ledger, and how far, it
was read (``keeping``): there it is written while the work is on, too.

Nothing in the file is trusted further than that: whoever may write into the folder can make us
wait, or read on as if we were alone, and nothing else. It is never followed as a link, and never
written where it is anything but such a file.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ocrd import files
from ocrd.errors import FolderWithheldError, OcrdError
from ocrd.intake import silence
from ocrd.intake.challenge import Challenge
from ocrd.intake.held import Held
from ocrd.intake.keeping import Keeping
from ocrd.intake.mark import Mark, locked
from ocrd.intake.record import Record, decode
from ocrd.intake.scan import OWNER_NAME
from ocrd.log import fields

log = logging.getLogger("ocrd.intake.ownership")

TRIAL_SECONDS = 5.0  # in which another shows itself who took the same folder at the same time

_MAY_NOT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_IN_THE_WAY = frozenset({errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENODEV})


class Claim:
    """One watched folder's ownership: looked for by its scan, kept up by a thread of its own."""

    def __init__(
        self,
        root: Path,
        me: Record,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._mark = Mark(root)
        self._me = me
        self._changed = changed
        self._clock = clock
        self.keeping: Keeping | None = None  # None: sources leave the folder
        self.look_seconds = 0.0  # between two scans of the folder
        self._challenge = Challenge(root, me)
        self._silence = silence.Silence(clock)
        self._lock = threading.Lock()
        self._held: Held | None = None
        self._is_free = False  # nothing can be written here; we go on as if we were alone
        self._yielded = False  # another took the folder from us
        self.patience_seconds = silence.LEASE_SECONDS  # with the owner that was met last
        self._trial: float | None = None  # since when what we took has to prove ours
        self._was_removed = False  # the mark of another, to make room for ours
        self._looked = 0.0
        self._told = 0  # no later job of an archive has to be told in its record
        self._stopping = threading.Event()
        self._said = ""
        self._thread = threading.Thread(
            target=self._run, name=f"owner {files.printable(root)}", daemon=True
        )

    def start(self) -> None:
        """Begin to keep the claim up, once the folder's scan has made it."""
        self._thread.start()

    def close(self, timeout: float) -> None:
        """Give the folder back; a thread that hangs in the file system is left behind."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def release(self) -> None:
        """Give the folder back at once, where no thread keeps the claim up."""
        with self._lock, contextlib.suppress(OSError, OcrdError):
            self._release()

    def require(self) -> None:
        """Return if the folder is ours, after trying to make it so; for its scan, on its root.

        Raises FolderWithheldError, which says whose it is or what a person has to decide, and
        OSError where the root does not answer.
        """
        with self._lock:
            try:
                if self._held is not None:
                    self._look()
                if self._held is None and not self._is_free:
                    self._take_or_refuse()
                self._end_trial()
            except FolderWithheldError as error:
                self._say(error)
                raise
            self._say(None)

    def confirm(self) -> None:
        """Raise FolderWithheldError unless the folder is ours at this moment. For any thread."""
        with self._lock:
            if self._is_free:
                return
            try:
                if self._held is not None and self._own_record() is None:
                    self._let_go()
            except OSError as error:
                raise files.translate(error, self._root) from error
            if not self._is_ours:
                raise FolderWithheldError(
                    f"{files.printable(self._root)} is another daemon's by now.",
                    hint="Nothing is filed; what was read of the document is kept.",
                )

    def keep_up(self) -> None:
        """Do what an owner has to do now and then, where no thread keeps the claim up."""
        with self._lock, contextlib.suppress(OSError, OcrdError):
            self._go_round()

    @property
    def _is_ours(self) -> bool:
        return self._is_free or (self._held is not None and self._trial is None)

    # Taking

    def _take_or_refuse(self) -> None:
        try:
            fd = self._mark.open(self._refuse_unknown_archive)
        except OSError as error:
            self._do_without(error)
            return
        held = Held(self._mark, fd, self._me, self._clock)
        try:
            is_anothers = self._judge(held)
        except OSError as error:
            held.close()
            self._do_without(error)
        except BaseException:
            held.close()
            raise
        else:
            self._held, self._yielded = held, False
            self._looked = self._clock()
            self._trial = self._looked if is_anothers or self._was_removed else None
            self._was_removed = False
            self._silence.forget()

    def _end_trial(self) -> None:
        """Take the folder as ours for good once nobody else took it at the same time."""
        if self._trial is None:
            return
        if self._clock() - self._trial < TRIAL_SECONDS:
            raise FolderWithheldError(
                "This folder is being taken over.", hint="It is read in a moment."
            )
        self._trial = None

    def _do_without(self, error: OSError) -> None:
        """Go on without the file where it cannot be written, unless it says whose the folder is."""
        if error.errno in _FULL:
            return  # tried again by the next scan
        if error.errno == errno.EEXIST:
            raise FolderWithheldError(
                "Another daemon is taking this folder.", hint="It is looked at again."
            ) from error
        if error.errno in _IN_THE_WAY:
            raise self._mark.in_the_way() from error
        if error.errno not in _MAY_NOT:
            raise error
        self._require_free()
        if self._remove_strangers():
            self._take_or_refuse()  # makes our own
            return
        self._is_free = True
        log.warning(
            "%s: cannot be marked as this daemon's (%s); let no other daemon watch it.",
            files.printable(self._root), error.strerror or error,
            extra=fields("folder-unmarked", inbox=files.printable(self._root)),
        )

    def _require_free(self) -> None:
        """Raise FolderWithheldError if a file that we may only read speaks against us."""
        content = self._mark.content()
        record = decode(content)
        if record is None:
            self._refuse_unknown_archive()
        elif record.session != self._me.session:
            if not self._may_take(record, content):
                raise _owned(record)
            if self.keeping is None or not self.keeping.is_known():
                self._refuse_other_ledger(record)

    def _remove_strangers(self) -> bool:
        """Remove the file of another user's daemon that has gone; say whether that was done."""
        try:
            self._mark.remove()
        except OSError:
            return False
        self._was_removed = True
        return True

    def _judge(self, held: Held) -> bool:
        """Make the open file's folder ours, and say whether it was another's before.

        Raises FolderWithheldError if it is not to be.
        """
        content = self._mark.read(held.fd)
        record = decode(content) if content else Record(session=self._me.session)
        if record is None:
            raise self._mark.in_the_way()
        if not locked(held.fd):
            raise _owned(record)
        if record.session != self._me.session and not self._may_take(record, content):
            raise _owned(record)
        if content:
            self._refuse_other_ledger(record)
        else:  # made a moment ago, or by somebody whose disk was full
            self._refuse_unknown_archive()
        self._write(held, record)
        return record.session != self._me.session and not self._is_earlier_run(record)

    def _may_take(self, record: Record, content: bytes) -> bool:
        """Say whether another's folder is free: it has gone, or is an earlier run of ourselves."""
        if record.released or self._is_earlier_run(record):
            return True
        self.patience_seconds = silence.patience_seconds(record)
        silent = self._silence.note(content)
        if record.answers and (not silent or not self._challenge.lies_there()):
            self._leave_challenge(record)
            return False
        return silent >= self.patience_seconds

    def _is_earlier_run(self, record: Record) -> bool:
        return not self._yielded and record.is_of_same_ledger_and_machine(self._me)

    def _leave_challenge(self, record: Record) -> None:
        """Ask the owner for a sign of life, and wait from now on.

        Without that nothing can be concluded from its silence: FolderWithheldError.
        """
        try:
            self._challenge.leave()
        except OSError as error:
            self._silence.forget()
            if error.errno in _FULL:
                raise _owned(record) from error
            if error.errno not in _MAY_NOT | _IN_THE_WAY | {errno.EEXIST}:
                raise
            raise FolderWithheldError(
                f"This folder is watched by {record.holder}, and cannot be written to ask whether"
                f" that is still there ({error.strerror or error}).",
                hint=f"Let this daemon write to the folder; or remove {OWNER_NAME} from it if that"
                " daemon is gone for good.",
            ) from error
        self._silence.begin_anew()

    def _refuse_other_ledger(self, record: Record) -> None:
        if self.keeping is not None:
            self.keeping.refuse_other_ledger(self._root, record, self._me.ledger)

    def _refuse_unknown_archive(self) -> None:
        if self.keeping is not None:
            self.keeping.refuse_unknown_archive(self._root)

    def _write(self, held: Held, before: Record, *, released: bool = False) -> None:
        """Write who we are, one beat after what was written before, so that others see it."""
        serial = 0 if self.keeping is None else self.keeping.serial()
        now = replace(
            self._me, beat=before.beat + 1, serial=serial, released=released,
            answers=self._answer_seconds,
        )  # fmt: skip
        held.write(now)
        self._told = serial

    @property
    def _answer_seconds(self) -> int:
        """How long it takes at most, a round of our thread aside, until we look for a challenge."""
        return math.ceil(max(silence.BEAT_SECONDS, self.look_seconds))

    # Keeping it up, and watching another's

    def _run(self) -> None:
        while not self._stopping.wait(silence.BEAT_SECONDS):
            self.keep_up()
            if not self._is_ours:
                self._changed()  # for the scan to try: it knows whether the root is mounted
        self.release()

    def _go_round(self) -> None:
        """Look into the folder if no scan did for too long, or there is something to tell."""
        if self._is_free and os.access(self._root, os.W_OK):
            self._is_free = False  # it can be marked by now
        if self._held is None:
            return
        if self._clock() - self._looked >= self._answer_seconds or self._has_news():
            self._look()

    def _look(self) -> None:
        """Let go of what is no longer ours; else answer who asks, and write what is new."""
        assert self._held is not None
        record = self._held.record_if_still() or self._own_record()
        self._looked = self._clock()
        word = self._challenge.asked() if record else b""
        if record and (word or record.answers != self._answer_seconds or self._has_news()):
            record = self._own_record()  # read anew, however still the file seemed
            if record is not None:
                self._write(self._held, record)
                self._challenge.answer(word)
        if record is None:
            self._let_go()

    def _has_news(self) -> bool:
        """Say whether an archive has jobs that its record does not know of."""
        if self.keeping is None or (serial := self.keeping.serial()) <= self._told:
            return False
        if self.keeping.came_after(self._told):
            return True
        self._told = serial  # these were all of other folders
        return False

    def _own_record(self) -> Record | None:
        """Return what our file says now; None if it is gone, or says that another took it."""
        assert self._held is not None
        record = self._held.record()
        if record is not None and record.session != self._me.session:
            self._yielded = True
            return None
        return record

    def _let_go(self) -> None:
        if self._held is not None:
            held, self._held, self._trial = self._held, None, None
            held.close()

    def _release(self) -> None:
        """Say that we have gone; where sources leave the folder, nothing need stay of us."""
        self._challenge.withdraw()
        if self._held is None:
            return
        if (record := self._own_record()) is not None:
            self._write(self._held, record, released=True)
            if self.keeping is None:
                self._mark.remove()
        self._let_go()

    def _say(self, error: FolderWithheldError | None) -> None:
        """Log once whose the folder is, and once that it is ours."""
        said = "" if error is None else f"{error.what} {error.hint}"
        root = files.printable(self._root)
        if said and said != self._said:
            log.warning("%s: %s", root, said, extra=fields("folder-withheld", inbox=root))
        elif self._said and not said:
            log.info("%s: is this daemon's now.", root, extra=fields("folder-taken", inbox=root))
        self._said = said


def _owned(record: Record) -> FolderWithheldError:
    return FolderWithheldError(
        f"This folder is watched by {record.holder}.",
        hint="It is left alone, and taken over by itself once that daemon has gone.",
    )
