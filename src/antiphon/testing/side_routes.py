"""What the fault engine answers where nothing is generated: models, health, token counts, its own record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from antiphon.testing.connection import Request
from antiphon.testing.faults import Route
from antiphon.testing.plan import Habits
from antiphon.testing.record import Exchange, Record
from antiphon.testing.text import count_prompt_tokens, message_text, split_pieces
from antiphon.testing.vectors import embeddings
from antiphon.testing.wire import Wire, head

JSON = Any  # Any: what is read from or written to the wire, any JSON
TOLD_MAX = 1000


def told(route: Route, body: JSON, habits: Habits) -> JSON:
    """The answer of a route that generates nothing; `/tokenize` takes text or messages, in either engine's words."""
    if route == "models":
        model = {"id": habits.model, "object": "model", "created": 0, "owned_by": "fault-engine"}
        return {"object": "list", "data": [model | {"max_model_len": habits.context_tokens}]}
    if route == "health":
        return {"status": "ok"}
    asked = body if isinstance(body, dict) else {}
    if route == "embeddings":
        return embeddings(asked)
    if "messages" in asked:
        size = count_prompt_tokens(asked["messages"])
    else:
        size = len(split_pieces(str(asked.get("prompt", asked.get("content", "")))))
    return {"count": size, "max_model_len": habits.context_tokens, "tokens": list(range(size))}


def told_of_record(record: Record, requests: Sequence[Exchange]) -> JSON:
    """What was seen, for a test in another process; the last 1,000 requests."""
    seen = [
        {
            "number": each.number,
            "body": each.body,
            "struck": each.struck,
            "tokens": each.tokens,
            "ended": each.ended_s is not None,
            "disconnected_s": each.disconnected_s,
        }
        for each in requests[-TOLD_MAX:]
    ]
    return {
        "in_flight": record.in_flight,
        "in_flight_max": record.in_flight_max,
        "struck": record.struck,
        "requests": seen,
    }


async def reply(wire: Wire, status: int, body: JSON) -> None:
    """A JSON answer without any fault."""
    data = msgspec.json.encode(body)
    headers = {"content-type": "application/json", "content-length": str(len(data))}
    await wire.send(head(status, headers) + data)


def body_of(request: Request) -> JSON:
    """The JSON of a request's body; None when it is none, or is nested deeper than can be read."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


def last_user_text(body: JSON) -> str:
    """The text of the last user message, or of the prompt, where markers are looked for."""
    if isinstance(body, dict) and isinstance(body.get("prompt"), str):
        return str(body["prompt"])
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return ""
    said = [each for each in messages if isinstance(each, dict) and each.get("role") == "user"]
    return message_text(said[-1]) if said else ""
