"""What is read is the file that was found, and it stays so while it is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.errors import LinkedError, SourceChangedError
from ocrd.taking import taken
from tests.unit.leased import Desk

SHA256 = hashlib.sha256(b"content").hexdigest()


@pytest.fixture(params=[False, True], ids=["disk", "share"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Provide a folder on a disk, then one on a network share."""
    desk = Desk(tmp_path, passwords=["one", "two"])
    desk.is_network = request.param
    yield desk
    desk.close()


async def test_a_source_comes_with_its_hash_its_key_and_the_folders_passwords(desk: Desk) -> None:
    work = await desk.lease()
    async with taken(work, desk.temp_dir) as (source, sha256):
        assert Path(str(source.path)).read_bytes() == b"content"
        assert source.key is not None
        assert source.key.size == len(b"content")
        assert source.passwords == ("one", "two")
    assert sha256 == work.sha256 == SHA256


async def test_only_a_share_is_copied_from(desk: Desk) -> None:
    work = await desk.lease()
    async with taken(work, desk.temp_dir) as (source, _):
        copies = list(desk.temp_dir.iterdir())
        assert bool(copies) is desk.is_network
        assert str(source.path) == str(copies[0] if copies else work.path)
        work.path.write_bytes(b"something else")
        kept = Path(str(source.path)).read_bytes() == b"content"
        assert kept is desk.is_network


async def test_a_copy_is_gone_afterwards_even_when_reading_fails(desk: Desk) -> None:
    work = await desk.lease()
    with pytest.raises(ZeroDivisionError):
        async with taken(work, desk.temp_dir):
            raise ZeroDivisionError
    assert list(desk.temp_dir.iterdir()) == []
    assert work.path.read_bytes() == b"content"


async def test_a_document_that_is_slow_to_draw_says_so(desk: Desk) -> None:
    work = await desk.lease()
    async with taken(work, desk.temp_dir) as (source, _):
        assert not work.is_slow
        source.on_slow()
    assert work.is_slow


async def test_a_file_that_was_written_to_since_is_not_taken(desk: Desk) -> None:
    work = await desk.lease()
    work.path.write_bytes(b"more content")
    with pytest.raises(SourceChangedError):
        async with taken(work, desk.temp_dir):
            pytest.fail("it was taken")
    assert work.sha256 is None
    assert list(desk.temp_dir.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "pipe"])
async def test_what_took_the_files_name_is_a_change_and_no_unknown_format(
    desk: Desk, tmp_path: Path, kind: str
) -> None:
    work = await desk.lease()
    work.path.rename(tmp_path / "elsewhere")
    if kind == "link":
        work.path.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(work.path)
    with pytest.raises(SourceChangedError) as raised:
        async with taken(work, desk.temp_dir):
            pytest.fail("it was taken")
    assert raised.value.what
    assert list(desk.temp_dir.iterdir()) == []


async def test_a_secret_that_is_linked_into_a_share_is_not_taken(
    desk: Desk, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"content")
    secret.chmod(0o600)
    os.link(secret, desk.inbox / "a.pdf")
    desk.is_network = True
    work = await desk.lease()
    with pytest.raises(LinkedError):
        async with taken(work, desk.temp_dir):
            pytest.fail("it was taken")
    assert list(desk.temp_dir.iterdir()) == []
