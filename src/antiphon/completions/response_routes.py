"""Stored responses: shown again, with what was asked, and deleted. `/v1/responses/{response}`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from antiphon.chat import Choice
from antiphon.completions.dialects import Echo, Head
from antiphon.completions.dialects.openai_responses import answer, items
from antiphon.completions.recall import Recalling
from antiphon.errors import BadRequest
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.interactions.model import Interaction

Handler = Callable[[Exchange], Awaitable[None]]
LIMIT = 20
LIMIT_MAX = 100
FIELDS_MAX = 32


class ItemsQuery(Struct, frozen=True):
    """Which of the items: so many, behind one of them, from the last or from the first."""

    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT
    after: str = ""
    order: Literal["asc", "desc"] = "desc"


class WireItems(Struct):
    """A part of the items of a conversation."""

    data: list[dict[str, Any]]  # Any: items are the vendor's JSON
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: str = "list"


class WireDeleted(Struct):
    """A response that is no more."""

    id: str
    object: str = "response"
    deleted: bool = True


class ResponseRoutes:
    """The stored responses that the caller's key may see."""

    def __init__(self, recalling: Recalling) -> None:
        self._recalling = recalling

    async def get(self, exchange: Exchange) -> None:
        """One, as it was answered."""
        if _fields(exchange.query).get("stream") == "true":
            raise BadRequest("stream: a stored response is shown as a whole.", param="stream")
        found = await self._recalling.find(require_key(exchange), exchange.parameter)
        exchange.respond(200, answer.encode(again(found)), JSON)

    async def items(self, exchange: Exchange) -> None:
        """What it answered: all items of the conversation before it."""
        wanted = asked(exchange.query)
        found = await self._recalling.find(require_key(exchange), exchange.parameter)
        known = items.shown(found.messages, found.answer_id.removeprefix(answer.ID_PREFIX))
        exchange.respond(200, msgspec.json.encode(part(known, wanted)), JSON)

    async def delete(self, exchange: Exchange) -> None:
        """Delete it, with its feedback."""
        await self._recalling.delete(require_key(exchange), exchange.parameter)
        exchange.respond(200, msgspec.json.encode(WireDeleted(exchange.parameter)), JSON)


def again(stored: Interaction) -> answer.WireResponse:
    """The response that was stored."""
    echo = Echo(stored.parameters, stored.labels, stored.user, stored=True)
    begun_at = (stored.created_at_ms - (stored.timings.total_ms or 0)) / 1000
    head = Head(stored.answer_id, begun_at, stored.model or "", completion_ids=(stored.completion_id,), echo=echo)
    said = stored.completion
    finish_reason = stored.finish_reason or "stop"
    choice = Choice(0, said.text, said.reasoning, said.tool_calls, None, finish_reason)
    wire = answer.ended(
        answer.response(head, "completed", answer.items(choice, head)), finish_reason, stored.usage, head
    )
    if stored.error is not None:
        wire.status = "failed"
        wire.error = answer.WireError("server_error", f"The answer broke off: {stored.error}.")
    return wire


def part(known: list[dict[str, Any]], wanted: ItemsQuery) -> WireItems:  # Any: items are the vendor's JSON
    """The part of the items that is asked for; BadRequest for a place that is none of theirs."""
    ordered = known if wanted.order == "asc" else known[::-1]
    begin = 0
    if wanted.after:
        begin = next((i for i, item in enumerate(ordered, 1) if item["id"] == wanted.after), 0)
        if not begin:
            raise BadRequest("after: the id of one of the items is expected.", param="after")
    data = ordered[begin : begin + wanted.limit]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return WireItems(data, first, last, has_more=begin + wanted.limit < len(ordered))


def _fields(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise BadRequest(f"The query: at most {FIELDS_MAX} fields are allowed.") from None


def asked(query: str) -> ItemsQuery:
    """The query, checked."""
    given = {name: value for name, value in _fields(query).items() if name in ItemsQuery.__struct_fields__}
    try:
        return msgspec.convert(given, ItemsQuery, strict=False)
    except msgspec.ValidationError as error:
        param = next((name for name in given if f"$.{name}" in str(error)), "limit")
        rule = "`asc` or `desc` is expected" if param == "order" else f"expected 1 to {LIMIT_MAX}"
        raise BadRequest(f"{param}: {rule}.", param=param) from None
