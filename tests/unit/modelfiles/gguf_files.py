"""Makes small GGUF files for tests: real headers, no weights."""

from __future__ import annotations

import struct
from pathlib import Path

Value = int | float | str | bool | list[int] | list[str]


def text(value: str | bytes) -> bytes:
    """A GGUF string."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def pair(key: str, value: Value) -> bytes:
    """A key with its value, in the type that models use for it."""
    match value:
        case bool():
            body = struct.pack("<I?", 7, value)
        case int():
            body = struct.pack("<II", 4, value)
        case float():
            body = struct.pack("<If", 6, value)
        case str():
            body = struct.pack("<I", 8) + text(value)
        case [str(), *_]:
            body = struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(str(item)) for item in value)
        case _:
            body = struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    return text(key) + body


def header(pairs: dict[str, Value], *, version: int = 3, count: int | None = None) -> bytes:
    """A whole header; `count` lies about the number of pairs."""
    start = struct.pack("<4sIQQ", b"GGUF", version, 0, len(pairs) if count is None else count)
    return start + b"".join(pair(key, value) for key, value in pairs.items())


def model(size_bytes: int = 0, *, name: str = "test") -> bytes:
    """A file that passes for a model, filled up to a size."""
    data = header({"general.architecture": "llama", "general.name": name, "llama.context_length": 2048})
    return data + b"\0" * max(0, size_bytes - len(data))


def write(path: Path, data: bytes) -> Path:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
