"""One download of a file at a time, over all processes of this machine."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from antiphon.errors import ConfigError

POLL_S = 0.2
STALL_S_MAX = 600.0  # checking a large file takes minutes


@contextlib.contextmanager
def locked(path: Path, *, waiting: Callable[[], int], name: str) -> Iterator[None]:
    """Hold the lock file `path` for a while.

    While another process holds it, `waiting` is called several times a second; it returns the bytes that the other
    has by now. ConfigError when that number stands still for ten minutes.
    """
    with path.open("ab") as file:
        seen, since = -1, time.monotonic()
        while not _taken(file.fileno()):
            done = waiting()
            if done != seen:
                seen, since = done, time.monotonic()
            if time.monotonic() - since > STALL_S_MAX:
                raise ConfigError(f"another process has been downloading {name} without progress: end it, try again")
            time.sleep(POLL_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
