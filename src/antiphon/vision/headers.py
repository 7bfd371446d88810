"""What an image file says of itself in its first bytes: its kind and size in pixels. Pure, decodes nothing.

Trusts only magic bytes, never a declared media type.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ImageKind = Literal["png", "jpeg", "gif", "webp"]

# Start-of-frame markers of JPEG; C4, C8 and CC in between are tables.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_JPEG_SEGMENTS_MAX = 1000
_MARKER = 0xFF
_LOSSLESS_SIGNATURE = b"\x2f"
_LOSSY_START_CODE = b"\x9d\x01\x2a"
_PNG_HEADER_SIZE_BYTES, _GIF_HEADER_SIZE_BYTES, _WEBP_HEADER_SIZE_BYTES = 33, 13, 30


class ImageHeader(Struct, frozen=True):
    """The kind of an image file and its size in pixels, as its header claims."""

    kind: ImageKind
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def sniff_kind(data: bytes) -> ImageKind | None:
    """Return the kind that the magic bytes show, None if it is none of the four."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def read_header(data: bytes) -> ImageHeader:
    """Return kind and size; raise ValueError if it is no image of the four kinds or its header is broken."""
    kind = sniff_kind(data)
    if kind is None:
        raise ValueError("not a PNG, JPEG, GIF or WebP image")
    reader = {"png": _png_size, "jpeg": _jpeg_size, "gif": _gif_size, "webp": _webp_size}[kind]
    width, height = reader(data)
    if width < 1 or height < 1:
        raise ValueError("an image without pixels")
    return ImageHeader(kind, width, height)


def _png_size(data: bytes) -> tuple[int, int]:
    """Read IHDR, which must be the first chunk."""
    if data[8:16] != b"\x00\x00\x00\rIHDR" or len(data) < _PNG_HEADER_SIZE_BYTES:
        raise ValueError("a PNG without header")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif_size(data: bytes) -> tuple[int, int]:
    """Read the logical screen."""
    if len(data) < _GIF_HEADER_SIZE_BYTES:
        raise ValueError("a GIF without header")
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read the first chunk: the canvas (VP8X), or the one lossless (VP8L) or lossy (VP8) frame."""
    if len(data) < _WEBP_HEADER_SIZE_BYTES:
        raise ValueError("a WebP without header")
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L" and data[20:21] == _LOSSLESS_SIGNATURE:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and data[23:26] == _LOSSY_START_CODE:
        width, height = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("a WebP with an unknown first chunk")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments up to the first start of frame."""
    position = 2
    for _ in range(_JPEG_SEGMENTS_MAX):
        if position + 9 > len(data) or data[position] != _MARKER:
            break
        marker = data[position + 1]
        if marker == _MARKER:
            position += 1
        elif marker in _JPEG_BARE:
            position += 2
        elif marker in _JPEG_FRAMES:
            height, width = data[position + 5 : position + 7], data[position + 7 : position + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    raise ValueError("a JPEG without header")
