"""One download at a time, between processes that know nothing of each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.errors import ConfigError
from antiphon.modelfiles import locking
from antiphon.modelfiles.locking import locked

HOLDER = """
import fcntl, sys
with open(sys.argv[1], "ab") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock until its input closes."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_free_lock_is_taken_at_once(tmp_path: Path) -> None:
    """Nobody waits, and it is free again afterwards."""
    for _ in range(2):
        with locked(tmp_path / "l", waiting=lambda: pytest.fail("waited"), name="m"):
            pass


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    """While another process holds it we tell how far that one is; when that ends, even by a kill, it is our turn."""
    holder, asked = hold(tmp_path / "l"), []

    def waiting() -> int:
        asked.append(1)
        holder.kill()
        return len(asked)

    with holder, locked(tmp_path / "l", waiting=waiting, name="m"):
        assert asked


def test_a_holder_without_progress_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the limit the sentence says what to do."""
    monkeypatch.setattr(locking, "STALL_S_MAX", 0.0)
    with (
        hold(tmp_path / "l") as holder,
        pytest.raises(ConfigError, match="downloading m without progress"),
        locked(tmp_path / "l", waiting=lambda: 0, name="m"),
    ):
        pass
    assert holder.returncode == 0
