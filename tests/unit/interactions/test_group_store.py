"""Groups of interactions in the database: by model, by prompt, a part at a time."""

from __future__ import annotations

from antiphon.chat import Message
from antiphon.db import Database
from antiphon.interactions import group_store
from antiphon.interactions.group_store import Group, GroupPaging
from antiphon.interactions.model import Filter, LabelFilter
from tests.unit.interactions.stored import ANN, keep, row

EVERY = Filter()


async def furnish(database: Database) -> None:
    """Models `a` (twice), `b` and none; two prompts; one of Bob's."""
    other = (Message("user", "Hello?"),)
    await keep(
        database,
        row(1, model="a", labels={"k": "v"}),
        row(2, model="a", messages=other),
        row(3, model="b"),
        row(4, model=None, labels={"k": "w"}),
        row(5, model="c", account="bob"),
    )


async def test_groups_by_model(database: Database) -> None:
    """In both directions, those without a model among them."""
    await furnish(database)
    listed = await database.read(lambda c: group_store.groups(c, ANN, EVERY, "model", GroupPaging(9)))
    assert listed == (Group(None, 1), Group("a", 2), Group("b", 1))
    back = await database.read(lambda c: group_store.groups(c, ANN, EVERY, "model", GroupPaging(9, order="desc")))
    assert back == listed[::-1]
    assert await database.read(lambda c: group_store.count(c, ANN, EVERY, "model")) == 3


async def test_a_part_of_the_groups(database: Database) -> None:
    """One more than asked for tells of a next part, which begins behind a key."""
    await furnish(database)
    first = await database.read(lambda c: group_store.groups(c, ANN, EVERY, "model", GroupPaging(1)))
    assert first == (Group(None, 1), Group("a", 2))
    next_part = await database.read(lambda c: group_store.groups(c, ANN, EVERY, "model", GroupPaging(1, "a")))
    assert next_part == (Group("b", 1),)
    down = GroupPaging(2, "b", "desc")
    assert await database.read(lambda c: group_store.groups(c, ANN, EVERY, "model", down)) == (
        Group("a", 2),
        Group(None, 1),
    )


async def test_groups_of_what_a_filter_lets_through(database: Database) -> None:
    """By prompt, and led by a label."""
    await furnish(database)
    by_prompt = await database.read(lambda c: group_store.groups(c, ANN, EVERY, "prompt", GroupPaging(9)))
    assert sorted(group.count for group in by_prompt) == [1, 3]
    labelled = Filter(labels=(LabelFilter("k"),))
    assert await database.read(lambda c: group_store.groups(c, ANN, labelled, "model", GroupPaging(9))) == (
        Group(None, 1),
        Group("a", 1),
    )
    nothing = Filter(session_id="nobody's")
    assert await database.read(lambda c: group_store.groups(c, ANN, nothing, "model", GroupPaging(9))) == ()
    assert await database.read(lambda c: group_store.count(c, ANN, nothing, "model")) == 0
