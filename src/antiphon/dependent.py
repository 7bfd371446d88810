"""Becomes a program that ends with its parent: `python -m antiphon.dependent SIGNAL PARENT_PID PROGRAM WORD ...`.

Before that it asks the kernel for a signal, `SIGINT` or `SIGKILL` say, when its parent ends, however that happens: no
chain and no broker is left over.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(words: list[str]) -> int:
    """Replace this process by the program; 1 when the parent is gone already."""
    name, parent_pid, *command = words
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.Signals[name], 0, 0, 0)
    if os.getppid() == int(parent_pid):
        os.execv(command[0], command)  # noqa: S606 - a program of ours with words of ours; no shell
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
