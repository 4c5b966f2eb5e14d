"""``check``: what is ready and what is not, each with what to do about it."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.cli import screen
from ocrd.cli.options import ConfigOption, JsonOption
from ocrd.errors import EXIT_CONFIG, EXIT_FAILED, EXIT_OK, ConfigError, OcrdError, UnreachableError

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings, InboxSettings, Settings
    from ocrd.engine.client import EngineClient
    from ocrd.engine.protocol import Hello

PAGE = "ready.png"  # beside this module
PAGE_SAYS = "engine is ready"
SPARE_FILES = 256  # open files that the daemon itself wants
SPARE_WATCHES = 64
MANY_FOLDERS = 20_000  # no inbox is counted beyond this
EXTRA_SECONDS = 30.0  # beyond the engine's own limits: children, drawing


class Verdict(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    verdict: Verdict
    subject: str
    message: str
    remedy: str = ""
    is_config: bool = False  # ``run`` would refuse to start


def check(
    config: ConfigOption = None,
    engine: Annotated[
        bool, typer.Option("--engine/--no-engine", help="Load the engines and read a page.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Say whether configuration, folders, engines and limits are ready."""
    found: list[Finding] = []
    for finding in findings(config, with_engine=engine):
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        screen.emit([asdict(finding) for finding in found])
    raise typer.Exit(_exit_code(found))


def findings(config: Path | None, *, with_engine: bool) -> Iterator[Finding]:
    """Look at one thing after another."""
    from ocrd.config.settings import find_config, load

    try:
        path = find_config(config)
        settings = load(path)
    except ConfigError as error:
        yield Finding(Verdict.FAIL, "configuration", error.what, error.hint, is_config=True)
        return
    yield Finding(Verdict.OK, "configuration", str(path))
    yield from _folders(settings)
    yield from _places(settings)
    yield from _limits(settings)
    yield from _processor()
    yield _confinement()
    yield _socket(settings)
    if with_engine:
        for name, engine in _engines(settings).items():
            yield _engine(name, engine, settings)


def _exit_code(found: list[Finding]) -> int:
    failed = [finding for finding in found if finding.verdict is Verdict.FAIL]
    if any(finding.is_config for finding in failed):
        return EXIT_CONFIG
    return EXIT_FAILED if failed else EXIT_OK


def _print(finding: Finding) -> None:
    style = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}[finding.verdict]
    subject, message = screen.plain(finding.subject), screen.plain(finding.message)
    screen.out().print(f"[{style}]{finding.verdict:<4}[/]", subject, end="", soft_wrap=True)
    screen.say(f": {message}")
    if finding.remedy:
        screen.say(f"       → {screen.plain(finding.remedy)}")


# Folders


def _folders(settings: Settings) -> Iterator[Finding]:
    from ocrd.config.settings import check_folders, offline_folders

    for text in check_folders(settings):
        yield Finding(Verdict.FAIL, "folders", text, is_config=True)
    for text in offline_folders(settings):
        yield Finding(Verdict.FAIL, "folders", text)


def _places(settings: Settings) -> Iterator[Finding]:
    yield from _state(settings)
    yield _space("temp_dir", settings.temp_dir, settings.free_space_floor)
    for number, inbox in enumerate(settings.inbox):
        if inbox.path.is_dir():
            yield _inbox(number, inbox)


def _state(settings: Settings) -> Iterator[Finding]:
    from ocrd.files.mounts import is_network, mount_of

    existing = _nearest(settings.state_dir)
    if is_network(existing):
        yield Finding(
            Verdict.FAIL,
            "state_dir",
            f"{settings.state_dir} is on a network file system ({mount_of(existing).kind}), "
            "where the ledger is not safe.",
            "Set state_dir to a folder on a local disk.",
        )
    else:
        yield _space("state_dir", settings.state_dir, settings.free_space_floor)


def _space(subject: str, path: Path, floor: int) -> Finding:
    from ocrd.files import free_bytes
    from ocrd.files.mounts import mount_of

    existing = _nearest(path)
    free = free_bytes(existing)
    message = f"{path}: {mount_of(existing).kind}, {screen.size(free)} free"
    if free < floor:
        return Finding(
            Verdict.FAIL,
            subject,
            f"{message}, under the floor of {screen.size(floor)}: no document is begun.",
            "Make room, or lower free_space_floor.",
        )
    return Finding(Verdict.OK, subject, message)


