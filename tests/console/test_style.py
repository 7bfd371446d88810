"""The console's modules are written alike."""

from __future__ import annotations

import pytest

from .style import judged

pytestmark = pytest.mark.slow


def test_modules_are_formatted_and_without_a_finding() -> None:
    """As ruff does for Python."""
    done = judged()
    assert done.returncode == 0, done.stdout + done.stderr
