"""What the machine allows: open files, watches, the processor, confinement, languages."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import languages
from ocrd.loading import PROCESSOR_HINT, X86_64_V2, missing_instructions
from ocrd.raster import confine
from ocrd.readiness.finding import Finding, Verdict

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings, Settings

SPARE_FILES = 256  # open files that the daemon itself wants
SPARE_WATCHES = 64
MANY_FOLDERS = 20_000  # no inbox is counted beyond this


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at one limit after another, as they are for this process."""
    yield _open_files()
    yield _watches(settings)
    yield from _processor()
    yield _confinement()
    yield from _languages(settings)


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < SPARE_FILES:
        return Finding(
            Verdict.WARN,
            "open files",
            f"Only {soft} are allowed.",
            f"`ulimit -n {4 * SPARE_FILES}`, or LimitNOFILE= in the unit.",
        )
    return Finding(Verdict.OK, "open files", f"{soft} allowed")


def _watches(settings: Settings) -> Finding:
    limit = _kernel_limit("max_user_watches")
    if limit is None:
        return Finding(
            Verdict.WARN,
            "inotify",
            "The kernel tells of no events; folders are scanned at their interval.",
        )
    wanted = sum(map(_count_folders, settings.inbox)) + SPARE_WATCHES
    if wanted > limit:
        return Finding(
            Verdict.WARN,
            "inotify",
            f"{wanted} folders are to be watched and {limit} may be; scans find the rest later.",
            f"sudo sysctl fs.inotify.max_user_watches={max(2 * wanted, 65536)}",
        )
    return Finding(Verdict.OK, "inotify", f"{limit} watches allowed, about {wanted} needed")


def _processor() -> Iterator[Finding]:
    """Say whether the processor has what the libraries are built with, where that is a question."""
    lacking = missing_instructions()
    if lacking:
        message = f"It lacks {', '.join(lacking)} of the {len(X86_64_V2)} that numpy is built with."
        yield Finding(Verdict.FAIL, "processor", message, PROCESSOR_HINT)
    elif platform.machine() == "x86_64":
        yield Finding(Verdict.OK, "processor", "has x86-64-v2, which the libraries are built with")


def _confinement() -> Finding:
    """Say what keeps a hostile document in the process that reads it."""
    kernel = confine.available()
    if kernel.landlock and kernel.seccomp:
        message = f"confined by Landlock (version {kernel.landlock}) and seccomp"
        return Finding(Verdict.OK, "drawing", message)
    missing = [
        name for name, there in (("Landlock", kernel.landlock), ("seccomp", kernel.seccomp))
        if not there
    ]  # fmt: skip
    return Finding(
        Verdict.WARN,
        "drawing",
        f"This kernel has no {' and no '.join(missing)}: a document that takes its process over"
        " reaches what the daemon's user reaches.",
        "Linux 5.13 or later with Landlock among its lsm= modules, on x86-64 or ARM64.",
    )


def _languages(settings: Settings) -> Iterator[Finding]:
    """Say which languages that a folder wants of Tesseract are not installed."""
    for inbox in settings.inbox:
        needs_them = settings.engine_of(inbox).kind == "tesseract"
        if inbox.languages and (told := languages.complaint(inbox.languages)):
            yield Finding(
                Verdict.FAIL if needs_them else Verdict.WARN,
                "languages",
                f"{told.what}, which {inbox.path} names."
                + (" Its documents wait for it." if needs_them else ""),
                told.remedy,
            )


def _kernel_limit(name: str) -> int | None:
    try:
        return int(Path("/proc/sys/fs/inotify", name).read_text())
    except (OSError, ValueError):
        return None


def _count_folders(inbox: InboxSettings) -> int:
    if not inbox.recursive:
        return 1
    count = 0
    for _ in os.walk(inbox.path):
        count += 1
        if count >= MANY_FOLDERS:
            break
    return count
