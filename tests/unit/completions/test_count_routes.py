"""Tokens of a prompt are counted by the model's engine, and told in the vendor's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.chat import ChatRequest, Message
from antiphon.completions.count_routes import CountRoutes, MessageTokens, ResponseTokens
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.doors import MESSAGES, RESPONSES
from antiphon.errors import EngineFailed, Unavailable
from antiphon.key import Key
from tests.unit.completions.scripted import ScriptedEngine
from tests.unit.completions.test_routes import Served
from tests.unit.http.recording import RecordingWire, exchange_of

BOUNDS = RequestBounds(n_max=4, messages_max=8)
HI: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}


async def recall(_key: Key, request: ChatRequest) -> ChatRequest:
    """A conversation of one turn before this one."""
    return ChatRequest(request.model, (Message("user", "Well?"), *request.messages))


async def count(engine: ScriptedEngine, *, responses: bool = False, **fields: Any) -> RecordingWire:
    """The answer to this body."""
    answering = Served(engine).answering
    door, told = (RESPONSES, ResponseTokens) if responses else (MESSAGES, MessageTokens)
    exchange, wire = exchange_of("POST", door.address)
    exchange.key = Key("alice")
    exchange.add(json.dumps({"model": "m", **fields}).encode(), 1 << 20)
    exchange.complete = True
    await CountRoutes(door, told, answering, BOUNDS, recall).count(exchange)
    return wire


async def test_each_vendor_has_its_words() -> None:
    """The same number; nothing is generated."""
    engine = ScriptedEngine(prompt_tokens=17)
    wire = await count(engine, **HI)
    assert json.loads(wire.body) == {"input_tokens": 17}
    wire = await count(engine, responses=True, input="Hi")
    assert json.loads(wire.body) == {"input_tokens": 17, "object": "response.input_tokens"}


async def test_a_conversation_counts_as_a_whole() -> None:
    """With the turns before it."""
    engine = ScriptedEngine(prompt_tokens=17)
    await count(engine, responses=True, input="Hi", previous_response_id="resp_1")
    assert [turn.text for turn in engine.jobs[-1].messages] == ["Well?", "Hi"]


async def test_where_nobody_can_count() -> None:
    """It is said, and when to ask again."""
    for engine in (ScriptedEngine(), ScriptedEngine(prompt_tokens=EngineFailed())):
        with pytest.raises(Unavailable, match="No engine can count"):
            await count(engine, **HI)