def _inbox(number: int, inbox: InboxSettings) -> Finding:
    from ocrd.files.mounts import is_network, mount_of

    network = is_network(inbox.path) if inbox.network == "auto" else bool(inbox.network)
    message = f"{inbox.path}: {mount_of(inbox.path).kind}"
    if network:
        message += ", a network file system: longer settle time, scanned more often"
    message += _contents(inbox)
    subject = f"inbox[{number}]"
    floor = _space(subject, inbox.done_dir, 1024**2)
    if inbox.source == "move" and floor.verdict is Verdict.FAIL:
        return floor
    return Finding(Verdict.OK, subject, message)


def _contents(inbox: InboxSettings) -> str:
    """Say what lies in an inbox: how much is to be read, and how much is no document."""
    from ocrd.surveying import survey

    try:
        found = survey(inbox.model_copy(update={"unsupported": "leave"}))
    except OSError:  # said as a folder's fault
        return ""
    total = found.documents + found.strays
    if not total or (inbox.source == "keep" and not found.strays):  # they may have been read
        return ""
    at_least = "at least " if found.is_cut else ""
    lie = f"; {at_least}{total} {'file lies' if total == 1 else 'files lie'} here"
    if not found.strays:
        return f"{lie}, to be read"
    what = "is no document" if found.strays == 1 else "are no documents"
    if inbox.unsupported == "leave":
        what += " and left alone" if found.strays == 1 else ", which are left alone"
    return f"{lie}, {found.strays} {what}"


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())


# Limits


def _limits(settings: Settings) -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < SPARE_FILES:
        yield Finding(
            Verdict.WARN,
            "open files",
            f"Only {soft} are allowed.",
            f"`ulimit -n {4 * SPARE_FILES}`, or LimitNOFILE= in the unit.",
        )
    else:
        yield Finding(Verdict.OK, "open files", f"{soft} allowed")
    limit = _kernel_limit("max_user_watches")
    if limit is None:
        yield Finding(
            Verdict.WARN,
            "inotify",
            "The kernel tells of no events; folders are scanned at their interval.",
        )
        return
    wanted = sum(map(_count_folders, settings.inbox)) + SPARE_WATCHES
    if wanted > limit:
        yield Finding(
            Verdict.WARN,
            "inotify",
            f"{wanted} folders are to be watched and {limit} may be; scans find the rest later.",
            f"sudo sysctl fs.inotify.max_user_watches={max(2 * wanted, 65536)}",
        )
    else:
        yield Finding(Verdict.OK, "inotify", f"{limit} watches allowed, about {wanted} needed")


def _processor() -> Iterator[Finding]:
    """Say whether the processor has what the libraries are built with, where that is a question."""
    from ocrd.loading import PROCESSOR_HINT, X86_64_V2, missing_instructions

    lacking = missing_instructions()
    if lacking:
        message = f"It lacks {', '.join(lacking)} of the {len(X86_64_V2)} that numpy is built with."
        yield Finding(Verdict.FAIL, "processor", message, PROCESSOR_HINT)
    elif platform.machine() == "x86_64":
        yield Finding(Verdict.OK, "processor", "has x86-64-v2, which the libraries are built with")


def _confinement() -> Finding:
    """Say what keeps a hostile document in the process that reads it."""
    from ocrd.raster.confine import available

    kernel = available()
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


# Socket and engines


def _socket(settings: Settings) -> Finding:
    from ocrd.web.client import Client

    path = settings.socket_path
    try:
        status = Client(path).status()
    except UnreachableError as error:
        cause = error.__cause__
        if isinstance(cause, FileNotFoundError | ConnectionRefusedError):
            return Finding(Verdict.OK, "daemon", f"not running; it will answer on {path}")
        return Finding(Verdict.FAIL, "daemon", error.what, error.hint)
    except OcrdError as error:
        return Finding(Verdict.FAIL, "daemon", error.what, error.hint)
    problems: list[str] = status["problems"]
    message = f"{status['state']}, process {status['pid']}, answers on {path}"
    if problems:
        return Finding(Verdict.WARN, "daemon", f"{message}; {' '.join(problems)}", "ocrd status")
    return Finding(Verdict.OK, "daemon", message)


