"""Pages in other scripts than the embedded engine has, set by typst, and how well they are read.

``python -m benchmarks.quality.alphabets`` prints the errors of characters in reading order: with
the language told, with nothing told (the engine "tesseract"), by the embedded engine that leaves
such pages to Tesseract, and of Tesseract's own search for lines. ``--latin N`` counts instead how
many of every Nth worn or turned page in Latin letters are looked at again. It needs the packages of
packaging/bootstrap.sh.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import typst
from PIL import Image
from rapidfuzz.distance import Levenshtein

from benchmarks.machine import heading
from benchmarks.quality.images import noisy


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading and paragraphs in one language, by Tesseract's code."""

    code: str
    script: str  # Tesseract's name of it
    fonts: tuple[str, ...]
    heading: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join((self.heading, *self.paragraphs))

    @property
    def is_right_to_left(self) -> bool:
        """Say whether its rows begin at the right."""
        return self.script in {"Arabic", "Hebrew"}


# Of a village, its library, its river: written for these pages.
PASSAGES = (
    Passage(
        "rus", "Cyrillic", ("DejaVu Serif", "DejaVu Sans"), "Отчёт о наводнении",
        (
            "В начале марта вода в реке поднялась на два метра, и мост у старой мельницы пришлось"
            " закрыть на девять дней.",
            "Жители нижней улицы перенесли мебель на второй этаж. Никто не пострадал, но подвалы"
            " сушили до конца апреля.",
        ),
    ),
    Passage(
        "ell", "Greek", ("DejaVu Serif", "DejaVu Sans"), "Η βιβλιοθήκη του χωριού",
        (
            "Η βιβλιοθήκη ανοίγει κάθε Τρίτη και Πέμπτη από τις εννέα το πρωί έως τη μία το"
            " μεσημέρι.",
            "Τα παιδιά δανείζονται τρία βιβλία για δύο εβδομάδες. Όποιος χάσει ένα βιβλίο φέρνει"
            " ένα άλλο στη θέση του.",
        ),
    ),
    Passage(
        "kor", "Korean", ("NanumMyeongjo", "NanumGothic"), "마을 도서관 안내",
        (
            "도서관은 매주 화요일과 목요일 아침 아홉 시에 문을 열고 저녁 여섯 시에 닫습니다.",
            "어린이는 책을 세 권까지 두 주 동안 빌릴 수 있습니다. 비가 오는 날에는 우산도 빌려"
            " 드립니다.",
        ),
    ),
    Passage(
        "ara", "Arabic", ("DejaVu Sans", "Amiri"), "مكتبة القرية",
        (
            "تفتح المكتبة أبوابها كل يوم ثلاثاء وخميس من الساعة التاسعة صباحا حتى الواحدة ظهرا.",
            "يستعير الأطفال ثلاثة كتب لمدة أسبوعين. ومن أضاع كتابا أحضر كتابا آخر مكانه.",
        ),
    ),
    Passage(
        "heb", "Hebrew", ("DejaVu Sans", "DejaVu Sans Mono"), "ספריית הכפר",
        (
            "הספרייה פתוחה בכל יום שלישי וחמישי מתשע בבוקר ועד אחת בצהריים.",
            "ילדים שואלים שלושה ספרים לשבועיים. מי שמאבד ספר מביא ספר אחר במקומו.",
        ),
    ),
    Passage(
        "hin", "Devanagari", ("Lohit Devanagari",), "गाँव का पुस्तकालय",
        (
            "पुस्तकालय हर मंगलवार और गुरुवार को सुबह नौ बजे खुलता है और शाम छह बजे बंद होता है।",
            "बच्चे दो सप्ताह के लिए तीन किताबें ले जा सकते हैं। जिसकी किताब खो जाए वह दूसरी किताब"
            " लाता है।",
        ),
    ),
    Passage(
        "tha", "Thai", ("Loma",), "ห้องสมุดของหมู่บ้าน",
        (
            "ห้องสมุดเปิดทุกวันอังคารและวันพฤหัสบดี ตั้งแต่เก้าโมงเช้าถึงหกโมงเย็น",
            "เด็กยืมหนังสือได้สามเล่มเป็นเวลาสองสัปดาห์ ใครทำหนังสือหายต้องนำเล่มอื่นมาแทน",
        ),
    ),
    Passage(
        "vie", "Latin", ("DejaVu Serif", "DejaVu Sans"), "Thư viện của làng",
        (
            "Thư viện mở cửa vào thứ ba và thứ năm hằng tuần, từ chín giờ sáng đến sáu giờ chiều.",
            "Trẻ em được mượn ba quyển sách trong hai tuần. Ai làm mất sách thì mang một quyển khác"
            " đến thay.",
        ),
    ),
)  # fmt: skip


def of(code: str) -> Passage:
    """Return the passage in a language."""
    return next(passage for passage in PASSAGES if passage.code == code)


def draw(passage: Passage, path: Path, resolution: int = 200, font: int = 0) -> Path:
    """Set a page of the passage, and draw it grey."""
    direction = "rtl" if passage.is_right_to_left else "ltr"
    body = "\n\n".join(passage.paragraphs)
    source = (
        "#set page(width: 148mm, height: 105mm, margin: 14mm)\n"
        f'#set text(font: "{passage.fonts[font]}", size: 12pt, dir: {direction})\n'
        "#set text(hyphenate: false)\n"
        "#set par(leading: 0.9em, spacing: 1.6em)\n"
        f'#text(size: 20pt, weight: "bold")[{passage.heading}]\n\n{body}\n'
    )
    return draw_source(source, path, resolution)


