"""What the doctor's checks give."""

from __future__ import annotations

from antiphon.cli.findings import Finding, fail, ok, warn


def test_each_kind_has_its_word() -> None:
    """Good findings need no advice."""
    assert ok("a", "b") == Finding("a", "ok", "b", "")
    assert warn("a", "b", "c") == Finding("a", "warn", "b", "c")
    assert fail("a", "b", "c") == Finding("a", "fail", "b", "c")
