"""``ocrd convert`` as a person types it: names, streams, folders, passwords, remedies.

The scripted engine answers with the number that a document has on the command line.
"""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import OCRD, PATIENCE, ROOT, eventually, make_pdf

ECHO = '[engine]\nkind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\n'
Result = subprocess.CompletedProcess[bytes]


class Desk:
    """A folder with documents, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder.parent / "config.toml"
        self.temporary = folder.parent / "tmp"
        self.temporary.mkdir()
        self.engine("")

    def engine(self, options: str, more: str = "") -> None:
        inbox = f'[[inbox]]\npath = "{self.folder}/inbox"\n'
        self.config.write_text(f"{ECHO}{options}\n{more}\n{inbox}")

    def __call__(self, *arguments: str, stdin: bytes = b"", **more: Any) -> Result:
        return subprocess.run(
            [*OCRD, "convert", *arguments, "--config", str(self.config)],
            cwd=self.folder, input=stdin, capture_output=True, timeout=PATIENCE * 60,
            env=self.environment(), **more,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(ROOT), "COLUMNS": "300", "TMPDIR": str(self.temporary)}
        return {**os.environ, **own}

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(self(*arguments, "--json").stdout)
        return told

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def names(self, folder: str = ".") -> list[str]:
        here = self.folder / folder
        return sorted(str(path.relative_to(here)) for path in here.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("letter") / "letter.pdf"
    make_pdf(path, 1)
    return path.read_bytes()


@pytest.fixture
def desk(tmp_path: Path, letter: bytes) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    for name in ("scan.pdf", "a/scan.pdf", "b/scan.pdf", "b/c/note.pdf"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(letter)
    yield Desk(folder)
    assert list((tmp_path / "tmp").iterdir()) == []


def image_of(number: int) -> str:
    """What the scripted engine says of a document's first page."""
    return f"Page image {number}-1"


# Names


@pytest.mark.parametrize("options", [[], ["--force"], ["--jobs", "1"], ["--force", "--jobs", "3"]])
def test_sources_of_one_stem_get_the_names_that_the_daemon_gives(
    desk: Desk, letter: bytes, options: list[str]
) -> None:
    for name in ("dup.pdf", "dup.png", "dup.tif"):
        (desk.folder / name).write_bytes(letter)
    result = desk("dup.pdf", "dup.png", "dup.tif", "-o", "d", *options)
    assert result.returncode == 0, result.stderr
    assert desk.names("d") == ["dup.md", "dup.png.md", "dup.tif.md"]
    for number, name in enumerate(("dup.md", "dup.png.md", "dup.tif.md"), 1):
        assert image_of(number) in desk.text(f"d/{name}")


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_equal_names_from_several_folders_each_have_a_result(desk: Desk, force: list[str]) -> None:
    desk("scan.pdf", "a/scan.pdf", "b/scan.pdf", "-o", "d", "-f", "md", "-f", "json", *force)
    assert desk.names("d") == sorted(
        f"{stem}.{kind}" for stem in ("scan", "scan.pdf", "scan-2") for kind in ("md", "json")
    )
    for number, name in enumerate(("scan.md", "scan.pdf.md", "scan-2.md"), 1):
        assert image_of(number) in desk.text(f"d/{name}")


def test_force_replaces_what_was_there_before_and_nothing_of_this_run(
    desk: Desk, letter: bytes
) -> None:
    (desk.folder / "scan.png").write_bytes(letter)
    (desk.folder / "scan.md").write_text("of last week")
    (desk.folder / "scan.png.md").write_text("of last week")
    assert desk("scan.pdf", "scan.png").returncode == 1
    assert desk.text("scan.md") == "of last week"
    assert desk("scan.pdf", "scan.png", "--force").returncode == 0
    assert image_of(1) in desk.text("scan.md")
    assert image_of(2) in desk.text("scan.png.md")


