"""How many processors this process may use: the scheduler's mask and the control group's quota both count."""

from __future__ import annotations

import os
from pathlib import Path

QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")


def available(quota_file: Path = QUOTA_FILE) -> int:
    """Whole processors, at least 1."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(quota_file)
    return count if quota is None else max(1, min(count, int(quota)))


def _quota(path: Path) -> float | None:
    """The control group's share in processors; None when there is no limit, or no such file."""
    try:
        allowed, period = path.read_text(encoding="ascii").split()
        return None if allowed == "max" else int(allowed) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
