"""What Adaptive Engine's client had up to 0.13: several choices, and the name of an A/B test."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

from .adaptive_connect import connect, say, spoken
from .scenario import Lab, failure

JUDGED = 300
DECIDED_S_MAX = 60.0


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
    """With an answer, and with an interaction from elsewhere, whose feedback counts; an unknown one is told."""
    client, key = connect(lab), f"named-{uuid4()}"
    client.projects.create(key)
    client.set_default_project(key)
    models = [lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)]
    client.ab_tests.create(key, lab.metric, models, traffic_split=0.0)
    asked = {"messages": say("Hi."), "max_tokens": 2}
    choice = client.chat.create(**asked, ab_campaign=key).choices[0]
    assert choice.model in models, choice
    client.feedback.log_metric(True, choice.completion_id, lab.metric)
    liked = [{"feedback_key": lab.metric, "value": True}]
    added = {"messages": say("Hi."), "completion": "Hello.", "model": models[0], "feedbacks": liked}
    assert client.interactions.create(**added, ab_campaign=key).completion_id
    assert client.ab_tests.get(key).feedbacks == 2
    for name, call in (("chat", client.chat.create), ("interactions", client.interactions.create)):
        body = asked if name == "chat" else added
        assert "Client error 404" in str(failure(Exception, partial(call, **body, ab_campaign="nothing")))


def a_test_ends_by_itself(lab: Lab) -> None:
    """Once its feedback is clear; the model that won becomes the project's default."""
    client, key = connect(lab), f"clear-{uuid4()}"
    client.projects.create(key)
    client.set_default_project(key)
    better, worse = lab.id_of(lab.aligned_model), lab.id_of(lab.fault_model)
    client.ab_tests.create(key, lab.metric, [worse, better], auto_deploy=True)

    def judge(number: int) -> None:
        (choice,) = client.chat.create(messages=say(f"Number {number}"), max_tokens=1, user=uuid4()).choices
        client.feedback.log_metric(choice.model == better, choice.completion_id, lab.metric)

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(judge, range(JUDGED)))) == JUDGED
    deadline = time.monotonic() + DECIDED_S_MAX
    while (found := client.ab_tests.get(key)).status.value != "DONE":
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert found.report.p_value < 0.05, found
    (default,) = [service.key for service in client.projects.get().model_services if service.is_default]
    assert default == better, default
