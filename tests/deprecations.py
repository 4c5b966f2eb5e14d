"""What others deprecate, listed at the end of a run: each once, with its number.

A warning that comes from our own code is an error (pyproject.toml). What a library warns of in its
own code cannot be mended here, and says what the next version of something will bring.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path

import pytest

TITLE = "what others deprecate"
WIDTH = 300  # characters of a message


class Deprecations:
    """Counts the warnings of a run by who warns of what."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Count one warning; where tests are shared, every process's."""
        text = " ".join(str(warning_message.message).split())[:WIDTH]
        whose = _whose(warning_message.filename)
        self._seen[whose, warning_message.category.__name__, text] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print them, the most frequent first."""
        if not self._seen:
            return
        terminalreporter.section(TITLE)
        for (whose, category, text), count in self._seen.most_common():
            terminalreporter.write_line(f"{count:5} x {whose}: {category}: {text}")


def _whose(filename: str) -> str:
    """Return the package that a file is of, else the file's own name."""
    installed = re.search(r"/(?:site|dist)-packages/([^/]+)", filename)
    return installed[1].removesuffix(".py") if installed else Path(filename).name
