"""The files of the console, read and compressed once: all that a browser is ever given of it comes from here."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from msgspec import Struct

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".webmanifest": b"application/manifest+json",
    ".txt": b"text/plain; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".woff2": b"font/woff2",
}
COMPRESSED_ALREADY = (".png", ".woff2")
DIGEST_CHARACTERS = 32


class Asset(Struct, frozen=True):
    """One file. `etag` is that of its bytes as they are; `gzipped` is None where that would save nothing."""

    media_type: bytes
    body: bytes
    gzipped: bytes | None
    etag: bytes


def read(folder: Path = FOLDER) -> dict[str, Asset]:
    """All files of kinds that browsers are given, by their paths below the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in TYPES)
    return {path.relative_to(folder).as_posix(): _asset(path) for path in files}


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    packed = None if path.suffix in COMPRESSED_ALREADY else gzip.compress(body, mtime=0)
    if packed is not None and len(packed) >= len(body):
        packed = None
    return Asset(TYPES[path.suffix], body, packed, hashlib.sha256(body).hexdigest()[:DIGEST_CHARACTERS].encode())
