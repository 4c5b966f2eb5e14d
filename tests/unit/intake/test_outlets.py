from __future__ import annotations

import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.files import mounts
from ocrd.intake import outlets
from tests.faults.labs import disks


def test_a_folder_that_takes_files_is_left_as_it_was(tmp_path: Path) -> None:
    assert outlets.refusal(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_folder_is_told_and_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "Not a directory" in outlets.refusal(tmp_path / "file")
    assert "No such file" in outlets.refusal(tmp_path / "gone")
    inbox, elsewhere = tmp_path / "inbox", tmp_path / "elsewhere"
    inbox.mkdir()
    elsewhere.mkdir()
    before = elsewhere.stat().st_mtime_ns
    (inbox / "done").symlink_to(elsewhere)
    assert "done" in outlets.trouble(InboxSettings(path=inbox))
    assert elsewhere.stat().st_mtime_ns == before, "no file was ever in there"


def test_a_file_that_cannot_be_written_whole_is_a_refusal_and_goes_again(tmp_path: Path) -> None:
    """In a process that may write a page and no more."""
    program = (
        "import resource, signal, sys; from pathlib import Path; from ocrd.intake import outlets\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "print(outlets.refusal(Path(sys.argv[1])))"
    )
    assert resource.RLIMIT_FSIZE is not None
    child = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "File too large" in child.stdout
    assert list(tmp_path.iterdir()) == []


def test_only_the_places_that_an_inbox_files_into_are_tried(tmp_path: Path) -> None:
    (tmp_path / "done").write_text("in the way")
    settings = InboxSettings(path=tmp_path)
    assert "done" in outlets.trouble(settings)
    assert outlets.trouble(settings.model_copy(update={"source": "keep"})) == ""
    (tmp_path / "done").unlink()
    assert outlets.trouble(settings) == "", "a folder that is not there yet is made by who files"


def test_a_folder_that_takes_files_is_not_shut_and_nothing_is_written(tmp_path: Path) -> None:
    before = tmp_path.stat().st_mtime_ns
    assert outlets.shut(InboxSettings(path=tmp_path)) == ""
    assert (tmp_path.stat().st_mtime_ns, list(tmp_path.iterdir())) == (before, [])


def test_a_file_in_the_place_of_a_folder_shuts_it(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    settings = InboxSettings(path=tmp_path / "inbox", done="../far/done", failed="../far/failed")
    assert outlets.shut(settings) == "", "it is made by who files"
    (tmp_path / "far").touch()
    assert "Not a directory" in outlets.shut(settings)
    assert outlets.shut(settings.model_copy(update={"source": "keep"})) == ""


def test_a_place_whose_mount_is_missing_is_not_made_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(f"server:/export {tmp_path}/nas nfs defaults 0 0\n")
    monkeypatch.setattr(
        "ocrd.intake.outlets.mounts.promised", partial(mounts.promised, fstab=fstab)
    )
    for name in ("inbox", "nas"):
        (tmp_path / name).mkdir()
    settings = InboxSettings(path=tmp_path / "inbox", done="../nas/done")
    told = outlets.shut(settings)
    assert f"nothing is mounted at {tmp_path}/nas" in told
    assert outlets.shut(InboxSettings(path=tmp_path / "inbox")) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_read_only_folder_names_the_other_way_out_too(tmp_path: Path) -> None:
    with disks.tmpfs(tmp_path / "disk"):
        disks.remount(tmp_path / "disk", "ro")
        told = outlets.shut(InboxSettings(path=tmp_path / "disk"), "Open the sandbox.")
    assert "Read-only file system" in told
    assert told.endswith("Open the sandbox.")


def test_a_file_in_the_place_of_done_does_not_shut_the_folder(tmp_path: Path) -> None:
    """It is taken for a document and leaves; a link, or a file in the place of failed, does not."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    settings = InboxSettings(path=inbox)
    (inbox / "done").write_text("words")
    assert outlets.shut(settings) == ""
    (inbox / "done").unlink()
    (inbox / "done").symlink_to(tmp_path)
    assert outlets.shut(settings)
    (inbox / "done").unlink()
    (inbox / "failed").write_text("words")
    assert outlets.shut(settings)


def test_a_file_that_is_ignored_stays_in_the_place_of_done_and_shuts_the_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "done").write_text("nobody takes it away")
    assert outlets.shut(InboxSettings(path=tmp_path)) == ""
    assert "Not a directory" in outlets.shut(InboxSettings(path=tmp_path, ignore=("done",)))
