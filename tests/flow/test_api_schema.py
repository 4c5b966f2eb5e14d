"""Every route of the OpenAPI document, with values that nobody thought of: no 5xx, and no end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import api
from tests.flow.scripted import engine
from tests.installation import Installation, make_pdf

pytestmark = pytest.mark.more

EXAMPLES = int(os.environ.get("OCRD_SCHEMA_EXAMPLES", "5"))  # a route
SECONDS = 600
# What ends or halts the daemon, and what never ends, is for tests of its own.
APART = r"^/v1/(stop|pause|events|jobs/\{job\}/events)$"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Installation]:
    daemon = Installation(tmp_path)
    api.configured(daemon, engine("streamer"), 'max_upload = "1MiB"\nremote_urls = false')
    make_pdf(tmp_path / "leaf.pdf", 1)
    daemon.start()
    yield daemon
    daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()[-5000:]


def test_no_request_of_any_form_is_an_error_of_ours(running: Installation) -> None:
    with api.asking(running) as client:
        for _ in range(3):  # so that the low numbers are those of jobs
            api.ended(client, api.bring(client, running.root / "leaf.pdf")["id"])
    config = running.root / "schemathesis.toml"
    config.write_text("[parameters]\njob = [1, 2, 3, 4]\npage = [1, 2]\n")
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file", str(config), "run",
            f"{api.address(running)}/openapi.json", "-H", f"X-API-Key: {api.KEY}",
            "--checks", "not_a_server_error", "--exclude-path-regex", APART,
            "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing",
            "--request-timeout", "60", "--seed", "7", "--continue-on-failure",
        ],
        cwd=running.root, capture_output=True, text=True, timeout=SECONDS,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
    assert int(re.findall(r"Tested: (\d+)", result.stdout)[0]) > 30, result.stdout[-3000:]
    with api.asking(running) as client:
        assert client.get("/v1/status").json()["state"] == "running"
        assert client.get("/v1/status").json()["problems"] == []
