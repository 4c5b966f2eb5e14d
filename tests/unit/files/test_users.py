"""What a user may do somewhere, against what the kernel says to that very user."""

from __future__ import annotations

import itertools
import os
import struct
import subprocess
from pathlib import Path

import pytest

from ocrd.files.users import ENTER, READ, WRITE, User, name_of
from tests.unit.config.texts import let_everybody_enter

NOBODY, SOMEBODY, GROUP, OTHER_GROUP = 65534, 12345, 23456, 23457
RIGHTS = (READ, WRITE, ENTER, READ | WRITE, READ | WRITE | ENTER)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

ASK = """
import os, sys
for path in sys.argv[1:]:
    print("".join(str(int(os.access(path, rights))) for rights in (4, 2, 1, 6, 7)))
"""


def kernels(paths: list[Path], user: int, groups: list[int]) -> list[str]:
    told = subprocess.run(
        ["/usr/bin/env", "python3", "-S", "-c", ASK, *map(str, paths)], capture_output=True,
        text=True, check=True, user=user, group=groups[0], extra_groups=groups[1:], cwd="/",
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return told.stdout.split()


def ours(paths: list[Path], user: User) -> list[str]:
    return ["".join(str(int(user.may(path, rights))) for rights in RIGHTS) for path in paths]


def acl(*entries: tuple[int, int, int]) -> bytes:
    """Return an ACL of (tag, rights, who), as linux/posix_acl_xattr.h has it."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@as_root
def test_owner_group_and_mode_are_judged_as_the_kernel_does(tmp_path: Path) -> None:
    let_everybody_enter(tmp_path)
    paths = []
    for owner, group, mode in itertools.product(
        (0, SOMEBODY), (0, GROUP, OTHER_GROUP), (0o700, 0o750, 0o077, 0o070, 0o007, 0o707, 0o640)
    ):
        path = tmp_path / f"{owner}-{group}-{mode:o}"
        path.mkdir()
        os.chown(path, owner, group)
        path.chmod(mode)
        paths.append(path)
    user = User("somebody", SOMEBODY, frozenset({NOBODY, GROUP}))
    assert ours(paths, user) == kernels(paths, SOMEBODY, [NOBODY, GROUP])


@as_root
def test_access_control_lists_are_judged_as_the_kernel_does(tmp_path: Path) -> None:
    let_everybody_enter(tmp_path)
    no_one = 0xFFFFFFFF
    paths = []
    for number, (named, owning, group, mask, other) in enumerate(
        itertools.product((None, 7, 5, 0), (0, 5), (None, 6, 3), (7, 4), (0, 7))
    ):
        path = tmp_path / str(number)
        path.mkdir()
        os.chown(path, 0, GROUP if number % 2 else 0)
        entries = [(1, 7, no_one)]
        entries += [] if named is None else [(2, named, SOMEBODY)]
        entries += [(4, owning, no_one)]
        entries += [] if group is None else [(8, group, OTHER_GROUP)]
        entries += [(16, mask, no_one), (32, other, no_one)]
        try:
            os.setxattr(path, "system.posix_acl_access", acl(*entries))
        except OSError:
            pytest.skip("this file system has no ACLs")
        paths.append(path)
    user = User("somebody", SOMEBODY, frozenset({NOBODY, GROUP, OTHER_GROUP}))
    assert ours(paths, user) == kernels(paths, SOMEBODY, [NOBODY, GROUP, OTHER_GROUP])


@as_root
def test_a_folder_above_that_may_not_be_entered_shuts_all_below(tmp_path: Path) -> None:
    let_everybody_enter(tmp_path)
    shut = tmp_path / "shut"
    (shut / "open").mkdir(parents=True)
    (shut / "open").chmod(0o777)
    shut.chmod(0o700)
    link = tmp_path / "link"
    link.symlink_to(shut / "open")
    somebody = User("somebody", SOMEBODY, frozenset({NOBODY}))
    assert ours([shut / "open", link], somebody) == ["00000", "00000"]
    assert kernels([shut / "open", link], SOMEBODY, [NOBODY]) == ["00000", "00000"]


def test_of_ourselves_the_kernel_is_asked(tmp_path: Path) -> None:
    me = User.me()
    assert me.is_me
    assert me.may(tmp_path, READ | WRITE | ENTER)
    with pytest.raises(FileNotFoundError):
        me.may(tmp_path / "absent", READ)
    assert User.named(me.name).number == me.number
    assert User.named(str(me.number)).name == me.name


def test_root_may_all_but_run_what_nobody_may(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(0o600)
    (tmp_path / "shut").mkdir(0o000)
    root = User("root", 0, frozenset({0}))
    if os.geteuid() == 0:
        assert not root.may(file, ENTER)
    assert root.may(tmp_path / "shut", WRITE | ENTER) or os.geteuid() != 0


def test_a_number_without_a_name_is_its_own_name() -> None:
    assert name_of(0) == "root"
    assert name_of(4_000_000) == "4000000"
    with pytest.raises(KeyError):
        User.named("no-such-user")
