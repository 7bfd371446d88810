"""Files and batches as clients see them."""

from __future__ import annotations

from antiphon.batches import wire
from antiphon.batches.model import Counts, Fault
from tests.unit.batches.made import NOW_MS, batch, file


def test_a_file_is_shown_in_seconds() -> None:
    """As OpenAI's clients read it."""
    shown = wire.file(file())
    assert (shown.created_at, shown.bytes, shown.filename, shown.object) == (NOW_MS // 1000, 10, "asked.jsonl", "file")


def test_a_batch_tells_when_it_came_to_what() -> None:
    """What it never came to is null; without faults there are no errors."""
    one = batch(total=3).become("in_progress", NOW_MS + 5_000)
    shown = wire.batch(one, Counts(2, 1))
    assert (shown.in_progress_at, shown.completed_at, shown.errors) == (NOW_MS // 1000 + 5, None, None)
    assert (shown.request_counts, shown.expires_at) == (wire.WireCounts(3, 2, 1), NOW_MS // 1000 + 86_400)
    assert shown.metadata is None


def test_faults_are_errors() -> None:
    """With their lines."""
    shown = wire.batch(batch(faults=(Fault("c", "m", 2, "p"),)), Counts())
    assert shown.errors is not None
    assert shown.errors.data == [wire.WireFault("c", "m", "p", 2)]
