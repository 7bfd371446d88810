"""How fast nodes are."""

from __future__ import annotations

import pytest

from antiphon.simulation.hardware import KINDS, Hardware


def test_prompts_take_as_long_as_they_are() -> None:
    """At the speed of the hardware."""
    assert Hardware(prefill_tokens_per_s=500).reading_s(1000) == 2


def test_answers_together_take_longer_each_and_less_in_all() -> None:
    """By the cost of one more."""
    hardware = Hardware(decode_tokens_per_s=10, batch_cost=0.5)
    assert [hardware.token_s(together) for together in (0, 1, 3)] == [0.1, 0.1, pytest.approx(0.2)]
    assert hardware.token_s(3) < 3 * hardware.token_s(1)


def test_kinds_differ() -> None:
    """From a workstation to a laptop, in everything that a client notices."""
    assert [kind.slots for kind in KINDS] == sorted((kind.slots for kind in KINDS), reverse=True)
    assert len({kind.prefill_tokens_per_s for kind in KINDS}) == len(KINDS)
