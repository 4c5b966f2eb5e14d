"""The errors and the page made from them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ocrd import errors
from ocrd.errors import OcrdError

ROOT = Path(__file__).parents[2]


def test_the_page_of_errors_is_up_to_date() -> None:
    command = [sys.executable, "docs/generate_errors.py", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_every_error_of_the_module_has_a_code_of_its_own() -> None:
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, OcrdError)
    ]
    assert len({cls.code for cls in classes}) == len(classes)
