"""Receipts beside what was seen: each field that does not fit, and times that cannot be."""

from __future__ import annotations

import pytest
from msgspec.structs import asdict, replace

from antiphon.engines.receipt import NodeReceipt
from antiphon.trust.times import Seen, impossible, mismatch

RECEIPT = NodeReceipt("att_1", "node-a", "m", "aa", "bb", 12, 100, 1_000, 1_100, 3_000, 7)
SEEN = Seen("node-a", "m", "aa", "bb", 2_100, "att_1", completion_tokens=100, epoch=7)


def test_a_receipt_that_fits() -> None:
    """It says what was seen, in a time that can be."""
    assert mismatch(RECEIPT, SEEN) is None
    assert impossible(RECEIPT, SEEN, benchmark=60) is None


@pytest.mark.parametrize("name", [name for name in asdict(SEEN) if name != "waited_ms"])
def test_each_field_is_held_against_what_was_seen(name: str) -> None:
    """The first that differs is named, with both values."""
    value = getattr(RECEIPT, name)
    changed = replace(RECEIPT, **{name: value + 1 if isinstance(value, int) else f"{value}x"})
    told = mismatch(changed, SEEN)
    assert told is not None
    assert told.startswith(f"{name} is ")


def test_what_was_not_seen_is_not_held_against_it() -> None:
    """An answer that broke off has no usage; not every way to a node knows its lease."""
    assert mismatch(RECEIPT, replace(SEEN, completion_tokens=None, epoch=None)) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first_token_at_ms": 900}, "it ended before it began"),
        ({"first_token_at_ms": 3_001}, "it ended before it began"),
        ({"ended_at_ms": 9_000}, "it worked 8000 ms, 2100 ms were waited for it"),
        ({"ended_at_ms": 1_200}, "it made 400 tokens a second, 300 are the most it can"),
        ({"completion_tokens": 5_000}, "it made 2439 tokens a second, 300 are the most it can"),
    ],
)
def test_times_that_cannot_be(changes: dict[str, int], said: str) -> None:
    """Backwards, longer than was waited, or faster than the machine."""
    assert impossible(replace(RECEIPT, **changes), SEEN, benchmark=60) == said


def test_a_machine_without_a_benchmark() -> None:
    """Only what no machine can is found."""
    assert impossible(replace(RECEIPT, ended_at_ms=1_200), SEEN, benchmark=None) is None
    assert impossible(replace(RECEIPT, completion_tokens=50_000), SEEN, benchmark=None) is not None


def test_a_few_tokens_are_not_timed() -> None:
    """A short answer may come at once."""
    assert impossible(replace(RECEIPT, completion_tokens=8, ended_at_ms=1_101), SEEN, benchmark=1) is None
