"""Real files through the real daemon with the DeepSeek engines, on small checkpoints.

The checkpoints are real ones that load through the real code; in the scripted ones the weights
are such that the model says one text, whatever the page.
"""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests import checkpoints
from tests.installation import LETTER, RESOURCES, Installation, eventually
from tests.written import Sheet

pytestmark = pytest.mark.timeout(600)
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # more would wait for each other on a busy machine
LIMIT = 150.0  # seconds; a worker loads PyTorch first

REPORT = """<|ref|>title<|/ref|><|det|>[[60, 40, 940, 90]]<|/det|>
# Report upon moorings

<|ref|>text<|/ref|><|det|>[[60, 110, 940, 300]]<|/det|>
The eastern quay was dredged in spring; its depth is now \\(h = 7.5\\) metres.

<|ref|>image<|/ref|><|det|>[[100, 320, 500, 600]]<|/det|>

<|ref|>image_caption<|/ref|><|det|>[[100, 610, 500, 640]]<|/det|>
<center>Figure 1: soundings of April</center>

<|ref|>table<|/ref|><|det|>[[60, 660, 940, 800]]<|/det|>
<table><tr><td>Berth</td><td>Draught</td></tr><tr><td>North</td><td>6.1</td></tr></table>

<|ref|>equation<|/ref|><|det|>[[300, 820, 700, 860]]<|/det|>
\\[ E = mc^2 \\]
"""


def with_labels_beside_places(text: str) -> str:
    """Return a report as Unlimited-OCR writes it: ``<|det|>title [60, 40, 940, 90]<|/det|>``."""
    written = r"<\|ref\|>(\w+)<\|/ref\|><\|det\|>\[(\[[^\]]*\])\]<\|/det\|>\n?"
    return re.sub(written, r"<|det|>\1 \2<|/det|>", text)


# The models say the same whatever the page, which the page's own ink would tell.
ANYTHING = "doubt_tolerance = 1.0"


def engine(kind: str, model: Path, more: str = "") -> str:
    return f'kind = "{kind}"\nmodel = "{model}"\ndevice = "cpu"\n{more}'


# As much as a page of that ink may hold.
WHOLE = " ".join(f"berth{number}" for number in range(60))


def a_page(office: Installation) -> dict[str, Any]:
    """Return the engine's row of the status."""
    status = office.status()
    row: dict[str, Any] = status["engines"][0] if status else {}
    return row


@pytest.mark.parametrize(
    ("kind", "layout"),
    [
        ("deepseek-ocr-2", "upstream"),
        ("deepseek-ocr", "transformers"),
        ("unlimited-ocr", "upstream"),
    ],
)
def test_documents_come_out_with_figures_layout_and_overlay(
    daemon: Installation, tmp_path: Path, kind: str, layout: str
) -> None:
    said = with_labels_beside_places(REPORT) if kind == "unlimited-ocr" else REPORT
    model = checkpoints.make_scripted(tmp_path / "model", kind, said, layout)
    daemon.configure(engine(kind, model), inbox=f'outputs = ["md", "json", "overlay"]\n{ANYTHING}')
    daemon.drop(RESOURCES / "francais.pdf")
    daemon.drop(LETTER)
    daemon.start(env=ONE_THREAD)
    daemon.wait_for(
        "done/francais.pdf", "done/francais.overlay.pdf", "done/typewriter.png",
        "done/typewriter.assets/page-001-figure-1.jpg", limit=LIMIT,
    )  # fmt: skip
    markdown = (daemon.done / "francais.md").read_text()
    assert "# Report upon moorings" in markdown
    assert "its depth is now $h = 7.5$ metres" in markdown
    assert "(francais.assets/page-001-figure-1.jpg)" in markdown
    assert "| North | 6.1 |" in markdown
    assert "$$\nE = mc^2\n$$" in markdown
    assert "<|" not in markdown
    with Image.open(daemon.done / "typewriter.assets" / "page-001-figure-1.jpg") as figure:
        crop = figure.size
    layout_of = json.loads((daemon.done / "typewriter.json").read_text())
    assert (layout_of["engine"], layout_of["model"]) == (kind, str(model))
    (page,) = layout_of["pages"]
    figure_block = next(block for block in page["blocks"] if block["label"] == "figure")
    x0, y0, x1, y1 = figure_block["boxes"][0]["pixels"]
    assert (crop[0], crop[1]) == pytest.approx((x1 - x0, y1 - y0), abs=2)
    assert (x1 - x0) / page["width"] == pytest.approx(0.4, abs=0.01)
    with pymupdf.open(daemon.done / "francais.overlay.pdf") as overlay:
        assert len(overlay) == 1
        assert len(overlay[0].get_drawings()) >= 6


