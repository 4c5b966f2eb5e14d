"""README and the tutorial, followed to the letter by a person with a fresh home and some scans."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import PATIENCE, ROOT, SAMPLES, eventually
from tests.recipes.blocks import Block, blocks

pytestmark = pytest.mark.more

BLOCK_SECONDS = 120.0


class Person:
    """A home of its own, in which the command ``ocrd`` is found."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.running: list[subprocess.Popen[str]] = []
        (home / "bin").mkdir()
        command = home / "bin" / "ocrd"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m ocrd "$@"\n')
        command.chmod(0o755)
        desk = home / "desk"
        (desk / "folder" / "below").mkdir(parents=True)
        shutil.copy(SAMPLES / "letter.pdf", desk / "scan.pdf")
        shutil.copy(SAMPLES / "letter.pdf", desk / "folder" / "below" / "letter.pdf")
        (home / "run").mkdir(mode=0o700)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OCRD_")}
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            kept.pop(name, None)
        return {
            **kept, "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "run"),
            "PATH": f"{self.home}/bin:{kept['PATH']}", "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def does(self, block: Block) -> str:
        """Run one block as it stands there, and return what it prints."""
        result = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block.text],
            cwd=self.home / "desk", env=self.environment(), capture_output=True, text=True,
            timeout=PATIENCE * BLOCK_SECONDS,
        )  # fmt: skip
        assert result.returncode == 0, f"{block}: {result.stdout}{result.stderr}{self.log()}"
        return result.stdout

    def starts(self, block: Block) -> None:
        """Run one block in another terminal."""
        with (self.home / "log").open("w") as log:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {block.text}"],
                cwd=self.home / "desk", env=self.environment(), stdout=log, stderr=log, text=True,
            )  # fmt: skip
        self.running.append(process)
        eventually(lambda: '"ready"' in self.log() or process.poll() is not None, 60, self.log())
        assert process.poll() is None, self.log()

    def log(self) -> str:
        log = self.home / "log"
        return log.read_text() if log.exists() else ""

    def follows(self, page: Path) -> str:
        """Follow a page from its beginning to its end."""
        said = ""
        for block in blocks("desk", "daemon"):
            if block.page == page and block.name == "daemon":
                self.starts(block)
            elif block.page == page:
                said += self.does(block)
        return said


@pytest.fixture
def person() -> Iterator[Person]:
    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="home") as home:
        person = Person(Path(home))
        try:
            yield person
        finally:
            for process in person.running:
                process.kill()
                process.wait()


def test_the_readme_leads_from_a_scan_to_a_folder(person: Person) -> None:
    said = person.follows(ROOT / "README.md")
    desk, done = person.home / "desk", person.home / "scans" / "inbox" / "done"
    for made in (desk / "scan.md", desk / "texts" / "scan.md", desk / "out.md", done / "scan.md"):
        assert "Margarethe Olsen" in made.read_text(), made
    assert (desk / "texts" / "below" / "letter.md").exists()
    assert "scan.pdf" in said
    assert [process.wait(30) for process in person.running] == [0], person.log()


def test_the_tutorial_leads_through_the_first_scans(person: Person) -> None:
    said = person.follows(ROOT / "docs" / "tutorial.md")
    folder, done = person.home / "try", person.home / "scans" / "inbox" / "done"
    assert "bakehouse" in said
    assert (folder / "letter.txt").exists() and (folder / "scan.md").exists()
    texts = {path.name for path in (folder / "texts").glob("*.md")}
    assert {"scan.md", "newsletter.md", "typewriter.md", "epson.md"} <= texts
    assert (folder / "seen" / "newsletter.overlay.pdf").exists()
    assert "Margarethe Olsen" in (done / "scan.md").read_text()
    assert [process.wait(30) for process in person.running] == [0], person.log()
