"""Campaigns in the configuration."""

from __future__ import annotations

import msgspec

from antiphon.campaigns.model import Campaign, Goal, Guardrail, Variant
from antiphon.campaigns.parts import Configured
from antiphon.chat import Sampling
from antiphon.settings.campaigns import CampaignSettings, as_configured, broken

LEAST = {"key": "tone", "account": "acme", "project": "support", "variants": [{"key": "a"}, {"key": "b"}]}


def test_a_campaign_in_full() -> None:
    """Every setting has its place in the campaign."""
    values = {
        "key": "tone",
        "account": "acme",
        "project": "support",
        "name": "Tone",
        "description": "Which tone",
        "variants": [
            {"key": "plain"},
            {
                "key": "warm",
                "name": "Warm",
                "model": "big",
                "weight": 2,
                "sampling": {"temperature": 0.9, "max_tokens": 5},
                "system_prompt": "Be {{tone}}.",
                "arguments": [{"name": "tone", "value": "warm"}],
                "tool_providers": [],
            },
        ],
        "goals": [{"metric": "thumbs"}, {"metric": "latency_ms", "kind": "measure"}],
        "guardrails": [{"measure": "error_rate", "limit": 0.1, "action": "drop"}],
        "share": 0.5,
        "unit": "session",
        "allocation": "adaptive",
        "floor": 0.2,
        "alpha": 0.01,
        "samples_min": 7,
        "decides": True,
        "deploys": True,
        "running": False,
    }
    warm = Variant(
        id="",
        key="warm",
        name="Warm",
        model="big",
        weight=2.0,
        sampling=Sampling(max_tokens=5, temperature=0.9),
        system_prompt="Be {{tone}}.",
        system_prompt_args={"tone": "warm"},
        tool_providers=(),
    )
    settings = msgspec.convert(values, CampaignSettings)
    assert as_configured(settings) == Configured(
        Campaign(
            id="",
            account="acme",
            key="tone",
            name="Tone",
            description="Which tone",
            project_id="",
            variants=(Variant(id="", key="plain", name="plain"), warm),
            goals=(Goal("thumbs"), Goal("latency_ms", "measure")),
            guardrails=(Guardrail("error_rate", 0.1, "drop"),),
            share=0.5,
            unit="session",
            allocation="adaptive",
            floor=0.2,
            alpha=0.01,
            samples_min=7,
            decides=True,
            deploys=True,
        ),
        "support",
        running=False,
    )
    assert list(broken(settings)) == []


def test_two_variants_are_enough() -> None:
    """It then runs by itself, and breaks no rule."""
    settings = msgspec.convert(LEAST, CampaignSettings)
    configured = as_configured(settings)
    assert (configured.campaign.name, configured.campaign.share, configured.running) == ("tone", 1.0, True)
    assert list(broken(settings)) == []


def test_a_broken_rule_has_the_place_of_its_setting() -> None:
    """Down to the item of a list."""
    twice = msgspec.convert({**LEAST, "variants": [{"key": "a"}, {"key": "a"}]}, CampaignSettings)
    assert list(broken(twice)) == [(("variants", 1, "key"), "`a` stands there twice")]
    alone = msgspec.convert({**LEAST, "variants": [{"key": "a"}]}, CampaignSettings)
    assert [place for place, _ in broken(alone)] == [("variants",)]
