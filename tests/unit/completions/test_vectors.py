"""Vectors as they are shown."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from antiphon.completions.vectors import base64_text, dimensions, from_numbers, numbers, shortened

VECTOR = struct.pack("<4f", 0.1, -0.2, 0.3, 0.9)


def test_numbers_are_the_floats_that_they_were() -> None:
    """Each survives a trip through JSON and back to 32 bits."""
    assert dimensions(VECTOR) == 4
    assert from_numbers(numbers(VECTOR)) == VECTOR


def test_base64_is_of_little_endian_floats() -> None:
    """As OpenAI's clients read it."""
    assert struct.unpack("<4f", base64.b64decode(base64_text(VECTOR))) == numbers(VECTOR)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_shorter_vector_has_length_one(count: int) -> None:
    """And points where the first numbers point."""
    kept = numbers(shortened(VECTOR, count))
    assert len(kept) == count
    assert math.isclose(math.hypot(*kept), 1, rel_tol=1e-6)
    assert all(math.isclose(a / b, kept[0] / 0.1, rel_tol=1e-5) for a, b in zip(kept, numbers(VECTOR), strict=False))


def test_a_vector_of_nothing_stays_nothing() -> None:
    """It has no direction to keep."""
    assert numbers(shortened(struct.pack("<3f", 0, 0, 1), 2)) == (0, 0)
