"""What lies beside a read document: figures, layout and overlay, through the real daemon."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import psutil
import pymupdf
import pytest
from PIL import Image

from tests.installation import OCRD, RESOURCES, ROOT, Installation, eventually

ENGINE = 'kind = "module"\nmodule = "tests.engines.illustrator"\nrestart_backoff = "50ms"\n'
# The engine's text is always the same, which the page's own ink would tell.
ALL = 'outputs = ["md", "json", "overlay"]\ndoubt_tolerance = 1.0'
FIGURES = ["page-001-figure-1.jpg", "page-001-figure-2.jpg"]


@pytest.fixture
def press(daemon: Installation) -> Installation:
    """An installation whose engine finds two figures on every page, with every output."""
    daemon.configure(ENGINE, ALL)
    return daemon


def paint(path: Path, *, first: str = "red") -> Path:
    """Write a page with one colour where the first figure is, and blue where the second is."""
    page = Image.new("RGB", (1000, 1000), "white")
    page.paste(first, (0, 200, 500, 500))
    page.paste("blue", (500, 600, 1000, 1000))
    page.save(path)
    return path


def colour_of(path: Path) -> tuple[int, ...]:
    """Return a picture's colour in its middle, in steps that JPEG does not blur."""
    with Image.open(path) as picture:
        pixel = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(pixel, tuple)
    return tuple(round(value / 255) for value in pixel)


def test_figures_layout_and_overlay_lie_beside_the_text(press: Installation) -> None:
    paint(press.inbox / "scan.png")
    press.start()
    press.wait_for("done/scan.png")
    assert press.tree() == sorted(
        ["done/scan.png", "done/scan.md", "done/scan.json", "done/scan.overlay.pdf"]
        + [f"done/scan.assets/{name}" for name in FIGURES]
    )
    text = (press.done / "scan.md").read_text()
    assert [text.count(f"](scan.assets/{name})") for name in FIGURES] == [1, 1]
    layout = json.loads((press.done / "scan.json").read_text())
    assert layout["assets"] == "scan.assets"
    assert colour_of(press.done / "scan.assets" / FIGURES[0]) == (1, 0, 0)
    assert colour_of(press.done / "scan.assets" / FIGURES[1]) == (0, 0, 1)
    with pymupdf.open(press.done / "scan.overlay.pdf") as overlay:
        assert overlay[0].get_text().split() == [
            "1", "title", "2", "figure", "3", "text", "4", "figure",
        ]  # fmt: skip
    eventually(lambda: not list((press.root / "state" / "tmp").iterdir()), 10)


def test_a_pdf_of_several_pages_keeps_them_in_its_overlay(press: Installation) -> None:
    press.drop(RESOURCES / "multipage.pdf")
    press.start()
    press.wait_for("done/multipage.pdf")
    with (
        pymupdf.open(RESOURCES / "multipage.pdf") as source,
        pymupdf.open(press.done / "multipage.overlay.pdf") as overlay,
    ):
        assert overlay.page_count == source.page_count
        assert all("1 title" in page.get_text() for page in overlay)
    figures = list((press.done / "multipage.assets").iterdir())
    text = (press.done / "multipage.md").read_text()
    assert len(figures) == text.count("](multipage.assets/") > 2


def test_nothing_is_drawn_that_nobody_asked_for(press: Installation) -> None:
    press.configure(ENGINE, "figures = false")
    paint(press.inbox / "scan.png")
    press.start()
    press.wait_for("done/scan.png")
    assert press.tree() == ["done/scan.md", "done/scan.png"]


def test_a_failed_document_keeps_what_was_read_with_its_figures(press: Installation) -> None:
    press.configure(f"{ENGINE}\n[engine.options]\nrefuse = 2", ALL)
    with Image.open(paint(press.root / "page.png")) as page:
        page.save(press.inbox / "scan.tif", save_all=True, append_images=[page])
    press.start()
    press.wait_for("failed/scan.tif", "failed/scan.error.json")
    assert "Between the figures" in (press.failed / "scan.md").read_text()
    assert colour_of(press.failed / "scan.assets" / FIGURES[0]) == (1, 0, 0)
    assert (press.failed / "scan.overlay.pdf").exists()


