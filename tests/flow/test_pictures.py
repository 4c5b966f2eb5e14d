"""Image files through the real daemon: waited for, read at once, or refused."""

from __future__ import annotations

import json
import struct

import numpy as np
from PIL import Image

from tests.installation import Installation, eventually
from tests.unit.raster.picturing import encoded, lettered, tiff

SIZE = (400, 300)
LONG = "600s"


def drop(daemon: Installation, name: str, content: bytes) -> None:
    """Let a file appear whole: a rename is one moment."""
    hidden = daemon.root / name
    hidden.write_bytes(content)
    hidden.rename(daemon.inbox / name)


def test_what_can_become_nothing_else_is_filed_at_once(daemon: Installation) -> None:
    daemon.configure(patience=LONG)
    page = np.zeros((900, 400), np.uint8)  # of white, from the letters on
    page[:300] = 255 - np.asarray(lettered(SIZE))
    drop(daemon, "white-foot.tif", tiff(page, (400, 900), 8, photometric=0))
    drop(daemon, "mail.jpg", b"\r\n\r\n" + encoded("a.jpg", lettered(SIZE)))
    drop(daemon, "phone.heic", encoded("a.heic", lettered(SIZE).convert("RGB")))
    jbig = tiff(bytes(40_000), SIZE, 1).replace(
        struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 34661, 0)
    )
    drop(daemon, "fax.tif", jbig)
    drop(daemon, "icon.ico", b"\0\0\1\0\1\0" + bytes(60))
    daemon.start()
    daemon.wait_for(
        "done/white-foot.md", "done/mail.md", "done/phone.md", "failed/fax.error.json",
        "failed/icon.error.json",
    )  # fmt: skip
    for name, kind in (("fax", "JBIG"), ("icon", "Windows icon")):
        said = json.loads((daemon.failed / f"{name}.error.json").read_text())
        assert said["code"] == "unsupported"
        assert kind in said["message"]


def test_what_ends_early_is_read_as_far_as_it_goes_once_the_patience_is_over(
    daemon: Installation,
) -> None:
    daemon.configure(inbox='outputs = ["md", "json"]', patience="3s")
    noisy = Image.effect_noise((400, 900), 60)
    noisy.paste(lettered(SIZE), (0, 0))
    cut = encoded("a.png", noisy)
    drop(daemon, "no-end.jpg", encoded("a.jpg", lettered(SIZE))[:-2])
    drop(daemon, "cut.png", cut[: int(len(cut) * 0.93)])
    daemon.start()
    daemon.wait_for("done/no-end.md", "done/cut.md", "done/cut.json")
    assert "not complete yet" in daemon.log.read_text()
    (page,) = json.loads((daemon.done / "cut.json").read_text())["pages"]
    assert page["status"] == "doubtful"
    assert "of the page is not there" in (daemon.done / "cut.md").read_text()
    assert (daemon.done / "no-end.md").read_text()


def test_a_picture_that_arrives_in_two_pieces_is_read_whole(daemon: Installation) -> None:
    daemon.configure(inbox='outputs = ["md", "json"]', patience=LONG)
    content = encoded("a.jpg", Image.effect_noise((600, 400), 90), quality=95)
    drop(daemon, "late.jpg", content[: len(content) // 2])
    daemon.start()
    eventually(lambda: "not complete yet" in daemon.log.read_text(), 30, "it is waited for")
    with (daemon.inbox / "late.jpg").open("ab") as file:
        file.write(content[len(content) // 2 :])
    daemon.wait_for("done/late.md", "done/late.json")
    assert "ends early" not in (daemon.done / "late.json").read_text()
    assert (daemon.done / "late.jpg").read_bytes() == content


def test_what_is_damaged_inside_is_read_at_once_and_a_hole_is_waited_for(
    daemon: Installation,
) -> None:
    daemon.configure(inbox='outputs = ["md", "json"]', patience="6s")
    noise = np.random.default_rng(3).normal(128, 60, (900, 400)).clip(0, 255).astype(np.uint8)
    page = Image.fromarray(noise)
    page.paste(lettered(SIZE), (0, 0))
    sound = {
        "phone.jpg": encoded("a.jpg", page, quality=95),
        "scan.png": encoded("a.png", page),
        "fax.tif": encoded("a.tif", page, compression="tiff_lzw", strip_size=8000),
    }
    for name, content in sound.items():
        place = int(len(content) * 0.9)
        wrong = np.random.default_rng(5).bytes(400)
        drop(daemon, f"wrong-{name}", content[:place] + wrong + content[place + 400 :])
    place = len(sound["scan.png"]) * 9 // 10 // 4096 * 4096
    drop(daemon, "hole.png", b"".join(
        (sound["scan.png"][:place], bytes(4096), sound["scan.png"][place + 4096 :])
    ))  # fmt: skip
    nothing = bytearray(sound["scan.png"])
    begin, end = nothing.find(b"IDAT") + 4, len(nothing) - 16
    nothing[begin:end] = np.random.default_rng(6).bytes(end - begin)
    drop(daemon, "nothing.png", bytes(nothing))
    daemon.start()
    daemon.wait_for(
        *(f"done/wrong-{name.partition('.')[0]}.json" for name in sound),
        "failed/nothing.error.json",
    )
    assert not (daemon.done / "hole.json").exists(), "a hole may still be filled"
    daemon.wait_for("done/hole.json")
    for name in (*(f"wrong-{name.partition('.')[0]}" for name in sound), "hole"):
        (read,) = json.loads((daemon.done / f"{name}.json").read_text())["pages"]
        (doubt,) = (each for each in read["doubts"] if each["code"] == "not-drawn")
        assert doubt["message"].startswith("The file is damaged. "), name
    said = json.loads((daemon.failed / "nothing.error.json").read_text())
    assert said["code"] == "broken"
    assert "a picture in it is damaged" in said["message"]


def test_a_hole_that_is_filled_in_time_is_read_whole(daemon: Installation) -> None:
    daemon.configure(inbox='outputs = ["md", "json"]', patience=LONG)
    content = encoded("a.png", Image.effect_noise((900, 900), 60))
    half = len(content) // 2 // 4096 * 4096
    drop(daemon, "copy.png", content[:half] + bytes(4096) + content[half + 4096 :])
    daemon.start()
    eventually(lambda: "not complete" in daemon.log.read_text())
    with (daemon.inbox / "copy.png").open("r+b") as file:
        file.seek(half)
        file.write(content[half : half + 4096])
    daemon.wait_for("done/copy.json")
    (read,) = json.loads((daemon.done / "copy.json").read_text())["pages"]
    assert not [each for each in read["doubts"] if each["code"] == "not-drawn"]
