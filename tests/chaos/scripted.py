"""Scripted nodes: engines in processes of their own whose every token is known."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.chaos.journal import Journal
from tests.chaos.processes import Node


def scripted(count: int, folder: Path, journal: Journal) -> list[Node]:
    """So many of them; the journal hears what they are asked."""
    return [
        Node(
            f"node-{number}",
            lambda port: (sys.executable, "-m", "tests.chaos.engine_child", str(port)),
            folder,
            on_line=journal.note,
        )
        for number in range(count)
    ]
