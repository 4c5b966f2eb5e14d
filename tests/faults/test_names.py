"""Names that are no text, no line, too long or a trap: each document is filed and told of."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.labs.truth import letter, sha256
from tests.installation import Installation, eventually, make_pdf

NAMES: tuple[bytes, ...] = (
    b"new\nline", b"00:00:00\n00:00:01  forged.pdf: done.", b"carriage\rreturn", b"tab\tbell\x07",
    b"\x1b[31mred\x1b]0;title\x07", b"delete\x7f", "next\u0085line".encode(),
    "separator\u2028paragraph\u2029".encode(), b"undecodable-\xff\xfe", b"half-a-letter-\xc3",
    b"surrogate-\xed\xa0\x80", b"-rf", b"--help", b"--", "\u202egnp.exe".encode(),
    "\u2066isolated".encode(), "caf\u00e9".encode(), "cafe\u0301".encode(), b"trailing space ",
    b" leading space", b"trailing dot.", b"two..dots", b"%s%n%(name)s %d{0}{name}",
    b"<b onload=x>&amp;",
    b"'quoted' \"twice\" `$(touch trap)`; ", b"back\\slash\\", b"*?[a-z]",
    "\U0001f600 \u200d".encode(),
    "\ufeffmark".encode(), b"CON", b"NUL.", b"~", b"#!", b"[x](javascript:alert(1))", b"a" * 251,
    ("\u00e4" * 125).encode() + b"x",
)  # fmt: skip
# What a terminal, a log viewer or a browser may take for more than a character.
UNSHOWABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[dict[str, bytes]]:
    """A sound PDF, a sound image, and one of each that cannot be read."""
    make_pdf(tmp_path / "sound.pdf", 1)
    letter(tmp_path / "sound.png", 0)
    yield {
        "pdf": (tmp_path / "sound.pdf").read_bytes(),
        "png": (tmp_path / "sound.png").read_bytes(),
        "bad.pdf": b"%PDF-1.4\nnothing else\n",
        "bad.png": (tmp_path / "sound.png").read_bytes()[:40],  # none of its rows
    }


def lay(folder: Path, documents: dict[str, bytes], kinds: tuple[str, ...]) -> dict[bytes, bytes]:
    """Write each name with each ending, every file with bytes of its own; return what was laid."""
    laid = {}
    for number, stem in enumerate(NAMES):
        for kind in kinds:
            name = stem + b"." + kind.rpartition(".")[2].encode()
            laid[name] = documents[kind] + b"\n%" + str(number).encode()
            Path(folder, os.fsdecode(name)).write_bytes(laid[name])
    return laid


def names_in(folder: Path) -> dict[bytes, str]:
    return {os.fsencode(path.name): sha256(path) for path in folder.iterdir()}


def test_every_name_is_filed_as_it_is_and_has_its_own_sidecar(
    daemon: Installation, documents: dict[str, bytes]
) -> None:
    daemon.configure(inbox="front_matter = true", patience="0s")
    daemon.start()
    laid = lay(daemon.inbox, documents, ("pdf", "png"))
    eventually(lambda: daemon.status()["jobs"]["done"] == len(laid), 60, daemon.log.read_text())
    found = names_in(daemon.done)
    for name, content in laid.items():
        assert Path(daemon.done, os.fsdecode(name)).read_bytes() == content, name
    sidecars = [path for path in daemon.done.iterdir() if os.fsencode(path.name) not in laid]
    told = [re.search(r"sha256: \"?([0-9a-f]{64})", path.read_text()) for path in sidecars]
    assert {each[1] for each in told if each} == {found[name] for name in laid}
    assert len(sidecars) == len(laid)
    assert all(not UNSHOWABLE.search(path.read_text().replace("\n", "")) for path in sidecars)
    nothing_can_be_forged(daemon, len(laid))


def test_every_name_fails_with_a_reason_beside_it(
    daemon: Installation, documents: dict[str, bytes]
) -> None:
    daemon.configure(patience="0s")
    daemon.start()
    laid = lay(daemon.inbox, documents, ("bad.pdf", "bad.png"))
    eventually(lambda: daemon.status()["jobs"]["failed"] == len(laid), 60)
    for name, content in laid.items():
        assert Path(daemon.failed, os.fsdecode(name)).read_bytes() == content, name
    others = [path for path in daemon.failed.iterdir() if os.fsencode(path.name) not in laid]
    reasons = [json.loads(path.read_text()) for path in others]
    assert len(reasons) == len(laid)
    assert all(reason["code"] == "corrupt" and reason["hint"] for reason in reasons)
    assert len({reason["job"] for reason in reasons}) == len(laid)
    for reason in reasons:
        assert not UNSHOWABLE.search("".join(map(str, reason.values()))), reason
    nothing_can_be_forged(daemon, len(laid))


def nothing_can_be_forged(daemon: Installation, count: int) -> None:
    """Look at what a person or a program is shown: log, ``jobs``, ``show``, ``status``."""
    for line in daemon.log.read_text().split("\n")[:-1]:
        assert json.loads(line) and not UNSHOWABLE.search(line), line
    jobs = daemon.listed("--limit", "1000")
    assert len(jobs) == count == len({job["relpath"] for job in jobs})
    for command in (
        ["jobs", "--limit", "1000"], ["jobs", "--limit", "1000", "--json"], ["status"],
        ["status", "--json"], ["show", str(jobs[0]["id"])],
    ):  # fmt: skip
        shown = daemon.command(*command).stdout
        assert not UNSHOWABLE.search(shown.replace("\n", "")), shown
        assert not any(line.startswith("00:00:01  forged") for line in shown.splitlines())
    told = daemon.call("show", str(jobs[-1]["id"]))
    assert told["relpath"] == jobs[-1]["relpath"]


def test_a_name_with_a_line_in_it_makes_no_line_of_the_text_log(
    daemon: Installation, documents: dict[str, bytes]
) -> None:
    daemon.configure(top='log_format = "text"', patience="0s")
    daemon.start()
    for number, stem in enumerate(NAMES[:10]):
        name = os.fsdecode(stem + b".pdf")
        (daemon.inbox / name).write_bytes(documents["pdf" if number % 2 else "bad.pdf"])
    ended = ("done", "failed")
    eventually(lambda: sum(daemon.status()["jobs"][state] for state in ended) == 10, 30)
    lines = daemon.log.read_text().split("\n")
    assert all(re.match(r"\d\d:\d\d:\d\d  |$", line) for line in lines)
    assert not UNSHOWABLE.search("".join(lines))
    assert not any("forged" in line and r"\x0a" not in line for line in lines)


def test_twins_in_composed_and_decomposed_letters_stay_two(daemon: Installation) -> None:
    """In a recursive inbox, with their folders; some shares tell them apart, some do not."""
    daemon.configure(inbox="recursive = true")
    expected = {}
    together = "Gr\u00fc\u00dfe/r\u00e9sum\u00e9.png"
    for number, name in enumerate((together, unicodedata.normalize("NFD", together))):
        expected[name] = letter(daemon.inbox / name, number)
    daemon.start()
    daemon.wait_for(*(f"done/{name}" for name in expected))
    assert {name: sha256(daemon.done / name) for name in expected} == expected
    eventually(lambda: len(list(daemon.done.rglob("*.md"))) == 2, 10)