def test_a_strip_that_no_view_shows_is_read_in_parts_and_is_one_page(
    daemon: Installation, tmp_path: Path
) -> None:
    said = "<|ref|>text<|/ref|><|det|>[[100, 250, 900, 500]]<|/det|>\nEastern quay, 7.5 metres deep"
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", said)
    daemon.configure(
        engine("deepseek-ocr-2", model), inbox=f'outputs = ["md", "json"]\n{ANYTHING}'
    )
    strip = Image.new("L", (400, 4800), 255)
    pen = ImageDraw.Draw(strip)
    for top in range(40, 4700, 80):
        pen.text((20, top), f"berth {top} 7.5 metres", 0, ImageFont.load_default(30))
    strip.save(tmp_path / "strip.png")
    daemon.drop(tmp_path / "strip.png")
    daemon.start(env=ONE_THREAD)
    daemon.wait_for("done/strip.json", limit=LIMIT)
    (page,) = json.loads((daemon.done / "strip.json").read_text())["pages"]
    boxes = [block["boxes"][0]["pixels"] for block in page["blocks"] if block["boxes"]]
    assert len(boxes) == 3
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        assert (x0, x1) == pytest.approx((0.1 * page["width"], 0.9 * page["width"]), abs=2)
        third = page["height"] / 3
        assert y0 == pytest.approx((number + 0.25) * third, abs=0.1 * third)
        assert y1 == pytest.approx((number + 0.5) * third, abs=0.1 * third)
    assert (daemon.done / "strip.md").read_text().count("Eastern quay") == 3


def test_a_worker_that_is_killed_in_the_middle_of_a_page_costs_nothing_but_time(
    daemon: Installation, tmp_path: Path
) -> None:
    prose = " ".join(f"word{number}" for number in range(700))
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", prose)
    daemon.configure(engine("deepseek-ocr-2", model, 'restart_backoff = "100ms"'), ANYTHING)
    full = Sheet()  # which has room for it
    full.prose(size=9)
    full.document.save(tmp_path / "full.pdf")
    source = daemon.drop(tmp_path / "full.pdf").read_bytes()
    daemon.start(env=ONE_THREAD)
    row = eventually(
        lambda: (row := a_page(daemon)) and row["in_flight"] and row, LIMIT, "a page in flight"
    )
    os.kill(row["pid"], signal.SIGKILL)
    daemon.wait_for("done/full.pdf", "done/full.md", limit=LIMIT)
    assert a_page(daemon)["restarts"] == 1
    assert (daemon.done / "full.pdf").read_bytes() == source
    markdown = (daemon.done / "full.md").read_text()
    assert markdown.startswith("<!-- page 1 -->\n\n") and markdown.endswith(f"\n\n{prose}\n")


def test_a_page_that_runs_away_is_read_again_with_another_prompt(
    daemon: Installation, tmp_path: Path
) -> None:
    loop = " ".join(f"again{number}" for number in range(270))  # longer than any no-repeat window
    model = checkpoints.make_scripted(
        tmp_path / "model", "deepseek-ocr-2", loop, loop=True,
        answers={"Free OCR.": f"The quay was dredged. {WHOLE}"},
    )  # fmt: skip
    daemon.configure(engine("deepseek-ocr-2", model), inbox='outputs = ["md", "json"]')
    daemon.drop(LETTER)
    daemon.start(env=ONE_THREAD)
    daemon.wait_for("done/typewriter.png", "done/typewriter.json", limit=LIMIT)
    assert "The quay was dredged." in (daemon.done / "typewriter.md").read_text()
    (page,) = json.loads((daemon.done / "typewriter.json").read_text())["pages"]
    assert page["status"] == "read"
    assert page["warnings"][0].startswith("Read ")


