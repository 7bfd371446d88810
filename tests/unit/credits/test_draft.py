"""A receipt before it is written out: what it will say, and what it keeps until then."""

from __future__ import annotations

import hashlib

import pytest

from antiphon.credits.draft import KEPT_BYTES_MAX, digested, kept


@pytest.mark.parametrize("size", [0, 1, KEPT_BYTES_MAX, KEPT_BYTES_MAX + 1])
def test_bodies_stand_for_themselves_while_they_are_short(size: int) -> None:
    """A long one is digested at once, a short one when its receipt is written out: to the same digest."""
    body = b"x" * size
    assert (kept(body) is body) == (size <= KEPT_BYTES_MAX)
    assert digested(kept(body)) == hashlib.sha256(body).hexdigest()
