"""The settings of campaigns, and the values that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict

from antiphon.campaigns import model
from antiphon.campaigns.model import Campaign, Goal, GoalKind, Guardrail, Measure, Unit, Variant
from antiphon.campaigns.parts import Configured
from antiphon.chat import Sampling
from antiphon.settings.bounds import (
    ArgumentName,
    Name,
    NonEmpty,
    Penalty,
    Probability,
    ProjectKey,
    Prompt,
    RepetitionPenalty,
    Temperature,
    Tokens,
    TopK,
)
from antiphon.settings.paths import SettingPath

CampaignKey = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
        title="1 to 64 letters, digits and `._:-`, beginning with a letter or digit",
    ),
]
Weight = Annotated[float, Meta(gt=0, le=1_000_000)]
Limit = Annotated[float, Meta(ge=0, le=1_000_000_000_000)]
PART = re.compile(r"[A-Za-z_]+|[0-9]+")


class VariantSampling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What requests of the variant are sampled with, whatever they say."""

    temperature: Annotated[Temperature | None, Meta(description="In place of `temperature`.")] = None
    top_p: Annotated[Probability | None, Meta(description="In place of `top_p`.")] = None
    top_k: Annotated[TopK | None, Meta(description="In place of `top_k`.")] = None
    min_p: Annotated[Probability | None, Meta(description="In place of `min_p`.")] = None
    frequency_penalty: Annotated[Penalty | None, Meta(description="In place of `frequency_penalty`.")] = None
    presence_penalty: Annotated[Penalty | None, Meta(description="In place of `presence_penalty`.")] = None
    repetition_penalty: Annotated[
        RepetitionPenalty | None,
        Meta(description="In place of `repetition_penalty`."),
    ] = None
    max_tokens: Annotated[Tokens | None, Meta(description="The most, if a request does not ask for less.")] = None


class ArgumentValue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that stands in the system prompt, whatever requests give for it."""

    name: Annotated[ArgumentName, Meta(description="The word between `{{` and `}}`.")]
    value: Annotated[str, Meta(max_length=8_192, description="What takes its place.")]


class VariantSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the variant's requests get; absent means: as the project and the request say."""

    key: Annotated[CampaignKey, Meta(description="Its name in records and reports.")]
    name: Annotated[NonEmpty | None, Meta(description="Its name for people; absent: the key.")] = None
    model: Annotated[Name | None, Meta(description="The model; absent: the project's default.")] = None
    weight: Annotated[Weight, Meta(description="Its part of the requests, beside the other variants' weights.")] = 1.0
    sampling: Annotated[VariantSampling, Meta(description="Sampling.")] = VariantSampling()
    system_prompt: Annotated[Prompt | None, Meta(description="In place of the project's.")] = None
    arguments: Annotated[
        tuple[ArgumentValue, ...],
        Meta(description="Values of the system prompt's arguments, in place of the request's."),
    ] = ()
    tool_providers: Annotated[
        tuple[Name, ...] | None,
        Meta(description="Keys of tool providers, in place of the project's; an empty list means none."),
    ] = None


class GoalSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What variants are compared by."""

    metric: Annotated[Name, Meta(description="Key of a metric of the account, or the name of a measure.")]
    kind: Annotated[
        GoalKind,
        Meta(description="Values for completions, for sessions, preferences between two, or a measure."),
    ] = "direct"


class GuardrailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no variant may go beyond."""

    measure: Annotated[Measure, Meta(description="What is measured of each request.")]
    limit: Annotated[Limit, Meta(description="The most that its mean may be.")]
    action: Annotated[
        Literal["stop", "drop"],
        Meta(description="Stop the campaign, or drop the variant that is beyond it."),
    ] = "stop"


class CampaignSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign that is made at the start where its account has none of that key; then it goes its own way."""

    key: Annotated[CampaignKey, Meta(description="Its name.")]
    account: Annotated[Name, Meta(description="Whose requests take part, and whose metrics are its goals.")]
    project: Annotated[ProjectKey, Meta(description="The project that its requests name.")]
    name: Annotated[NonEmpty | None, Meta(description="Its name for people; absent: the key.")] = None
    description: Annotated[NonEmpty | None, Meta(description="What it is for.")] = None
    variants: Annotated[
        tuple[VariantSettings, ...],
        Meta(description="2 to 16 variants; the first is what the others are compared with."),
    ]
    goals: Annotated[
        tuple[GoalSettings, ...],
        Meta(description="What they are compared by; the first decides."),
    ] = ()
    guardrails: Annotated[tuple[GuardrailSettings, ...], Meta(description="What ends it early.")] = ()
    share: Annotated[Probability, Meta(description="The part of the project's requests that takes part.")] = 1.0
    unit: Annotated[
        Unit,
        Meta(description="What keeps its variant: a user (else the session), a session, or nothing but a request."),
    ] = "user"
    allocation: Annotated[
        Literal["fixed", "adaptive"],
        Meta(description="`adaptive` gives better variants more of the requests as results come in."),
    ] = "fixed"
    floor: Annotated[Probability, Meta(description="The least part of a variant while weights are adapted.")] = 0.05
    alpha: Annotated[
        Annotated[float, Meta(gt=0, le=0.5)],
        Meta(description="How likely the verdict may be wrong, over all looks at it."),
    ] = 0.05
    samples_min: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000_000)],
        Meta(description="Samples of each variant before anything is decided."),
    ] = 100
    decides: Annotated[bool, Meta(description="Stop by itself once the verdict is there.")] = False
    deploys: Annotated[bool, Meta(description="And let the project become what the winner was.")] = False
    running: Annotated[bool, Meta(description="Begin at once; otherwise it waits for `start`.")] = True


def as_configured(settings: CampaignSettings) -> Configured:
    """The campaign that the settings stand for."""
    campaign = Campaign(
        id="",
        account=settings.account,
        key=settings.key,
        name=settings.name or settings.key,
        description=settings.description or "",
        project_id="",
        variants=tuple(map(_variant, settings.variants)),
        goals=tuple(Goal(goal.metric, goal.kind) for goal in settings.goals),
        guardrails=tuple(Guardrail(one.measure, one.limit, one.action) for one in settings.guardrails),
        share=settings.share,
        unit=settings.unit,
        allocation=settings.allocation,
        floor=settings.floor,
        alpha=settings.alpha,
        samples_min=settings.samples_min,
        decides=settings.decides,
        deploys=settings.deploys,
    )
    return Configured(campaign, settings.project, settings.running)


def broken(settings: CampaignSettings) -> Iterator[tuple[SettingPath, str]]:
    """Each rule of campaigns that the settings break, with the place below them."""
    for place, rule in model.broken(as_configured(settings).campaign):
        yield tuple(int(part) if part.isdigit() else part for part in PART.findall(place)), rule


def _variant(settings: VariantSettings) -> Variant:
    return Variant(
        id="",
        key=settings.key,
        name=settings.name or settings.key,
        model=settings.model,
        weight=settings.weight,
        sampling=Sampling(**asdict(settings.sampling)),
        system_prompt=settings.system_prompt,
        system_prompt_args={argument.name: argument.value for argument in settings.arguments},
        tool_providers=settings.tool_providers,
    )
