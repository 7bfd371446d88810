"""`antiphon conformance`, as a person runs it, against a gateway with a real model and against a broken server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.processes import Gateway, fault_engine, free_port, gateway, variables

RUN_S = 240.0


@pytest.fixture(scope="module")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the built-in model."""
    with gateway(tmp_path_factory.mktemp("conformance"), []) as found:
        yield found


def conformance(folder: Path, *words: str) -> tuple[int, str]:
    """The exit code of the command and what it printed."""
    command = [sys.executable, "-m", "antiphon", "conformance", *words]
    ran = subprocess.run(
        command, env=variables(folder), timeout=RUN_S, capture_output=True, text=True, check=False, cwd=folder
    )
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode, ran.stdout


def test_our_own_gateway_keeps_what_is_mandatory(built_in: Gateway, tmp_path: Path) -> None:
    """Errors, ranges, sessions and both vendors' doors, on the built-in model."""
    areas = [word for area in ("errors", "ranges", "nugen", "adaptive", "sessions") for word in ("--only", area)]
    status, printed = conformance(tmp_path, built_in.root, built_in.key, *areas)
    assert status == 0, printed
    assert "All mandatory checks passed" in printed


def test_what_a_server_lacks_is_told(tmp_path: Path) -> None:
    """An engine by itself has no other doors: that is lacking, and nothing breaks on it."""
    with fault_engine(tmp_path, model="words") as url:
        status, printed = conformance(tmp_path, url, "any", "--json", "--door", "nugen", "--timeout-s", "20")
    outcomes = json.loads(printed)
    assert outcomes["url"] == url
    assert status in (0, 1)
    assert "lacks" in printed


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Nothing passes, and the exit code is 1."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert conformance(tmp_path, nowhere, "any", "--only", "models", "--timeout-s", "5")[0] == 1
