"""What may become of a campaign, and what may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from antiphon.campaigns import lifecycle
from antiphon.campaigns.model import WEIGHTINGS_MAX, Campaign, Ending, Status, Weighting
from antiphon.errors import Conflict
from tests.unit.campaigns.drafts import draft

ENDING = Ending("decided", "b is better", "b")

STEPS: dict[str, Callable[[Campaign], Campaign]] = {
    "start": lambda campaign: lifecycle.started(campaign, 10),
    "pause": lifecycle.paused,
    "stop": lambda campaign: lifecycle.stopped(campaign, 20, ENDING),
    "archive": lambda campaign: lifecycle.archived(campaign, 30),
}
LEADS: dict[tuple[str, Status], Status] = {
    ("start", "draft"): "running",
    ("start", "running"): "running",
    ("start", "paused"): "running",
    ("pause", "running"): "paused",
    ("pause", "paused"): "paused",
    ("stop", "draft"): "stopped",
    ("stop", "running"): "stopped",
    ("stop", "paused"): "stopped",
    ("stop", "stopped"): "stopped",
    ("archive", "draft"): "archived",
    ("archive", "stopped"): "archived",
    ("archive", "archived"): "archived",
}
STATUSES: tuple[Status, ...] = ("draft", "running", "paused", "stopped", "archived")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_from_each_status(step: str, status: Status) -> None:
    """It leads where the table says, and is refused where the table has nothing."""
    before = draft(status=status)
    leads = LEADS.get((step, status))
    if leads is None:
        with pytest.raises(Conflict, match=rf"is {status}: it cannot be ") as refused:
            STEPS[step](before)
        assert refused.value.code == "campaign_status"
    else:
        assert STEPS[step](before).status == leads


def test_a_start_writes_its_weights_down_once() -> None:
    """A pause in between changes neither them nor the time of the start."""
    campaign = lifecycle.started(draft(), 10)
    again = lifecycle.started(lifecycle.paused(campaign), 99)
    assert again.started_at_ms == 10
    assert again.weightings == (Weighting(10, (1.0, 1.0)),)


def test_the_first_ending_stands() -> None:
    """Who stops what is over changes nothing."""
    over = lifecycle.stopped(lifecycle.started(draft(), 10), 20, ENDING)
    assert lifecycle.stopped(over, 30, Ending("by_hand")) == over
    assert (over.ending, over.ended_at_ms) == (ENDING, 20)
    assert lifecycle.archived(over, 40).ended_at_ms == 20


def test_a_dropped_variant_has_no_weight() -> None:
    """Which is written down with its time; to drop it again, or one that is not there, changes nothing."""
    campaign = lifecycle.dropped(lifecycle.started(draft(), 10), "b", 20)
    assert [variant.key for variant in campaign.open] == ["a"]
    assert campaign.weightings[-1] == Weighting(20, (1.0, 0.0))
    assert lifecycle.dropped(campaign, "b", 30) == campaign
    assert lifecycle.dropped(campaign, "x", 30) == campaign


@pytest.mark.parametrize("status", ["stopped", "archived"])
def test_what_is_over_does_not_change(status: Status) -> None:
    """Neither its share nor its weights."""
    over = draft(status=status)
    with pytest.raises(Conflict, match=rf"is {status}: it cannot be changed"):
        lifecycle.shared(over, 0.5)
    with pytest.raises(Conflict, match=rf"is {status}: it cannot be changed"):
        lifecycle.reweighed(over, {"a": 2.0}, 10)


def test_a_draft_is_weighed_without_a_trace() -> None:
    """What holds at its start is written down then."""
    campaign = lifecycle.reweighed(draft(), {"b": 3.0}, 5)
    assert campaign.weightings == ()
    assert lifecycle.started(campaign, 10).weightings == (Weighting(10, (1.0, 3.0)),)


def test_other_weights_hold_from_a_time_on() -> None:
    """The same ones change nothing, and after very many changes none is made any more."""
    campaign = lifecycle.reweighed(lifecycle.started(draft(), 10), {"b": 3.0}, 20)
    assert campaign.weightings == (Weighting(10, (1.0, 1.0)), Weighting(20, (1.0, 3.0)))
    assert lifecycle.reweighed(campaign, {"b": 3.0}, 30) == campaign
    full = replace(campaign, weightings=campaign.weightings * (WEIGHTINGS_MAX // 2))
    assert lifecycle.reweighed(full, {"b": 5.0}, 30) == full
