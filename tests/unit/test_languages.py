"""Languages by their codes: what package they are in, and whether they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd import languages


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("rus", "tesseract-ocr-rus"),
        ("chi_sim", "tesseract-ocr-chi-sim"),
        ("chi_sim_vert", "tesseract-ocr-chi-sim-vert"),
        ("uzb_cyrl", "tesseract-ocr-uzb-cyrl"),
        ("script/Cyrillic", "tesseract-ocr-script-cyrl"),
        ("script/HanS_vert", "tesseract-ocr-script-hans-vert"),
        ("script/Canadian_Aboriginal", "tesseract-ocr-script-cans"),
        ("script/Thai", "tesseract-ocr-script-thai"),
    ],
)
def test_a_code_names_debians_package(code: str, package: str) -> None:
    assert languages.CODE.fullmatch(code)
    assert languages.package(code) == package


@pytest.mark.parametrize(
    "text", ["", "en", "english", "RUS", "../eng", "rus/eng", "script/../eng", "a b", "script/"]
)
def test_what_is_no_code_names_no_file(text: str) -> None:
    assert not languages.CODE.fullmatch(text)


def data(folder: Path, *codes: str) -> Path:
    for code in codes:
        file = folder / f"{code}.traineddata"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


def test_the_environment_names_the_folder_or_the_one_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = data(tmp_path / "tessdata", "eng", "script/Cyrillic")
    for named in (inner, tmp_path):
        monkeypatch.setenv("TESSDATA_PREFIX", str(named))
        assert languages.folder() == inner
    assert languages.installed(inner) == {"eng", "script/Cyrillic"}
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path / "elsewhere"))
    assert languages.folder() is None
    assert languages.installed(None) == frozenset()


def test_a_missing_language_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(data(tmp_path, "eng")))
    assert languages.complaint(("eng",)) is None
    found = languages.complaint(("rus", "eng", "chi_tra", "rus"))
    assert found
    assert found[0] == "Tesseract's data for rus, chi_tra is not installed"
    assert "apt install tesseract-ocr-rus tesseract-ocr-chi-tra (Debian)" in found[1]


@pytest.mark.parametrize(
    ("written", "meant"), [("xyz", ""), ("ger", "deu"), ("zho", "chi_sim"), ("cze", "ces")]
)
def test_a_language_that_nobody_knows_has_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(data(tmp_path, "eng")))
    found = languages.complaint(("rus", written))
    assert found and found.is_unknown
    assert f"no language {written}," in found.what
    assert "apt install" not in found.remedy
    assert (f'Did you mean "{meant}"?' in found.remedy) == bool(meant)


def test_data_of_ones_own_making_is_a_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(data(tmp_path, "xyz")))
    assert languages.complaint(("xyz",)) is None


@pytest.mark.parametrize(
    ("written", "meant"), [("de", "deu"), (" Russian", "rus"), ("EN", "eng"), ("x", None)]
)
def test_what_people_write_for_a_language_is_understood(written: str, meant: str | None) -> None:
    assert not languages.CODE.fullmatch(written)
    told = languages.advice(written)
    assert told.startswith(f'Did you mean "{meant}"?' if meant else "Write languages as")


def test_what_people_may_mean_is_known_to_tesseract() -> None:
    assert set(languages._OTHERWISE.values()) <= languages.KNOWN
    assert all(code in languages.KNOWN for some in languages.OF_SCRIPT.values() for code in some)
    assert not set(languages._OTHERWISE) & languages.KNOWN
