"""What ocrd writes takes the place of a file at most, never of a device, pipe, link or folder."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ocrd import files
from ocrd.errors import LinkedError, TransientError
from ocrd.files import Place, sources
from tests.installation import LETTER, OCRD, ROOT


def make_link(path: Path) -> None:
    path.with_name("target").write_bytes(b"kept")
    path.symlink_to("target")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_device(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 7))  # /dev/full


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


OBSTACLES = [make_link, make_dangling_link, os.mkfifo, Path.mkdir, make_device, make_socket]
every_obstacle = pytest.mark.parametrize("make", OBSTACLES, ids=lambda make: make.__name__)


def look(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_ino, status.st_mode, status.st_rdev


@every_obstacle
def test_a_durable_write_replaces_nothing_but_a_file(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "scan.md"
    make(path)
    before = look(path), sorted(tmp_path.iterdir())
    for replace in (False, True):
        with pytest.raises(FileExistsError):
            files.write_durably(path, lambda out: out.write(b"text"), replace=replace)
    assert (look(path), sorted(tmp_path.iterdir())) == before


@every_obstacle
def test_what_takes_a_files_place_in_the_last_moment_is_put_back(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "scan.md"
    path.write_bytes(b"old")

    def swapping(entry: files.Entry) -> bool:
        was_file = files.is_regular(entry)
        if entry.name == path.name:  # looked at, and swapped right after
            path.unlink()
            make(path)
        return was_file

    (tmp_path / "staged").write_bytes(b"new")
    with files.opened_folder(tmp_path) as folder, pytest.raises(FileExistsError):
        files.replace_file(folder.entry("staged"), folder.entry("scan.md"), swapping)
    assert not stat.S_ISREG(path.lstat().st_mode)
    assert (tmp_path / "staged").read_bytes() == b"new"


@every_obstacle
def test_convert_writes_over_no_device_pipe_or_link_even_by_force(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "letter.md"
    make(path)
    before = look(path)
    source = tmp_path / "letter.png"
    source.write_bytes(LETTER.read_bytes())
    result = subprocess.run(
        [*OCRD, "convert", str(source), "--force"], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 1, result
    assert "no file of its own" in result.stderr
    assert look(path) == before
    assert source.read_bytes() == LETTER.read_bytes()


def test_no_module_is_imported_from_the_folder_that_ocrd_is_started_in(tmp_path: Path) -> None:
    """Neither by the command nor by any of its children."""
    for name in ("json.py", "struct.py", "PIL.py", "ocrd.py", "sitecustomize.py"):
        (tmp_path / name).write_text("open('run', 'w').close(); raise SystemExit\n")
    command = Path(sys.executable).with_name("ocrd")
    if not command.exists():
        pytest.skip("the command is not installed")
    result = subprocess.run(
        [command, "convert", str(LETTER), "-o", "out"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result
    assert not (tmp_path / "run").exists()


# Places


@pytest.mark.parametrize("relpath", ["../x", "a/../../x", "/etc/passwd", "a/../b"])
def test_a_place_never_leads_out_of_its_root(relpath: str) -> None:
    with pytest.raises(ValueError, match=r"leads out|not relative"):
        Place.below(Path("/srv/scans"), relpath)


def test_links_in_the_roots_own_path_are_followed_if_root_or_we_made_them(tmp_path: Path) -> None:
    (tmp_path / "real" / "in").mkdir(parents=True)
    (tmp_path / "absolute").symlink_to(tmp_path / "real")
    (tmp_path / "relative").symlink_to("./absolute/../real")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("absolute", "relative"):
        with files.opened_folder(Place(tmp_path / name / "in")) as directory:
            assert os.path.samestat(os.fstat(directory.fd), (tmp_path / "real" / "in").stat())
        files.make_directories(Place(tmp_path / name / "in", ("2024", name)), root_too=False)
        assert (tmp_path / "real" / "in" / "2024" / name).is_dir()
    with pytest.raises(OSError, match="Too many levels"), files.opened_folder(
        Place(tmp_path / "loop")
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives links away")
def test_links_in_the_roots_own_path_are_not_followed_if_anybody_else_made_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "theirs").symlink_to("real")
    os.lchown(tmp_path / "theirs", 65534, 65534)
    place = Place(tmp_path / "theirs")
    with pytest.raises(files.LinkInTheWayError, match="belongs to somebody else"):
        files.opened_folder(place).__enter__()
    with pytest.raises(TransientError, match="belongs to somebody else"):
        files.make_directories(place / "made")
    assert list((tmp_path / "real").iterdir()) == []


# Hard links


@pytest.mark.parametrize("network", [True, False])
@pytest.mark.parametrize("protected", ["0\n", "1\n", None])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
@pytest.mark.parametrize("names", [1, 2])
def test_a_second_name_is_read_where_nobody_gains_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: int, mode: int, protected: str | None,
    network: bool,
) -> None:
    setting = tmp_path / "protected_hardlinks"
    if protected is not None:
        setting.write_text(protected)
    monkeypatch.setattr(sources, "_PROTECTED_LINKS", setting)
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"content")
    path.chmod(mode)
    if names == 2:
        os.link(path, tmp_path / "elsewhere")
    gains = names == 2 and mode != 0o644 and (network or protected != "1\n")
    key = files.file_key(path)
    if gains:
        with pytest.raises(LinkedError, match="hard link"):
            files.refuse_borrowed(path, key, network=network)
    else:
        files.refuse_borrowed(path, key, network=network)
