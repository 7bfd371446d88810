"""A gateway whose event loop is blocked by a mistake in its own code: the log says where, and it recovers."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from .lab import QUIET, running

RECOVERED_S_MAX = 30.0
# Read by Python at its start, before anything of ours: a signal makes the main thread sleep, as a blocking call would.
MISTAKE = """
import signal, time

def a_call_that_blocks(*_):
    time.sleep(3)

signal.signal(signal.SIGUSR1, a_call_that_blocks)
"""


@pytest.mark.slow
async def test_a_blocked_loop_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place in the code; new work is refused afterwards until the loop has been on time for a second."""
    (tmp_path / "sitecustomize.py").write_text(MISTAKE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with running(tmp_path) as lab:
        stream = asyncio.create_task(lab.ask(QUIET[1], tokens=20, token_s=0.1))
        await lab.engine.request(0)
        os.kill(lab.gateway.pid, signal.SIGUSR1)
        assert (await lab.gateway.ask("/livez")).status == 200  # late, and well
        assert (await lab.gateway.ask("/readyz")).status == 503
        refused = await lab.ask(QUIET[0], stream=False)
        assert (refused.status, refused.retry_after is not None) == (503, True)
        assert (await stream).good  # what is under way goes on
        async with asyncio.timeout(RECOVERED_S_MAX):
            while (await lab.gateway.ask("/readyz")).status != 200:
                pass
        assert (await lab.ask(QUIET[0], tokens=1, token_s=0.0)).good
        told = [line for line in lab.gateway.log.splitlines() if "the event loop is blocked" in line]
        assert len(told) == 1
        assert "a_call_that_blocks" in told[0]
