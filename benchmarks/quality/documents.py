"""The documents of the page set: fetched from Debian by name, version and hash, or made here.

Nothing is installed: the packages are unpacked below the cache folder.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pymupdf

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "build" / "quality"
OWN = "own"  # the package of the pages that are made from own/*.typ
FONTS = "fonts-liberation"
MORE_FONTS = "fonts-dejavu-core"
LEAST_TEXT = 300  # characters of a page that says something
GROUPS = ("prose", "list", "code", "table", "columns")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one document."""

    id: str
    path: Path  # of the PDF
    number: int  # from 1
    group: str
    top: float  # points from the upper edge: above is a running head,
    bottom: float  # and below a running foot
    ruled: bool  # its ruled tables are truth
    grids: tuple[Any, ...] | None = field(default=None)  # tables of a page that was made here


def pages(name: str) -> list[Page]:
    """Return the pages of a set, "pages" or "heldout", fetching what is not there."""
    body = tomllib.loads((HERE / f"{name}.toml").read_text())
    for package, facts in body["packages"].items():
        _fetch(package, facts["version"], facts["sha256"])
    return [page for document in body["documents"] for page in _pages_of(document)]


def further(name: str, each: int) -> list[Page]:
    """Return ``each`` more pages of every fetched document of a set, evenly spaced, unlooked at.

    Nobody chose them but the document's length; those with hardly any text are passed over.
    """
    chosen: dict[Path, list[Page]] = {}
    for page in pages(name):
        if page.grids is None:
            chosen.setdefault(page.path, []).append(page)
    found = []
    for path, some in chosen.items():
        document_name = some[0].id.rpartition("-")[0]
        with pymupdf.open(path) as document:
            spaced = {1 + len(document) * (2 * n + 1) // (2 * each) for n in range(each)}
            for number in sorted(spaced - {page.number for page in some}):
                if len(document[number - 1].get_text()) > LEAST_TEXT:
                    page = replace(some[0], id=f"{document_name}-{number}", number=number)
                    found.append(replace(page, group="further", ruled=False))
    return found


def _pages_of(document: dict[str, Any]) -> Iterator[Page]:
    if document["package"] == OWN:
        path, grids = _made(HERE / OWN / document["file"])
    else:
        path, grids = _unzipped(CACHE / "packages" / document["package"] / document["file"]), None
    for group in GROUPS:
        for number in document.get(group, ()):
            yield Page(
                f"{document['name']}-{number}" if grids is None else document["name"],
                path,
                number,
                group,
                document.get("top", 0),
                document.get("bottom", 1e6),
                number in document.get("tables", ()),
                grids,
            )


def _fetch(package: str, version: str, sha256: str) -> None:
    """Download and unpack a package, once."""
    folder = CACHE / "packages" / package
    stamp = folder / ".sha256"
    if stamp.is_file() and stamp.read_text() == sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # As root, apt-get would fetch as a user that may not write here.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", f"{package}={version}"]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        sys.exit(
            f"{package} {version} cannot be downloaded: it is of Debian 12; try apt-get update."
        )
    (deb,) = folder.glob("*.deb")
    found = hashlib.sha256(deb.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{deb.name} has SHA-256 {found}, not {sha256}.")
    subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    deb.unlink()
    stamp.write_text(sha256)


def _unzipped(path: Path) -> Path:
    if not path.exists():
        path.write_bytes(gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()))
    return path


@cache
def _made(source: Path) -> tuple[Path, tuple[Any, ...]]:
    """Set a page with Typst; return it and its tables' rows."""
    import typst

    path = CACHE / OWN / f"{source.stem}.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    fonts = [str(CACHE / "packages" / FONTS)]
    # The time of creation would give every run another PDF.
    path.write_bytes(typst.compile(str(source), font_paths=fonts))
    grids = typst.query(str(source), "<grid>", field="value", font_paths=fonts)
    return path, tuple(json.loads(grids))