def test_one_folder_under_two_names_is_one_folder(desk: Desk, letter: bytes) -> None:
    (desk.folder / "other").symlink_to("a")
    (desk.folder / "a" / "scan.png").write_bytes(letter)
    assert desk("--force", "a/scan.pdf", "other/scan.png").returncode == 0
    assert image_of(1) in desk.text("a/scan.md")
    assert image_of(2) in desk.text("a/scan.png.md")


def test_a_source_of_the_run_is_never_replaced(desk: Desk, letter: bytes) -> None:
    (desk.folder / "scan.overlay.pdf").write_bytes(letter)
    result = desk("--force", "scan.pdf", "scan.overlay.pdf", "-f", "overlay")
    assert result.returncode == 0, result.stderr
    assert (desk.folder / "scan.overlay.pdf").read_bytes() == letter
    assert {"scan.pdf.overlay.pdf", "scan.overlay.overlay.pdf"} <= set(desk.names())
    refused = desk("--force", "scan.pdf", "-f", "overlay", "-o", "scan.pdf")
    assert refused.returncode == 1
    assert b"scan.pdf is the source" in refused.stderr
    assert (desk.folder / "scan.pdf").read_bytes() == letter


def test_a_file_that_is_named_twice_is_read_once(desk: Desk) -> None:
    (one,) = desk.json("scan.pdf", "./scan.pdf", str(desk.folder / "scan.pdf"))
    assert one["outputs"] == ["scan.md"]


# Streams


def test_a_document_goes_in_and_out_through_pipes(desk: Desk, letter: bytes) -> None:
    result = desk("-", stdin=letter)
    assert (result.returncode, result.stderr) == (0, b"")
    assert image_of(1) in result.stdout.decode()
    as_json = desk("-", "-f", "json", stdin=letter)
    assert json.loads(as_json.stdout)["source"] == "stdin"
    assert desk("-", "-o", "d", stdin=letter).returncode == 0
    assert desk.names("d") == ["stdin.md"]


def test_results_follow_each_other_in_the_order_of_the_sources(desk: Desk) -> None:
    make_pdf(desk.folder / "long.pdf", 6)
    desk.engine("delay = 0.2")
    result = desk("long.pdf", "missing.pdf", "scan.pdf", "a/scan.pdf", "-o", "-", "--jobs", "4")
    text = result.stdout.decode()
    places = [text.index(f"Page image {number}") for number in ("1-1", "1-6", "3-1", "4-1")]
    assert places == sorted(places)
    assert result.returncode == 1
    assert result.stderr.startswith(b"ocrd: missing.pdf: there is no such file.")


