"""A receipt before it is written out: what it will say, and what it keeps until then."""

from __future__ import annotations

import hashlib

import pytest

from antiphon.credits.draft import KEPT_BYTES_MAX, digested, kept
from tests.unit.credits.asking import draft, receipt


def test_a_draft_becomes_its_receipt() -> None:
    """Everything that was asked and that came of it stands in the receipt."""
    assert draft().receipt() == receipt()


def test_a_stream_has_no_digest_of_its_answer() -> None:
    """What was not kept is not made up."""
    assert draft(answer=None).receipt().answer_sha256 is None


@pytest.mark.parametrize("size", [0, 1, KEPT_BYTES_MAX, KEPT_BYTES_MAX + 1])
def test_bodies_stand_for_themselves_while_they_are_short(size: int) -> None:
    """A long one is digested at once, a short one when its receipt is written out: to the same digest."""
    body = b"x" * size
    assert (kept(body) is body) == (size <= KEPT_BYTES_MAX)
    assert digested(kept(body)) == hashlib.sha256(body).hexdigest()
