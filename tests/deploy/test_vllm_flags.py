"""The flags that pages and recipes give to vLLM are flags that it has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .tools import DEPLOY, REPOSITORY

PAGE = REPOSITORY / "docs" / "use-your-engines.md"
INSTALL = REPOSITORY / "scripts" / "vllm" / "install.py"
ROW = re.compile(r"^\| vLLM \|(.*)\|$", re.MULTILINE)
FLAG = re.compile(r"--[a-z][a-z-]+")
HELP_S_MAX = 120


def flags() -> set[str]:
    """All of them, but for those of the gateway itself."""
    rows = " ".join(ROW.findall(PAGE.read_text(encoding="utf-8")))
    composed = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    return set(FLAG.findall(rows)) - {"--upstream"} | set(
        FLAG.findall(" ".join(composed["services"]["vllm"]["command"]))
    )


def test_the_pages_name_flags() -> None:
    """There is something to hold against its help."""
    assert {"--served-model-name", "--enable-prompt-tokens-details", "--shutdown-timeout"} <= flags()


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_vllm_knows_its_flags() -> None:
    """Each stands in the help of the release that the conformance suite runs on."""
    subprocess.run([sys.executable, str(INSTALL)], check=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    program = cache / "antiphon" / "vllm" / "venv" / "bin" / "vllm"
    asked = subprocess.run(
        [program, "serve", "--help=all"], capture_output=True, text=True, check=True, timeout=HELP_S_MAX
    )
    assert flags() - set(FLAG.findall(asked.stdout)) == set()
