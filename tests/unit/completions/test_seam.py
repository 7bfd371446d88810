"""Rests at a seam."""

from __future__ import annotations

from antiphon.completions.seam import REST_S, REST_S_MAX, Seam
from antiphon.errors import EngineFailed


def test_rests_grow_up_to_a_bound() -> None:
    """Each twice as long as the one before."""
    seam = Seam(EngineFailed(), due=60.0)
    rests = []
    for _ in range(8):
        seam.rest(10.0)
        rests.append(seam.next_at - 10.0)
    assert rests[:2] == [REST_S, 2 * REST_S] or abs(rests[1] - 2 * REST_S) < 1e-9
    assert abs(rests[-1] - REST_S_MAX) < 1e-9
