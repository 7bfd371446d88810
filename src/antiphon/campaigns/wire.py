"""Campaigns on the wire: the JSON of a campaign, and the bodies that make one or change one. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from antiphon.campaigns.model import (
    GOALS_MAX,
    GUARDRAILS_MAX,
    SAMPLES_MAX,
    VARIANTS_MAX,
    WEIGHT_MAX,
    Campaign,
    EndReason,
    Goal,
    GoalKind,
    Guardrail,
    Measure,
    Status,
    Unit,
    Variant,
)
from antiphon.chat import Sampling, ToolOverride
from antiphon.projects.wire import Names, Penalty, Share

Weight = Annotated[float, Meta(gt=0, le=WEIGHT_MAX)]
IdOrKey = Annotated[str, Meta(min_length=1, max_length=256)]


class WireSampling(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What requests of the variant are sampled with, whatever they say; of `max_tokens` the smaller one holds."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=-1, le=1_000_000)] | None = None
    min_p: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=16_777_216)] | None = None


class WireSwitch(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the tools of one of the project's providers are used, by its id or key."""

    id: IdOrKey
    enabled: bool


class VariantBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A variant to be made; without a name it has its key's. What it leaves open is as project and requests say."""

    key: str
    name: str | None = None
    model: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    weight: Weight = 1.0
    sampling: WireSampling = WireSampling()
    system_prompt: str | None = None
    system_prompt_args: dict[str, Any] = {}  # Any: values of any JSON type
    tool_providers: Names | None = None
    use_tools: bool | None = None
    tools: Annotated[tuple[WireSwitch, ...], Meta(max_length=64)] = ()


class WireGoal(Struct, frozen=True, forbid_unknown_fields=True):
    """What variants are compared by: a metric of the account, by id or key, or a measure that needs no feedback.

    `kind` says what of it: `direct`, values for completions; `outcome`, for sessions; `comparison`, preferences;
    `measure`, one of the measures, by its name.
    """

    metric: IdOrKey
    kind: GoalKind = "direct"


class WireGuardrail(Struct, frozen=True, forbid_unknown_fields=True):
    """The most that the mean of a measure may be, and what is done about a variant that is beyond it."""

    measure: Measure
    limit: Annotated[float, Meta(ge=0)]
    action: Literal["stop", "drop"] = "stop"


class CampaignBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign to be made; without a name it has its key's. `start` lets requests take part at once."""

    key: str
    project: IdOrKey
    variants: Annotated[tuple[VariantBody, ...], Meta(min_length=2, max_length=VARIANTS_MAX)]
    name: str | None = None
    description: str = ""
    goals: Annotated[tuple[WireGoal, ...], Meta(max_length=GOALS_MAX)] = ()
    guardrails: Annotated[tuple[WireGuardrail, ...], Meta(max_length=GUARDRAILS_MAX)] = ()
    share: Share = 1.0
    unit: Unit = "user"
    allocation: Literal["fixed", "adaptive"] = "fixed"
    floor: Share | None = None
    alpha: Annotated[float, Meta(gt=0, le=0.5)] = 0.05
    samples_min: Annotated[int, Meta(ge=1, le=SAMPLES_MAX)] = 100
    decides: bool = False
    deploys: bool = False
    start: bool = False


class CampaignChangeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What can be changed while a campaign runs: the share of the requests, and weights by variants' keys."""

    share: Share | UnsetType = UNSET
    weights: dict[str, Weight] | UnsetType = UNSET


class CampaignsQuery(Struct):
    """Which campaigns are listed; a `project` by id or key."""

    project: str = ""
    archived: bool = False


class WireVariant(Struct, frozen=True):
    """A variant. A dropped one gets no requests any more."""

    id: str
    key: str
    name: str
    model: str | None
    weight: float
    sampling: WireSampling
    system_prompt: str | None
    system_prompt_args: dict[str, Any]  # Any: values of any JSON type
    tool_providers: tuple[str, ...] | None
    use_tools: bool | None
    tools: tuple[WireSwitch, ...]
    dropped: bool


