"""Sessions in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from antiphon.db import Connection, Value
from antiphon.interactions.model import Reach, Session
from antiphon.interactions.paging import Page, Paging, Position

TOUCH = (
    "INSERT INTO sessions (account, session_id, created_at_ms, last_at_ms)"
    " VALUES (:account, :session_id, :at_ms, :at_ms)"
    " ON CONFLICT (account, session_id) DO UPDATE SET"
    " created_at_ms = CASE WHEN sessions.created_at_ms > excluded.created_at_ms"
    " THEN excluded.created_at_ms ELSE sessions.created_at_ms END,"
    " last_at_ms = CASE WHEN sessions.last_at_ms < excluded.last_at_ms"
    " THEN excluded.last_at_ms ELSE sessions.last_at_ms END"
)
TURNS = "FROM interactions AS i WHERE i.account = sessions.account AND i.session_id = sessions.session_id"
OWN = "account = :account AND session_id = :session_id"


def touch(connection: Connection, account: str, session_id: str, at_ms: int) -> None:
    """Note that the session has a turn of that time."""
    connection.run(TOUCH, account=account, session_id=session_id, at_ms=at_ms)


def settle(connection: Connection, account: str, session_id: str) -> None:
    """Make the session what its turns say, after some were deleted; without turns it is gone."""
    first, last = f"(SELECT MIN(i.created_at_ms) {TURNS})", f"(SELECT MAX(i.created_at_ms) {TURNS})"
    own = {"account": account, "session_id": session_id}
    if not connection.run(f"DELETE FROM sessions WHERE {OWN} AND NOT EXISTS (SELECT 1 {TURNS})", **own):
        connection.run(f"UPDATE sessions SET created_at_ms = {first}, last_at_ms = {last} WHERE {OWN}", **own)


def exists(connection: Connection, reach: Reach, session_id: str) -> bool:
    """Whether the session has a turn within reach."""
    values: dict[str, Value] = {}
    seen = _seen(reach, values)
    sql = f"SELECT 1 FROM sessions WHERE {OWN} AND EXISTS (SELECT 1 {seen})"
    return connection.one(sql, account=reach.account, session_id=session_id, **values) is not None


def get(connection: Connection, reach: Reach, session_id: str) -> Session | None:
    """The session, None when it has no turn within reach."""
    values: dict[str, Value] = {"session_id": session_id}
    found = _select(connection, reach, "session_id = :session_id", values)
    return found[0] if found else None


def page(connection: Connection, reach: Reach, paging: Paging) -> Page[Session]:
    """A part of the list of sessions, by the time of their last turns."""
    newest_first = paging.order == "desc"
    sign, direction = ("<", "DESC") if newest_first else (">", "ASC")
    values: dict[str, Value] = {"limit": paging.limit + 1}
    place = "1 = 1"
    if paging.after is not None:
        values |= {"after_ms": paging.after.at_ms, "after_id": paging.after.id}
        place = f"(last_at_ms, session_id) {sign} (:after_ms, :after_id)"
    order = f"ORDER BY last_at_ms {direction}, session_id {direction} LIMIT :limit"
    found = _select(connection, reach, place, values, order)
    items = tuple(found[: paging.limit])
    more = len(found) > paging.limit
    return Page(items, Position(items[-1].last_at_ms, items[-1].session_id) if more else None)


def _select(
    connection: Connection, reach: Reach, condition: str, values: dict[str, Value], order: str = ""
) -> list[Session]:
    """Sessions with how many turns of each are within reach."""
    seen = _seen(reach, values)
    rows = connection.all(
        f"SELECT session_id, created_at_ms, last_at_ms, (SELECT COUNT(DISTINCT i.answer_id) {seen})"
        f" FROM sessions WHERE account = :account AND {condition} AND EXISTS (SELECT 1 {seen}) {order}",
        account=reach.account,
        **values,
    )
    return [Session(*row) for row in rows]


def _seen(reach: Reach, values: dict[str, Value]) -> str:
    """The turns within reach."""
    if reach.projects is None:
        return TURNS
    names = [f"project{number}" for number in range(len(reach.projects))]
    values |= dict(zip(names, reach.projects, strict=True))
    places = ", ".join(f":{name}" for name in names)
    return f"{TURNS} AND i.project_id IN ({places})" if places else f"{TURNS} AND 1 = 0"