def test_a_kept_file_that_changed_has_its_own_figures_replaced_and_edited_ones_kept(
    press: Installation,
) -> None:
    press.configure(ENGINE, f'{ALL}\nsource = "keep"\nrecursive = true')
    paint(press.inbox / "scan.png")
    press.start()
    own = press.inbox / "scan.assets" / FIGURES[0]
    eventually(lambda: done_jobs(press) == 1)
    assert colour_of(own) == (1, 0, 0)
    paint(press.inbox / "scan.png", first="lime")
    eventually(lambda: done_jobs(press) == 2)
    assert colour_of(own) == (0, 1, 0)
    before = press.tree()
    Image.new("RGB", (20, 20), "black").save(own)
    paint(press.inbox / "scan.png", first="red")
    eventually(lambda: done_jobs(press) == 3)
    assert colour_of(own) == (0, 0, 0), "somebody's work"
    others = [f"scan.png.assets/{name}" for name in FIGURES]
    assert press.tree() == sorted([*before, *others])
    assert "](scan.png.assets/" in (press.inbox / "scan.md").read_text()
    # Neither the figures nor the overlay were taken for new documents in all this.
    assert {job["relpath"] for job in press.listed()} == {"scan.png"}


def done_jobs(press: Installation) -> int:
    return sum(job["state"] == "done" for job in press.listed())


def test_a_daemon_that_is_killed_again_and_again_leaves_one_whole_set(press: Installation) -> None:
    names = [f"scan{number}.png" for number in range(8)]
    for name in names:
        paint(press.inbox / name)
    for _ in range(3):
        press.start()
        filed = len(list(press.done.glob("*.png"))) if press.done.exists() else 0
        eventually(partial(has_filed_more, press, filed))
        assert press.process is not None
        children = psutil.Process(press.process.pid).children(recursive=True)
        press.kill()
        psutil.wait_procs(children, timeout=10)
    press.start()
    press.wait_for(*(f"done/{name}" for name in names))
    eventually(lambda: not press.status()["working"])
    expected = []
    for name in names:
        stem = Path(name).stem
        expected += [f"{stem}{end}" for end in (".png", ".md", ".json", ".overlay.pdf")]
        expected += [f"{stem}.assets/{figure}" for figure in FIGURES]
    assert press.tree() == sorted(f"done/{name}" for name in expected)


def has_filed_more(press: Installation, before: int) -> bool:
    is_over = not list(press.inbox.glob("*.png"))
    return is_over or len(list(press.done.glob("*.png"))) > before


def convert(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = folder / "config.toml"
    config.write_text(f'[engine]\n{ENGINE}[[inbox]]\npath = "{folder}/inbox"')
    return subprocess.run(
        [*OCRD, "convert", *arguments, "--config", str(config), "--json"],
        cwd=folder, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_convert_writes_figures_and_overlay_beside_the_text(tmp_path: Path) -> None:
    paint(tmp_path / "scan.png")
    result = convert(tmp_path, "scan.png", "-f", "md", "-f", "overlay")
    assert result.returncode == 0, result.stderr
    outputs = [Path(name).name for name in json.loads(result.stdout)[0]["outputs"]]
    assert outputs == ["scan.assets", "scan.md", "scan.overlay.pdf"]
    assert colour_of(tmp_path / "scan.assets" / FIGURES[0]) == (1, 0, 0)
    assert "](scan.assets/" in (tmp_path / "scan.md").read_text()
    with pymupdf.open(tmp_path / "scan.overlay.pdf") as overlay:
        assert "2 figure" in overlay[0].get_text().replace("\n", " ")


def test_convert_replaces_its_own_figures_if_told_and_nothing_else(tmp_path: Path) -> None:
    paint(tmp_path / "scan.png")
    assert convert(tmp_path, "scan.png").returncode == 0
    paint(tmp_path / "scan.png", first="lime")
    refused = convert(tmp_path, "scan.png")
    assert refused.returncode == 1 and "--force" in refused.stdout + refused.stderr
    assert convert(tmp_path, "scan.png", "--force").returncode == 0
    assert colour_of(tmp_path / "scan.assets" / FIGURES[0]) == (0, 1, 0)
    shutil.copy(tmp_path / "scan.png", tmp_path / "scan.assets" / "holiday.png")
    refused = convert(tmp_path, "scan.png", "--force")
    assert refused.returncode == 1 and "cut-out figures" in refused.stdout + refused.stderr
    assert (tmp_path / "scan.assets" / "holiday.png").exists()


def test_a_stop_while_an_overlay_is_drawn_is_quick_and_loses_nothing(press: Installation) -> None:
    press.drop(RESOURCES / "multipage.pdf")
    press.start()
    drawings, filed = press.root / "state" / "tmp", press.done / "multipage.pdf"
    eventually(lambda: list(drawings.glob("*.drawings")) or filed.exists(), interval=0.01)
    press.signal(signal.SIGTERM)
    assert press.process is not None
    assert press.process.wait(20) == 0
    press.start()
    press.wait_for("done/multipage.pdf", "done/multipage.overlay.pdf")
