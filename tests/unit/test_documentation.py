"""README and docs: every block is run by somebody, every command understood, links lead on."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from ocrd.cli import app
from ocrd.config.settings import load
from tests.installation import ROOT
from tests.recipes.blocks import RUNNERS, Block, blocks, pages

SCANNERS = ROOT / "docs" / "scanners.md"  # whose blocks have names of their own
COMMAND: Any = typer.main.get_command(app)
# What stands for something that a person has.
PLACEHOLDERS = {"JOB": "7", "NUMBER": "7", "N": "7"}
NO_COMMANDS = {"ocrd COMMAND"}
WIDE = 100  # columns


def told(one: object) -> str:
    return str(one)


@pytest.mark.parametrize("block", [*blocks()], ids=told)
def test_every_block_has_somebody_who_runs_it(block: Block) -> None:
    if block.page == SCANNERS and block.name and block.name not in RUNNERS:
        return  # tests/recipes follows it
    assert block.name in RUNNERS, f"{block}: name after the language who runs it"
    is_shown = block.name == "shown"
    known = {"sh", "toml", "ini", "json", "python"}
    assert is_shown or block.language in known, f"{block}: {block.language}"


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the words of each call of ocrd in a script."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
        lexer.commenters = "#"
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word and set(word) <= set("|&;<>()"):
                yield from called(words)
                words = []
            else:
                words.append(word)


def called(words: list[str]) -> Iterator[list[str]]:
    for number, word in enumerate(words):
        if word == "ocrd" and words[number - 1 : number] != ["-u"]:
            before = words[:number]
            if all(one in {"sudo", "podman", "exec"} or one.startswith("-") or "=" in one
                   or words[max(0, number - 2)] == "-u" for one in before):  # fmt: skip
                yield words[number + 1 :]
                return


def understand(words: list[str], *, is_whole: bool = True) -> None:
    """Parse a command line; raises what Click does for one that is wrong.

    In a sentence a command may stand for itself, without what it needs.
    """
    words = [PLACEHOLDERS.get(word, word) for word in words]
    command, context = COMMAND, None
    while getattr(command, "commands", None) and words and not words[0].startswith("-"):
        name, *words = words
        assert name in command.commands, f"there is no ocrd {name}"
        command = command.commands[name]
    if getattr(command, "commands", None) or not (words or is_whole):
        return
    context = command.make_context("ocrd", list(words), resilient_parsing=False)
    assert context is not None


@pytest.mark.parametrize(
    "block", [one for one in blocks() if one.language == "sh" and "ocrd" in one.text], ids=told
)
def test_every_command_of_a_block_is_understood(block: Block) -> None:
    for words in commands_of(block.text):
        understand(words)


def spans(page: Path) -> Iterator[str]:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`(ocrd [^`]+)`", text):
        yield " ".join(span.split())


def test_every_command_in_a_sentence_is_understood() -> None:
    found = 0
    for page in [*pages(), ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"]:
        for span in spans(page):
            if "…" in span or span in NO_COMMANDS:
                continue
            for words in commands_of(span):
                found += 1
                try:
                    understand(words, is_whole=False)
                except Exception as error:
                    if type(error).__name__ != "MissingParameter":
                        pytest.fail(f"{page.name}: {span}: {error!r} {error}")
    assert found > 100, "the pattern no longer finds them"


@pytest.mark.parametrize("block", [*blocks("config")], ids=told)
def test_a_piece_of_a_configuration_is_taken(block: Block, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    more = "" if "[[inbox]]" in block.text else f'\n[[inbox]]\npath = "{tmp_path}/inbox"\n'
    config.write_text(f'state_dir = "{tmp_path}/state"\n{block.text}{more}')
    assert load(config, {}).inbox


@pytest.mark.parametrize("block", [*blocks("unit")], ids=told)
def test_systemd_finds_no_fault_in_a_unit(block: Block, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    text = re.sub(r"(Exec\w+=)(/opt|%h)\S*", r"\1/bin/true", block.text)
    unit = tmp_path / "ocrd.service"
    if named := re.match(r"# /etc/systemd/system/(\S+)", text):
        unit = tmp_path / named[1]
        unit.write_text(text)
    else:
        whole = (ROOT / "systemd" / "ocrd.service").read_text()
        unit.write_text(re.sub(r"=/usr/bin/[a-z-]+", "=/bin/true", whole))
        (tmp_path / "ocrd.service.d").mkdir()
        (tmp_path / "ocrd.service.d" / "more.conf").write_text(text)
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    complaints = [line for line in result.stderr.splitlines() if "ocrd" in line]
    assert (result.returncode, complaints) == (0, []), result.stderr


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of the headings of a page."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(place), f"{page.name}: {target}"


def test_every_table_fits_into_a_terminal() -> None:
    tables = [
        (f"{page.name}:{number}", len(line))
        for page in {*pages(), *ROOT.glob("*.md")}
        for number, line in enumerate(page.read_text().splitlines(), 1)
        if line.lstrip().startswith("|")
    ]
    assert len(tables) > 100, "the pattern no longer finds them"
    wide = [f"{place}: {columns} columns" for place, columns in tables if columns > WIDE]
    assert not wide, "\n".join(sorted(wide))


def test_the_pages_lead_to_each_other() -> None:
    """Whoever begins at README comes to every page, to those for developers by one door."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if not target.startswith("http"):
                waiting.append((page.parent / target).resolve())
    here = {page for page in pages() if page.parent == ROOT / "docs"}
    assert {page.name for page in here} <= {page.name for page in seen}
    readme = (ROOT / "README.md").read_text()
    for name in ("benchmarks.md", "reliability.md", "events.md", "decisions/"):
        assert f"(docs/{name}" not in readme, f"{name} stands behind docs/developers.md"


def test_the_commands_that_ci_runs_stand_in_the_readme() -> None:
    (block,) = blocks("make")
    assert block.page == ROOT / "README.md"
    assert [line.split("#")[0].strip() for line in block.text.splitlines()] == [
        "make demo", "make test",
    ]  # fmt: skip


def test_what_troubleshooting_quotes_is_what_people_read() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    said = "\n".join(path.read_text() for path in (ROOT / "ocrd").rglob("*.py")).lower()
    said += os.strerror(errno.EACCES).lower()
    quotes = re.findall(
        r"^- (?:It is (?:still |counted as )?|The folder (?:is )?)?\*([^*]+)\*", page, re.M
    )
    assert len(quotes) > 8, "the pattern no longer finds them"
    for quote in quotes:
        for part in quote.split("…"):
            assert part.strip().lower() in said, quote


def test_install_lines_are_the_same_wherever_they_stand() -> None:
    texts = {one.text for one in blocks("pipx")}
    assert len(texts) == 1
