"""What a child writes, kept in a file of bounded size, so that an operator can read why it died."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import BinaryIO

SIZE_BYTES_MAX = 1024 * 1024
TAIL_LINES = 20
LINE_CHARACTERS_MAX = 500


class EngineLog:
    """Appends to `path`; when that is full it becomes `path` + `.1`, so two files are the most there is."""

    def __init__(self, path: Path, *, size_bytes_max: int = SIZE_BYTES_MAX) -> None:
        self._path = path
        self._size_bytes_max = size_bytes_max
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._file: BinaryIO | None = None

    def begin(self, header: str) -> None:
        """A new child writes from here on; earlier lines leave the tail."""
        self.write(header.encode() + b"\n")
        self._tail.clear()

    def write(self, data: bytes) -> None:
        """Keep what the child wrote; a full disk loses it, and nothing else."""
        for line in data.decode("utf-8", "replace").splitlines():
            if line.strip():
                self._tail.append(line[:LINE_CHARACTERS_MAX])
        try:
            file = self._with_room_for(len(data))
            file.write(data[: self._size_bytes_max])
            file.flush()
        except OSError:
            self._tail.append("(the disk took no more of this log)")

    def tail(self) -> list[str]:
        """The last lines, the newest at the end."""
        return list(self._tail)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _with_room_for(self, size_bytes: int) -> BinaryIO:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        if self._file.tell() + size_bytes > self._size_bytes_max:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._path.open("ab")
        return self._file
