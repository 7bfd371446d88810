"""A conversation goes on from a stored response, and from nothing else."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.chat import ChatRequest, Image, Message, ToolCall
from antiphon.completions.recall import Recalling, turns
from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound
from antiphon.interactions.model import Answer
from antiphon.interactions.patience import Patience
from antiphon.interactions.recorder import Recorder
from antiphon.interactions.service import Interactions
from antiphon.key import Key
from tests.unit.interactions.stored import row

ANN, BOB = Key("ann"), Key("bob")
HI = (Message("user", "Hi"),)


def asked(previous_id: str, instructions: str | None = None) -> ChatRequest:
    """A request that goes on from an answer."""
    opening = (Message("system", instructions),) if instructions else ()
    turns = (*opening, Message("user", "So?"))
    return ChatRequest("m", turns, instructions=instructions, previous_id=previous_id)


async def test_a_conversation_goes_on(database: Database) -> None:
    """What was said stands in front, behind the instructions of the new request; nothing goes on behind an image."""
    interactions = Interactions(database, Recorder(database, on_lost=lambda _rows, _reason: None))
    recalling = Recalling(interactions, dict)
    await interactions.add(row(1, answer_id="resp_1", door="responses", messages=HI, completion=Answer("Yes.")))
    told = await recalling(ANN, asked("resp_1", "Be brief."))
    assert [(turn.role, turn.text) for turn in told.messages] == [
        ("system", "Be brief."), ("user", "Hi"), ("assistant", "Yes."), ("user", "So?"),
    ]  # fmt: skip
    picture = (Message("user", (Image("data:image/png;base64,AAAA"),)),)
    await interactions.add(row(2, answer_id="resp_2", door="responses", messages=picture))
    with pytest.raises(BadRequest, match="images are not kept"):
        await recalling(ANN, asked("resp_2"))


async def test_other_answers_are_like_none(database: Database) -> None:
    """Somebody else's, one that is gone, one of another door: the words are the same but for the id."""
    interactions = Interactions(database, Recorder(database, on_lost=lambda _rows, _reason: None))
    recalling = Recalling(interactions, dict)
    await interactions.add(row(1, answer_id="resp_1", door="responses"))
    await interactions.add(row(2, answer_id="resp_2", door="responses"))
    await interactions.add(row(3, answer_id="chatcmpl-3"))
    await recalling.delete(ANN, "resp_2")
    for key, name in ((BOB, "resp_1"), (ANN, "resp_2"), (ANN, "chatcmpl-3")):
        with pytest.raises(BadRequest) as refused:
            await recalling(key, asked(name))
        assert refused.value.message == f"The response '{name}' is not stored."
        assert (refused.value.param, refused.value.code) == ("previous_response_id", "previous_response_not_found")
        with pytest.raises(NotFound) as missing:
            await recalling.find(key, name)
        assert missing.value.code == "response_not_found"


async def test_another_gateways_answer_is_waited_for(database: Database) -> None:
    """It is written some milliseconds behind what its client was told."""
    interactions = Interactions(database, Recorder(database, on_lost=lambda _rows, _reason: None))
    recalling = Recalling(interactions, dict, Patience((0.01,) * 500))
    looking = asyncio.create_task(recalling.find(ANN, "resp_1"))
    with pytest.raises(NotFound):
        await Recalling(interactions, dict).find(ANN, "resp_1")
    await interactions.add(row(1, answer_id="resp_1", door="responses"))
    assert (await looking).answer_id == "resp_1"


def test_calls_and_thoughts_are_turns_too() -> None:
    """And an answer that said nothing is none."""
    call = ToolCall("call_1", "f", "{}")
    said = turns(row(1, messages=HI, completion=Answer(None, (call,), "Hm.")))
    assert said[1:] == (Message("assistant", None, tool_calls=(call,), reasoning="Hm."),)
    assert turns(row(1, messages=HI, completion=Answer(""))) == HI
