"""A page through one ocrd, LiteLLM's proxy and another ocrd: what LiteLLM makes of both interfaces.

The first daemon has folders and ``kind = "openai"``; LiteLLM, configured by
``docs/examples/litellm.yaml``, stands between; the second has the embedded engine and the API.

Usage: make litellm
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import api
from tests.faults.labs.servers import free_port
from tests.installation import LETTER, ROOT, Installation, eventually

LITELLM = ROOT / "build" / "litellm" / "bin" / "litellm"
CONFIG = ROOT / "docs" / "examples" / "litellm.yaml"
SAYS = "linzensoep"  # a word of the letter


@contextmanager
def proxy(url: str, key: str, own_key: str, log: Path) -> Iterator[str]:
    """Have LiteLLM's proxy in front of an ocrd; provide its address. It starts with a key only."""
    port = free_port()
    environment = {
        **os.environ, "OCRD_URL": f"{url}/v1", "OCRD_KEY": key, "LITELLM_MASTER_KEY": own_key,
    }  # fmt: skip
    command = [
        str(LITELLM), "--config", str(CONFIG), "--host", "127.0.0.1", "--port", str(port)
    ]  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: is_up(address) or process.poll() is not None, 60, "LiteLLM is up")
        assert process.poll() is None, log.read_text()[-3000:]
        yield address
    finally:
        process.terminate()
        process.wait(30)


def is_up(address: str) -> bool:
    """Say whether a proxy answers."""
    try:
        with urllib.request.urlopen(f"{address}/health/liveliness", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def daemon(root: Path, name: str) -> Installation:
    """Return an installation in a folder of its own."""
    (root / name).mkdir()
    return Installation(root / name)


def main() -> int:
    """Read a page that way, and print what came."""
    with tempfile.TemporaryDirectory(prefix="ocrd-litellm-") as folder:
        root = Path(folder)
        reader, asker = daemon(root, "reader"), daemon(root, "asker")
        api.configured(reader, 'kind = "rapidocr"')
        reader.start()
        key_file = root / "litellm.key"
        key_file.write_text(own_key := f"sk-{secrets.token_hex(32)}")
        try:
            with proxy(api.address(reader), api.KEY, own_key, root / "litellm.log") as address:
                asker.configure(
                    f'kind = "openai"\nurls = ["{address}/v1"]\nplaces = 2\n'
                    f'key_file = "{key_file}"'
                )
                asker.start()
                try:
                    asker.drop(LETTER)
                    asker.wait_for(f"done/{LETTER.stem}.md", limit=60)
                finally:
                    asker.stop()
        finally:
            reader.stop()
        text = (asker.done / f"{LETTER.stem}.md").read_text()
        print(text)
        return 0 if SAYS in text.lower() else 1


if __name__ == "__main__":
    sys.exit(main())
