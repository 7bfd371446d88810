"""Flags to the body of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from antiphon.cli.campaign_flags import CampaignFlags, body, weights
from antiphon.errors import ConfigError


def flags(*variants: str, **fields: Any) -> CampaignFlags:  # Any: fields of several types
    """Flags with these variants."""
    return CampaignFlags(project="p", variant=variants, **fields)


def test_the_least() -> None:
    """A project and two variants."""
    given = {"key": "k", "project": "p", "variants": [{"key": "a"}, {"key": "b"}]}
    assert body("k", flags("a", "b")) == given


def test_all_of_them() -> None:
    """Each flag has its field."""
    full = flags(
        "a",
        name="K",
        description="why",
        share=0.5,
        unit="session",
        goal=("thumbs", "measure:latency_ms", "a:b"),
        guardrail=("error_rate=0.1", "latency_ms=4000:drop"),
        adaptive=True,
        deploys=True,
        start=True,
    )
    assert body("k", full) == {
        "key": "k",
        "project": "p",
        "variants": [{"key": "a"}],
        "name": "K",
        "description": "why",
        "share": 0.5,
        "unit": "session",
        "goals": [{"metric": "thumbs"}, {"metric": "latency_ms", "kind": "measure"}, {"metric": "a:b"}],
        "guardrails": [
            {"measure": "error_rate", "limit": 0.1},
            {"measure": "latency_ms", "limit": 4000, "action": "drop"},
        ],
        "allocation": "adaptive",
        "decides": True,
        "deploys": True,
        "start": True,
    }


def test_a_variant_in_full(tmp_path: Path) -> None:
    """Words are split as a shell does; a prompt can be a file."""
    (tmp_path / "prompt.txt").write_text("Be kind.\n", encoding="utf-8")
    given = (
        f"warm name='Very warm' model=big weight=2 temperature=0.9 max_tokens=5 system_prompt=@{tmp_path}/prompt.txt"
        " arg.tone=warm 'arg.name=Zoë x' tools=off"
    )
    (variant,) = body("k", flags(given))["variants"]
    assert variant == {
        "key": "warm",
        "name": "Very warm",
        "model": "big",
        "weight": 2,
        "sampling": {"temperature": 0.9, "max_tokens": 5},
        "system_prompt": "Be kind.",
        "system_prompt_args": {"tone": "warm", "name": "Zoë x"},
        "use_tools": False,
    }


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"variant": ("a 'b",)}, "--variant: .* is not a KEY with NAME=VALUE behind it"),
        ({"variant": ("",)}, "--variant: .* is not a KEY"),
        ({"variant": ("a model",)}, "--variant: 'model' in 'a model' is not NAME=VALUE"),
        ({"variant": ("a colour=red",)}, "--variant: 'colour' is none of name, model"),
        ({"variant": ("a weight=much",)}, "--variant: 'weight=much' has no number"),
        ({"variant": ("a weight=true",)}, "--variant: 'weight=true' has no number"),
        ({"variant": ("a system_prompt=@/no/such/file",)}, "--variant: /no/such/file cannot be read"),
        ({"variant": ("a tools=maybe",)}, "--variant: 'tools=maybe' is neither on nor off"),
        ({"guardrail": ("error_rate",)}, "--guardrail: 'error_rate' is not MEASURE=LIMIT"),
        ({"guardrail": ("error_rate=1:explode",)}, "--guardrail: 'error_rate=1:explode' is not MEASURE=LIMIT"),
        ({"guardrail": ("error_rate=",)}, "--guardrail: 'error_rate=' has no number"),
    ],
)
def test_what_is_said_wrongly(fields: dict[str, Any], rule: str) -> None:  # Any: fields of several types
    """The flag is named, and what was given."""
    with pytest.raises(ConfigError, match=rule):
        body("k", CampaignFlags(project="p", **{"variant": ("a",), **fields}))


def test_weights() -> None:
    """By variants' keys."""
    assert weights(("a=1", "b=2.5")) == {"a": 1, "b": 2.5}
    for wrong in ("a", "a=b"):
        with pytest.raises(ConfigError, match="--weight: "):
            weights((wrong,))
