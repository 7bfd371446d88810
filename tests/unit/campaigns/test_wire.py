"""Campaigns as JSON, there and back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.campaigns.model import Ending, Goal, Guardrail, broken
from antiphon.campaigns.wire import CampaignBody, VariantBody, draft, shown
from antiphon.chat import Sampling, ToolOverride

BODY: dict[str, Any] = {  # Any: JSON
    "key": "tone",
    "project": "support",
    "variants": [
        {"key": "plain"},
        {
            "key": "warm",
            "name": "Warm",
            "model": "big",
            "weight": 2,
            "sampling": {"temperature": 0.9, "max_tokens": 7},
            "system_prompt": "Be {{tone}}.",
            "system_prompt_args": {"tone": "warm"},
            "tool_providers": [],
            "use_tools": True,
            "tools": [{"id": "search", "enabled": False}],
        },
    ],
    "goals": [{"metric": "thumbs", "kind": "direct"}, {"metric": "latency_ms", "kind": "measure"}],
    "guardrails": [{"measure": "error_rate", "limit": 0.1, "action": "drop"}],
    "share": 0.5,
    "unit": "session",
    "decides": True,
}


def test_a_body_becomes_a_campaign() -> None:
    """Names are keys where none is given."""
    body = msgspec.json.decode(msgspec.json.encode(BODY), type=CampaignBody)
    campaign = draft(body, "ann", "p-id")
    plain, warm = campaign.variants
    assert (campaign.account, campaign.project_id, campaign.name, campaign.share) == ("ann", "p-id", "tone", 0.5)
    assert (plain.name, plain.model, plain.sampling, plain.tool_providers) == ("plain", None, Sampling(), None)
    assert (warm.name, warm.weight, warm.sampling) == ("Warm", 2.0, Sampling(max_tokens=7, temperature=0.9))
    assert (warm.tool_providers, warm.tool_overrides) == ((), (ToolOverride("search", enabled=False),))
    assert campaign.goals == (Goal("thumbs"), Goal("latency_ms", "measure"))
    assert campaign.guardrails == (Guardrail("error_rate", 0.1, "drop"),)


@pytest.mark.parametrize(("variants", "floor"), [(2, 0.1), (5, 0.1), (10, 0.05)])
def test_the_floor_fits_its_variants(variants: int, floor: float) -> None:
    """Where none is given."""
    body = CampaignBody("k", "p", tuple(VariantBody(f"v{number}") for number in range(variants)))
    campaign = draft(body, "ann", "p")
    assert campaign.floor == floor
    assert list(broken(campaign)) == []


def test_what_is_shown_is_what_was_given() -> None:
    """Without the salt, which nobody is to know."""
    body = msgspec.json.decode(msgspec.json.encode(BODY), type=CampaignBody)
    campaign = msgspec.structs.replace(
        draft(body, "ann", "p-id"), salt="secret", status="stopped", ending=Ending("decided", "warm wins", "warm")
    )
    wire = msgspec.json.decode(msgspec.json.encode(shown(campaign)))
    assert "salt" not in wire
    assert "account" not in wire
    assert wire["ending"] == {"reason": "decided", "sentence": "warm wins", "winner": "warm"}
    for field in ("key", "goals", "guardrails", "share", "unit", "decides"):
        assert wire[field] == BODY[field]
    warm = wire["variants"][1]
    for field, value in BODY["variants"][1].items():
        assert warm[field] == value
    assert (warm["dropped"], wire["status"], wire["object"]) == (False, "stopped", "campaign")
