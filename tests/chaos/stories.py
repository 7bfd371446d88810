"""Requests whose whole answers are known beforehand, and what those answers are. Pure.

The fault engine's own rules are the oracle: a token that is lost, doubled or foreign shows at once.
"""

from __future__ import annotations

import random
from typing import Any, Literal

from msgspec import Struct

from antiphon.testing.plan import Habits, plan_answer

Kind = Literal["text", "schema", "tools", "pair"]
Body = dict[str, Any]  # Any: a request is any JSON
MODEL = "story"
TOKENS, TOKENS_MIN = 40, 12
HABITS = Habits(answer_tokens=TOKENS, token_delay_s=0.03)
TALE = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 24},
        "chapters": {
            "type": "array",
            "minItems": 2,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 12},
                    "pages": {"type": "integer", "minimum": 1, "maximum": 400},
                },
                "required": ["name", "pages"],
                "additionalProperties": False,
            },
        },
        "kind": {"enum": ["novel", "poem", "play"]},
        "finished": {"type": "boolean"},
    },
    "required": ["title", "chapters", "kind", "finished"],
    "additionalProperties": False,
}


class Choice(Struct, frozen=True):
    """What one choice must be in the end."""

    text: str
    finish_reason: str
    call: str | None = None  # the arguments of the one call that it makes


class Story(Struct, frozen=True):
    """A request, and what must come of it."""

    number: int
    kind: Kind
    body: Body
    choices: tuple[Choice, ...]
    prompt_tokens: int
    completion_tokens: int


def story(number: int, kind: Kind, seed: int) -> Story:
    """Request `number` of the run with that seed."""
    chance = random.Random(f"{seed}/{number}")
    body: Body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": f"Tell story {number} of {seed}."}],
        "seed": chance.randrange(1, 1_000_000),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if kind in ("text", "pair"):
        body["max_tokens"] = chance.randint(TOKENS_MIN, TOKENS + 8)  # some end by themselves
    if kind == "pair":
        body["n"] = 2
    if kind == "schema":
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "tale", "schema": TALE}}
    if kind == "tools":
        body["tools"] = [{"type": "function", "function": {"name": "keep", "parameters": TALE}}]
        body["tool_choice"] = "required"
    return told(number, kind, body)


def told(number: int, kind: Kind, body: Body) -> Story:
    """The same with its answer: each choice is a request of its own, with the next seed."""
    plans = [
        plan_answer(body | {"n": 1, "seed": body["seed"] + index}, HABITS, number=0, created=0)
        for index in range(body.get("n", 1))
    ]
    answers = [plan.answers[0] for plan in plans]
    choices = [
        Choice("", answer.finish_reason, "".join(answer.tokens))
        if answer.call_names
        else Choice("".join(answer.tokens), answer.finish_reason)
        for answer in answers
    ]
    spent = sum(answer.spent for answer in answers)
    return Story(number, kind, body, tuple(choices), plans[0].prompt_tokens, spent)
