"""What tests of commands share: a clean place to run them in, an engine to talk to."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from antiphon.cli.app import main
from antiphon.testing.fault_engine import FaultEngine

START_TIMEOUT_S = 5.0
OURS = ("ANTIPHON_", "OPENAI_", "HF_", "XDG_")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    notes: str


Run = Callable[..., Ran]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of its own, with a home, and none of our variables."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command as the shell would, within this process."""

    def run_words(*words: str) -> Ran:
        capsys.readouterr()
        code = main(list(words))
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_words


@pytest.fixture
def engine() -> Iterator[FaultEngine]:
    """An engine that answers from a thread, as commands block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    served = FaultEngine()
    try:
        asyncio.run_coroutine_threadsafe(served.listen(), loop).result(START_TIMEOUT_S)
        yield served
        asyncio.run_coroutine_threadsafe(_stop(served), loop).result(START_TIMEOUT_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_TIMEOUT_S)
        loop.close()


async def _stop(engine: FaultEngine) -> None:
    engine.crash()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*others, return_exceptions=True)
