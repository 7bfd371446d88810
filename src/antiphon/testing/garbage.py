"""The wrong bytes that a broken engine writes: error bodies of each shape, and what is no event at all. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.testing.faults import GarbageKind, Shape

PIECE_BYTES = 65_536
SERVER_ERROR = 500
LEAK = "sk-engine-secret-5d41402abc4b2a76"
TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/opt/engine/server.py", line 41, in generate\n'
    f"    raise RuntimeError('CUDA error, key {LEAK}')\n"
    "RuntimeError: CUDA error\n"
)


def error_body(status: int, shape: Shape) -> tuple[str, bytes]:
    """Content type and body of an error answer."""
    kind = "BadRequestError" if status < SERVER_ERROR else "InternalServerError"
    bodies: dict[Shape, tuple[str, str]] = {
        "object": (
            "application/json",
            f'{{"error":{{"message":"engine says {status}","type":"{kind}","param":null,"code":{status}}}}}',
        ),
        "string": ("application/json", '{"error":"Unauthorized"}'),
        "detail": ("application/json", '{"detail":"Not Found"}'),
        "html": ("text/html", "<html><body><h1>502 Bad Gateway</h1><hr>nginx/1.25.3</body></html>"),
        "text": ("text/plain", "upstream connect error or disconnect/reset before headers"),
        "trace": ("text/plain", TRACE),
        "empty": ("text/plain", ""),
    }
    content_type, text = bodies[shape]
    return content_type, text.encode()


def garbage(kind: GarbageKind) -> bytes:
    """A piece of a stream that no client could read as an event."""
    if kind == "html":
        return b"<html><body><h1>504 Gateway Time-out</h1></body></html>\n\n"
    if kind == "binary":
        return bytes(range(256)) + b"\n\n"
    if kind == "encoding":
        return b'data: {"choices":[{"index":0,"delta":{"content":"caf\xe9 \xff\xfe\xc3\x28"}}]}\n\n'
    return b'data: {"choices":[{"index":0,"delta":{"content":"half a\n\n'


def bad_chunk(kind: GarbageKind) -> bytes:
    """Bytes that break the chunked encoding."""
    if kind == "crlf":
        return b"5\r\ndata:XXX5\r\ndata:\r\n"
    if kind == "overflow":
        return b"FFFFFFFFFFFFFFFFFF\r\ndata: {}\r\n"
    return b"zz;\r\ndata: {}\n\n\r\n"


def huge_line(size_bytes: int) -> Iterator[bytes]:
    """One event of `size_bytes` of text, in pieces, never held whole."""
    yield b'data: {"choices":[{"index":0,"delta":{"content":"'
    left = size_bytes
    while left > 0:
        yield b"x" * min(left, PIECE_BYTES)
        left -= PIECE_BYTES
    yield b'"}}]}\n\n'


def header_flood(size_bytes: int) -> Iterator[bytes]:
    """Header lines that add up to `size_bytes`."""
    line = b"x-flood: " + b"y" * 1000 + b"\r\n"
    for _ in range(max(1, size_bytes // len(line))):
        yield line
