"""Pages through llama.cpp's own server: that it reads them, and what is said of what it lacks.

The model is a fixture of DeepSeek-OCR-2's form that says one text whatever it is shown, in the two
files that llama.cpp reads (``gguf_files``): so the text is known, and the image goes all the way.

Usage: make llama-cpp
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.labs.servers import free_port, running
from tests.installation import LETTER, ROOT, Installation, eventually
from tests.manual import gguf_files

BUILT = ROOT / "build" / "llamacpp"
ALIAS = "deepseek-ocr-2"  # that "auto" knows it by
SLOTS = 2
CONTEXT = 8192  # tokens of each slot
TOO_SHORT = 512  # a page is 1,121 tokens
REF = 128_816  # the token of a region's label, which is no text for llama.cpp
LIMIT = 300.0  # seconds for a page, on a busy machine
# About as much as stands on the letter: what is far less is read again.
SAYS = "\n\n".join(
    f"Row {number}: the quay was dredged to {number * 7} cm, and captain {number} paid for it."
    for number in range(1, 8)
)
# A token each, so that what is seen after 2,000 characters takes some thirty.
LOOPS = "the-same-words-come-again-and-again-and-nobody-knows-when-they-end or-why-they-began "


@contextmanager
def llama(files: Path, *more: str, sees: bool = True, context: int = CONTEXT) -> Iterator[str]:
    """Have the server of a model; provide its address."""
    port = free_port()
    command: list[str | Path] = [
        BUILT / "bin" / "llama-server", "--model", files / gguf_files.MODEL, "--alias", ALIAS,
        "--port", str(port), "--ctx-size", str(SLOTS * context), "--parallel", str(SLOTS),
        "--slots", *more,
    ]  # fmt: skip
    if sees:
        command += ["--mmproj", files / gguf_files.PROJECTOR]
    log = files / f"server-{port}.log"
    with running(command, log) as process:
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: is_up(address) or process.poll() is not None, 60, "llama-server is up")
        assert process.poll() is None, log.read_text()[-3000:]
        yield address


def is_up(address: str) -> bool:
    """Say whether a server has loaded its model."""
    try:
        return bool(fetched(f"{address}/health"))
    except (urllib.error.URLError, OSError):
        return False


def fetched(address: str, body: Any = None) -> Any:
    """Return the JSON of an address."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data), timeout=60) as answer:
        return json.load(answer)


def busy(address: str) -> int:
    """Return how many of a server's slots are at work."""
    return sum(slot["is_processing"] for slot in fetched(f"{address}/slots"))


@contextmanager
def daemon(folder: Path, address: str, engine: str = "") -> Iterator[Installation]:
    """Have a daemon whose pages a server reads."""
    one = configured(folder, f'kind = "openai"\nurls = ["{address}/v1"]\nplaces = 2\n{engine}')
    one.start()
    try:
        yield one
    finally:
        one.stop()


def configured(folder: Path, engine: str) -> Installation:
    root = Path(tempfile.mkdtemp(dir=folder))
    one = Installation(root)
    one.configure(engine, 'outputs = ["md", "json"]\ndoubt_tolerance = 1.0\n')
    return one


def checked(folder: Path, address: str) -> str:
    """Return what ``ocrd check`` says of a server."""
    one = configured(folder, f'kind = "openai"\nurls = ["{address}/v1"]')
    return " ".join(one.command("check").stdout.split())


def prompt_tokens(one: Installation) -> int:
    """Return how many tokens the letter and its prompt were."""
    told = json.loads((one.done / f"{LETTER.stem}.json").read_text())
    tokens: int = told["pages"][0]["prompt_tokens"]
    return tokens


# What is looked at


def same_text(folder: Path, says: Path, address: str) -> str:
    """Read a page there and in process, from one checkpoint: the same text, word for word."""
    with daemon(folder, address) as remote:
        began = time.monotonic()
        remote.drop(LETTER)
        remote.wait_for(f"done/{LETTER.name}", limit=LIMIT)
        seconds = time.monotonic() - began
        by_server = (remote.done / f"{LETTER.stem}.md").read_text()
        asked_there = prompt_tokens(remote)
        log = remote.log.read_text()
    local = configured(folder, f'kind = "{ALIAS}"\ndevice = "cpu"\nmodel = "{says / "checkpoint"}"')
    local.start()
    try:
        local.drop(LETTER)
        local.wait_for(f"done/{LETTER.name}", limit=LIMIT)
    finally:
        local.stop()
    in_process = (local.done / f"{LETTER.stem}.md").read_text()
    assert SAYS in by_server, by_server + log
    assert by_server == in_process, in_process
    asked = prompt_tokens(local)
    assert asked_there == asked, (asked_there, asked)
    return (
        f"the same {len(SAYS)} characters and {asked} tokens of the prompt by both; a page took"
        f" {seconds:.0f} s there"
    )


