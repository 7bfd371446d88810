"""Data URLs: reads the many spellings that clients send into the bytes of an image file. Pure."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

# Everything that is whitespace in a wrapped base64 text, and the characters of the URL-safe alphabet.
_WHITESPACE = b" \t\r\n\f\v"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_HEADER_LENGTH_MAX = 512
_PADDING_MAX = 2
_PARAMETERS = re.compile(r"[\x20-\x7e\t\r\n]*")


def is_data_url(url: str) -> bool:
    """Return whether the URL is a data URL, in whatever case."""
    return url.lstrip(" \t\r\n")[:5].lower() == "data:"


def parse_data_url(url: str, *, size_bytes_max: int) -> bytes:
    """Return the bytes of a data URL, base64 or percent-encoded; raise ValueError with the rule that it breaks.

    The declared media type is ignored, since it often lies: look at the bytes.
    """
    header, comma, payload = url.partition(",")
    if not comma or len(header) > _HEADER_LENGTH_MAX or not _PARAMETERS.fullmatch(header):
        raise ValueError("a data URL needs the form `data:image/png;base64,...`")
    if len(payload) > 3 * size_bytes_max + 1024:
        raise ValueError(_too_large(size_bytes_max))
    try:
        encoded = payload.encode("ascii")
    except UnicodeEncodeError:
        raise ValueError("a data URL must be plain ASCII") from None
    if b"%" in encoded:
        encoded = unquote_to_bytes(encoded)
    parameters = [part.strip().lower() for part in header.split(";")[1:]]
    data = _decode_base64(encoded, size_bytes_max) if "base64" in parameters else encoded
    if len(data) > size_bytes_max:
        raise ValueError(_too_large(size_bytes_max))
    if not data:
        raise ValueError("the data URL is empty")
    return data


def _decode_base64(encoded: bytes, size_bytes_max: int) -> bytes:
    """Decode forgivingly: wrapped lines, either alphabet and missing padding are fine, any other character is not."""
    compact = encoded.translate(_URL_SAFE, delete=_WHITESPACE)
    digits = compact.rstrip(b"=")
    if len(digits) * 3 // 4 > size_bytes_max:
        raise ValueError(_too_large(size_bytes_max))
    if len(compact) - len(digits) > _PADDING_MAX or len(digits) % 4 == 1:
        raise ValueError("the base64 of the data URL is cut or wrongly padded")
    try:
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4), strict_mode=True)
    except binascii.Error:
        raise ValueError("the data URL holds characters that are not base64") from None


def _too_large(size_bytes_max: int) -> str:
    return f"the image is larger than {size_bytes_max} bytes"
