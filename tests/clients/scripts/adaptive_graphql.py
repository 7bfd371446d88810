"""What Adaptive Engine's own client asks by GraphQL, in any version, with and without waiting."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

from adaptive_sdk.error_handling import AdaptiveEntityNotFoundError
from adaptive_sdk.graphql_client.exceptions import GraphQLClientGraphQLMultiError, GraphQLClientHttpError

from .adaptive_connect import Client, connect, connect_async, say
from .scenario import Lab, failure

MINUTE_MS = 60_000


def the_key_knows_whose_it_is(lab: Lab) -> None:
    """Its account, which is in no team."""
    me = connect(lab).users.me()
    assert (me.name, me.teams) == ("all", []), me


def projects_are_made_and_found(lab: Lab) -> None:
    """With their models, the metrics of the account and the scopes of the key; an unknown one is none."""
    client = _furnished(lab)
    key = client.default_project
    made = client.projects.get()
    assert (made.key, made.name, made.description) == (key, key.title(), "Of a test."), made
    assert lab.id_of(lab.fault_model) in [service.key for service in made.model_services], made
    assert lab.metric in [metric.key for metric in made.metrics], made
    assert ("admin" in made.permissions, made.shares) == (True, []), made
    assert {key, lab.project} <= {project.key for project in client.projects.list()}
    assert client.projects.get("nobody") is None
    failure(GraphQLClientGraphQLMultiError, lambda: client.projects.create(key))


def models_are_found(lab: Lab) -> None:
    """One that answers and one that cannot, by what they can do; an unknown one is none."""
    models = connect(lab).models
    online = {model.key: str(model.online.value) for model in models.list()}
    assert online[lab.id_of(lab.fault_model)] == "ONLINE", online
    assert online[lab.id_of(lab.down_model)] == "OFFLINE", online
    offline = [model.key for model in models.list({"online": ["OFFLINE"]})]
    assert offline == [lab.id_of(lab.down_model)], offline
    one = models.get(lab.id_of(lab.model))
    assert (one.key, one.is_external, one.is_training) == (lab.id_of(lab.model), False, False), one
    assert models.get("nothing") is None


def models_join_and_leave_a_project(lab: Lab) -> None:
    """One of them becomes its default, and answers where no model is named."""
    client = _furnished(lab)
    models, model, other = client.models, lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)
    project = client.default_project
    assert models.detach(lab.id_of(lab.down_model), project) is True
    assert models.add_to_project(lab.id_of(lab.down_model)) is True
    assert models.deploy(model, make_default=True).is_default is True
    assert client.chat.create(messages=say("Hi."), max_tokens=2).choices[0].model == model
    assert models.attach(other, wait=True).key == other
    assert models.update(other, is_default=True).is_default is True
    assert client.chat.create(messages=say("Hi."), max_tokens=2).choices[0].model == other
    failure(AdaptiveEntityNotFoundError, lambda: models.deploy("nothing"))
    told = str(failure(GraphQLClientGraphQLMultiError, lambda: models.terminate(model)))
    assert told.startswith("Unsupported"), told


def metrics_are_made_and_found(lab: Lab) -> None:
    """Of both kinds; an unknown one is none."""
    client, key = connect(lab), f"speed-{uuid4()}"
    made = client.feedback.register_key(lab.project, key, "scalar", scoring_type="lower_is_better", description="Fast?")
    assert (made.key, made.name, made.kind.value, made.scoring_type.value) == (
        key,
        key,
        "SCALAR",
        "LOWER_IS_BETTER",
    ), made
    assert client.feedback.get_key(lab.project, key).id == made.id
    listed = {metric.key: metric for metric in client.feedback.list_keys()}
    assert lab.project in [project.key for project in listed[key].projects], listed[key]
    assert client.feedback.get_key(lab.project, "nothing") is None
    failure(AdaptiveEntityNotFoundError, lambda: client.feedback.register_key("nobody", f"{key}-2", "bool"))


def feedback_is_logged(lab: Lab) -> None:
    """On what chat answered with; the last word counts, and what is not there is told as the client knows it."""
    client = _furnished(lab)
    completion_id = _answered(lab, client)
    log = client.feedback.log_metric
    first = log(True, completion_id, lab.metric, details="Right.")
    assert isinstance(first.feedback_id, UUID), first
    assert log(True, completion_id, lab.metric, details="Right.") == first
    assert log(0, completion_id, lab.metric) != first
    (score,) = _scores(client.interactions.get(completion_id))
    assert (score.value, score.metric.key, score.details) == (0, lab.metric, None), score
    failure(AdaptiveEntityNotFoundError, lambda: log(1, completion_id, "nothing"))
    failure(AdaptiveEntityNotFoundError, lambda: log(1, str(uuid4()), lab.metric))
    told = str(failure(GraphQLClientGraphQLMultiError, lambda: log(0.5, completion_id, lab.metric)))
    assert "takes 0, 1, true or false" in told, told


def interactions_are_listed_by_filters(lab: Lab) -> None:
    """By model, label, session, time, id and source; page by page, in both directions of time."""
    client, session, begun_ms = _furnished(lab), uuid4(), int(time.time() * 1000)
    models = [lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)]
    asked: dict[str, Any] = {"messages": say("Hi."), "max_tokens": 3}
    ids = [
        client.chat.create(model=models[i % 2], session_id=session, labels={"number": str(i)}, **asked)
        .choices[0]
        .completion_id
        for i in range(4)
    ]
    added = str(client.interactions.create(messages=say("Hi."), completion="Hello.", model="elsewhere").completion_id)
    later_ms = int(time.time() * 1000) + MINUTE_MS
    for filters, expected in (
        ({"models": models[:1]}, [ids[2], ids[0]]),
        ({"models": [models[0], "elsewhere"]}, [added, ids[2], ids[0]]),
        ({"labels": [{"key": "number", "value": ["1", "3"]}]}, [ids[3], ids[1]]),
        ({"labels": [{"key": "number"}], "models": models[1:]}, [ids[3], ids[1]]),
        ({"session_id": str(session)}, ids[::-1]),
        ({"completion_id": ids[1]}, [ids[1]]),
        ({"source": ["OFFLINE"]}, [added]),
        ({"timerange": {"from_": begun_ms - MINUTE_MS, "to": later_ms}}, [added, *ids[::-1]]),
        ({"timerange": {"from_": later_ms, "to": later_ms + MINUTE_MS}}, []),
    ):
        listed = client.interactions.list(filters=filters)
        assert [node.id for node in listed.nodes] == expected, (filters, listed)
        assert listed.total_count == len(expected), (filters, listed)
    oldest = client.interactions.list(order=[{"field": "created_at", "order": "ASC"}], page={"first": 3})
    assert ([node.id for node in oldest.nodes], oldest.page_info.has_next_page) == (ids[:3], True), oldest
    rest = client.interactions.list(
        order=[{"field": "created_at", "order": "ASC"}], page={"first": 3, "after": oldest.page_info.end_cursor}
    )
    assert ([node.id for node in rest.nodes], rest.page_info.has_next_page) == ([ids[3], added], False), rest
    failure(AdaptiveEntityNotFoundError, lambda: client.interactions.list(project="nobody"))


def interactions_are_grouped(lab: Lab) -> None:
    """By model and by prompt, with what their scores come to."""
    client = _furnished(lab)
    models = sorted((lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)))
    for i in range(4):
        completion_id = _answered(lab, client, models[i % 2], text=f"Prompt {i // 2}")
        client.feedback.log_metric(i < 3, completion_id, lab.metric)
    grouped = client.interactions.list(group_by="model")
    assert [(group.key, group.count) for group in grouped.nodes] == [(name, 2) for name in models], grouped
    assert [len(group.completions.nodes) for group in grouped.nodes] == [2, 2], grouped
    averages = {group.key: _statistics(group)[0].average for group in grouped.nodes}
    assert averages == {models[0]: 1.0, models[1]: 0.5}, averages
    first = client.interactions.list(group_by="prompt", page={"first": 1})
    second = client.interactions.list(group_by="prompt", page={"first": 1, "after": first.page_info.end_cursor})
    assert (first.total_count, first.page_info.has_next_page, second.page_info.has_next_page) == (2, True, False)
    assert [group.count for group in (*first.nodes, *second.nodes)] == [2, 2]


def one_interaction_is_found(lab: Lab) -> None:
    """As it was said, with both sides of a comparison; an unknown one is none."""
    client = _furnished(lab)
    better, worse = [_answered(lab, client) for _ in range(2)]
    client.feedback.log_preference(lab.metric, better, worse)
    found = client.interactions.get(better)
    assert (found.id, found.source.value, found.model.key) == (better, "LIVE", lab.id_of(lab.fault_model)), found
    assert [(turn.role, turn.content) for turn in found.chat_messages] == [("user", "Hi.")], found
    assert found.metadata.usage.completion_tokens == 3, found
    (compared,) = _comparisons(found)
    assert (compared.prefered_completion.id, compared.other_completion.id) == (better, worse), compared
    assert client.interactions.get(str(uuid4())) is None


def a_test_between_models_is_made(lab: Lab) -> None:
    """Requests that name no model are shared between its models; their feedback counts; then it is cancelled."""
    client = _furnished(lab)
    models, key = [lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)], f"spring-{uuid4()}"
    made = client.ab_tests.create(key, lab.metric, models)
    assert (made.key, made.status.value) == (key, "WARMUP"), made
    asked: dict[str, Any] = {"messages": say("Hi."), "max_tokens": 2}
    answers = [client.chat.create(user=uuid4(), **asked) for _ in range(12)]
    assert {answer.choices[0].model for answer in answers} == set(models), answers
    for answer in answers:
        client.feedback.log_metric(True, answer.choices[0].completion_id, lab.metric)
    found = client.ab_tests.get(key)
    assert [model.key for model in found.models] == models, found
    assert (found.metric.key, found.traffic_split, found.project.key) == (lab.metric, 1.0, client.default_project)
    assert sum(_scored(one) for one in found.report.variants) == _scored(found) == 12, found
    assert 0 < found.report.p_value <= 1, found
    assert [one.key for one in client.ab_tests.list(active=True)] == [key]
    assert client.ab_tests.cancel(key) == key
    assert [one.status.value for one in client.ab_tests.list(status="cancelled")] == ["CANCELLED"]
    assert client.ab_tests.list(active=True) == []
    assert client.ab_tests.get("nothing") is None


def a_test_by_preference_is_made(lab: Lab) -> None:
    """It counts comparisons between its models, and no other feedback."""
    client = _furnished(lab)
    models, key = [lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)], f"taste-{uuid4()}"
    client.ab_tests.create(key, lab.metric, models, traffic_split=1.0, feedback_type="preference")
    sides: dict[str, str] = {}
    while set(sides) != set(models):
        answer = client.chat.create(messages=say("Hi."), max_tokens=2, user=uuid4())
        sides[answer.choices[0].model] = answer.choices[0].completion_id
    client.feedback.log_metric(True, sides[models[0]], lab.metric)
    client.feedback.log_preference(lab.metric, sides[models[0]], sides[models[1]])
    first, second = client.ab_tests.get(key).report.variants
    (won,), (lost,) = first.comparisons, second.comparisons
    assert (won.variant.key, won.wins, won.losses) == (models[1], 1, 0), first
    assert (lost.variant.key, lost.wins, lost.losses) == (models[0], 0, 1), second
    failure(AdaptiveEntityNotFoundError, lambda: client.ab_tests.create("a", "nothing", models, traffic_split=0.0))
    failure(AdaptiveEntityNotFoundError, lambda: client.ab_tests.create("a", lab.metric, [*models, "nothing"]))


def all_of_it_works_without_waiting(lab: Lab) -> None:
    """Chat, feedback, a preference, a test, and lists with filters and groups, by the asynchronous client."""

    async def story() -> None:
        client, project = connect_async(lab), f"later-{uuid4()}"
        await client.projects.create(project)
        client.set_default_project(project)
        models = [lab.id_of(lab.fault_model), lab.id_of(lab.aligned_model)]
        test = await client.ab_tests.create(f"test-{project}", lab.metric, models, auto_deploy=True)
        asked: dict[str, Any] = {"messages": say("Hi."), "max_tokens": 2, "labels": {"story": "all"}}
        answers = await asyncio.gather(*[client.chat.create(user=uuid4(), **asked) for _ in range(6)])
        ids = [answer.choices[0].completion_id for answer in answers]
        await asyncio.gather(*[client.feedback.log_metric(True, one, lab.metric) for one in ids])
        await client.feedback.log_preference(lab.metric, ids[0], ids[1])
        listed = await client.interactions.list(filters={"labels": [{"key": "story", "value": ["all"]}]})
        assert {node.id for node in listed.nodes} == set(ids), listed
        grouped = await client.interactions.list(group_by="model")
        assert sum(group.count for group in grouped.nodes) == 6, grouped
        assert (await client.interactions.get(ids[0])).id == ids[0]
        assert lab.metric in [metric.key for metric in await client.feedback.list_keys()]
        assert project in [one.key for one in await client.projects.list()]
        assert (await client.models.get(models[0])).key == models[0]
        assert _scored(await client.ab_tests.get(test.key)) == 6
        assert await client.ab_tests.cancel(test.key) == test.key
        await client.close()

    asyncio.run(story())


def a_key_without_a_scope_is_told(lab: Lab) -> None:
    """What takes an administrator is refused within the answer, a wrong key by the status."""
    plain = connect(lab, api_key=lab.refilled_key)
    told = str(failure(GraphQLClientGraphQLMultiError, lambda: plain.projects.create(f"no-{uuid4()}")))
    assert "scope `admin`" in told, told
    error = failure(GraphQLClientHttpError, connect(lab, api_key="sk-wrong").projects.list)
    assert error.status_code == 401, error
    assert "API key" in error.response.json()["error"], error.response.text


def _furnished(lab: Lab) -> Client:
    """A client of a new project."""
    client, key = connect(lab), f"shop-{uuid4()}"
    client.projects.create(key, key.title(), "Of a test.")
    client.set_default_project(key)
    return client


def _answered(lab: Lab, client: Client, model: str | None = None, text: str = "Hi.") -> str:
    """The id of a completion."""
    answer = client.chat.create(model=model or lab.id_of(lab.fault_model), messages=say(text), max_tokens=3)
    return str(answer.choices[0].completion_id)


def _scores(completion: Any) -> list[Any]:  # Any: the client's own answers, here and below
    """What was said of a completion, in whichever words of the version."""
    return list(_either(completion, "direct_scores", "direct_feedbacks"))


def _comparisons(completion: Any) -> list[Any]:
    return list(_either(completion, "comparison_scores", "comparison_feedbacks"))


def _statistics(group: Any) -> list[Any]:
    return list(_either(group, "direct_scores_stats", "direct_feedbacks_stats"))


def _scored(counted: Any) -> int:
    return int(_either(counted, "scores", "feedbacks"))


def _either(answer: Any, name: str, former: str) -> Any:
    return getattr(answer, name) if hasattr(answer, name) else getattr(answer, former)
