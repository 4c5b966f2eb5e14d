from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ocrd import files
from ocrd.errors import DiskFullError, ShareGoneError, TransientError


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.ENOENT, ShareGoneError),
        (errno.ESTALE, ShareGoneError),
        (errno.EIO, ShareGoneError),
        (errno.ENOTCONN, ShareGoneError),
        (errno.EHOSTDOWN, ShareGoneError),
        (errno.EACCES, TransientError),
        (errno.EBUSY, TransientError),
    ],
)
def test_translate_names_path_cause_and_way_out(code: int, kind: type[TransientError]) -> None:
    error = files.translate(OSError(code, os.strerror(code)), Path("/srv/a\nb"))
    assert type(error) is kind
    assert "/srv/a\\x0ab" in error.what
    assert os.strerror(code) in error.what
    assert error.hint
