"""A campaign: variants of a project that share its traffic, what decides between them, and its rules. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon.chat import Sampling, ToolOverride
from antiphon.projects.model import UUID
from antiphon.projects.template import ARGUMENT_NAME, TEMPLATE_BYTES_MAX, VALUE_BYTES_MAX

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
NAME_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS_MAX = 4_096
VARIANTS_MAX = 16
GOALS_MAX = 16
GUARDRAILS_MAX = 16
ARGUMENTS_MAX = 64
WEIGHT_MAX = 1_000_000
SAMPLES_MAX = 1_000_000_000
WEIGHTINGS_MAX = 1_000  # of one campaign; after so many, its weights stay as they are
CAMPAIGNS_MAX = 1_000  # of one account, the archived ones left out

Status = Literal["draft", "running", "paused", "stopped", "archived"]
Unit = Literal["user", "session", "request"]
GoalKind = Literal["direct", "outcome", "comparison", "measure"]
Measure = Literal[
    "latency_ms", "ttft_ms", "cost_micro_usdc", "prompt_tokens", "completion_tokens", "error_rate", "refusal_rate"
]
EndReason = Literal["by_hand", "decided", "guardrail"]
Broken = Iterator[tuple[str, str]]

MEASURES: tuple[Measure, ...] = (
    "latency_ms",
    "ttft_ms",
    "cost_micro_usdc",
    "prompt_tokens",
    "completion_tokens",
    "error_rate",
    "refusal_rate",
)


class Variant(Struct, frozen=True, kw_only=True):
    """What its requests get in place of what the project says, and of what they say themselves.

    A field that is None or empty changes nothing. Of `max_tokens` the smaller one holds, the request's or this one's.
    """

    id: str
    key: str
    name: str
    model: str | None = None
    weight: float = 1.0
    sampling: Sampling = Sampling()
    system_prompt: str | None = None
    system_prompt_args: dict[str, Any] = {}  # Any: values of any JSON type
    tool_providers: tuple[str, ...] | None = None  # in place of the project's; () means none
    use_tools: bool | None = None
    tool_overrides: tuple[ToolOverride, ...] = ()
    dropped: bool = False  # by a guardrail: it gets nobody any more


class Goal(Struct, frozen=True):
    """What is compared: a metric of the account, by its key, or a measure, by its name.

    `direct`: its values for completions; `outcome`: for sessions; `comparison`: preferences between two completions.
    """

    metric: str
    kind: GoalKind = "direct"


class Guardrail(Struct, frozen=True):
    """The most that the mean of a measure may be. Beyond it the campaign stops, or the variant is dropped."""

    measure: Measure
    limit: float
    action: Literal["stop", "drop"] = "stop"


class Weighting(Struct, frozen=True):
    """The weights that hold from a time on, one for each variant in their order; 0 for one that is dropped."""

    from_ms: int
    weights: tuple[float, ...]


class Ending(Struct, frozen=True):
    """Why a campaign was stopped, in a word and a sentence, and which variant had won by then."""

    reason: EndReason
    sentence: str = ""
    winner: str | None = None


class Campaign(Struct, frozen=True, kw_only=True):
    """A test between variants, on requests of one account that name the project and no model of their own.

    `share` is the part of them that takes part. The first variant is the baseline, the first goal decides. `salt` keeps
    others from telling who gets which variant.
    """

    id: str
    account: str
    key: str
    name: str
    project_id: str
    variants: tuple[Variant, ...]
    goals: tuple[Goal, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    description: str = ""
    share: float = 1.0
    unit: Unit = "user"
    allocation: Literal["fixed", "adaptive"] = "fixed"
    floor: float = 0.1  # the least share of a variant while weights are adapted
    alpha: float = 0.05  # how likely the verdict may be wrong, over all looks at it
    samples_min: int = 100  # of each variant, before anything is decided
    decides: bool = False  # it stops by itself once the verdict is there
    deploys: bool = False  # and the project becomes what the winner was
    status: Status = "draft"
    salt: str = ""
    weightings: tuple[Weighting, ...] = ()
    ending: Ending | None = None
    created_at_ms: int = 0
    updated_at_ms: int = 0
    started_at_ms: int | None = None
    ended_at_ms: int | None = None

    @property
    def open(self) -> tuple[Variant, ...]:
        """The variants that somebody can get."""
        return tuple(variant for variant in self.variants if not variant.dropped)

    def variant(self, name: str) -> Variant | None:
        """The variant of that id or key."""
        return next((variant for variant in self.variants if name in (variant.id, variant.key)), None)


def broken(campaign: Campaign) -> Broken:
    """Each rule that a campaign breaks: the field, and the rule."""
    yield from _named("", campaign.key, campaign.name)
    if len(campaign.description) > DESCRIPTION_CHARACTERS_MAX or "\0" in campaign.description:
        yield "description", f"expected at most {DESCRIPTION_CHARACTERS_MAX} characters, without U+0000"
    if not 0 <= campaign.share <= 1:
        yield "share", "expected 0 to 1"
    if not 0 < campaign.alpha <= 0.5:
        yield "alpha", "expected more than 0, and at most 0.5"
    if not 1 <= campaign.samples_min <= SAMPLES_MAX:
        yield "samples_min", f"expected 1 to {SAMPLES_MAX}"
    if (campaign.decides or campaign.allocation == "adaptive") and not campaign.goals:
        yield "goals", "expected at least one, by which it is decided"
    if campaign.deploys and not campaign.decides:
        yield "deploys", "expected `decides` to be true as well: only a winner is deployed"
    yield from _variants(campaign)
    yield from _goals(campaign)
    yield from _guardrails(campaign)


def _named(place: str, key: str, name: str) -> Broken:
    if not KEY.fullmatch(key):
        yield f"{place}key", "expected 1 to 64 letters, digits and `._:-`, beginning with a letter or digit"
    elif UUID.fullmatch(key):
        yield f"{place}key", "a key that looks like an id could be taken for one"
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX or "\0" in name:
        yield f"{place}name", f"expected 1 to {NAME_CHARACTERS_MAX} characters, without U+0000"


def _variants(campaign: Campaign) -> Broken:
    variants = campaign.variants
    if not 2 <= len(variants) <= VARIANTS_MAX:
        yield "variants", f"expected 2 to {VARIANTS_MAX}"
    if not 0 <= campaign.floor <= 1 / max(1, len(variants)):
        yield "floor", "expected at most an equal share of each variant"
    for index, variant in enumerate(variants):
        place = f"variants[{index}]."
        yield from _named(place, variant.key, variant.name)
        if any(variant.key == other.key for other in variants[:index]):
            yield f"{place}key", f"`{variant.key}` stands there twice"
        yield from _one_variant(place, variant)


def _one_variant(place: str, variant: Variant) -> Broken:
    if not 0 < variant.weight <= WEIGHT_MAX:
        yield f"{place}weight", f"expected more than 0, and at most {WEIGHT_MAX}"
    if variant.system_prompt is not None and len(variant.system_prompt.encode()) > TEMPLATE_BYTES_MAX:
        yield f"{place}system_prompt", f"expected at most {TEMPLATE_BYTES_MAX} bytes"
    if len(variant.system_prompt_args) > ARGUMENTS_MAX:
        yield f"{place}system_prompt_args", f"expected at most {ARGUMENTS_MAX}"
    for name, value in variant.system_prompt_args.items():
        if not ARGUMENT_NAME.fullmatch(name):
            yield f"{place}system_prompt_args", "expected names of 1 to 64 letters, digits and `_`"
        elif len(value.encode() if isinstance(value, str) else msgspec.json.encode(value)) > VALUE_BYTES_MAX:
            yield f"{place}system_prompt_args.{name}", f"expected at most {VALUE_BYTES_MAX} bytes"


def _goals(campaign: Campaign) -> Broken:
    if len(campaign.goals) > GOALS_MAX:
        yield "goals", f"expected at most {GOALS_MAX}"
    for index, goal in enumerate(campaign.goals):
        if goal.kind == "measure" and goal.metric not in MEASURES:
            yield f"goals[{index}].metric", f"expected one of {', '.join(MEASURES)} for a `measure`"
        if goal in campaign.goals[:index]:
            yield f"goals[{index}]", "it stands there twice"


def _guardrails(campaign: Campaign) -> Broken:
    if len(campaign.guardrails) > GUARDRAILS_MAX:
        yield "guardrails", f"expected at most {GUARDRAILS_MAX}"
    for index, guardrail in enumerate(campaign.guardrails):
        if not (math.isfinite(guardrail.limit) and guardrail.limit >= 0):
            yield f"guardrails[{index}].limit", "expected 0 or more"
        if guardrail.measure in ("error_rate", "refusal_rate") and guardrail.limit > 1:
            yield f"guardrails[{index}].limit", "expected a rate, which is at most 1"
