"""The addresses of stored responses, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from antiphon.chat import Message, Sampling, ToolCall
from antiphon.completions.dialects.openai_responses import items
from antiphon.completions.recall import Recalling
from antiphon.completions.response_routes import Handler, ItemsQuery, ResponseRoutes, again, asked, part
from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound
from antiphon.interactions.model import Answer, Parameters
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.service import Interactions
from antiphon.key import Key
from tests.unit.http.recording import exchange_of
from tests.unit.interactions.stored import NOW_MS, row, uuid

ANN, BOB = Key("ann"), Key("bob")
CALL = ToolCall("call_1", "f", "{}")
TURNS = (Message("user", "Hi"), Message("assistant", "Yes."), Message("user", "So?"))
PARAMETERS = Parameters(Sampling(max_tokens=9), instructions="Be brief.", previous_id="resp_0", drops_turns=True)


SHARED: dict[str, Any] = {  # Any: fields of several types
    "door": "responses", "messages": TURNS, "parameters": PARAMETERS, "labels": {"a": "b"}, "user": "u",
}  # fmt: skip
WHOLE = row(1, answer_id="resp_1", completion=Answer("No.", (CALL,), "Hm."), **SHARED)
BROKEN = row(2, answer_id="resp_2", completion=Answer("N"), error="engine_failed", finish_reason=None, **SHARED)
ITEMS = items.shown(TURNS, "1")


async def told(handler: Handler, key: Key = ANN, query: str = "") -> Any:  # Any: an answer's JSON
    """The JSON of an answer; a refusal is raised."""
    exchange, wire = exchange_of("GET", "/v1/responses")
    exchange.key, exchange.query, exchange.parameter = key, query, "resp_1"
    await handler(exchange)
    assert wire.status == 200
    return json.loads(wire.body)


async def test_a_stored_response_is_shown_and_deleted(database: Database) -> None:
    """To its account; others find nothing at any of the addresses."""
    interactions = Interactions(database, Recorder(database, on_lost=lambda _rows, _reason: None))
    await interactions.add(WHOLE)
    routes = ResponseRoutes(Recalling(interactions, dict))
    for handler in (routes.get, routes.items, routes.delete):
        with pytest.raises(NotFound):
            await told(handler, BOB)
    with pytest.raises(BadRequest, match="stream"):
        await told(routes.get, query="stream=true")
    assert await told(routes.get) == json.loads(msgspec.json.encode(again(WHOLE)))
    assert (await told(routes.items, query="order=asc&limit=2&include%5B%5D=x"))["data"] == ITEMS[:2]
    assert await told(routes.delete) == {"id": "resp_1", "object": "response", "deleted": True}
    with pytest.raises(NotFound):
        await told(routes.get)


def test_a_response_is_shown_again() -> None:
    """With what was asked for, what was said, and what it took."""
    shown = again(WHOLE)
    assert (shown.id, shown.status, shown.store) == ("resp_1", "completed", True)
    assert [item["type"] for item in shown.output] == ["reasoning", "message", "function_call"]
    assert (shown.instructions, shown.previous_response_id) == ("Be brief.", "resp_0")
    assert (shown.max_output_tokens, shown.truncation, shown.metadata) == (9, "auto", {"a": "b"})
    assert shown.usage
    assert (shown.usage.input_tokens, shown.usage.output_tokens) == (11, 5)
    assert (shown.created_at, shown.completion_id) == ((NOW_MS + 1 - 40) // 1000, uuid(1))


def test_a_response_that_broke_off_has_failed() -> None:
    """With what there was of it, and why."""
    shown = again(BROKEN)
    assert shown.error
    assert (shown.status, shown.error.code) == ("failed", "server_error")
    assert "engine_failed" in shown.error.message
    assert shown.output[0]["content"][0]["text"] == "N"


def test_items_are_shown_in_parts() -> None:
    """From the last or from the first, so many at once, behind one of them."""
    assert part(ITEMS, ItemsQuery()).data == ITEMS[::-1]
    first = part(ITEMS, ItemsQuery(limit=2, order="asc"))
    assert (first.data, first.has_more, first.last_id) == (ITEMS[:2], True, ITEMS[1]["id"])
    rest = part(ITEMS, ItemsQuery(after=ITEMS[1]["id"], order="asc"))
    assert (rest.data, rest.has_more) == (ITEMS[2:], False)
    nothing = part(ITEMS, ItemsQuery(after=ITEMS[2]["id"], order="asc"))
    assert (nothing.data, nothing.first_id) == ([], None)
    with pytest.raises(BadRequest, match="after"):
        part(ITEMS, ItemsQuery(after="msg_9"))


@pytest.mark.parametrize(
    ("query", "param"), [("limit=0", "limit"), ("limit=x", "limit"), ("order=up", "order"), ("a=&" * 33, None)]
)
def test_parts_that_are_none(query: str, param: str | None) -> None:
    """The field is named."""
    with pytest.raises(BadRequest) as refused:
        asked(query)
    assert refused.value.param == param
