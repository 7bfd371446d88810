"""Processes that the suite starts: each says in one line that it is ready, and is gone when its context is."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

STOP_TIMEOUT_S = 25.0
POLL_S = 0.05


@contextlib.contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with its errors in `log`; its output is for it to announce itself.

    Stopped by the end of its input and SIGTERM, then by SIGKILL to its whole session.
    """
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End it as its owner would, and do not leave before it is gone."""
    assert process.stdin is not None
    process.stdin.close()
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def announced(process: subprocess.Popen[str], log: Path, *, within_s: float) -> dict[str, str]:
    """The JSON line that the process prints when it is ready."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], within_s)
    line = process.stdout.readline() if readable else ""
    if not line:
        raise RuntimeError(f"{process.args!r} did not become ready:\n{tail(log)}")
    said: dict[str, str] = json.loads(line)
    return said


def wait_until(condition: Callable[[], bool], *, within_s: float, what: str) -> float:
    """The seconds until `condition` held; AssertionError with `what` when it did not in time."""
    started = time.monotonic()
    pause = Event()
    while True:
        asked = time.monotonic()
        if condition():
            return asked - started
        if asked - started > within_s:
            raise AssertionError(f"not within {within_s} s: {what}")
        pause.wait(POLL_S)


def tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def descendants(pid: int) -> set[int]:
    """The process's children, and theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    found = {pid}
    while grown := {child for child, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {pid}
