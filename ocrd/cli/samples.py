"""``samples``: the sample scans that come with ocrd, to try things on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from ocrd.cli import screen
from ocrd.errors import OcrdError


def samples(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it is missing.")],
) -> None:
    """Copy the sample scans into DIR, to try things on."""
    shipped = Path(__file__).parent.parent / "samples"
    found = sorted(path for path in shipped.iterdir() if path.suffix != ".md")  # their licences
    folder.mkdir(parents=True, exist_ok=True)
    for path in found:
        if (folder / path.name).exists():
            raise OcrdError(
                f"{screen.plain(folder / path.name)} exists.", hint="Name an empty folder."
            )
    for path in found:
        screen.say(str(screen.plain(shutil.copy(path, folder))))
