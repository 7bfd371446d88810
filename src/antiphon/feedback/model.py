"""What people say of completions, by which metrics, and which values a metric takes. Pure."""

from __future__ import annotations

import math
import re
from typing import Literal

from msgspec import Struct

from antiphon.chat import Message
from antiphon.errors import BadRequest
from antiphon.interactions.model import Interaction
from antiphon.projects.model import UUID

Kind = Literal["BOOL", "SCALAR"]
ScoringType = Literal["HIGHER_IS_BETTER", "LOWER_IS_BETTER"]
Tie = Literal["good", "bad"]

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
NAME_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS_MAX = 4_096
METRICS_MAX = 1_000  # of one account


class Metric(Struct, frozen=True, kw_only=True):
    """What is measured. Its key is unique within its account."""

    id: str
    account: str
    key: str
    name: str
    kind: Kind
    scoring_type: ScoringType = "HIGHER_IS_BETTER"
    description: str = ""
    created_at_ms: int = 0


class Feedback(Struct, frozen=True, kw_only=True):
    """A metric's value for a completion, as a user (None: nobody in particular) gave it. A truth is 0 or 1."""

    id: str
    account: str
    completion_id: str
    metric_id: str
    value: float
    user: str | None = None
    reason: str | None = None
    details: str | None = None
    created_at_ms: int
    recorded_at_ms: int


class Comparison(Struct, frozen=True, kw_only=True):
    """Which of two completions of one prompt is the better. `tied`: neither is, both are good or both are bad."""

    id: str
    account: str
    project_id: str
    metric_id: str
    preferred_id: str
    other_id: str
    tied: Tie | None = None
    user: str | None = None
    created_at_ms: int


class Outcome(Struct, frozen=True, kw_only=True):
    """A metric's value for a whole session."""

    id: str
    account: str
    project_id: str
    metric_id: str
    session_id: str
    value: float
    user: str | None = None
    created_at_ms: int


def check_metric(metric: Metric) -> None:
    """BadRequest for the first rule that a metric breaks."""
    if not KEY.fullmatch(metric.key):
        rule = "expected 1 to 64 letters, digits and `._:-`, beginning with a letter or digit"
        raise BadRequest(f"key: {rule}.", param="key")
    if UUID.fullmatch(metric.key):
        raise BadRequest("key: a key that looks like an id could be taken for one.", param="key")
    if not 1 <= len(metric.name) <= NAME_CHARACTERS_MAX or "\0" in metric.name:
        raise BadRequest(f"name: expected 1 to {NAME_CHARACTERS_MAX} characters, without U+0000.", param="name")
    if len(metric.description) > DESCRIPTION_CHARACTERS_MAX or "\0" in metric.description:
        rule = f"expected at most {DESCRIPTION_CHARACTERS_MAX} characters, without U+0000"
        raise BadRequest(f"description: {rule}.", param="description")


def score(metric: Metric, value: float, param: str) -> float:
    """The value as it counts; BadRequest when it is none that the metric takes."""
    if metric.kind == "BOOL" and value not in (0, 1):
        raise BadRequest(f"{param}: the metric {metric.key!r} takes 0, 1, true or false.", param=param)
    if metric.kind == "SCALAR" and (isinstance(value, bool) or not math.isfinite(value)):
        raise BadRequest(f"{param}: the metric {metric.key!r} takes any finite number.", param=param)
    return float(value)


def same_prompt(one: Interaction, other: Interaction) -> bool:
    """Whether two completions answer the same prompt.

    One that was written down without any system prompt may be compared with one that had a project's, and of one
    campaign any two, for system prompts may be what its variants differ in.
    """
    return one.prompt_hash == other.prompt_hash or _bare(one.messages, other.messages) or _of_one_campaign(one, other)


def _bare(one: tuple[Message, ...], other: tuple[Message, ...]) -> bool:
    turns, others = _turns(one), _turns(other)
    return turns == others and (len(turns) == len(one) or len(others) == len(other))


def _of_one_campaign(one: Interaction, other: Interaction) -> bool:
    return (
        one.campaign is not None and one.campaign == other.campaign and _turns(one.messages) == _turns(other.messages)
    )


def _turns(messages: tuple[Message, ...]) -> list[tuple[object, ...]]:
    """What counts of each turn but system prompts."""
    return [
        (message.role, message.name, message.content, message.tool_calls, message.tool_call_id)
        for message in messages
        if message.role != "system"
    ]