class WireEnding(Struct, frozen=True):
    """Why a campaign was stopped: `by_hand`, `decided` or by a `guardrail`; `winner` is a variant's key."""

    reason: EndReason
    sentence: str
    winner: str | None


class WireCampaign(Struct, frozen=True):
    """A campaign. Times are in milliseconds since 1970."""

    id: str
    key: str
    name: str
    description: str
    project_id: str
    status: Status
    variants: tuple[WireVariant, ...]
    goals: tuple[WireGoal, ...]
    guardrails: tuple[WireGuardrail, ...]
    share: float
    unit: Unit
    allocation: Literal["fixed", "adaptive"]
    floor: float
    alpha: float
    samples_min: int
    decides: bool
    deploys: bool
    ending: WireEnding | None
    created_at_ms: int
    updated_at_ms: int
    started_at_ms: int | None
    ended_at_ms: int | None
    object: str = "campaign"


class WireCampaigns(Struct, frozen=True):
    """The list."""

    data: list[WireCampaign]
    object: str = "list"


def draft(body: CampaignBody, account: str, project_id: str) -> Campaign:
    """The campaign that a body describes, without ids and times."""
    floor = min(0.1, 1 / (2 * max(1, len(body.variants)))) if body.floor is None else body.floor
    return Campaign(
        id="",
        account=account,
        key=body.key,
        name=body.key if body.name is None else body.name,
        description=body.description,
        project_id=project_id,
        variants=tuple(map(_variant, body.variants)),
        goals=tuple(Goal(goal.metric, goal.kind) for goal in body.goals),
        guardrails=tuple(Guardrail(one.measure, one.limit, one.action) for one in body.guardrails),
        share=body.share,
        unit=body.unit,
        allocation=body.allocation,
        floor=floor,
        alpha=body.alpha,
        samples_min=body.samples_min,
        decides=body.decides,
        deploys=body.deploys,
    )


def shown(campaign: Campaign) -> WireCampaign:
    """A campaign as clients see it, without its salt."""
    ending = campaign.ending
    return WireCampaign(
        id=campaign.id,
        key=campaign.key,
        name=campaign.name,
        description=campaign.description,
        project_id=campaign.project_id,
        status=campaign.status,
        variants=tuple(map(_shown, campaign.variants)),
        goals=tuple(WireGoal(goal.metric, goal.kind) for goal in campaign.goals),
        guardrails=tuple(WireGuardrail(one.measure, one.limit, one.action) for one in campaign.guardrails),
        share=campaign.share,
        unit=campaign.unit,
        allocation=campaign.allocation,
        floor=campaign.floor,
        alpha=campaign.alpha,
        samples_min=campaign.samples_min,
        decides=campaign.decides,
        deploys=campaign.deploys,
        ending=None if ending is None else WireEnding(ending.reason, ending.sentence, ending.winner),
        created_at_ms=campaign.created_at_ms,
        updated_at_ms=campaign.updated_at_ms,
        started_at_ms=campaign.started_at_ms,
        ended_at_ms=campaign.ended_at_ms,
    )


def _variant(body: VariantBody) -> Variant:
    return Variant(
        id="",
        key=body.key,
        name=body.key if body.name is None else body.name,
        model=body.model,
        weight=body.weight,
        sampling=Sampling(**asdict(body.sampling)),
        system_prompt=body.system_prompt,
        system_prompt_args=body.system_prompt_args,
        tool_providers=body.tool_providers,
        use_tools=body.use_tools,
        tool_overrides=tuple(ToolOverride(one.id, one.enabled) for one in body.tools),
    )


def _shown(variant: Variant) -> WireVariant:
    sampling = variant.sampling
    return WireVariant(
        id=variant.id,
        key=variant.key,
        name=variant.name,
        model=variant.model,
        weight=variant.weight,
        sampling=WireSampling(**{name: getattr(sampling, name) for name in WireSampling.__struct_fields__}),
        system_prompt=variant.system_prompt,
        system_prompt_args=variant.system_prompt_args,
        tool_providers=variant.tool_providers,
        use_tools=variant.use_tools,
        tools=tuple(WireSwitch(one.id, one.enabled) for one in variant.tool_overrides),
        dropped=variant.dropped,
    )
