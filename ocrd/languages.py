"""Languages by Tesseract's codes: what packages they come in, and which are installed.

A code is that of a file of Tesseract's data: "rus", "chi_sim", "script/Cyrillic". Nothing here
loads Tesseract, so that whoever checks a configuration can ask.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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

# What Tesseract's authors trained (tessdata, as Debian packages it). Others may have made more.
KNOWN = frozenset(
    """
    afr amh ara asm aze aze_cyrl bel ben bod bos bre bul cat ceb ces chi_sim chi_sim_vert chi_tra
    chi_tra_vert chr cos cym dan deu deu_latf div dzo ell eng enm epo equ est eus fao fas fil fin
    fra frk frm fry gla gle glg grc guj hat heb hin hrv hun hye iku ind isl ita ita_old jav jpn
    jpn_vert kan kat kat_old kaz khm kir kmr kor kor_vert lao lat lav lit ltz mal mar mkd mlt mon
    mri msa mya nep nld nor oci ori osd pan pol por pus que ron rus san sin slk slv snd spa spa_old
    sqi srp srp_latn sun swa swe syr tam tat tel tgk tha tir ton tur uig ukr urd uzb uzb_cyrl vie
    yid yor
    """.split()
)
# What people write for them: ISO 639-1, ISO 639-2/B, and the English names of some.
_OTHERWISE: Mapping[str, str] = dict(
    pair.split("=")
    for pair in """
    af=afr am=amh ar=ara az=aze be=bel bg=bul bn=ben bo=bod br=bre bs=bos ca=cat co=cos cs=ces
    cy=cym da=dan de=deu dv=div dz=dzo el=ell en=eng eo=epo es=spa et=est eu=eus fa=fas fi=fin
    fo=fao fr=fra fy=fry ga=gle gd=gla gl=glg gu=guj he=heb hi=hin hr=hrv ht=hat hu=hun hy=hye
    id=ind is=isl it=ita iu=iku ja=jpn jv=jav ka=kat kk=kaz km=khm kn=kan ko=kor ku=kmr ky=kir
    la=lat lb=ltz lo=lao lt=lit lv=lav mi=mri mk=mkd ml=mal mn=mon mr=mar ms=msa mt=mlt my=mya
    nb=nor ne=nep nl=nld nn=nor no=nor oc=oci or=ori pa=pan pl=pol ps=pus pt=por qu=que ro=ron
    ru=rus sa=san sd=snd si=sin sk=slk sl=slv sq=sqi sr=srp su=sun sv=swe sw=swa ta=tam te=tel
    tg=tgk th=tha ti=tir tl=fil to=ton tr=tur tt=tat ug=uig uk=ukr ur=urd uz=uzb vi=vie yi=yid
    yo=yor zh=chi_sim
    alb=sqi arm=hye baq=eus bur=mya chi=chi_sim cze=ces dut=nld fre=fra geo=kat ger=deu gre=ell
    ice=isl mac=mkd mao=mri may=msa per=fas rum=ron scc=srp scr=hrv slo=slk tib=bod wel=cym
    zho=chi_sim arabic=ara bulgarian=bul chinese=chi_sim czech=ces danish=dan dutch=nld
    english=eng finnish=fin french=fra german=deu greek=ell hebrew=heb hindi=hin hungarian=hun
    italian=ita japanese=jpn korean=kor latin=lat norwegian=nor persian=fas polish=pol
    portuguese=por romanian=ron russian=rus spanish=spa swedish=swe thai=tha turkish=tur
    ukrainian=ukr vietnamese=vie
    """.split()
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


class Complaint(NamedTuple):
    """What is wrong with languages that are wanted."""

    what: str
    remedy: str
    is_unknown: bool  # nobody has heard of one: its data is not to be had


def complaint(wanted: Sequence[str]) -> Complaint | None:
    """Return what is wrong where some languages are missing, None where none is."""
    lacking = missing(wanted)
    if not lacking:
        return None
    if unknown := [code for code in lacking if not _is_known(code)]:
        names = ", ".join(unknown)
        what = f"Tesseract has no language {names}, and no data of that name is installed"
        return Complaint(what, advice(*unknown), is_unknown=True)
    packages = " ".join(map(package, lacking))
    return Complaint(
        f"Tesseract's data for {', '.join(lacking)} is not installed",
        f"Install it: apt install {packages} (Debian), or correct the key languages.",
        is_unknown=False,
    )


def advice(*texts: str) -> str:
    """Return the way out for what is written as a language and is none."""
    meant = [code for text in texts if (code := _OTHERWISE.get(text.strip().lower()))]
    lead = "".join(f'Did you mean "{code}"? ' for code in meant)
    return (
        f'{lead}Write languages as Tesseract does: "eng", "deu", "rus", "chi_sim",'
        ' "script/Cyrillic"; `tesseract --list-langs` names those that are there.'
    )


def _is_known(code: str) -> bool:
    if code.startswith("script/"):
        name = code.removeprefix("script/").removesuffix("_vert")
        return name in OF_SCRIPT or name in _ISO_15924
    return code in KNOWN
