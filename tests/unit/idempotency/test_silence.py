"""A run is dead when its beat stands still for long enough, by one's own clock."""

from __future__ import annotations

from antiphon.idempotency.silence import RUNS_MAX, SILENT_S, Silence


def test_a_beat_that_stands_still() -> None:
    """Seen once it says nothing, seen again after long enough it is dead."""
    silence = Silence()
    assert [silence.dead("r", 1, at) for at in (0.0, SILENT_S - 0.1, SILENT_S)] == [False, False, True]


def test_a_beat_that_moves() -> None:
    """Each new one begins the time anew, also one that went back."""
    silence = Silence()
    assert not any(silence.dead("r", beat, at) for beat, at in ((5, 0.0), (6, 9.0), (3, 18.0), (3, 19.0)))


def test_a_run_without_a_beat() -> None:
    """It has ended, and said so."""
    assert Silence().dead("r", None, 0.0)


def test_runs_are_told_apart() -> None:
    """And never more of them remembered than fit."""
    silence = Silence()
    for number in range(RUNS_MAX + 1):
        assert not silence.dead(f"r{number}", 1, 0.0)
    assert silence.dead(f"r{RUNS_MAX}", 1, SILENT_S)
    assert len(silence._seen) <= RUNS_MAX
