"""SHA-256 of files, remembered by size, time and inode so that a start does not read gigabytes again."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from antiphon.modelfiles.model import Progress, Report

CHUNK_BYTES = 4 * 1024 * 1024
FOLDER = "digests"


class _Known(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    sha256: str


class Digests:
    """Remembers digests in a folder of its own, one small file for each model file."""

    def __init__(self, models_dir: Path) -> None:
        self._folder = models_dir / FOLDER

    def of(self, path: Path, *, on_progress: Report) -> str:
        """The file's SHA-256 in hexadecimal; read only if it may have changed. OSError when it cannot be read."""
        stat = path.stat()
        known = self._recall(path)
        if known is not None and (known.path, known.size_bytes, known.mtime_ns, known.inode) == (
            *(str(path), stat.st_size),
            *(stat.st_mtime_ns, stat.st_ino),
        ):
            return known.sha256
        sha256 = sha256_of(path, on_progress=on_progress)
        self.remember(path, sha256)
        return sha256

    def remember(self, path: Path, sha256: str) -> None:
        """Keep the digest of a file as it is now. A full disk forgets it: then it is read again next time."""
        stat = path.stat()
        known = _Known(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino, sha256)
        place = self._place(path)
        fresh = place.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(known))
            fresh.replace(place)

    def _place(self, path: Path) -> Path:
        return self._folder / (hashlib.sha256(str(path).encode()).hexdigest()[:32] + ".json")

    def _recall(self, path: Path) -> _Known | None:
        try:
            return msgspec.json.decode(self._place(path).read_bytes(), type=_Known)
        except (OSError, msgspec.DecodeError):
            return None


def sha256_of(path: Path, *, on_progress: Report) -> str:
    """The file's SHA-256 in hexadecimal; about a second for each gigabyte."""
    digest, done, size_bytes = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            on_progress(Progress(path.name, done, size_bytes, "checking"))
    return digest.hexdigest()
