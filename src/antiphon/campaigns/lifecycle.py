"""What may become of a campaign: started, paused, stopped, archived, weighed anew. Pure: a campaign in, another out."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from antiphon.campaigns.model import WEIGHTINGS_MAX, Campaign, Ending, Variant, Weighting
from antiphon.errors import Conflict


def started(campaign: Campaign, now_ms: int) -> Campaign:
    """It takes part from now on; Conflict unless it is new or paused. One that runs stays as it is."""
    if campaign.status == "running":
        return campaign
    if campaign.status not in ("draft", "paused"):
        raise _conflict(campaign, "started")
    first = campaign.started_at_ms is None
    running = replace(campaign, status="running", started_at_ms=now_ms if first else campaign.started_at_ms)
    return _weighed(running, now_ms) if first else running


def paused(campaign: Campaign) -> Campaign:
    """Requests get what the project says until it is started again; Conflict unless it runs or is paused."""
    if campaign.status not in ("running", "paused"):
        raise _conflict(campaign, "paused")
    return replace(campaign, status="paused")


def shared(campaign: Campaign, share: float) -> Campaign:
    """Another part of the requests takes part from now on; Conflict when it is over."""
    if campaign.status in ("stopped", "archived"):
        raise _conflict(campaign, "changed")
    return replace(campaign, share=share)


def stopped(campaign: Campaign, now_ms: int, ending: Ending) -> Campaign:
    """It is over for good; one that was over before keeps its own ending. Conflict when it is archived."""
    if campaign.status == "stopped":
        return campaign
    if campaign.status == "archived":
        raise _conflict(campaign, "stopped")
    return replace(campaign, status="stopped", ending=ending, ended_at_ms=now_ms)


def archived(campaign: Campaign, now_ms: int) -> Campaign:
    """It is kept and no longer listed; Conflict while requests may take part."""
    if campaign.status in ("running", "paused"):
        raise _conflict(campaign, "archived")
    return replace(campaign, status="archived", ended_at_ms=campaign.ended_at_ms or now_ms)


def dropped(campaign: Campaign, variant_key: str, now_ms: int) -> Campaign:
    """Nobody gets that variant any more, and everybody else stays where they are.

    Where fewer than two are left there is nothing to compare, and the campaign is over: see `stopped`.
    """
    variants = tuple(
        replace(variant, dropped=True) if variant.key == variant_key else variant for variant in campaign.variants
    )
    return campaign if variants == campaign.variants else _weighed(replace(campaign, variants=variants), now_ms)


def reweighed(campaign: Campaign, weights: Mapping[str, float], now_ms: int) -> Campaign:
    """Other weights from now on, by variants' keys; Conflict when it is over.

    After very many changes the campaign stays as it is: what is written down of them is bounded.
    """
    if campaign.status in ("stopped", "archived"):
        raise _conflict(campaign, "changed")
    variants = tuple(replace(variant, weight=weights.get(variant.key, variant.weight)) for variant in campaign.variants)
    if variants == campaign.variants or len(campaign.weightings) >= WEIGHTINGS_MAX:
        return campaign
    changed = replace(campaign, variants=variants)
    return changed if campaign.started_at_ms is None else _weighed(changed, now_ms)


def _weighed(campaign: Campaign, now_ms: int) -> Campaign:
    """The weights as they are now, written down: what is expected of each variant is told by them later."""
    weighting = Weighting(now_ms, tuple(map(_weight, campaign.variants)))
    return replace(campaign, weightings=(*campaign.weightings, weighting))


def _weight(variant: Variant) -> float:
    return 0.0 if variant.dropped else variant.weight


def _conflict(campaign: Campaign, verb: str) -> Conflict:
    message = f"The campaign {campaign.key!r} is {campaign.status}: it cannot be {verb}."
    return Conflict(message, code="campaign_status")
