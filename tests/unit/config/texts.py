"""Configurations as texts: written into a folder, loaded, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.errors import ConfigError, Fate

INBOX = '[[inbox]]\npath = "/srv/in"\n'
V2 = f"{INBOX}[engine]\nkind = 'deepseek-ocr-2'\n"


def let_everybody_enter(folder: Path) -> None:
    """Open the folder, and those above it that are closed, to other users."""
    for part in (folder, *folder.parents):
        mode = part.stat().st_mode
        if not mode & 0o001:
            part.chmod(mode | 0o055)


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def load(folder: Path, text: str, **environ: str) -> Settings:
    return config.load(write(folder, text), environ)


def refused(folder: Path, text: str, **environ: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    assert caught.value.hint, "every refusal has a remedy"
    assert caught.value.fate is Fate.EXIT
    return caught.value
