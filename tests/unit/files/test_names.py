from __future__ import annotations

import os

from ocrd import files


def test_printable_shows_a_name_on_one_line() -> None:
    assert files.printable(os.fsdecode(b"a\xff\n\x1b[31m.pdf")) == "a\\xff\\x0a\\x1b[31m.pdf"
    assert files.printable("fdp.\u202eexe") == "fdp.\\u202eexe"
    assert files.printable("Rechnung ä 日本 👍🏽") == "Rechnung ä 日本 👍🏽"
    files.printable(os.fsdecode(bytes(range(1, 256)))).encode()
