"""Prompts for real models, as many as are asked for, each another; and requests made of them. Pure."""

from __future__ import annotations

from typing import Any

SUBJECTS = (
    "a lighthouse", "the moon", "an old bridge", "bread", "the sea", "a clock", "snow", "a garden", "a train", "music",
    "a library", "a river", "glass", "the desert", "a violin", "tea", "a market", "rain", "a fox", "the night sky",
)  # fmt: skip
FORMS = (
    "Write a short story about {}.", "Explain {} to a child.", "Describe {} in three sentences.",
    "Write a letter that mentions {}.", "Tell me five facts about {}.", "Why do people like {}?",
)  # fmt: skip
CITY = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "country": {"type": "string", "maxLength": 40},
        "description": {"type": "string", "maxLength": 120},
        "population": {"type": "integer", "minimum": 0, "maximum": 99_999_999},
        "coastal": {"type": "boolean"},
    },
    "required": ["name", "country", "description", "population", "coastal"],
    "additionalProperties": False,
}
Body = dict[str, Any]  # Any: a request is any JSON


def prompt(number: int) -> str:
    """Prompt `number`; they repeat after all subjects have met all forms."""
    return FORMS[number // len(SUBJECTS) % len(FORMS)].format(SUBJECTS[number % len(SUBJECTS)])


def body(number: int, kind: str, *, model: str, tokens: int) -> Body:
    """A streamed request at temperature 0."""
    asked: Body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt(number)}],
        "temperature": 0,
        "seed": 1,
        "max_tokens": tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if kind == "schema":
        asked["response_format"] = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY}}
    if kind == "tools":
        asked["tools"] = [{"type": "function", "function": {"name": "keep_city", "parameters": CITY}}]
        asked["tool_choice"] = "required"
        asked["parallel_tool_calls"] = False
    return asked
