"""Processors that may be used: a container's quota counts, not what the machine has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from antiphon.engines.embedded.processors import available

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("max 100000\n", HERE),
        ("100000 100000\n", 1),
        ("10000 100000\n", 1),  # a tenth is still one thread
        (f"{(HERE + 5) * 100000} 100000\n", HERE),
        ("nonsense", HERE),
        ("1 0", HERE),
    ],
)
def test_the_quota_counts(tmp_path: Path, text: str, count: int) -> None:
    """The smaller of mask and quota, at least one."""
    path = tmp_path / "cpu.max"
    path.write_text(text)
    assert available(path) == count


def test_without_control_groups(tmp_path: Path) -> None:
    """Where there is no quota file the mask alone counts."""
    assert available(tmp_path / "none") == HERE
