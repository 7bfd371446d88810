"""Takes from the child process what it does not need: the network, core dumps, new privileges, life after its parent.

A model file is input from strangers, read by C++: a hostile one must not reach far.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
OOM_SCORE = 500  # out of 1,000: when memory runs out, the kernel takes the engine before the gateway


def confine(parent_pid: int) -> list[str]:
    """Confine this process, before it has threads; what could not be done, in sentences.

    Ends the process if its parent is gone already.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    missing = _confine_linux() if sys.platform == "linux" else ["Only Linux can take the network from the engine."]
    if os.getppid() != parent_pid:
        raise SystemExit("The parent is gone.")
    return missing


def _confine_linux() -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    missing = []
    spaces = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if libc.unshare(spaces) != 0:
        missing.append(f"The engine keeps the network of the gateway: {os.strerror(ctypes.get_errno())}.")
    # Changing the user namespace clears the signal, so it is set after that.
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        missing.append("The kernel does not end the engine with its parent; closing its input does.")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        missing.append("The engine may gain privileges.")
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError as error:
        missing.append(f"The engine is not the first to go when memory runs out: {error.strerror}.")
    return missing
