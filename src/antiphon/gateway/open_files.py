"""How many files the process may have open, and how many of them may be clients' connections."""

from __future__ import annotations

import contextlib
import resource

OWN_FILES = 128  # the database, logs, engines' sockets, what a library opens for a moment
CONNECTIONS_MIN = 16


def raise_limit() -> int:
    """As many as the system allows this process, from now on; that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # where the hard limit is no number that may be set
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard
    return soft


def connections_within(files: int, asked: int, in_flight_max: int) -> int:
    """How many connections of clients there may be, so that files are left for those to engines.

    A request under way takes a second connection, an idle client takes none.
    """
    if files < 0:  # there is no limit
        return asked
    left = files - OWN_FILES
    return max(CONNECTIONS_MIN, min(asked, left - min(in_flight_max, left // 2)))
