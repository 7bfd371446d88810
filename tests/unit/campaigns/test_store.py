"""Campaigns in each kind of database."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.campaigns import store
from antiphon.campaigns.model import Campaign, Ending, Goal, Guardrail, Weighting
from antiphon.chat import Sampling, ToolOverride
from antiphon.db import Connection, Database
from tests.unit.campaigns.drafts import ACCOUNT, PROJECT_ID, draft, variant

FULL = draft(
    "full",
    name="Zoë's \x00 \N{ROCKET} :name %s",
    variants=(
        variant("a", model="a/b:c", weight=2.5, sampling=Sampling(temperature=0.25, stop=("x",))),
        variant(
            "b",
            system_prompt="Be {{tone}}\x00.",
            system_prompt_args={"tone": ["kind", None, 1.5]},
            tool_providers=(),
            use_tools=False,
            tool_overrides=(ToolOverride("t", enabled=True),),
            dropped=True,
        ),
    ),
    goals=(Goal("thumbs"), Goal("latency_ms", "measure")),
    guardrails=(Guardrail("error_rate", 0.1, "drop"),),
    share=0.1,
    unit="session",
    status="running",
    weightings=(Weighting(5, (2.5, 0.0)),),
    ending=Ending("decided", "b is better", "b"),
    created_at_ms=1_795_237_696_000,
    started_at_ms=5,
)


async def kept(database: Database, *campaigns: Campaign) -> None:
    """Keep some campaigns, each by a change of its own."""

    def work(connection: Connection) -> None:
        for campaign in campaigns:
            assert store.insert(connection, campaign, store.begin_change(connection))

    await database.write(work)


async def test_what_is_kept_comes_back(database: Database) -> None:
    """Every field, by id, by key and in lists; the newest first."""
    plain = draft()
    await kept(database, plain, FULL)
    assert await database.read(lambda connection: store.find(connection, ACCOUNT, "full")) == FULL
    assert await database.read(lambda connection: store.find(connection, ACCOUNT, "full-id")) == FULL
    assert await database.read(lambda connection: store.every(connection, ACCOUNT, archived=False)) == (FULL, plain)
    assert await database.read(lambda connection: store.count(connection, ACCOUNT)) == 2
    assert await database.read(lambda connection: store.open_of(connection, ACCOUNT, PROJECT_ID)) == (FULL,)


async def test_another_account_sees_nothing(database: Database) -> None:
    """By no name, and in no list; it may use the same key."""
    await kept(database, FULL, replace(FULL, id="other", account="bob"))
    assert await database.read(lambda connection: store.find(connection, "bob", "full-id")) is None
    (found,) = await database.read(lambda connection: store.every(connection, "bob", archived=True))
    assert found.id == "other"
    assert await database.read(lambda connection: store.count(connection, "eve")) == 0


async def test_a_key_is_taken_for_ever(database: Database) -> None:
    """Also by a campaign that is archived."""
    await kept(database, draft(status="archived"))

    def again(connection: Connection) -> bool:
        return store.insert(connection, draft(id="other"), store.begin_change(connection))

    assert not await database.write(again)


async def test_one_looks_at_a_time(database: Database) -> None:
    """Whoever is first, once the time has come."""
    await kept(database, draft())

    async def takes(now_ms: int) -> bool:
        return await database.write(lambda connection: store.take_look(connection, "c-id", now_ms, now_ms + 10))

    assert [await takes(now_ms) for now_ms in (100, 100, 109, 110)] == [True, False, False, True]
    await database.write(lambda connection: store.put_off_look(connection, "c-id", 500))
    assert [await takes(now_ms) for now_ms in (499, 500)] == [False, True]


async def test_only_what_has_changed_is_read_again(database: Database) -> None:
    """By the number of the change; archived ones are among them, so that they can be forgotten."""
    await kept(database, draft("one"), draft("two"))
    seen = await database.read(store.changes)

    def archive(connection: Connection) -> None:
        store.update(connection, draft("one", status="archived"), store.begin_change(connection))

    await database.write(archive)
    (changed,) = await database.read(lambda connection: store.changed_since(connection, seen))
    assert (changed.key, changed.status) == ("one", "archived")
    assert [one.key for one in await database.read(store.in_use)] == ["two"]
    shown = await database.read(lambda connection: store.every(connection, ACCOUNT, archived=False))
    assert [one.key for one in shown] == ["two"]
