"""What Adaptive Engine's client had up to 0.13: several choices, and the name of an A/B test."""

from __future__ import annotations

from .adaptive_connect import connect, say, spoken
from .scenario import Lab


def several_choices_are_told_apart(lab: Lab) -> None:
    """Each has its index, its completion and its text; usage counts both."""
    asked = {"model": lab.id_of(lab.fault_model), "messages": say("Hi."), "max_tokens": 6, "n": 2}
    chat = connect(lab).chat
    answer = chat.create(**asked)
    assert [choice.index for choice in answer.choices] == [0, 1], answer
    assert len({choice.completion_id for choice in answer.choices}) == 2, answer
    assert answer.usage.completion_tokens == 12, answer
    chunks = list(chat.create(**asked, stream=True))
    for choice in answer.choices:
        told = [one for chunk in chunks for one in chunk.choices if one.index == choice.index]
        assert "".join(one.delta.content for one in told) == choice.message.content
        assert [one.finish_reason for one in told if one.finish_reason] == ["length"], told
        assert len({one.completion_id for one in told}) == 1, told
    assert spoken(chunks)


def the_name_of_a_test_is_taken(lab: Lab) -> None:
    """With an answer, and with an interaction from elsewhere."""
    client = connect(lab)
    asked = {"model": lab.id_of(lab.fault_model), "messages": say("Hi."), "max_tokens": 2}
    assert client.chat.create(**asked, ab_campaign="spring").choices
    assert client.interactions.create(messages=say("Hi."), completion="Hello.", ab_campaign="spring").completion_id
