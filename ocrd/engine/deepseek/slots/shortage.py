"""What a lack of memory looks like when it is raised: see ``network/shortage``."""

from __future__ import annotations

from ocrd.engine.deepseek.network.shortage import SIGNS, is_shortage

__all__ = ["SIGNS", "is_shortage"]
