"""Sessions in each database: they follow the turns that are stored and deleted."""

from __future__ import annotations

import functools

from antiphon.db import Database
from antiphon.interactions import session_store, store
from antiphon.interactions.model import Filter, Reach, Session
from antiphon.interactions.paging import Order, Paging
from tests.unit.interactions.stored import ANN, BOB, NOW_MS, keep, row, uuid


async def sessions(database: Database, reach: Reach = ANN, order: Order = "desc") -> list[Session]:
    """All sessions within reach, read two at a time."""
    found: list[Session] = []
    paging: Paging | None = Paging(limit=2, order=order)
    while paging is not None:
        part = await database.read(functools.partial(session_store.page, reach=reach, paging=paging))
        found += part.items
        paging = None if part.next is None else Paging(part.next, 2, order)
    return found


async def test_turns_make_a_session(database: Database) -> None:
    """Times of the first and last turn, in whatever order they are stored; choices of one answer are one turn."""
    await keep(
        database,
        row(5, session_id="s"),
        row(2, session_id="s", answer_id="a"),
        row(3, session_id="s", answer_id="a", index=1),
        row(4, session_id="other"),
        row(9, account="bob", session_id="s"),
        row(8),
    )
    assert await sessions(database) == [
        Session("s", NOW_MS + 2, NOW_MS + 5, 2),
        Session("other", NOW_MS + 4, NOW_MS + 4, 1),
    ]
    assert await sessions(database, BOB) == [Session("s", NOW_MS + 9, NOW_MS + 9, 1)]


async def test_sessions_of_one_moment_are_all_listed(database: Database) -> None:
    """Equal times lose nothing between pages, in both directions."""
    await keep(database, *(row(number, created_at_ms=NOW_MS, session_id=f"s{number}") for number in range(7)))
    names = [f"s{number}" for number in range(7)]
    assert [one.session_id for one in await sessions(database, order="asc")] == names
    assert [one.session_id for one in await sessions(database)] == names[::-1]


async def test_a_session_ends_with_its_last_turn(database: Database) -> None:
    """Deleting turns moves its times, deleting all of them removes it."""
    await keep(
        database, *(row(number, session_id="s") for number in range(1, 4)), row(9, account="bob", session_id="s")
    )
    await database.write(lambda connection: store.delete(connection, ANN, Filter(completion_ids=(uuid(1),)), 10))
    assert await sessions(database) == [Session("s", NOW_MS + 2, NOW_MS + 3, 2)]
    await database.write(lambda connection: store.delete(connection, ANN, Filter(session_id="s"), 10))
    assert await sessions(database) == []
    assert len(await sessions(database, BOB)) == 1


async def test_a_reach_sees_sessions_with_turns_in_it(database: Database) -> None:
    """And counts only those turns."""
    await keep(
        database,
        row(1, session_id="both", project_id="p"),
        row(2, session_id="both", project_id="q"),
        row(3, session_id="outside"),
    )
    limited = Reach("ann", ("p",))
    assert [(one.session_id, one.turns) for one in await sessions(database, limited)] == [("both", 1)]
    assert await sessions(database, Reach("ann", ())) == []
    known = await database.read(
        lambda connection: [
            (session_store.get(connection, limited, name) is not None, session_store.exists(connection, limited, name))
            for name in ("both", "outside", "unknown")
        ]
    )
    assert known == [(True, True), (False, False), (False, False)]