def draw_source(source: str, path: Path, resolution: int = 200) -> Path:
    """Draw a page of typst's markup, grey."""
    with tempfile.TemporaryDirectory() as folder:
        written, drawn = Path(folder, "page.typ"), Path(folder, "page.png")
        written.write_text(source)
        typst.compile(str(written), output=str(drawn), format="png", ppi=resolution)
        with Image.open(drawn) as image:
            image.convert("L").save(path)
    return path


def errors(truth: str, found: str) -> float:
    """Return the errors of characters, as a share of the truth's."""
    a, b = (unicodedata.normalize("NFKC", " ".join(text.split())) for text in (truth, found))
    return Levenshtein.distance(a, b) / max(1, len(a))


def _pages(folder: Path) -> Iterator[tuple[Passage, Path]]:
    """Yield each passage in its fonts at three resolutions, and worn: turned a little, noisy."""
    for passage in PASSAGES:
        for font, name in enumerate(passage.fonts):
            for resolution in (150, 200, 300):
                path = folder / f"{passage.code}-{name}-{resolution}.png"
                yield passage, draw(passage, path, resolution, font)
            worn = folder / f"{passage.code}-{name}-worn.png"
            with Image.open(draw(passage, worn, 200, font)) as image:
                turned = image.rotate(0.8, Image.Resampling.BICUBIC, fillcolor=255)
                noisy(turned, np.random.default_rng(7), 10).convert("L").save(worn)
            yield passage, worn


def _readers() -> dict[str, Callable[[Passage, Path], str]]:
    from ocrd import languages
    from ocrd.engine.protocol import Recognise
    from ocrd.engine.rapidocr import strips
    from ocrd.engine.rapidocr.engine import RapidOcr
    from ocrd.engine.tesseract import engine as engines
    from ocrd.engine.tesseract.library import PAGE, Library, Recogniser
    from ocrd.layout import layout
    from ocrd.tasks import Task

    alone = engines.load({"kind": "tesseract", "slots": 1})
    beside = engines.load({"kind": "rapidocr", "slots": 1})
    library = Library()
    data = languages.folder()
    assert data

    def by(engine: RapidOcr, told: tuple[str, ...], path: Path) -> str:
        request = Recognise(1, str(path), Task(languages=told))
        read = engine.recognise(request, lambda _: None)
        return layout.plain(
            layout.blocks(read.lines, read.width, read.height, read.rules, read.pictures)
        )

    def own_search(passage: Passage, path: Path) -> str:
        recogniser = Recogniser(library, data, (passage.code,), PAGE)
        lines = recogniser.read(strips.load(str(path))[:, :, 0])
        recogniser.close()
        return "\n".join(line.text for line in lines)

    return {
        "told": lambda passage, path: by(alone, (passage.code,), path),
        "not told": lambda _, path: by(alone, (), path),
        "embedded": lambda _, path: by(beside, (), path),
        "own search": own_search,
    }


def _latin(every: int) -> None:
    """Print how many worn and turned pages in Latin letters the embedded engine looks at again."""
    from benchmarks.quality.documents import pages
    from benchmarks.quality.images import scans
    from ocrd.engine.protocol import Recognise
    from ocrd.engine.rapidocr.engine import Share
    from ocrd.engine.tesseract import engine as engines

    class Counting(engines.EmbeddedEngine):
        again = 0

        def _foreign(self, *found: Any) -> Any:
            self.again += 1
            return super()._foreign(*found)

    engine = Counting(Share.of(1, "auto", 2), "auto")
    some = list(scans(pages("pages"), ["degraded", "turned"]))[::every]
    said = 0
    for scan in some:
        said += bool(engine.recognise(Recognise(1, str(scan.path)), lambda _: None).script)
    print(f"{len(some)} pages in Latin letters: {engine.again} looked at again, {said} doubted")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.alphabets", description=__doc__)
    parser.add_argument("--latin", type=int, metavar="N")
    if every := parser.parse_args().latin:
        _latin(every)
        return
    heading("Errors of characters in other scripts, per cent: mean (worst page)")
    readers = _readers()
    found: dict[tuple[str, str], list[float]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    with tempfile.TemporaryDirectory() as folder:
        for passage, path in _pages(Path(folder)):
            for name, read in readers.items():
                started = time.perf_counter()
                text = read(passage, path)
                seconds[name].append(time.perf_counter() - started)
                found.setdefault((passage.code, name), []).append(errors(passage.text, text))
    print("| | " + " | ".join(readers) + " |")
    print("|---" * (len(readers) + 1) + "|")
    for passage in PASSAGES:
        cells = (found[passage.code, name] for name in readers)
        row = " | ".join(f"{100 * fmean(some):.1f} ({100 * max(some):.1f})" for some in cells)
        print(f"| {passage.code} | {row} |")
    print("| s a page | " + " | ".join(f"{fmean(seconds[name]):.2f}" for name in readers) + " |")


if __name__ == "__main__":
    main()