def _engines(settings: Settings) -> dict[str, EngineSettings]:
    """Return the engines that an inbox uses."""
    known = {"default": settings.engine, **settings.engines}
    used = dict.fromkeys(inbox.engine or "default" for inbox in settings.inbox)
    return {name: known[name] for name in used}


def _engine(name: str, engine: EngineSettings, settings: Settings) -> Finding:
    limit = engine.start_timeout + engine.page_timeout + EXTRA_SECONDS
    subject = f"engine {name}"
    client_error: list[str] = []
    try:
        with screen.err().status(f"loading the engine {name} …"):
            return asyncio.run(_read_page(name, engine, settings, limit, client_error))
    except TimeoutError:
        what = client_error[0] if client_error and client_error[0] else "It gives no sign of life."
        return Finding(
            Verdict.FAIL,
            subject,
            f"No page was read within {limit:.0f} s. {what}",
            f"Correct the engine's table in the configuration (kind = {engine.kind!r}).",
        )
    except OcrdError as error:
        return Finding(Verdict.FAIL, subject, error.what, error.hint)


async def _read_page(
    name: str, engine: EngineSettings, settings: Settings, limit: float, last_error: list[str]
) -> Finding:
    """Draw a small page in a real child and let a real worker read it."""
    import time

    from ocrd.engine.client import EngineClient
    from ocrd.raster.rasterize import Rasterizer, Source
    from ocrd.tasks import Task

    page = Path(__file__).with_name(PAGE)
    had_gpus = () if engine.kind == "rapidocr" else _had_gpus(name, settings)
    client = EngineClient(name, engine, had_gpus=had_gpus)
    try:
        async with asyncio.timeout(limit):
            began = time.monotonic()
            hello = await _hello(client)
            loaded = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="ocrd-check-") as folder:
                drawn = Path(folder, "page.pnm")
                async with Rasterizer(settings.rasterize, settings.limits) as rasterizer:
                    await rasterizer.draw(Source(page, None, ()), 1, drawn, hello.longest_side)
                read = await client.recognise(drawn, Task(hello.modes[0]), (0,))
            done = time.monotonic()
    finally:
        last_error.append(str(client.status()["last_error"]))
        await client.stop(0.0)
    text = " ".join(line.text for line in read.lines) or read.markup
    on = f" on {hello.device}" if hello.device else ""
    message = (
        f"{hello.name}, {hello.model}{on}: loaded in {loaded - began:.1f} s, "
        f"read a page in {done - loaded:.1f} s, {hello.capacity} at a time"
    )
    if engine.kind != "module" and PAGE_SAYS not in text:
        return Finding(
            Verdict.FAIL,
            f"engine {name}",
            f"{message}, but wrongly: {text[:200]!r}.",
            "Its model files may be damaged: install ocrd again, or run 'ocrd model pull' again.",
        )
    return Finding(Verdict.OK, f"engine {name}", message)


def _had_gpus(name: str, settings: Settings) -> tuple[str, ...]:
    """Return the GPUs that the daemon's engine had, as far as we may know."""
    from ocrd.daemon.gpus import known_gpus
    from ocrd.ledger.jobs import Ledger

    try:
        ledger = Ledger.open(settings.state_dir, readonly=True)
    except OcrdError:
        return ()  # there is none yet, or it is not ours to read
    try:
        return tuple(known_gpus(ledger).get(name, ()))
    finally:
        ledger.close()


async def _hello(client: EngineClient) -> Hello:
    """Return the engine's announcement, giving up at its first failure to start."""
    from ocrd.errors import EngineError

    greeting = asyncio.ensure_future(client.hello())
    while not greeting.done():
        await asyncio.wait({greeting}, timeout=0.1)
        failure = client.failure
        if failure is not None and not greeting.done():
            greeting.cancel()
            hint = failure.hint or "Correct the engine's table in the configuration."
            raise EngineError(failure.what, hint=hint)
    return await greeting
