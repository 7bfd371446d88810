"""What stays of a conversation that is too long, counted here in words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Message, ToolCall
from antiphon.completions.truncate import Truncated, truncate
from antiphon.errors import BadRequest

SYSTEM = Message("system", "be kind")
OLD = (Message("user", "one two"), Message("assistant", "three four"))
CALL = Message("assistant", None, tool_calls=(ToolCall("c", "f", "{}"),))
RESULT = Message("tool", "five", tool_call_id="c")
NOW = Message("user", "six seven")


async def words(messages: tuple[Message, ...]) -> int:
    """One token a word, and one for each turn."""
    return sum(1 + len(message.text.split()) for message in messages)


async def shortened(messages: tuple[Message, ...], tokens_max: int, *, firm: bool = True) -> Truncated:
    """The conversation within so many words."""
    return await truncate(messages, tokens_max, words, firm=firm)


async def test_what_fits_stays() -> None:
    """Nothing is dropped, and the messages are the same ones."""
    messages = (SYSTEM, *OLD, NOW)
    assert await shortened(messages, 12) == Truncated(messages, 0)


async def test_the_oldest_turn_goes_first() -> None:
    """The system message and the current turn stay, and as many of the latest others as fit."""
    assert await shortened((SYSTEM, *OLD, NOW), 11) == Truncated((SYSTEM, OLD[1], NOW), 1)
    assert await shortened((SYSTEM, *OLD, NOW), 8) == Truncated((SYSTEM, NOW), 2)


async def test_a_call_and_its_results_go_together() -> None:
    """There is never a result without its call."""
    messages = (OLD[0], CALL, RESULT, NOW)
    assert await shortened(messages, 6) == Truncated((CALL, RESULT, NOW), 1)
    assert await shortened(messages, 5) == Truncated((NOW,), 3)


async def test_the_current_turn_is_all_that_follows_the_last_user_message() -> None:
    """A loop of tools under way is not cut."""
    messages = (*OLD, NOW, CALL, RESULT)
    assert (await shortened(messages, 6)).messages == (NOW, CALL, RESULT)


async def test_the_system_message_is_cut_last() -> None:
    """From its end, and no more than is needed; it counts as one more."""
    left = await shortened((SYSTEM, *OLD, NOW), 5)
    assert left == Truncated((Message("system", "be "), NOW), 3)
    assert await shortened((SYSTEM, *OLD, NOW), 3) == Truncated((NOW,), 3)


async def test_what_cannot_be_shortened() -> None:
    """A firm limit refuses, another one lets what must stay be."""
    with pytest.raises(BadRequest, match="prompt_truncate_len") as refused:
        await shortened((SYSTEM, *OLD, NOW), 2)
    assert refused.value.code == "context_length_exceeded"
    assert await shortened((SYSTEM, *OLD, NOW), 2, firm=False) == Truncated((SYSTEM, NOW), 2)


TURNS = st.lists(st.sampled_from(["user", "assistant", "calls"]), max_size=12)


@given(turns=TURNS, limit=st.integers(1, 80))
async def test_whatever_the_turns(turns: list[str], limit: int) -> None:
    """Within the limit, in order, with every result behind its call, and one turn more would not have fitted."""
    messages = [SYSTEM]
    for kind in turns:
        messages += [CALL, RESULT] if kind == "calls" else [Message(kind, "some words here")]  # type: ignore[arg-type]
    messages.append(NOW)
    left = await shortened(tuple(messages), limit, firm=False)
    kept = left.messages
    assert kept[-1] == NOW
    assert await words(kept) <= max(limit, await words((SYSTEM, NOW)))
    assert all(before == CALL for before, turn in itertools.pairwise(kept) if turn == RESULT)
    if left.dropped and kept[0] == SYSTEM:
        size = 2 if messages[left.dropped] == RESULT else 1
        longer = messages[1 + left.dropped - size :]
        assert await words((SYSTEM, *longer)) > limit
