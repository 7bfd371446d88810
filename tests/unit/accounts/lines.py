"""Header lines as tests read them."""

from __future__ import annotations


def fields(lines: bytes) -> dict[str, str]:
    """The values by name."""
    return dict(line.split(": ", 1) for line in lines.decode().splitlines())
