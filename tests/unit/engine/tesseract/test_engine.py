"""Pages in scripts that the embedded engine does not have, read by the real engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.quality import alphabets
from ocrd import languages
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr.engine import RapidOcr
from ocrd.engine.tesseract.engine import load
from ocrd.errors import EngineUnusableError
from ocrd.job import Recognition
from ocrd.layout import layout
from ocrd.tasks import Task

CODES = [passage.code for passage in alphabets.PASSAGES]
ERRORS = 0.06  # of the characters: Arabic has the most


@pytest.fixture(scope="module")
def tesseract() -> Iterator[RapidOcr]:
    engine = load({"kind": "tesseract", "slots": 1, "threads": 2})
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def embedded() -> Iterator[RapidOcr]:
    engine = load({"kind": "rapidocr", "slots": 1, "threads": 2})
    yield engine
    engine.close()


def read(engine: RapidOcr, path: Path, *told: str) -> Recognition:
    return engine.recognise(Recognise(1, str(path), Task(languages=told)), lambda _: None)


def text(found: Recognition) -> str:
    return layout.plain(layout.blocks(found.lines, found.width, found.height, found.rules))


def page(code: str, folder: Path, clockwise: int = 0) -> Path:
    path = alphabets.draw(alphabets.of(code), folder / f"{code}.png")
    if clockwise:
        with Image.open(path) as image:
            image.rotate(-clockwise, expand=True).save(path)
    return path


def few(named: Path, *codes: str) -> None:
    """Make a folder of some languages' data."""
    data = languages.folder()
    assert data
    named.mkdir()
    for code in codes:
        (named / f"{code}.traineddata").symlink_to(data / f"{code}.traineddata")


def test_the_engine_says_what_it_is(tesseract: RapidOcr, embedded: RapidOcr) -> None:
    assert (tesseract.hello.name, tesseract.hello.capacity) == ("tesseract", 1)
    assert tesseract.hello.model.startswith("Tesseract 5.")
    assert embedded.hello.name == "rapidocr"


@pytest.mark.parametrize("code", CODES)
def test_a_page_is_read_in_the_languages_of_its_folder(
    tesseract: RapidOcr, tmp_path: Path, code: str
) -> None:
    passage = alphabets.of(code)
    found = read(tesseract, page(code, tmp_path), code)
    assert alphabets.errors(passage.text, text(found)) < ERRORS
    assert not found.script
    assert (found.rotation, {line.doubt for line in found.lines}) == (0, {""})
    assert all(0.5 < line.confidence <= 1 and line.typeface.size > 0 for line in found.lines)


@pytest.mark.parametrize("code", CODES)
def test_the_embedded_engine_leaves_a_page_in_other_letters_to_tesseract(
    embedded: RapidOcr, tmp_path: Path, code: str
) -> None:
    passage = alphabets.of(code)
    assert alphabets.errors(passage.text, text(read(embedded, page(code, tmp_path)))) < ERRORS


@pytest.mark.parametrize(("code", "clockwise"), [("rus", 90), ("heb", 180), ("vie", 270)])
def test_a_turned_page_in_other_letters_comes_out_upright(
    embedded: RapidOcr, tesseract: RapidOcr, tmp_path: Path, code: str, clockwise: int
) -> None:
    path = page(code, tmp_path, clockwise)
    for engine in (embedded, tesseract):
        found = read(engine, path)
        assert found.rotation == 360 - clockwise
        assert alphabets.errors(alphabets.of(code).text, text(found)) < ERRORS


def test_a_page_in_latin_letters_stays_with_the_embedded_engine(
    embedded: RapidOcr, tmp_path: Path
) -> None:
    source = "#set page(width: 120mm, height: 60mm)\nGrüße aus Łódź, à bientôt et ¡olé!\n\nMore."
    path = alphabets.draw_source(source, tmp_path / "page.png")
    alone = RapidOcr(embedded._share)
    assert text(read(embedded, path)) == text(read(alone, path))


def test_a_script_that_nobody_reads_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(tmp_path / "data", "eng", "osd")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path / "data"))
    path = page("heb", tmp_path)
    for kind in ("rapidocr", "tesseract"):
        engine = load({"kind": kind, "slots": 1, "threads": 2})
        found = read(engine, path)
        assert "script Hebrew" in found.script
        assert "Install tesseract-ocr-heb, then" in found.script
        assert {line.doubt for line in found.lines} == {"unread"}
        engine.close()


def test_without_tesseract_the_embedded_engine_says_what_would_read_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path / "none"))
    with pytest.raises(EngineUnusableError):
        load({"kind": "tesseract"})
    engine = load({"kind": "rapidocr", "slots": 1, "threads": 2})
    found = read(engine, page("rus", tmp_path))
    assert "Install tesseract-ocr and the package of its language" in found.script
    found = read(engine, alphabets.draw_source("An English page.", tmp_path / "page.png"))
    assert (found.script, text(found)) == ("", "An English page.")


def test_scripts_own_looks_for_none(tmp_path: Path) -> None:
    engine = load({"kind": "rapidocr", "scripts": "own", "slots": 1, "threads": 2})
    assert type(engine) is RapidOcr
