"""Vectors as they are shown: as numbers, as base64, shortened. Pure."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterable

from antiphon.chat import Vector

FLOAT_BYTES = 4


def dimensions(vector: Vector) -> int:
    """How many numbers it has."""
    return len(vector) // FLOAT_BYTES


def numbers(vector: Vector) -> tuple[float, ...]:
    """The numbers, each exactly the 32-bit float that it was."""
    return struct.unpack(f"<{dimensions(vector)}f", vector)


def from_numbers(values: Iterable[float]) -> Vector:
    """The vector of these numbers."""
    given = tuple(values)
    return struct.pack(f"<{len(given)}f", *given)


def base64_text(vector: Vector) -> str:
    """Base64 of its little-endian 32-bit floats, as OpenAI writes it."""
    return base64.b64encode(vector).decode()


def shortened(vector: Vector, count: int) -> Vector:
    """The first `count` numbers, again of length 1: what a model trained for it can spare of its embeddings."""
    kept = numbers(vector)[:count]
    length = math.hypot(*kept)
    return from_numbers(number / length for number in kept) if length else from_numbers(kept)
