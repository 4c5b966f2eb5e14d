"""Becomes ``ocrd`` with every file-changing system call held: ``launch.py SOCKET_FD PARENT ARGS``.

The filter's listener goes to the campaign over the socket; then the real program runs. Only where
the campaign itself is tried, SABOTAGE in the environment names a function that breaks ocrd before.
"""

from __future__ import annotations

import importlib
import os
import runpy
import socket
import sys

from ocrd.raster.child import end_with
from tests.faults.campaign import seccomp


def main() -> None:
    channel, parent = int(sys.argv[1]), int(sys.argv[2])
    end_with(parent)
    listener = seccomp.install()
    with socket.socket(fileno=channel) as connection:
        socket.send_fds(connection, [b"listener"], [listener])
    os.close(listener)
    if sabotage := os.environ.get("SABOTAGE"):
        module, _, function = sabotage.partition(":")
        getattr(importlib.import_module(module), function)()
    sys.argv = ["ocrd", *sys.argv[3:]]
    runpy.run_module("ocrd", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
