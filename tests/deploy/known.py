"""What gateways know of what recipes tell them: variables that are settings, and settings that they accept."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from .tools import REPOSITORY, run

OTHER = frozenset({"ANTIPHON_CONFIG", "DATABASE_URL"})
VARIABLE = re.compile(r"`(ANTIPHON_\w+)`")


def known_variables() -> frozenset[str]:
    """Every variable that is a setting, as the reference lists them."""
    reference = (REPOSITORY / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    return frozenset(VARIABLE.findall(reference)) | OTHER


def complaints(settings: Path, variables: dict[str, str]) -> str:
    """What `antiphon config check` says against a file of settings, with these variables; nothing when it is good."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANTIPHON_")}
    words = (f"{name}={value}" for name, value in (kept | variables).items())
    done = run("env", "-i", *words, sys.executable, "-m", "antiphon", "config", "check", "--config", settings)
    return "" if done.returncode == 0 else done.stdout + done.stderr
