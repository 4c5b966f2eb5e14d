"""How a folder's sidecars look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """What is written, and how."""

    front_matter: bool = False
    page_marks: bool = True
    remarks: bool = True  # why a page is doubtful, at its start; False where that is told beside it
    running_heads: bool = False  # what is on every page is written too, and not in the JSON only
    math: str = "dollar"  # $…$ and $$…$$; or "tex": \(…\) and \[…\]
    tables: str = "pipe"  # GFM's where no cell spans, HTML elsewhere; or "html" everywhere
    assets: str = ""  # the folder of the cropped figures beside the sidecar; "" if there is none


USUAL = Style()
