"""Models on the Hugging Face hub: finding them on this disk, and fetching them when told to.

:func:`find` reaches the network only with ``download``; :func:`fetch` always does. Files that are
here whole are kept, and a connection that breaks is taken up where it broke.
"""

from __future__ import annotations

import errno
import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocrd.engine.deepseek.network.weights import Source
from ocrd.errors import DiskFullError, EngineError, OcrdError

PATTERNS = ["*.safetensors", "*.json"]  # weights, configuration, tokenizer
SPARE_BYTES = 64 * 1024**2  # left free by a download, beyond the files
ROOM = "Make room, or choose another place with --to DIR (or HF_HOME)."

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model that was fetched."""

    folder: Path
    commit: str


def is_name(text: str) -> bool:
    """Say whether this can be a model's name on the hub: OWNER/NAME."""
    return _NAME.fullmatch(text) is not None


def find(name: str, *, revision: str | None, download: bool) -> Source:
    """Return where a model's files are: in a folder, or in the hub's cache; raise EngineError."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Source(name, folder, is_from_hub=False)
    if not is_name(name):
        raise EngineError(
            f"There is no folder {name}, and no model on the hub is called so.",
            hint="Set model to a folder that exists, or to OWNER/NAME.",
        )
    if download:
        return Source(name, fetch(name, revision=revision).folder, is_from_hub=True)
    return Source(name, _cached(name, revision), is_from_hub=True)


def _cached(name: str, revision: str | None) -> Path:
    """Return the model's folder in the cache, without the network; raise EngineError."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import IncompleteSnapshotError, LocalEntryNotFoundError

    wanted = f"{name}, revision {revision}," if revision else name
    pull = f"ocrd model pull {name}" + (f" --revision {revision}" if revision else "")
    try:
        return Path(
            snapshot_download(
                name, revision=revision, local_files_only=True, allow_patterns=PATTERNS
            )
        )
    except IncompleteSnapshotError as error:
        raise EngineError(
            f"The model {wanted} was fetched in part only.", hint=f"Go on with it: {pull}"
        ) from error
    except LocalEntryNotFoundError as error:
        raise EngineError(
            f"The model {wanted} is not on this machine (looked in {constants.HF_HUB_CACHE}).",
            hint=f"Fetch it as the user that runs ocrd: {pull}",
        ) from error


def fetch(
    name: str,
    *,
    revision: str | None = None,
    to: Path | None = None,
    on_bytes: Callable[[int, int], None] = lambda done, total: None,
) -> Fetched:
    """Fetch a model from the hub, into its cache or a folder of its own.

    ``on_bytes`` hears how many bytes of how many are there, from several threads. Raises
    EngineError where the hub or the model cannot be reached, DiskFullError where there is no room.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HTTPError

    wanted = {"revision": revision, "local_dir": to, "allow_patterns": PATTERNS}
    try:
        plan = snapshot_download(name, dry_run=True, tqdm_class=_meter(lambda _: None), **wanted)
        total = sum(file.file_size for file in plan if file.will_download)
        _require_weights(name, plan)
        _require_space(name, place_of(name, to), total)
        meter = _meter(lambda done: on_bytes(done, total))
        folder = Path(snapshot_download(name, tqdm_class=meter, **wanted))
    # hf_xet, which fetches large files, raises RuntimeError.
    except (HTTPError, OSError, RuntimeError, ValueError) as error:
        raise _explained(error, name, revision) from error
    return Fetched(folder, plan[0].commit_hash)


def _meter(on_bytes: Callable[[int], None]) -> type[Any]:
    """Return a progress bar of tqdm's that draws nothing and says how many bytes are there."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Meter(tqdm):  # type: ignore[misc]
        """Of the several bars that huggingface_hub makes, those of bytes are heard."""

        monitor_interval = 0  # no thread of its own

        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **{**options, "file": io.StringIO(), "disable": False})

        def display(self, *args: object, **options: object) -> None:
            """Draw nothing."""

        def update(self, n: float | None = 1) -> bool | None:
            """Count, and tell."""
            shown: bool | None = super().update(n)
            if self.unit == "B":
                on_bytes(int(self.n))
            return shown

    return Meter


def place_of(name: str, to: Path | None) -> Path:
    """Return the folder that a model is fetched into."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    if to is not None:
        return to.expanduser()
    return Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=name, repo_type="model"))


def _require_weights(name: str, plan: list[Any]) -> None:
    if not any(file.filename.endswith(".safetensors") for file in plan):
        raise EngineError(
            f"{name} has no weights in the safetensors format on the hub.",
            hint="Use deepseek-community/DeepSeek-OCR-2 or deepseek-ai/DeepSeek-OCR.",
        )


def _require_space(name: str, place: Path, size: int) -> None:
    existing = next(each for each in (place, *place.absolute().parents) if each.exists())
    free = shutil.disk_usage(existing).free
    if size > 0 and free < size + SPARE_BYTES:
        raise DiskFullError(
            f"{name} needs {_gigabytes(size)} more on the disk, and {existing} has"
            f" {_gigabytes(free)} free.",
            hint=ROOM,
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _explained(error: BaseException, name: str, revision: str | None) -> OcrdError:
    """Return the error that says in our words why a model could not be fetched."""
    from huggingface_hub import errors

    for cause in _causes(error):
        if isinstance(cause, errors.GatedRepoError):
            return EngineError(
                f"{name} is given out on request only.",
                hint="Ask for it on its page on the hub and set HF_TOKEN.",
            )
        if isinstance(cause, errors.RepositoryNotFoundError):
            return EngineError(
                f"There is no model {name} on the hub, or it is private.",
                hint="Look at the name; for a private one set HF_TOKEN.",
            )
        if isinstance(cause, errors.RevisionNotFoundError):
            return EngineError(
                f"{name} has no revision {revision}.", hint="Name a branch, tag or commit of it."
            )
        if isinstance(cause, errors.OfflineModeIsEnabled):
            return EngineError(
                f"{name} cannot be fetched: HF_HUB_OFFLINE is set.", hint="Unset it for this."
            )
        if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            return DiskFullError(f"There is no room for {name} ({cause}).", hint=ROOM)
        if isinstance(cause, OSError) and cause.filename:
            return EngineError(f"{name} cannot be stored ({cause}).", hint=ROOM)
    last = list(_causes(error))[-1]
    return EngineError(
        f"{name} cannot be fetched from the hub ({type(last).__name__}: {last}).",
        hint="Look at the network (HTTPS_PROXY, HF_ENDPOINT) and try again: whole files are kept.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, from the outside in."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