def test_a_page_that_runs_away_for_good_is_kept_and_never_passed_off_as_good(
    daemon: Installation, tmp_path: Path
) -> None:
    loop = " ".join(f"again{number}" for number in range(270))
    model = checkpoints.make_scripted(
        tmp_path / "model", "deepseek-ocr-2", loop, loop=True,
        answers={"Free OCR.": "round and round it goes " * 40},
    )  # fmt: skip
    daemon.configure(
        engine("deepseek-ocr-2", model, "max_new_tokens = 600"),
        inbox=f'outputs = ["md", "json"]\n{ANYTHING}',
    )
    daemon.drop(LETTER)
    daemon.start(env=ONE_THREAD)
    daemon.wait_for("done/typewriter.png", "done/typewriter.json", limit=LIMIT)
    (page,) = json.loads((daemon.done / "typewriter.json").read_text())["pages"]
    assert page["status"] == "doubtful"
    assert "runaway" in [doubt["code"] for doubt in page["doubts"]]
    markdown = (daemon.done / "typewriter.md").read_text()
    assert "<!-- page 1 is doubtful: " in markdown
    assert "round and round it goes" in markdown  # of all that were read the page has room for that
    assert daemon.listed()[0]["outcome"] == "done with doubts"


def test_what_is_asked_for_is_located(daemon: Installation, tmp_path: Path) -> None:
    model = checkpoints.make_scripted(
        tmp_path / "model", "deepseek-ocr", "nothing",
        answers={" in the image.": "<|ref|>the stamp<|/ref|><|det|>[[500, 500, 999, 999]]<|/det|>"},
    )  # fmt: skip
    daemon.configure(
        engine("deepseek-ocr", model),
        inbox='mode = "locate"\ntarget = "the stamp"\nsize = "tiny"\noutputs = ["md", "json"]',
    )
    daemon.drop(LETTER)
    daemon.start(env=ONE_THREAD)
    daemon.wait_for("done/typewriter.png", "done/typewriter.json", limit=LIMIT)
    (page,) = json.loads((daemon.done / "typewriter.json").read_text())["pages"]
    (block,) = page["blocks"]
    assert (block["label"], block["text"]) == ("located", "the stamp")
    x0, _, x1, _ = block["boxes"][0]["pixels"]
    assert (x0 / page["width"], x1 / page["width"]) == pytest.approx((0.5, 1.0), abs=0.01)


def test_a_turned_page_is_read_upright_and_a_blank_one_not_at_all(
    daemon: Installation, tmp_path: Path
) -> None:
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", "It said so.")
    daemon.configure(
        engine("deepseek-ocr-2", model), inbox=f'outputs = ["md", "json"]\n{ANYTHING}'
    )
    with Image.open(LETTER) as letter:
        grey = letter.convert("L")
        pages = [Image.new("L", grey.size, 255), grey.transpose(Image.Transpose.ROTATE_180)]
        grey.transpose(Image.Transpose.ROTATE_90).save(
            daemon.inbox / "three.tif", save_all=True, append_images=pages,
            compression="tiff_deflate",
        )
    daemon.start(env=ONE_THREAD)
    daemon.wait_for("done/three.tif", "done/three.json", limit=LIMIT)
    turned, blank, upside_down = json.loads((daemon.done / "three.json").read_text())["pages"]
    assert (turned["rotation"], upside_down["rotation"]) == (90, 180)
    assert blank["status"] == "blank"
    assert a_page(daemon)["pages"] == 2


def test_missing_weights_are_one_clear_error(daemon: Installation) -> None:
    daemon.configure('kind = "deepseek-ocr-2"\nmodel = "nobody/nothing"\ndevice = "cpu"')
    result = daemon.command("check")
    assert result.returncode != 0
    assert "ocrd model pull nobody/nothing" in result.stdout + result.stderr
