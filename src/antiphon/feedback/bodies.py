"""The bodies of Adaptive Engine's records: interactions, feedback, comparisons, outcomes. Checked, made neutral. Pure.

Fields that its clients send besides are ignored; null means the same as absent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from antiphon.chat import Image, Message, Part, Text
from antiphon.errors import BadRequest

MESSAGES_MAX = 1_000
FEEDBACKS_MAX = 64
FUTURE_MS_MAX = 24 * 3600 * 1000  # clocks differ, by a day at most
DATA = "data:"

Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
IdOrKey = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Details = Annotated[str, Meta(max_length=16_384, pattern=r"^[^\x00]*$")]
Score = bool | float
Reason = Literal["Toxicity", "Factuality", "Style", "WrongAnswer"]


class TextPart(Struct, tag="text", tag_field="type"):
    """A text part."""

    text: str


class NestedUrl(Struct):
    """OpenAI's nested image address."""

    url: str


class ImagePart(Struct, tag="image_url", tag_field="type"):
    """An image part; the address flat, as Adaptive has it, or nested."""

    image_url: str | NestedUrl


class WireMessage(Struct):
    """A turn of the prompt."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Annotated[list[TextPart | ImagePart], Meta(min_length=1, max_length=1_000)]
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    completion_id: Uuid | None = None
    metadata: Any = None  # Any: the caller's own note


Messages = Annotated[list[WireMessage], Meta(min_length=1, max_length=MESSAGES_MAX)]


class WireFeedback(Struct):
    """A metric's value that comes with an interaction."""

    metric: IdOrKey
    value: Score
    reason: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00]*$")] | None = None
    details: Details | None = None
    created_at: str | float | None = None


class InteractionBody(Struct):
    """POST /api/v1/interactions. `use_case` is how older clients call the project."""

    messages: Messages
    completion: str
    project: IdOrKey | None = None
    use_case: IdOrKey | None = None
    model_service: IdOrKey | None = None
    feedbacks: Annotated[list[WireFeedback], Meta(max_length=FEEDBACKS_MAX)] | None = None
    user: Uuid | None = None
    session_id: Uuid | None = None
    created_at: str | float | None = None
    ab_campaign: IdOrKey | None = None
    labels: dict[str, str] | None = None


class FeedbackBody(Struct):
    """POST /api/v1/feedback."""

    value: Score
    completion_id: str
    metric: IdOrKey
    user_id: Uuid | None = None
    reason: Reason | None = None
    details: Details | None = None


class WrittenCompletion(Struct):
    """A completion that is given by its text and the name of its model."""

    text: str
    model: IdOrKey


class ComparisonBody(Struct):
    """POST /api/v1/comparison. `messages` are required where a completion is given by its text."""

    metric: IdOrKey
    preferred_completion: str | WrittenCompletion
    other_completion: str | WrittenCompletion
    messages: Messages | None = None
    tied: Literal["good", "bad"] | None = None
    project: IdOrKey | None = None
    use_case: IdOrKey | None = None
    user_id: Uuid | None = None


class OutcomeBody(Struct):
    """POST /api/v1/outcome."""

    value: Score
    metric: IdOrKey
    project_id: IdOrKey
    session_id: Uuid
    user_id: Uuid | None = None


class InteractionAdded(Struct):
    """What was kept; `session_id` is new where none was given."""

    completion_id: str
    session_id: str
    feedback_ids: list[str]


class FeedbackAdded(Struct):
    """The id of what was kept."""

    feedback_id: str


class ComparisonAdded(Struct):
    """The id of what was kept."""

    comparison_id: str


class OutcomeAdded(Struct):
    """The id of what was kept."""

    outcome_id: str


def named_project(body: InteractionBody | ComparisonBody) -> str:
    """The project's id or key; BadRequest without one."""
    name = body.project or body.use_case
    if name is None:
        raise BadRequest("project: required.", param="project", code="missing_required_parameter")
    return name


def messages(given: list[WireMessage] | None) -> tuple[Message, ...]:
    """The neutral turns; BadRequest for images elsewhere, which this door does not take."""
    return tuple(
        Message(
            "system" if one.role == "developer" else one.role,
            _content(one.content, f"messages[{i}].content"),
            name=one.name,
            completion_id=one.completion_id,
            metadata=one.metadata,
        )
        for i, one in enumerate(given or ())
    )


def moment_ms(given: str | float | None, now_ms: int, param: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 time or of a number of milliseconds, now without any; no zone is UTC."""
    if given is None:
        return now_ms
    found = _milliseconds(given)
    if found is None or not 0 <= found <= now_ms + FUTURE_MS_MAX:
        rule = "expected an ISO 8601 time, or milliseconds since 1970, that is not in the future"
        raise BadRequest(f"{param}: {rule}.", param=param)
    return found


def _milliseconds(given: str | float) -> int | None:
    if isinstance(given, float):
        return int(given)
    if given.isascii() and given.isdigit() and len(given) <= 15:
        return int(given)
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _content(content: str | list[TextPart | ImagePart], param: str) -> str | tuple[Part, ...]:
    """Parts are kept only where there is an image; text parts are joined without a separator."""
    if isinstance(content, str):
        return content
    parts: list[Part] = []
    for j, part in enumerate(content):
        if isinstance(part, TextPart):
            parts.append(Text(part.text))
            continue
        url = part.image_url if isinstance(part.image_url, str) else part.image_url.url
        if url[: len(DATA)].lower() != DATA:
            raise BadRequest(f"{param}[{j}].image_url: expected a data URL.", param=f"{param}[{j}].image_url")
        parts.append(Image(url))
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return tuple(parts)
