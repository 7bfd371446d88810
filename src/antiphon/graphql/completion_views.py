"""Completions as the schema shows them, with what was said of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct, to_builtins

from antiphon.chat import Image, Message
from antiphon.errors import BadRequest
from antiphon.feedback.model import Comparison, Feedback
from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.summaries import ModelSummary, ProjectSummary, of_model
from antiphon.interactions import wire
from antiphon.interactions.model import Interaction

IMAGE = "[image]"
Score = TypeVar("Score")


class ChatMessage(Struct, frozen=True):
    """A turn of the prompt."""

    role: str
    content: str


class Label(Struct, frozen=True):
    """A label."""

    key: str
    value: str


class Usage(Struct, frozen=True):
    """Tokens of one completion."""

    completion_tokens: int
    prompt_tokens: int
    total_tokens: int


class Metadata(Struct, frozen=True):
    """How the completion came about."""

    parameters: dict[str, Any]  # Any: values of any JSON type
    timings: dict[str, float]
    usage: Usage
    system: dict[str, str]


class DirectScore(Struct, frozen=True):
    """A metric's value for a completion."""

    id: str
    value: float
    metric: MetricView | None
    reason: str | None
    details: str | None
    created_at: int


class CompletionView(Struct, frozen=True):
    """A stored completion."""

    id: str
    chat_messages: list[ChatMessage]
    completion: str | None
    source: str
    model: ModelSummary | None
    labels: list[Label]
    metadata: Metadata
    created_at: int
    direct: list[DirectScore] | None
    comparisons: list[ComparisonScore] | None

    def direct_scores(self) -> list[DirectScore]:
        """What stands of it; BadRequest for one that stands in a comparison."""
        return _told(self.direct)

    def comparison_scores(self) -> list[ComparisonScore]:
        """The comparisons that it takes part in; BadRequest as above."""
        return _told(self.comparisons)


class ComparisonScore(Struct, frozen=True):
    """Which of two completions somebody found the better."""

    id: str
    created_at: int
    project: ProjectSummary | None
    metric: MetricView | None
    prefered_completion: CompletionView | None
    other_completion: CompletionView | None


class Said(Struct, frozen=True):
    """What stands of some completions, and what it refers to."""

    feedback: Sequence[Feedback] = ()
    comparisons: Sequence[Comparison] = ()
    compared: Mapping[str, Interaction] = {}
    metrics: Mapping[str, MetricView] = {}
    projects: Mapping[str, ProjectSummary] = {}


def shown(row: Interaction, said: Said) -> CompletionView:
    """A completion with what stands of it."""
    own = row.completion_id
    direct = [direct_score(one, said.metrics) for one in said.feedback if one.completion_id == own]
    compared = [_comparison(one, said) for one in said.comparisons if own in (one.preferred_id, one.other_id)]
    return _bare(row, direct, compared)


def direct_score(given: Feedback, metrics: Mapping[str, MetricView]) -> DirectScore:
    """What somebody said of a completion."""
    metric = metrics.get(given.metric_id)
    return DirectScore(given.id, given.value, metric, given.reason, given.details, given.created_at_ms)


def _bare(row: Interaction, direct: list[DirectScore] | None, compared: list[ComparisonScore] | None) -> CompletionView:
    return CompletionView(
        id=row.completion_id,
        chat_messages=[ChatMessage(message.role, _text(message)) for message in row.messages],
        completion=row.completion.text,
        source=row.source,
        model=None if row.model is None else of_model(row.model),
        labels=[Label(key, value) for key, value in row.labels.items()],
        metadata=_metadata(row),
        created_at=row.created_at_ms,
        direct=direct,
        comparisons=compared,
    )


def _comparison(given: Comparison, said: Said) -> ComparisonScore:
    preferred, other = said.compared.get(given.preferred_id), said.compared.get(given.other_id)
    return ComparisonScore(
        given.id,
        given.created_at_ms,
        said.projects.get(given.project_id),
        said.metrics.get(given.metric_id),
        None if preferred is None else _bare(preferred, None, None),
        None if other is None else _bare(other, None, None),
    )


def _told(scores: list[Score] | None) -> list[Score]:
    if scores is None:
        raise BadRequest("What was said of a compared completion is told where that is asked for by its own id.")
    return scores


def _text(message: Message) -> str:
    """The text of a turn, as one string."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "".join(IMAGE if isinstance(part, Image) else part.text for part in message.content)


def _metadata(row: Interaction) -> Metadata:
    usage = row.usage
    facts = {
        "request_id": row.request_id,
        "node": row.node,
        "finish_reason": row.finish_reason,
        "error": row.error,
        "ab_campaign": row.campaign,
        "variant": row.variant,
    }
    return Metadata(
        parameters=wire.parameters(row.parameters),
        timings=to_builtins(row.timings),
        usage=Usage(usage.completion_tokens, usage.prompt_tokens, usage.total_tokens),
        system={name: value for name, value in facts.items() if value},
    )
