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
    assert "rows are not there" in (daemon.done / "cut.md").read_text()
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
