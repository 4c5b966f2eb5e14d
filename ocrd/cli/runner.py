"""Who runs a configuration, where no daemon runs that could be asked: that user's rights count."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd.daemon.unit import Unit, unit_of
from ocrd.files.users import ENTER, READ, User

if TYPE_CHECKING:
    from ocrd.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Runner:
    """The user of a configuration, and the unit that starts it where there is one."""

    user: User
    unit: Unit | None = None

    @property
    def name(self) -> str:
        """Return the user's name, and where it is from."""
        return f"{self.user.name} of {self.unit.name}" if self.unit else self.user.name

    def take_over(self) -> bool:
        """Become the user, for good, if we may and it can run this program; say if we are it."""
        if self.user.is_me:
            return True
        if os.geteuid() != 0 or not self._can_run_us():
            return False
        entry = pwd.getpwuid(self.user.number)
        os.setgroups(sorted(self.user.groups))
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        os.umask(0o077)
        os.environ.update(HOME=entry.pw_dir, USER=entry.pw_name, LOGNAME=entry.pw_name)
        return True

    def _can_run_us(self) -> bool:
        code = Path(__file__)
        try:
            return self.user.may(code, READ) and self.user.may(Path(sys.executable), READ | ENTER)
        except OSError:
            return False


def runner_of(config: Path, settings: Settings) -> Runner:
    """Return who runs a configuration: its unit's user, else the owner of its state, else we."""
    unit = unit_of(config)
    if unit is not None:
        try:
            return Runner(User.named(unit.user), unit)
        except KeyError:  # not made yet
            return Runner(User.me(), unit)
    try:
        return Runner(User.named(str(settings.state_dir.stat().st_uid)))
    except (OSError, KeyError):
        return Runner(User.me())
