"""Languages by Tesseract's codes: what packages they come in, and which are installed.

A code is that of a file of Tesseract's data: "rus", "chi_sim", "script/Cyrillic". Nothing here
loads Tesseract, so that whoever checks a configuration can ask.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

CODE = re.compile(r"[a-z]{3}(_[a-z]{2,5}){0,2}|script/[A-Z][A-Za-z_]{1,30}")

# Where distributions put the data: Debian, Fedora, Arch, and what is built by hand.
FOLDERS = tuple(
    map(
        Path,
        (
            "/usr/share/tesseract-ocr/5/tessdata",
            "/usr/share/tesseract/tessdata",
            "/usr/share/tessdata",
            "/usr/local/share/tessdata",
        ),
    )
)

# Tesseract's names of scripts -> the languages written in them, the likeliest first.
OF_SCRIPT: Mapping[str, tuple[str, ...]] = {
    "Arabic": ("ara", "fas", "urd", "pus", "snd", "uig"),
    "Armenian": ("hye",),
    "Bengali": ("ben", "asm"),
    "Canadian_Aboriginal": ("iku",),
    "Cherokee": ("chr",),
    "Cyrillic": (
        "rus", "ukr", "bul", "bel", "srp", "mkd", "kaz", "kir", "mon", "tat", "tgk", "uzb_cyrl",
        "aze_cyrl",
    ),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Ethiopic": ("amh", "tir"),
    "Georgian": ("kat",),
    "Greek": ("ell", "grc"),
    "Gujarati": ("guj",),
    "Gurmukhi": ("pan",),
    "Hangul": ("kor",),
    "Hebrew": ("heb", "yid"),
    "Kannada": ("kan",),
    "Khmer": ("khm",),
    "Korean": ("kor",),
    "Lao": ("lao",),
    "Malayalam": ("mal",),
    "Myanmar": ("mya",),
    "Oriya": ("ori",),
    "Sinhala": ("sin",),
    "Syriac": ("syr",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Thaana": ("div",),
    "Thai": ("tha",),
    "Tibetan": ("bod", "dzo"),
    "Vietnamese": ("vie",),
}  # fmt: skip

# Debian names these by ISO 15924, where the first four letters are not the same.
_ISO_15924 = {
    "Arabic": "arab", "Armenian": "armn", "Canadian_Aboriginal": "cans", "Cyrillic": "cyrl",
    "Ethiopic": "ethi", "Fraktur": "frak",
    "Greek": "grek", "Gujarati": "gujr", "Gurmukhi": "guru", "HanS": "hans", "HanT": "hant",
    "Hangul": "hang", "Japanese": "jpan", "Kannada": "knda", "Khmer": "khmr", "Lao": "laoo",
    "Latin": "latn", "Malayalam": "mlym", "Myanmar": "mymr", "Oriya": "orya", "Syriac": "syrc",
    "Tamil": "taml", "Thaana": "thaa", "Tibetan": "tibt", "Vietnamese": "viet",
}  # fmt: skip


def folder() -> Path | None:
    """Return the folder of Tesseract's data, None where there is none.

    ``TESSDATA_PREFIX`` names it, or the one above it.
    """
    named = os.environ.get("TESSDATA_PREFIX")
    some = (Path(named), Path(named, "tessdata")) if named else FOLDERS
    return next((one for one in some if any(one.glob("*.traineddata"))), None)


def installed(data: Path | None) -> frozenset[str]:
    """Return the codes of the languages and scripts whose data lies in a folder."""
    if data is None:
        return frozenset()
    files = [*data.glob("*.traineddata"), *data.glob("script/*.traineddata")]
    codes = (str(file.relative_to(data).with_suffix("")) for file in files)
    return frozenset(code for code in codes if CODE.fullmatch(code))


def missing(wanted: Iterable[str], data: Path | None = None) -> list[str]:
    """Return which of the languages are not installed, in the order given."""
    there = installed(data or folder())
    return [code for code in dict.fromkeys(wanted) if code not in there]


def package(code: str) -> str:
    """Return the Debian package that a language or script is in: tesseract-ocr-chi-sim."""
    if code.startswith("script/"):
        name, vertical, _ = code.removeprefix("script/").partition("_vert")
        code = f"script_{_ISO_15924.get(name, name[:4].lower())}{vertical}"
    return f"tesseract-ocr-{code.replace('_', '-')}"


def complaint(wanted: Sequence[str]) -> tuple[str, str] | None:
    """Return what is wrong and the way out where some languages are missing, None where none is."""
    lacking = missing(wanted)
    if not lacking:
        return None
    names = ", ".join(lacking)
    what = f"Tesseract's data for {names} is not installed"
    packages = " ".join(map(package, lacking))
    return what, f"Install it: apt install {packages} (Debian), or correct the key languages."
