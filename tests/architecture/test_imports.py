"""The directions of imports: every contract of pyproject.toml is kept, and none has an exception."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from typing import Any

from .tree import REPOSITORY

RUN = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def contracts() -> list[dict[str, Any]]:
    """The contracts as they are written."""
    # Any: each type of contract has a table of its own shape.
    settings: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def test_contracts_are_kept() -> None:
    """Each contract is checked on the code as it is, and holds."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--no-logo", "--no-cache"],
        cwd=REPOSITORY,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    summary = re.search(r"Contracts: (\d+) kept, (\d+) broken", told)
    assert summary is not None, told
    assert (int(summary[1]), int(summary[2])) == (len(contracts()), 0)


def test_contracts_have_no_exceptions() -> None:
    """No single import is let through past a contract."""
    assert contracts()
    assert [contract["name"] for contract in contracts() if "ignore_imports" in contract] == []
    assert "ignore_imports" not in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