def test_what_a_shell_puts_into_a_pipe_is_read(desk: Desk) -> None:
    script = f"{sys.executable} -m ocrd convert <(cat scan.pdf) -c {desk.config} -o >(cat > out)"
    subprocess.run(
        ["bash", "-c", f"{script}; wait"], cwd=desk.folder, env=desk.environment(), check=True
    )
    end = time.monotonic() + 10
    while not (desk.folder / "out").exists() or not desk.text("out"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert image_of(1) in desk.text("out")


def test_a_reader_that_goes_away_ends_the_command_without_a_word(desk: Desk) -> None:
    make_pdf(desk.folder / "book.pdf", 40)
    command = f"{sys.executable} -m ocrd convert book.pdf -c {desk.config} -o -"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | true"],
        cwd=desk.folder, env=desk.environment(), capture_output=True,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (1, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_end_leaves_nothing_behind(desk: Desk, number: signal.Signals) -> None:
    desk.engine("delay = 60")
    command = [*OCRD, "convert", "scan.pdf", "-o", "d", "-c", str(desk.config)]
    # Whoever runs the tests in the background has Ctrl-C ignored, and so would the command.
    with subprocess.Popen(
        command, cwd=desk.folder, env=desk.environment(), stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:  # fmt: skip
        eventually(lambda: list(desk.temporary.glob("*/1-1.pnm")), 30, "the page is in work")
        process.send_signal(number)
        assert process.wait(PATIENCE * 15) == 128 + number
        assert process.stderr is not None and process.stderr.read() == b""
    assert not (desk.folder / "d").exists()


def test_nothing_is_needed_of_a_closed_standard_input(desk: Desk) -> None:
    call = f"{sys.executable} -m ocrd convert -c {desk.config}"
    for words, code in ((f"{call} scan.pdf <&-", 0), (f"{call} - <&-", 2)):
        ended = subprocess.run(
            ["bash", "-c", words], cwd=desk.folder, env=desk.environment(), capture_output=True
        )
        assert ended.returncode == code, ended.stderr


def test_a_full_standard_output_is_said(desk: Desk) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*OCRD, "convert", "scan.pdf", "-o", "-", "-c", str(desk.config)],
            cwd=desk.folder, env=desk.environment(), stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert result.returncode == 1
    assert b"the output: No space left on device" in result.stderr
    assert b"Exception ignored" not in result.stderr


@pytest.mark.parametrize(
    "words", [["convert", "scan.pdf", "--json"], ["schema", "config"], ["--help"]]
)
def test_what_cannot_be_printed_any_more_fails_whatever_it_is(
    desk: Desk, words: list[str]
) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*OCRD, *words], cwd=desk.folder, env=desk.environment(), stdout=full,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        silenced = subprocess.run(
            [*OCRD, *words], cwd=desk.folder, env=desk.environment(), stdout=full, stderr=full
        )
    assert (result.returncode, silenced.returncode) == (1, 1)
    assert b"the output: No space left on device" in result.stderr
    assert b"Traceback" not in result.stderr
    assert b"Exception ignored" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "-f", "md", "-f", "json"], "takes one format"),
        (["-", "--json"], "--json says there"),
        (["scan.pdf", "-o", "-", "-f", "md", "-f", "json"], "takes one format"),
        (["scan.pdf", "a/scan.pdf", "-o", "-", "-f", "overlay"], "Several PDFs"),
        (["scan.pdf", "a/scan.pdf", "-o", "x.md"], "is one file"),
        (["a", "-r", "-o", "x.md"], "is one file"),
        (["scan.pdf", "-o", "x.md", "-f", "md", "-f", "json"], "takes one format"),
        (["scan.pdf", "-o", "x.pdf"], "a searchable PDF is not made"),
        (["scan.pdf", "-o", "x.docx"], "no .docx is made"),
        (["-", "--password-file", "-"], "Standard input is the document already"),
        (["scan.pdf", "--password-file", "none"], "No such file"),
        (["scan.pdf", "--mode", "text", "--target", "a seal"], "Remove it, or set that mode"),
        (["scan.pdf", "--jobs", "0"], "greater than or equal to 1"),
        (["scan.pdf", "--language", "german"], 'no code of a language. Did you mean "deu"?'),
        (["-r", ""], "This names nothing"),
        (["scan.pdf", "-o", ""], "This names nothing"),
        (["scan.pdf", "-l", "eng,,deu"], "'' is no code of a language"),
        (["scan.pdf", "-l", "../eng"], "'../eng' is no code of a language"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(
    desk: Desk, arguments: list[str], said: str
) -> None:
    before = desk.names()
    result = desk(*arguments, stdin=b"")
    assert result.returncode == 2, result
    assert said in " ".join(result.stderr.decode().replace("│", " ").split())
    assert desk.names() == before


def test_a_document_is_not_awaited_from_a_terminal(desk: Desk) -> None:
    leader, follower = pty.openpty()
    result = subprocess.run(
        [*OCRD, "convert", "-", "-c", str(desk.config)],
        cwd=desk.folder, env=desk.environment(), stdin=follower, capture_output=True, timeout=60,
    )  # fmt: skip
    os.close(leader)
    os.close(follower)
    assert result.returncode == 2
    assert b"Standard input is the terminal" in result.stderr


# One file


def test_one_result_has_the_name_that_was_asked_for(desk: Desk) -> None:
    assert desk("scan.pdf", "-o", "texts/letter.md").returncode == 0
    assert image_of(1) in desk.text("texts/letter.md")
    again = desk("scan.pdf", "-o", "texts/letter.md")
    assert again.returncode == 1
    assert b"texts/letter.md exists" in again.stderr
    assert desk("scan.pdf", "-o", "texts/letter.md", "--force").returncode == 0
    assert desk("scan.pdf", "-o", "letter.json").returncode == 0
    assert json.loads(desk.text("letter.json"))["source"] == "scan.pdf"
    assert desk("scan.pdf", "-f", "overlay", "-o", "framed.pdf").returncode == 0
    assert (desk.folder / "framed.pdf").read_bytes().startswith(b"%PDF")
    assert desk("scan.pdf", "-o", "folder").returncode == 0
    assert desk.names("folder") == ["scan.md"]


# Links


def test_ones_own_links_are_followed_and_results_are_named_after_them(desk: Desk) -> None:
    (desk.folder / "today.pdf").symlink_to("latest.pdf")
    (desk.folder / "latest.pdf").symlink_to("a/scan.pdf")
    (desk.folder / "out.md").symlink_to("real.md")
    (one,) = desk.json("today.pdf")
    assert (one["file"], one["outputs"]) == ("today.pdf", ["today.md"])
    assert desk("today.pdf", "-o", "out.md").returncode == 0
    assert image_of(1) in desk.text("real.md")
    assert (desk.folder / "out.md").is_symlink()


def test_links_of_others_and_links_to_nothing_are_said(desk: Desk) -> None:
    (desk.folder / "nowhere.pdf").symlink_to("gone.pdf")
    (desk.folder / "round.pdf").symlink_to("round.pdf")
    (desk.folder / "pipe.pdf").unlink(missing_ok=True)
    os.mkfifo(desk.folder / "pipe.pdf")
    names = ["nowhere.pdf", "round.pdf", "pipe.pdf"]
    if os.geteuid() == 0:
        (desk.folder / "trap.pdf").symlink_to("scan.pdf")
        os.chown(desk.folder / "trap.pdf", 12345, 12345, follow_symlinks=False)
        names.append("trap.pdf")
    told = {one["file"]: one["error"]["message"] for one in desk.json(*names, "-o", "d")}
    causes = ("no such file", "in a circle", "not a regular file", "of another user")
    for name, cause in zip(names, causes, strict=False):
        assert cause in told[name]
    assert not (desk.folder / "d").exists()


# Folders


def test_a_folder_is_read_with_r_and_its_subfolders_are_mirrored(desk: Desk) -> None:
    refused = desk("b")
    assert refused.returncode == 1
    assert b"b is a folder.\n  \xe2\x86\x92 Read all documents in it with -r" in refused.stderr
    (desk.folder / "b" / "main.py").write_text("print()")
    (desk.folder / "b" / ".hidden.pdf").write_bytes(b"%PDF")
    (desk.folder / "b" / "c" / "old.overlay.pdf").write_bytes(b"%PDF")
    result = desk("-r", "b", "-o", "b/texts")
    assert result.returncode == 0, result.stderr
    assert desk.names("b/texts") == ["c/note.md", "scan.md"]
    assert b"1 file in these folders left alone" in result.stderr
    assert desk("-r", ".", "-q").returncode == 0
    assert {"scan.md", "a/scan.md", "b/scan.md", "b/c/note.md"} <= set(desk.names())


def test_a_folder_without_documents_is_said(desk: Desk) -> None:
    (desk.folder / "empty").mkdir()
    result = desk("-r", "empty")
    assert result.returncode == 1
    assert b"empty holds no document" in result.stderr


# Passwords


@pytest.fixture
def locked(desk: Desk) -> Desk:
    program = (
        "import sys, pymupdf\n"
        "book = pymupdf.open(sys.argv[1])\n"
        "book.save(sys.argv[2], encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw='geheim ö')\n"
    )
    command = [sys.executable, "-c", program, "scan.pdf", "locked.pdf"]
    subprocess.run(command, cwd=desk.folder, check=True)
    return desk


def test_a_password_opens_a_document(locked: Desk) -> None:
    (locked.folder / "words").write_text("wrong\ngeheim ö\n")
    for number, options in enumerate(
        (["--password", "wrong", "--password", "geheim ö"], ["--password-file", "words"])
    ):
        assert locked("locked.pdf", "-o", f"{number}.md", *options).returncode == 0
        assert image_of(1) in locked.text(f"{number}.md")
    piped = locked("locked.pdf", "-o", "-", "--password-file", "-", stdin="geheim ö\r\n".encode())
    assert image_of(1) in piped.stdout.decode()


def test_a_missing_password_has_the_commands_remedy(locked: Desk) -> None:
    for options in ([], ["--password", "wrong"]):
        result = locked("locked.pdf", *options)
        assert result.returncode == 1
        assert b"Give its password with --password-file FILE or --password" in result.stderr
        assert b"inbox" not in result.stderr and b"retry" not in result.stderr


# What is said


def test_each_result_is_told_as_soon_as_it_is_there(desk: Desk) -> None:
    make_pdf(desk.folder / "long.pdf", 8)
    desk.engine("delay = 1.0")
    for more in ([], ["--json"]):
        with subprocess.Popen(
            [*OCRD, "convert", "scan.pdf", "long.pdf", "-o", "d", "--force", *more,
             "-c", str(desk.config)],
            cwd=desk.folder, env=desk.environment(), stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            said = ""
            while "scan.md" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            assert process.poll() is None, "it is not over yet"
            rest = process.stdout.read()
        assert "long.md" in rest
        if more:
            assert [one["file"] for one in json.loads(said + rest)] == ["scan.pdf", "long.pdf"]


def test_quiet_says_errors_only(desk: Desk) -> None:
    result = desk("scan.pdf", "missing.pdf", "-q")
    assert result.stdout == b""
    assert result.stderr.startswith(b"ocrd: missing.pdf")
    assert result.returncode == 1


def test_an_error_names_the_file_as_it_was_named(desk: Desk) -> None:
    for folder in ("a", "b"):
        (desk.folder / folder / "torn.pdf").write_bytes(b"%PDF-1.7\nnothing")
    told = [one["error"]["message"] for one in desk.json("a/torn.pdf", "b/torn.pdf")]
    # Each is told as it is done.
    assert sorted(message.partition(":")[0] for message in told) == ["a/torn.pdf", "b/torn.pdf"]


def test_a_limit_is_raised_as_the_remedy_says(desk: Desk) -> None:
    make_pdf(desk.folder / "book.pdf", 3)
    desk.engine("", "[limits]\npages = 2")
    (one,) = desk.json("book.pdf")
    assert "raise OCRD_LIMITS__PAGES" in one["error"]["hint"]
    command = [*OCRD, "convert", "book.pdf", "-c", str(desk.config)]
    raised = {**desk.environment(), "OCRD_LIMITS__PAGES": "3"}
    result = subprocess.run(command, cwd=desk.folder, env=raised, capture_output=True)
    assert result.returncode == 0, result.stderr


def test_several_documents_are_in_work_at_a_time(desk: Desk, letter: bytes) -> None:
    names = [f"{number}.pdf" for number in range(6)]
    for name in names:
        (desk.folder / name).write_bytes(letter)
    desk.engine("delay = 1.0\ncapacity = 6")
    spent = {}
    for jobs in ("1", "6"):
        began = time.monotonic()
        assert desk(*names, "-o", f"d{jobs}", "--jobs", jobs).returncode == 0
        spent[jobs] = time.monotonic() - began
    assert desk.names("d1") == desk.names("d6") == [f"{number}.md" for number in range(6)]
    assert spent["1"] - spent["6"] > 2.5  # six times a second, and once