def cancelled(folder: Path, address: str) -> str:
    """Cancel a page while it is decoded: its slot is free again, and the next page is read."""
    with daemon(folder, address) as one:
        one.drop(LETTER)
        eventually(lambda: busy(address), LIMIT, "the page is there")
        (job,) = one.listed()
        one.call("cancel", str(job["id"]))
        began = time.monotonic()
        # It sees that nobody listens where it tells a token: not while it looks at the image.
        eventually(lambda: not busy(address), 60, "the slot is free")
        seconds = time.monotonic() - began
    return f"the slot is free {seconds:.1f} s after a page was cancelled"


def runaway(folder: Path, address: str) -> str:
    """Have a model that never ends: each try is broken off, and that is said once."""
    with daemon(folder, address, 'page_timeout = "20m"') as one:
        for name in ("one.png", "two.png"):
            one.drop(LETTER, name)
        eventually(lambda: len(one.listed("--state", "done")) == 2, LIMIT, "both are through")
        log = one.log.read_text()
        assert all(job["pages_doubtful"] == 1 for job in one.listed()), one.listed()
        assert busy(address) == 0
    assert log.count("ran away on a server") == 1, log
    return "two pages, eight loops broken off, their slots free, and that it ran away said once"


def too_short(folder: Path, address: str) -> str:
    """Give a server too little context: the page fails in its words, and the check says so."""
    with daemon(folder, address) as one:
        one.drop(LETTER)
        one.wait_for(f"failed/{LETTER.name}", limit=LIMIT)
        said = one.log.read_text()
    assert "exceeds the available context size" in said, said
    told = checked(folder, address)
    assert f"Its context is too short: {TOO_SHORT} tokens" in told, told
    assert "Its context is too short for a page" in told, told
    return "a context that is too short fails the page in its words, and is told beforehand"


def blind(folder: Path, address: str) -> str:
    """Ask a server of text alone: documents wait, and both status and check say what to do."""
    with daemon(folder, address) as one:
        one.drop(LETTER)
        eventually(
            lambda: "image input is not supported" in " ".join(one.status().get("problems", ())),
            LIMIT, "status says so",
        )  # fmt: skip
        assert (one.inbox / LETTER.name).exists()
        assert not one.failed.exists()
    told = checked(folder, address)
    assert "Its model sees no images" in told, told
    assert "--mmproj" in told, told
    return "a server of text alone lets documents wait, and is told with the way out"


def wrong(folder: Path, address: str) -> str:
    """Check a server whose model reads something else, and where nothing bans repetition."""
    told = checked(folder, address)
    assert f"{ALIAS}, asked as {ALIAS}: read a page in" in told, told
    assert "of its words wrongly" in told, told
    assert "no places come" in told, told
    return "the check says that the text is wrong and has no places"


def looping(folder: Path, address: str) -> str:
    """Check a server whose model never ends: no ban, and its answers break off."""
    told = checked(folder, address)
    assert "ran away on it" in told, told
    assert busy(address) == 0
    return "the check says that the model ran away, and its slots are free"


def special(files: Path) -> str:
    """Have a special token said: llama.cpp tells it where it was started with --special."""
    told = {}
    for more in ((), ("--special",)):
        with llama(files, *more) as address:
            body = {"prompt": "a", "n_predict": 1, "logit_bias": [[REF, 1e6]], "temperature": 0}
            told[more] = fetched(f"{address}/completion", body)["content"]
    assert told == {(): "", ("--special",): "<|ref|>"}, told
    return "places are told with --special, and else not"


def main() -> int:
    """Do all of it, and print what came of each."""
    with tempfile.TemporaryDirectory(prefix="ocrd-llama-cpp-") as name:
        folder = Path(name)
        for kind in ("says", "loops"):
            command = [sys.executable, "-m", "tests.manual.gguf_files", str(folder / kind)]
            text = SAYS if kind == "says" else LOOPS
            subprocess.run([*command, text, kind], check=True, capture_output=True, cwd=ROOT)
        says, loops = folder / "says", folder / "loops"
        with llama(says) as address:
            tell(lambda: same_text(folder, says, address))
            tell(lambda: wrong(folder, address))
        with llama(loops) as address:
            tell(lambda: cancelled(folder, address))
            tell(lambda: runaway(folder, address))
            tell(lambda: looping(folder, address))
        with llama(says, context=TOO_SHORT) as address:
            tell(lambda: too_short(folder, address))
        with llama(says, sees=False) as address:
            tell(lambda: blind(folder, address))
        tell(lambda: special(says))
    return 0


def tell(look: Callable[[], str]) -> None:
    """Print what comes of a look; it raises AssertionError where that is something else."""
    began = time.monotonic()
    print(f"{look()} ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
