"""What a command prints: answers on standard output, notes on standard error, JSON where a script asks for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TextIO

UNIT = 1000


class Output:
    """Writes for people, or one JSON value a line for scripts. Notes are left out when JSON is wanted."""

    def __init__(self, *, as_json: bool = False, out: TextIO | None = None, notes: TextIO | None = None) -> None:
        self.as_json = as_json
        self._out = out or sys.stdout
        self._notes = notes or sys.stderr

    @property
    def terminal(self) -> bool:
        """Whether a person watches: colours, moving progress and questions make sense."""
        return self._out.isatty() and not self.as_json

    def line(self, text: str = "") -> None:
        """One line of the answer."""
        self.piece(text + "\n")

    def piece(self, text: str) -> None:
        """A part of a line, shown at once."""
        self._out.write(text)
        self._out.flush()

    def note(self, text: str) -> None:
        """A line that is not part of the answer."""
        if not self.as_json:
            self._notes.write(text + "\n")
            self._notes.flush()

    def json(self, value: object) -> None:
        """One JSON value on one line."""
        self.line(json.dumps(value, ensure_ascii=False))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows in aligned columns; the first row is the heading."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def bold(text: str) -> str:
    """The text in bold, for terminals."""
    return f"\x1b[1m{text}\x1b[0m"


def faint(text: str) -> str:
    """The text in faint letters, for terminals."""
    return f"\x1b[2m{text}\x1b[0m"


def size_text(size_bytes: float) -> str:
    """A size for people: `87.3 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < UNIT:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= UNIT
    return f"{size_bytes:.1f} TB"
