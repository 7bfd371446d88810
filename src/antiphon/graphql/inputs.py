"""What the inputs of the schema become: one struct for each, with the schema's names in Python's spelling. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.feedback.model import Kind, ScoringType

CompletionSource = Literal["LIVE", "OFFLINE", "AUTOMATION", "DATASET", "EVALUATION"]
GroupBy = Literal["MODEL", "PROMPT"]
CampaignStatus = Literal["WARMUP", "IN_PROGRESS", "DONE", "CANCELLED"]
ScoreType = Literal["DIRECT", "COMPARISON"]
Online = Literal["ONLINE", "DEGRADED", "PENDING", "SCALING", "OFFLINE", "ERROR"]
Capability = Literal["Embedding", "TextGeneration", "ImageUnderstanding", "Reasoning", "Regression"]


class TimeRange(Struct, frozen=True):
    """Milliseconds since 1970; `to` is not included."""

    from_: int
    to: int


class StringCondition(Struct, frozen=True):
    """One value, or one of several."""

    eq: str | None = None
    in_: list[str] | None = None


class LabelCondition(Struct, frozen=True):
    """A label that is there, with a value where one is said."""

    key: str
    value: StringCondition | None = None


class LabelFilter(Struct, frozen=True):
    """A label that is there, with one of the values where some are said."""

    key: str
    value: list[str] | None = None


class NumericCondition(Struct, frozen=True):
    """A number, or bounds of it."""

    eq: float | None = None
    gte: float | None = None
    lte: float | None = None


class ScoreCondition(Struct, frozen=True):
    """What the mean by a metric must be."""

    metric: str
    value: NumericCondition | None = None


class Expression(Struct, frozen=True):
    """What an advanced filter says; all of it must hold."""

    and_: list[Expression] | None = None
    timerange: TimeRange | None = None
    model: StringCondition | None = None
    label: LabelCondition | None = None
    source: CompletionSource | None = None
    prompt_hash: StringCondition | None = None
    session_id: str | None = None
    created_by: StringCondition | None = None
    completion_id: str | None = None
    scores: ScoreCondition | None = None


class CompletionFilter(Struct, frozen=True):
    """Which completions are meant; an advanced filter takes the place of all but the project."""

    project: str
    models: list[str] | None = None
    timerange: TimeRange | None = None
    session_id: str | None = None
    created_by: str | None = None
    labels: list[LabelFilter] | None = None
    prompt_hash: str | None = None
    completion_id: str | None = None
    source: list[CompletionSource] | None = None
    advanced_filter: Expression | None = None


class CursorPage(Struct, frozen=True):
    """Which part of a list."""

    first: int | None = None
    after: str | None = None
    before: str | None = None
    last: int | None = None


class OrderPair(Struct, frozen=True):
    """What a list is ordered by."""

    field: str
    order: Literal["ASC", "DESC"]


class CapabilityFilter(Struct, frozen=True):
    """What a model can do: one of these, and all of those."""

    any: list[Capability] | None = None
    all: list[Capability] | None = None


class ModelFilter(Struct, frozen=True):
    """Which models are meant."""

    in_storage: bool | None = None
    available: bool | None = None
    trainable: bool | None = None
    capabilities: CapabilityFilter | None = None
    view_all: bool | None = None
    online: list[Online] | None = None


class ProjectSettings(Struct, frozen=True):
    """What a project is set to."""

    default_metric: str | None = None


class ProjectCreate(Struct, frozen=True):
    """A project to be made."""

    name: str
    key: str | None = None
    description: str | None = None
    team: str | None = None
    settings: ProjectSettings | None = None


class AddModels(Struct, frozen=True):
    """Models that a project is to have."""

    project: str
    models: list[str]


class Placement(Struct, frozen=True):
    """Where a model is to run."""

    compute_pools: list[str]
    max_ttft_ms: int | None = None


class SpeculativeDecoding(Struct, frozen=True):
    """How a model is to guess ahead."""

    num_draft_steps: int


class DeployModel(Struct, frozen=True):
    """A model of a project that is to be served. It is, or it is not: there is nothing to wait for."""

    project: str
    model: str
    wait: bool | None = False
    placement: Placement | None = None
    speculative_decoding: SpeculativeDecoding | None = None


class UpdateModelService(Struct, frozen=True):
    """How a project is to have a model."""

    project: str
    model_service: str
    is_default: bool | None = None
    desired_online: bool | None = None
    placement: Placement | None = None
    speculative_decoding: SpeculativeDecoding | None = None


class RemoveModel(Struct, frozen=True):
    """A model that a project is to have no longer."""

    project: str
    model: str


class MetricCreate(Struct, frozen=True):
    """A metric to be made."""

    name: str
    kind: Kind
    key: str | None = None
    scoring_type: ScoringType = "HIGHER_IS_BETTER"
    description: str | None = None


class CampaignFilter(Struct, frozen=True):
    """Which campaigns are meant."""

    active: bool | None = None
    status: CampaignStatus | None = None
    project: str | None = None


class CampaignCreate(Struct, frozen=True):
    """A campaign to be made, and begun."""

    key: str
    metric: str
    project: str
    model_services: list[str]
    auto_deploy: bool
    traffic_split: float
    name: str | None = None
    score_type: ScoreType | None = None


class ScoreAdd(Struct, frozen=True):
    """A metric's value for a completion."""

    value: float
    details: str | None = None
    reason: str | None = None


INPUTS: dict[str, type[Struct]] = {
    "AbCampaignFilter": CampaignFilter,
    "AbcampaignCreate": CampaignCreate,
    "AddModelsToProjectInput": AddModels,
    "CapabilityFilter": CapabilityFilter,
    "CompletionFilterExpression": Expression,
    "CursorPageInput": CursorPage,
    "DeployModelInput": DeployModel,
    "FeedbackAddInput": ScoreAdd,
    "FloatNumericCondition": NumericCondition,
    "IdOrKeyCondition": StringCondition,
    "LabelCondition": LabelCondition,
    "LabelFilter": LabelFilter,
    "ListCompletionsFilterInput": CompletionFilter,
    "MetricCreate": MetricCreate,
    "ModelFilter": ModelFilter,
    "ModelPlacementInput": Placement,
    "OrderPair": OrderPair,
    "ProjectCreate": ProjectCreate,
    "ProjectSettingsInput": ProjectSettings,
    "RemoveModelFromProjectInput": RemoveModel,
    "ScoreAddInput": ScoreAdd,
    "ScoreCondition": ScoreCondition,
    "SpeculativeDecodingInput": SpeculativeDecoding,
    "StringCondition": StringCondition,
    "TimeRange": TimeRange,
    "UpdateModelService": UpdateModelService,
}
