"""The handler at the doors of responses and messages: what is theirs alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.chat import ChatRequest, Delta, Message
from antiphon.completions.doors import MESSAGES, RESPONSES, Door
from antiphon.errors import BadRequest, EngineFailed
from antiphon.key import Key
from antiphon.testing.raw_client import events_of
from tests.unit.completions.scripted import BREAKING, HELLO, ScriptedEngine
from tests.unit.completions.test_routes import ANSWER, BEATING, Served, unchunked

UNFIT = {"type": "json_schema", "schema": {"anyOf": []}}


async def test_a_response_that_breaks_has_failed() -> None:
    """The vendor's own event comes first, then the error, and no closing mark; a whole one has none either."""
    broken = ([Delta(content="a")], EngineFailed("It broke."))
    served = Served(ScriptedEngine(opens=(broken, HELLO)), bounds=BREAKING, door=RESPONSES)
    *_, failed, error = events_of(unchunked((await served.ask(input="Hi", stream=True)).body))
    assert msgspec.json.decode(failed)["type"] == "response.failed"
    assert msgspec.json.decode(error)["error"]["code"] == "engine_failed"
    *_, last = events_of(unchunked((await served.ask(input="Hi", stream=True)).body))
    assert msgspec.json.decode(last)["type"] == "response.completed"


async def test_a_response_says_again_what_was_asked_for() -> None:
    """As it takes effect."""
    wire = await Served(ScriptedEngine(answers=(ANSWER,)), door=RESPONSES).ask(input="Hi", top_p=0.5, store=False)
    told = msgspec.json.decode(wire.body)
    assert (told["top_p"], told["store"], told["output"][0]["content"][0]["text"]) == (0.5, False, "Hello")


async def test_a_conversation_is_recalled() -> None:
    """Before anything is planned, and only for a request that goes on from one."""

    async def recall(key: Key, request: ChatRequest) -> ChatRequest:
        before = (Message("user", f"{key.account} {request.previous_id}"), Message("assistant", "Yes."))
        return msgspec.structs.replace(request, messages=before + request.messages)

    engine = ScriptedEngine(answers=(ANSWER, ANSWER))
    served = Served(engine, door=RESPONSES, recall=recall)
    await served.ask(input="Hi", previous_response_id="resp_1", store=False)
    await served.ask(input="Hi", store=False)
    assert [[turn.text for turn in job.messages] for job in engine.jobs] == [["alice resp_1", "Yes.", "Hi"], ["Hi"]]


async def test_a_silent_message_is_kept_alive_by_pings() -> None:
    """The vendor's, with the request's id under the vendor's name."""
    engine = ScriptedEngine(opens=((None, *HELLO),))
    wire = await Served(engine, bounds=BEATING, door=MESSAGES).ask(stream=True)
    assert b"event: ping" in unchunked(wire.body).partition(b"event: message_start")[0]
    assert b"heartbeat" not in wire.body


@pytest.mark.parametrize(
    ("door", "body", "field"),
    [
        (RESPONSES, {"input": "Hi", "text": {"format": {**UNFIT, "name": "a"}}}, "text.format.schema.anyOf"),
        (MESSAGES, {"output_config": {"format": UNFIT}}, "output_config.format.schema.anyOf"),
    ],
)
async def test_a_refusal_has_the_vendors_names(door: Door, body: dict[str, Any], field: str) -> None:
    """Though what is behind the door knows only a chat's."""
    with pytest.raises(BadRequest, match=rf"^{field}") as refused:
        await Served(ScriptedEngine(), door=door).ask(**body)
    assert refused.value.param is not None
    assert refused.value.param.startswith(field)
