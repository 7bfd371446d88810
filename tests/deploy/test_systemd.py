"""The unit for systemd."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from .known import known_variables
from .tools import DEPLOY, run

UNIT = DEPLOY / "systemd" / "antiphon.service"


def test_its_variables_are_settings() -> None:
    """Each of them is one that a gateway knows."""
    variables = re.findall(r"^Environment=(\w+)=", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(variables) - known_variables() == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="only systemd's own tool knows its units")
def test_systemd_has_nothing_against_it(tmp_path: Path) -> None:
    """`systemd-analyze verify` is silent, with a program that there is."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/antiphon/bin/antiphon", "/bin/true")
    unit.write_text(text, encoding="utf-8")
    done = run("systemd-analyze", "verify", "--man=no", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
