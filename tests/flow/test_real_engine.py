"""Real files through the real daemon with the real embedded engine."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.installation import LETTER, RESOURCES, Installation, eventually

RAPIDOCR = 'kind = "rapidocr"'


@pytest.fixture
def office(daemon: Installation) -> Installation:
    """An installation with the embedded engine."""
    daemon.configure(RAPIDOCR, inbox='outputs = ["md", "json"]')
    return daemon


def text_of(office: Installation, name: str) -> str:
    return (office.done / name).read_text()


def test_scans_of_many_kinds_come_out_as_text(office: Installation) -> None:
    names = ("francais.pdf", "c02-22.pdf", "typewriter.png", "baiona_cmyk.jpg", "hugemono.pdf")
    for name in names:
        office.drop(RESOURCES / name)
    office.drop(RESOURCES / "invalid.pdf")
    office.start()
    office.wait_for(*(f"done/{name}" for name in names), "failed/invalid.error.json", limit=120)
    assert "Portez ce vieux whisky au juge blond" in text_of(office, "francais.md")
    assert "capharnaüm" in text_of(office, "francais.md")
    assert "Miss Watson" in text_of(office, "c02-22.md")
    assert "BAIONA" in text_of(office, "baiona_cmyk.md")
    layout = json.loads(text_of(office, "francais.json"))
    (page,) = layout["pages"]
    boxes = [box for block in page["blocks"] for box in block["boxes"]]
    assert boxes, "every block has its box"
    assert layout["engine"] == "rapidocr"
    assert office.tree() == sorted(
        [f"done/{name}" for name in names]
        + [f"done/{Path(name).stem}{ending}" for name in names for ending in (".md", ".json")]
        + [f"done/{stem}.assets/page-001-figure-1.jpg" for stem in ("baiona_cmyk", "c02-22")]
        + ["failed/invalid.error.json", "failed/invalid.pdf"]
    )


def test_a_turned_page_and_a_blank_one_come_out_right(office: Installation) -> None:
    with Image.open(LETTER) as letter:
        grey = letter.convert("L")
        blank = Image.new("L", grey.size, 255)
        upside_down = grey.transpose(Image.Transpose.ROTATE_180)
        grey.save(
            office.inbox / "three.tif", save_all=True, append_images=[blank, upside_down],
            compression="tiff_deflate",
        )
    office.start()
    office.wait_for("done/three.md", "done/three.json", limit=90)
    first, second, third = json.loads(text_of(office, "three.json"))["pages"]
    assert second["status"] == "blank"
    assert third["rotation"] == 180
    words = [set(" ".join(block["text"] for block in page["blocks"]).split())
             for page in (first, third)]
    assert len(words[0] & words[1]) >= 0.9 * len(words[0])


def test_an_encrypted_pdf_opens_with_the_folders_password_or_fails_saying_so(
    office: Installation,
) -> None:
    program = (
        "import sys, pymupdf\n"
        "paper = pymupdf.open()\n"
        "paper.new_page().insert_text((72, 100), 'The contents of the safe', fontsize=20)\n"
        "paper.save(sys.argv[1], encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=sys.argv[2],"
        " owner_pw='owner')\n"
    )
    for name, password in (("known.pdf", "sesame"), ("unknown.pdf", "other")):
        path = office.root / name
        subprocess.run([sys.executable, "-c", program, str(path), password], check=True)
        office.drop(path)
    office.configure(RAPIDOCR, inbox='passwords = ["wrong", "sesame"]')
    office.start()
    office.wait_for("done/known.md", "failed/unknown.error.json")
    assert "contents of the safe" in text_of(office, "known.md")
    told = json.loads((office.failed / "unknown.error.json").read_text())
    assert told["code"] == "encrypted"
    assert "passwords" in told["hint"]


def test_a_killed_daemon_leaves_no_process_and_loses_nothing(office: Installation) -> None:
    for name in ("multipage.pdf", "epson.pdf", "typewriter.png"):
        office.drop(RESOURCES / name)
    office.start()
    assert office.process is not None
    eventually(lambda: any(w["pages_done"] for w in office.status()["working"]), 60)
    children = psutil.Process(office.process.pid).children(recursive=True)
    assert children
    office.kill()
    psutil.wait_procs(children, timeout=5)
    assert not [child for child in children if child.is_running()]
    office.start()
    office.wait_for(
        "done/multipage.md", "done/epson.md", "done/typewriter.md", "done/multipage.pdf", limit=120
    )
    for name in ("multipage.pdf", "epson.pdf", "typewriter.png"):
        assert (office.done / name).read_bytes() == (RESOURCES / name).read_bytes()
    marks = re.findall(r"<!-- page \d+ -->", text_of(office, "multipage.md"))
    assert len(marks) == 6


def test_an_idle_engine_is_unloaded_and_comes_back_for_the_next_document(
    office: Installation,
) -> None:
    office.configure(f'{RAPIDOCR}\nidle_unload = "1s"')
    office.start()
    office.drop(LETTER, "first.png")
    office.wait_for("done/first.md")
    eventually(lambda: office.status()["engines"][0]["state"] == "unloaded", 20)
    office.drop(LETTER, "second.png")
    office.wait_for("done/second.md")


def test_the_daemon_process_itself_loads_no_model_runtime(office: Installation) -> None:
    office.drop(LETTER, "letter.png")
    office.start()
    office.wait_for("done/letter.md")
    assert office.process is not None
    loaded = Path(f"/proc/{office.process.pid}/maps").read_text()
    assert "sqlite" in loaded, "the check looks at loaded libraries"
    for library in ("onnxruntime", "torch", "mupdf", "numpy", "PIL", "cv2"):
        assert f"/{library}" not in loaded


def test_what_is_over_a_limit_fails_with_that_reason(office: Installation) -> None:
    office.configure(RAPIDOCR, more="[limits]\npages = 5\nfile_size = '1MB'")
    office.drop(RESOURCES / "multipage.pdf")
    office.start()
    office.wait_for("failed/multipage.error.json")
    told = json.loads((office.failed / "multipage.error.json").read_text())
    assert told["code"] == "too-large"
    assert told["message"] and told["hint"]


def test_convert_writes_beside_the_file_and_reports_what_it_could_not_read(
    tmp_path: Path,
) -> None:
    shutil.copy(RESOURCES / "francais.pdf", tmp_path)
    shutil.copy(RESOURCES / "invalid.pdf", tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "ocrd", "convert", "--json", "francais.pdf", "invalid.pdf"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )
    assert result.returncode == 1, result.stderr
    assert "Portez ce vieux whisky" in (tmp_path / "francais.md").read_text()
    assert not (tmp_path / "invalid.md").exists()
    assert "invalid.pdf" in result.stdout
    assert (tmp_path / "francais.pdf").exists()


def test_a_stop_in_the_middle_of_recognition_keeps_what_was_read(office: Installation) -> None:
    office.drop(RESOURCES / "multipage.pdf")
    office.start()
    eventually(lambda: any(w["pages_done"] for w in office.status()["working"]), 60)
    office.signal(signal.SIGTERM)
    assert office.process is not None
    assert office.process.wait(30) == 0
    (job,) = office.listed()
    assert job["pages_done"] >= 1
    assert office.tree() == ["multipage.pdf"]
