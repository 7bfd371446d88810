"""`antiphon version`."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from typing import Any

from antiphon import __version__
from antiphon.cli.version import PARTS


def test_people_get_the_number(run: Callable[..., Any]) -> None:
    """And nothing else."""
    assert run("version").out == f"{__version__}\n"


def test_scripts_get_the_parts(run: Callable[..., Any]) -> None:
    """Those that are missing are null."""
    told = json.loads(run("version", "--json").out)
    assert told["antiphon"] == __version__
    assert told["python"] == platform.python_version()
    assert set(told["packages"]) == set(PARTS)
    assert told["packages"]["msgspec"]
