"""Interactions in each database: what is kept comes back, what is looked for is found, and only its own."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.chat import (
    Image,
    Message,
    NamedTool,
    Reasoning,
    ResponseFormat,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolOverride,
    Usage,
)
from antiphon.db import Connection, Database
from antiphon.feedback import store as feedback_store
from antiphon.interactions import store
from antiphon.interactions.model import (
    Answer,
    Filter,
    Interaction,
    LabelFilter,
    Parameters,
    Rating,
    Reach,
    Timings,
    kept_rows,
)
from antiphon.interactions.paging import Order, Page, Paging
from tests.unit.feedback.said import FOREIGN, LIKED, feedback, keep_metrics
from tests.unit.interactions.stored import ANN, BOB, NOW_MS, keep, row, uuid

FULL = Parameters(
    sampling=Sampling(max_tokens=5, temperature=0.0, logit_bias={"7": -100.0}, stop=("a",), logprobs=True),
    n=2,
    tools=(Tool("f", "what", {"type": "object"}, strict=True),),
    tool_choice=NamedTool("f"),
    parallel_tool_calls=False,
    response_format=ResponseFormat("json_schema", "s", {"type": "string"}),
    reasoning=Reasoning("low", None, exclude=True, enabled=True),
    stream=True,
    timeout_s=1.5,
    max_ttft_s=0.25,
    prompt_tokens_max=1500,
    system_prompt_args={"name": "Ann", "items": [1, None]},
    use_tools=True,
    tool_overrides=(ToolOverride("p", enabled=False),),
)


async def page(
    database: Database, wanted: Filter | None = None, paging: Paging | None = None, reach: Reach = ANN
) -> Page[Interaction]:
    """A page as the store gives it."""
    return await database.read(
        lambda connection: store.page(connection, reach, wanted or Filter(), paging or Paging(limit=100))
    )


async def numbers(database: Database, wanted: Filter, reach: Reach = ANN) -> set[int]:
    """The numbers of the rows that a filter lets through."""
    found = await page(database, wanted, reach=reach)
    counted = await database.read(lambda connection: store.count(connection, reach, wanted))
    assert counted == len(found.items)
    return {int(one.completion_id[-6:]) for one in found.items}


async def test_everything_comes_back(database: Database) -> None:
    """Each field of a full interaction, and of one that has only what it must have."""
    full = row(
        1,
        messages=(
            Message("user", (Text("see"), Image("https://example.com/a")), name="ann"),
            Message("assistant", None, tool_calls=(ToolCall("1", "f", "{}"),), metadata={"a": [1]}),
            Message("tool", "4", tool_call_id="1"),
        ),
        completion=Answer("x\0y", (ToolCall("2", "g", "{}"),), "thoughts"),
        index=1,
        source="OFFLINE",
        project_id="p",
        door="adaptive",
        request_id="req_1",
        node="n",
        session_id="s",
        user="u",
        campaign="c",
        variant="v",
        parameters=FULL,
        usage=Usage(1, 2, 3, 4),
        timings=Timings(0.1, None, 2.5),
        labels={"k": "v"},
        tags=("b", "a"),
        error="engine_failed",
    )
    least = Interaction(completion_id=uuid(2), account="ann", created_at_ms=NOW_MS, messages=())
    await keep(database, full, least)
    assert (await page(database)).items == tuple(kept_rows([full, least]))


async def test_a_row_is_kept_once(database: Database) -> None:
    """Writing it again, as after a commit whose answer was lost, changes nothing."""
    await keep(database, row(1, labels={"k": "v"}, tags=("t", "t"), session_id="s"))
    await keep(database, row(1, labels={"k": "w"}, tags=("u",), model="other"))
    (found,) = (await page(database)).items
    assert (found.model, found.labels, found.tags) == ("m", {"k": "v"}, ("t", "t"))
    assert await numbers(database, Filter(labels=(LabelFilter("k", ("w",)),))) == set()


FOUND: list[tuple[dict[str, Any], set[int]]] = [
    ({}, {1, 2, 3, 4, 5}),
    ({"projects": ("p",)}, {1, 2}),
    ({"projects": ("p", "q")}, {1, 2, 3}),
    ({"models": ("m",)}, {1, 2, 4, 5}),
    ({"models": ("m", "big")}, {1, 2, 3, 4, 5}),
    ({"labels": (LabelFilter("env"),)}, {1, 2, 3}),
    ({"labels": (LabelFilter("env", ("prod",)),)}, {1, 2}),
    ({"labels": (LabelFilter("env", ("prod", "test")),)}, {1, 2, 3}),
    ({"labels": (LabelFilter("env", ("prod",)), LabelFilter("team", ("a", "c")))}, {1}),
    ({"labels": (LabelFilter("team"), LabelFilter("env"))}, {1, 2}),
    ({"labels": (LabelFilter("other"),)}, set()),
    ({"tags": ("red",)}, {1, 3}),
    ({"tags": ("red", "blue")}, {3}),
    ({"tags": ("blue",), "labels": (LabelFilter("env", ("test",)),)}, {3}),
    ({"session_id": "s"}, {1, 2}),
    ({"user": "u"}, {2, 4}),
    ({"from_ms": NOW_MS + 3}, {3, 4, 5}),
    ({"to_ms": NOW_MS + 3}, {1, 2}),
    ({"from_ms": NOW_MS + 2, "to_ms": NOW_MS + 4}, {2, 3}),
    ({"source": "OFFLINE"}, {4}),
    ({"completion_ids": (uuid(5), uuid(1), uuid(99))}, {1, 5}),
    ({"campaign": "c"}, {4, 5}),
    ({"campaign": "c", "variants": ("b",)}, {5}),
    ({"models": ("m",), "user": "u", "to_ms": NOW_MS + 3}, {2}),
]


async def test_what_a_filter_lets_through(database: Database) -> None:
    """All that fits all fields, in lists and in counts, and nothing of another account."""
    rows = [
        row(1, project_id="p", labels={"env": "prod", "team": "a"}, tags=("red",), session_id="s"),
        row(2, project_id="p", labels={"env": "prod", "team": "b"}, session_id="s", user="u"),
        row(3, project_id="q", labels={"env": "test"}, tags=("red", "blue"), model="big"),
        row(4, user="u", source="OFFLINE", campaign="c", variant="a"),
        row(5, campaign="c", variant="b"),
    ]
    foreign = [row(10 + number, account="bob", labels={"env": "prod"}, tags=("red",)) for number in range(3)]
    await keep(database, *rows, *foreign)
    for fields, expected in FOUND:
        assert await numbers(database, Filter(**fields)) == expected, fields


async def test_a_rating_is_what_users_last_said(database: Database) -> None:
    """On the average, by the metric of the account, whether it is named by its id or its key."""
    await keep_metrics(database)
    await keep(database, *(row(number) for number in range(1, 5)), row(9, account="bob"))
    said = (
        feedback(1, 1, value=0.0, user="u"),
        feedback(2, 1, value=1.0, user="u"),
        feedback(3, 2, value=1.0, user="u"),
        feedback(4, 2, value=0.0, user="v"),
        feedback(5, 3, value=0.0),
        feedback(6, 9, value=1.0, account="bob", metric_id=FOREIGN),
    )

    def work(connection: Connection) -> None:
        for one in said:
            feedback_store.insert_feedback(connection, one)

    await database.write(work)
    for metric in ("liked", LIKED):
        assert await numbers(database, Filter(rating=Rating(metric))) == {1, 2, 3}
        assert await numbers(database, Filter(rating=Rating(metric, 0.5))) == {1, 2}
        assert await numbers(database, Filter(rating=Rating(metric, 0.5, 0.5))) == {2}
        assert await numbers(database, Filter(rating=Rating(metric, None, 0.25))) == {3}
    assert await numbers(database, Filter(rating=Rating("stars"))) == set()
    assert await numbers(database, Filter(rating=Rating("liked")), BOB) == {9}


async def test_equal_prompts_are_found_by_their_hash(database: Database) -> None:
    """Whoever answered them."""
    other = (Message("user", "Something else"),)
    await keep(database, row(1), row(2, model="big"), row(3, messages=other))
    (first,) = (await page(database, Filter(completion_ids=(uuid(1),)))).items
    assert await numbers(database, Filter(prompt_hash=first.prompt_hash)) == {1, 2}


async def test_a_reach_ends_at_its_projects(database: Database) -> None:
    """What has no project is outside of any."""
    await keep(database, row(1, project_id="p"), row(2, project_id="q"), row(3))
    assert await numbers(database, Filter(), Reach("ann", ("p",))) == {1}
    assert await numbers(database, Filter(projects=("q",)), Reach("ann", ("p",))) == set()
    assert await numbers(database, Filter(), Reach("ann", ())) == set()
    found = await database.read(lambda connection: store.get(connection, Reach("ann", ("p",)), uuid(2)))
    assert found is None


async def test_labels_beyond_the_index_are_kept(database: Database) -> None:
    """They are shown, and the rows are found by their other labels."""
    labels = {"k" * 100: "v", "long": "v" * 10_000, "zero": "a\0b", "fine": "v"}
    await keep(database, row(1, labels=labels, tags=("t" * 10_000, "\0", "fine"), user="a\0b"))
    (found,) = (await page(database, Filter(labels=(LabelFilter("fine"),), tags=("fine",)))).items
    assert found.labels == labels
    assert found.user == "a\ufffdb"


async def test_an_answer_is_known_by_its_id(database: Database) -> None:
    """To its own account alone."""
    await keep(database, row(1))
    known = await database.read(
        lambda connection: [store.is_answer(connection, account, "chatcmpl-1") for account in ("ann", "bob")]
    )
    assert known == [True, False]


async def test_deleting_stays_within_reach(database: Database) -> None:
    """Labels, tags and foreign rows: the former go, the latter stay."""
    mine = [row(number, labels={"k": "v"}, tags=("t",), session_id="s") for number in range(1, 6)]
    await keep(database, *mine, row(9, account="bob", labels={"k": "v"}))

    def work(connection: Connection) -> list[int]:
        wanted = Filter(labels=(LabelFilter("k", ("v",)),))
        return [store.delete(connection, ANN, wanted, 2) for _ in range(4)]

    assert await database.write(work) == [2, 2, 1, 0]
    left = await database.read(
        lambda connection: [
            connection.one(f"SELECT COUNT(*) FROM {table}")
            for table in ("interactions", "interaction_labels", "interaction_tags", "sessions")
        ]
    )
    assert left == [(1,), (1,), (0,), (0,)]
    assert await numbers(database, Filter(), BOB) == {9}


async def test_the_last_turn_is_one_that_ended_well(database: Database) -> None:
    """Failures and further choices do not count."""
    await keep(
        database,
        row(1, session_id="s"),
        row(2, session_id="s", completion=Answer("good")),
        row(3, session_id="s", index=1),
        row(4, session_id="s", error="client_gone"),
        row(5, session_id="s", account="bob"),
    )
    found = await database.read(lambda connection: store.last_turn(connection, ANN, "s"))
    assert found is not None
    assert found.completion.text == "good"
    assert await database.read(lambda connection: store.last_turn(connection, ANN, "other")) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.integers(0, 4), max_size=30),
    limit=st.integers(1, 7),
    order=st.sampled_from(["desc", "asc"]),
    by_label=st.booleans(),
)
async def test_pages_lose_nothing_and_repeat_nothing(
    database: Database, times: list[int], limit: int, order: Order, *, by_label: bool
) -> None:
    """Also where many rows have the same time, in both directions, whatever leads."""
    rows = [
        row(number, created_at_ms=NOW_MS + at, labels={"k": str(number % 3)}, account="carol")
        for number, at in enumerate(times)
    ]
    carol = Reach("carol")
    await database.write(lambda connection: connection.run("DELETE FROM interactions"))
    await keep(database, *rows)
    wanted = Filter(labels=(LabelFilter("k", ("0", "1", "2")),) if by_label else ())
    seen: list[Interaction] = []
    paging: Paging | None = Paging(limit=limit, order=order)
    while paging is not None:
        part = await page(database, wanted, paging, carol)
        assert len(part.items) == limit or part.next is None
        seen += part.items
        paging = None if part.next is None else Paging(part.next, limit, order)
    expected = sorted(rows, key=lambda one: (one.created_at_ms, one.completion_id), reverse=order == "desc")
    assert [one.completion_id for one in seen] == [one.completion_id for one in expected]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mine=st.sets(st.integers(0, 9)), asked=st.integers(0, 12))
async def test_a_foreign_row_is_like_none(database: Database, mine: set[int], asked: int) -> None:
    """Whatever of ten rows is Ann's and whatever is Bob's, neither sees, counts or deletes the other's."""
    await database.write(lambda connection: connection.run("DELETE FROM interactions"))
    await keep(database, *(row(number, account="ann" if number in mine else "bob") for number in range(10)))
    own = {"ann": mine, "bob": set(range(10)) - mine}
    for reach in (ANN, BOB):
        found = (await page(database, Filter(completion_ids=(uuid(asked),)), reach=reach)).items
        assert (len(found) == 1) == (asked in own[reach.account])
        assert await numbers(database, Filter(), reach) == own[reach.account]
    wanted = Filter(completion_ids=(uuid(asked),))
    deleted = await database.write(lambda connection: store.delete(connection, BOB, wanted, 10))
    assert deleted == (asked in own["bob"])
    assert await numbers(database, Filter(), ANN) == mine
    assert await numbers(database, Filter(), BOB) == own["bob"] - {asked}
