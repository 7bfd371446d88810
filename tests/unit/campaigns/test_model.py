"""The rules of a campaign."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.campaigns.model import VARIANTS_MAX, Goal, Guardrail, broken
from tests.unit.campaigns.drafts import draft, variant


def test_a_plain_campaign_breaks_no_rule() -> None:
    """Two variants are enough."""
    assert list(broken(draft())) == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"key": "-c"}, "key"),
        ({"key": "0b5a4c1e-8c1e-4b0e-9a57-1b2c3d4e5f60"}, "key"),
        ({"name": ""}, "name"),
        ({"description": "x\0"}, "description"),
        ({"share": 1.5}, "share"),
        ({"share": float("nan")}, "share"),
        ({"alpha": 0.0}, "alpha"),
        ({"samples_min": 0}, "samples_min"),
        ({"samples_min": 10**20}, "samples_min"),
        ({"decides": True}, "goals"),
        ({"allocation": "adaptive"}, "goals"),
        ({"deploys": True}, "deploys"),
        ({"floor": 0.6}, "floor"),
        ({"variants": (variant("a"),)}, "variants"),
        ({"variants": tuple(variant(f"v{i}") for i in range(VARIANTS_MAX + 1)), "floor": 0.0}, "variants"),
        ({"variants": (variant("a"), variant("a"))}, "variants[1].key"),
        ({"variants": (variant("a"), variant("b", weight=0.0))}, "variants[1].weight"),
        ({"variants": (variant("a"), variant("b", weight=float("inf")))}, "variants[1].weight"),
        ({"variants": (variant("a", system_prompt="x" * 65_537), variant("b"))}, "variants[0].system_prompt"),
        ({"variants": (variant("a", system_prompt_args={"1": 2}), variant("b"))}, "variants[0].system_prompt_args"),
        (
            {"variants": (variant("a", system_prompt_args={f"n{i}": 1 for i in range(65)}), variant("b"))},
            "variants[0].system_prompt_args",
        ),
        (
            {"variants": (variant("a", system_prompt_args={"x": ["y" * 8_192]}), variant("b"))},
            "variants[0].system_prompt_args.x",
        ),
        ({"goals": (Goal("speed", "measure"),)}, "goals[0].metric"),
        ({"goals": (Goal("m"), Goal("m"))}, "goals[1]"),
        ({"goals": tuple(Goal(f"m{i}") for i in range(17))}, "goals"),
        ({"guardrails": (Guardrail("error_rate", 1.5),)}, "guardrails[0].limit"),
        ({"guardrails": (Guardrail("latency_ms", float("nan")),)}, "guardrails[0].limit"),
        ({"guardrails": tuple(Guardrail("latency_ms", i) for i in range(17))}, "guardrails"),
    ],
)
def test_a_broken_rule_names_its_field(fields: dict[str, Any], param: str) -> None:  # Any: fields of several types
    """The first one that is broken is told first."""
    assert next(broken(draft(**fields)))[0] == param


def test_a_variant_is_found_by_id_and_key() -> None:
    """And not by anything else."""
    campaign = draft(variants=(variant("a"), variant("b", dropped=True)))
    assert campaign.variant("a") == campaign.variant("a-id") == campaign.variants[0]
    assert campaign.variant("c") is None
    assert campaign.open == (campaign.variants[0],)
