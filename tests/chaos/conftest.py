"""`pytest tests/chaos -m slow [--chaos=full] [--chaos-seed=N]`: how large the proofs are, and where they are told."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .proof import Proof, line, machine

Tell = Callable[..., None]
SIZES = ("brief", "full")
REQUESTS = {True: 10_000, False: 2_000}
RESULTS = "CHAOS_RESULTS"  # a file that each proof adds its line to


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much to prove."""
    group = parser.getgroup("chaos")
    group.addoption("--chaos", choices=SIZES, default="brief", help="brief: minutes; full: what the pages tell of")
    group.addoption("--chaos-requests", type=int, help="how many requests each proof of many sends")
    group.addoption("--chaos-seed", type=int, help="the seed of a run before, as it was printed")


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the proofs have their full size."""
    return bool(request.config.getoption("chaos", default="brief") == "full")


@pytest.fixture
def requests(request: pytest.FixtureRequest, full: bool) -> int:
    """How many requests a proof of many sends."""
    given = request.config.getoption("chaos_requests", default=None)
    return int(given or REQUESTS[full])


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What decides everything that is left to chance."""
    given = request.config.getoption("chaos_seed", default=None)
    return random.SystemRandom().randrange(1, 1_000_000) if given is None else int(given)


@pytest.fixture
def tell(seed: int, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Prints what a proof found, before anything of it is judged."""

    def told(goal: str, *, figure: dict[str, Any], limit: dict[str, Any], injected: dict[str, int]) -> None:
        proof = Proof(goal=goal, figure=figure, limit=limit, injected=injected, seed=seed, machine=machine())
        with capsys.disabled():
            print(f"\n{line(proof)}", flush=True)
        if RESULTS in os.environ:
            with Path(os.environ[RESULTS]).open("a", encoding="utf-8") as results:
                results.write(f"{line(proof)}\n")

    return told
