"""Sessions: read, deleted, and remembered where a key opted into that."""

from __future__ import annotations

import pytest

from antiphon.chat import Image, Message, Text, ToolCall
from antiphon.errors import NotFound
from antiphon.interactions.model import Answer, Filter, Reach
from antiphon.interactions.paging import Paging
from antiphon.interactions.service import Interactions
from antiphon.interactions.sessions import MEMORY_MESSAGES_MAX, Sessions, remembered
from tests.unit.interactions.stored import ANN, BOB, row, uuid

ASKED = Message("user", "Why is the sky blue?")


async def test_a_session_is_read_with_its_turns(interactions: Interactions, sessions: Sessions) -> None:
    """The oldest first or last, in parts, and as soon as they were recorded."""
    interactions.record([row(number, session_id="s") for number in range(1, 4)])
    session, page = await sessions.get(ANN, "s", Paging(limit=2, order="asc"))
    assert (session.turns, [one.completion_id for one in page.items]) == (3, [uuid(1), uuid(2)])
    _, rest = await sessions.get(ANN, "s", Paging(page.next, 2, "asc"))
    assert [one.completion_id for one in rest.items] == [uuid(3)]
    assert [one.session_id for one in (await sessions.page(ANN, Paging())).items] == ["s"]


async def test_a_foreign_session_is_like_none(interactions: Interactions, sessions: Sessions) -> None:
    """To read, to delete and to remember."""
    interactions.record([row(1, session_id="s", project_id="p")])
    for reach, name in ((BOB, "s"), (ANN, "other"), (Reach("ann", ("q",)), "s")):
        for action in (lambda: sessions.get(reach, name, Paging()), lambda: sessions.delete(reach, name)):  # noqa: B023
            with pytest.raises(NotFound, match=f"^The session '{name}' has no stored turns.$"):
                await action()
        assert await sessions.history(reach, name) == ()
    assert await interactions.count(ANN, Filter()) == 1


async def test_a_session_is_deleted(interactions: Interactions, sessions: Sessions) -> None:
    """All its turns, and nobody else's of the same name."""
    interactions.record([row(1, session_id="s"), row(2, session_id="s"), row(3)])
    interactions.record([row(4, session_id="s", account="bob")])
    assert await sessions.delete(ANN, "s") == 2
    assert await interactions.count(ANN, Filter()) == 1
    assert await interactions.count(BOB, Filter(session_id="s")) == 1


async def test_a_conversation_is_remembered(interactions: Interactions, sessions: Sessions) -> None:
    """Each turn holds those before it, so the last one that ended well is all of it; system prompts stay out."""
    interactions.record([row(1, session_id="s")])
    first = await sessions.history(ANN, "s")
    assert first == (ASKED, Message("assistant", "Because of Rayleigh.", completion_id=uuid(1)))
    again = Message("user", "Who is that?")
    interactions.record([row(2, session_id="s", messages=(*first, again), completion=Answer("A physicist."))])
    interactions.record([row(3, session_id="s", error="engine_failed")])
    second = await sessions.history(ANN, "s")
    assert second == (*first, again, Message("assistant", "A physicist.", completion_id=uuid(2)))


def test_tool_calls_are_remembered() -> None:
    """So that a result alone can be sent next."""
    call = ToolCall("1", "f", "{}")
    assert remembered(row(1, completion=Answer(None, (call,))))[-1].tool_calls == (call,)


def test_images_are_forgotten() -> None:
    """They were not kept; a turn that was nothing else says so."""
    seen = (Message("user", (Text("What?"), Image("stored-image:"))), Message("user", (Image("stored-image:"),)))
    assert [turn.content for turn in remembered(row(1, messages=seen))[:2]] == ["What?", "[image]"]


def test_a_long_conversation_loses_its_beginning() -> None:
    """It then begins with a user's turn, never with an answer or a tool's result."""
    turns = [Message("user", "q"), Message("assistant", "a"), Message("tool", "t", tool_call_id="1")] * 100
    kept = remembered(row(1, messages=tuple(turns)))
    assert MEMORY_MESSAGES_MAX - 3 < len(kept) <= MEMORY_MESSAGES_MAX
    assert kept[0].role == "user"
    assert kept[-1].text == "Because of Rayleigh."
    greeting = (Message("assistant", "Welcome."), ASKED)
    assert remembered(row(1, messages=greeting))[:2] == greeting
