"""What a proof says in the end: one JSON line with what was measured, its limit, and what was done to get it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct


class Proof(Struct, frozen=True, kw_only=True):
    """One result. `injected` counts the faults that really happened; a proof with too few of them is none."""

    goal: str
    figure: dict[str, Any]  # Any: numbers, by what they are
    limit: dict[str, Any]  # Any: numbers, by what they bound
    injected: dict[str, int]
    seed: int
    machine: str


def machine() -> str:
    """The processors that a proof ran on: they are shared with whatever else runs there."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{len(os.sched_getaffinity(0))} shared processors, {names[0] if names else 'unknown'}"


def line(proof: Proof) -> str:
    """The proof as it is printed."""
    return msgspec.json.encode(proof).decode()


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
