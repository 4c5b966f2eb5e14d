"""The terminal that the daemon was started on, where it was: what its end means.

To a service SIGHUP says "read your configuration again"; to a program on a terminal it says that
the terminal is gone, and the program is to go with it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal

from ocrd.daemon import systemd


def is_ours() -> bool:
    """Say whether we end with a terminal: we have one, and nobody had us ignore its end (nohup)."""
    if systemd.is_service() or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def let_go() -> None:
    """Send what is still said to nowhere, where the terminal it would go to has ended."""
    for fd in (0, 1, 2):
        poll = select.poll()
        poll.register(fd, 0)
        if any(event & select.POLLHUP for _, event in poll.poll(0)):
            with contextlib.suppress(OSError):
                nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
                os.dup2(nowhere, fd)
                os.close(nowhere)
