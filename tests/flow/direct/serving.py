"""What the tests of direct OCR share: a daemon with engines of all kinds, pages, answers.

Its default engine writes word by word as a model does, others are slow, cannot start, or are the
real embedded one.
"""

from __future__ import annotations

import base64
import http.client
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image, ImageDraw

from tests import api
from tests.flow.scripted import engine
from tests.installation import Installation, eventually

MOST_REQUESTS = 8  # at a time, of one key, where no other may bring documents

TEXT = "# A heading\n\nFour words in all, and then ten more in a paragraph of its own."
PLAIN = "A heading\n\nFour words in all, and then ten more in a paragraph of its own."
FREE, TO_MARKDOWN = (
    "<image>\nFree OCR.", "<image>\n<|grounding|>Convert the document to markdown.",
)  # fmt: skip
# As DeepSeek-OCR writes a page: each block with its place.
MARKS = (
    "<|ref|>title<|/ref|><|det|>[[60, 40, 940, 90]]<|/det|>\\n# Boxes\\n\\n"
    "<|ref|>text<|/ref|><|det|>[[60, 200, 940, 300]]<|/det|>\\nBelow it stands one line."
)
ENGINES = f"""
[engines.slow]
kind = "module"
module = "tests.engines.streamer"
[engines.slow.options]
delay = 0.05
text = "{" ".join(f"word{number}" for number in range(400))}"
[engines.boxes]
kind = "module"
module = "tests.engines.streamer"
[engines.boxes.options]
text = "{MARKS}"
[engines.again]
kind = "module"
module = "tests.engines.streamer"
[engines.again.options]
again = 3
[engines.down]
kind = "module"
module = "tests.engines.slow_start"
restart_backoff = "50ms"
[engines.down.options]
start = 0
refuse = true
[engines.deadly]
kind = "module"
module = "tests.engines.die_on_page_4"
restart_backoff = "50ms"
max_kills = 1
[engines.deadly.options]
on = '-4[.]pnm$'
[engines.embedded]
kind = "rapidocr"
"""


def page(width: int = 500, height: int = 707, lines: int = 2, mark: int = 255) -> bytes:
    """Return a picture of a few lines of something, as a PNG file.

    It has the shape of what the scripted engine reads, and a square of its own at its foot.
    """
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    for number in range(lines):
        draw.text((60, 60 + 60 * number), f"Line {number} of a page", fill=0, font_size=32)
    draw.rectangle((width // 2 - 40, height - 140, width // 2 + 40, height - 60), fill=mark)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


PAGE = page()
LARGE = bytes(3 << 20)  # more than may be brought
PACKED = base64.b64encode(PAGE).decode()


@contextmanager
def served(root: Path) -> Iterator[Installation]:
    """Provide a daemon that answers at once; its log has no traceback at the end."""
    daemon = Installation(root)
    api.configured(
        daemon, engine("streamer"), more=ENGINES,
        api=f'max_direct_pages = 5\nmax_requests = {MOST_REQUESTS}\nmax_upload = "2MB"',
        keys="reader: only-reads-0123456789012345 read\n",
    )  # fmt: skip
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()
    log = daemon.log.read_text()
    assert "Traceback" not in log, log


def assert_nothing_stays(daemon: Installation) -> None:
    eventually(lambda: not left(daemon), 10, "nothing of a request stays")


def left(daemon: Installation) -> list[str]:
    state = daemon.root / "state"
    places = (state / "uploads" / ".incoming", state / "tmp")
    return [str(path) for place in places if place.exists() for path in place.rglob("*")]


def in_work(daemon: Installation, name: str) -> int:
    (found,) = (one for one in daemon.status()["engines"] if one["name"] == name)
    return int(found["in_flight"]) + int(found["waiting"])


def a_file(name: str = "scan.png", content: bytes = PAGE) -> dict[str, Any]:
    return {"file": (name, content)}


def said(response: httpx2.Response) -> list[str]:
    """Return the data of the events of an answer."""
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert events.pop() == ""
    return [
        "\n".join(line.removeprefix("data: ") for line in event.split("\n")) for event in events
    ]


def sent(request: httpx2.Request) -> http.client.HTTPConnection:
    """Return the connection on which a request was sent, and whose answer nobody waits for."""
    connection = http.client.HTTPConnection(request.url.host, request.url.port)
    connection.request(request.method, request.url.path, request.read(), dict(request.headers))
    return connection
