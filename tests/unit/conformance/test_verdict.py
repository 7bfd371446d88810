"""The two ways in which a check ends badly."""

from __future__ import annotations

import pytest

from antiphon.conformance.verdict import Failed, Lacking, expect, offered


def test_what_holds_goes_on() -> None:
    """Nothing happens."""
    expect(True, "no")
    offered(True, "no")


def test_what_does_not_hold_is_told() -> None:
    """Each with its own kind and the sentence."""
    with pytest.raises(Failed, match="wrong"):
        expect(False, "wrong")
    with pytest.raises(Lacking, match="missing"):
        offered(False, "missing")
