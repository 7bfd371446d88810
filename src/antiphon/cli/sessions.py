"""`antiphon sessions`: the sessions that a running gateway has stored, listed, shown and deleted."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.filter_flags import FilterFlags, query
from antiphon.cli.output import Output
from antiphon.cli.stored import moment, transcript


def list_sessions(
    *,
    limit: int = 20,
    after: str | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List sessions, the one with the newest turn first.

    Parameters
    ----------
    limit
        How many, 200 at most.
    after
        Where the list before this one ended.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    found = checked(connect(connection).get(f"/sessions{query(FilterFlags(), limit=limit, after=after)}"))
    if json:
        output.json(found)
        return 0
    output.table([("SESSION", "TURNS", "FIRST", "LAST"), *(_row(one) for one in found["data"])])
    if found["next"]:
        output.note(f"There are more: --after {found['next']}")
    return 0


def show(
    session_id: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Show a session as a conversation: its last turn holds those before it.

    Parameters
    ----------
    session_id
        Its id.
    json
        Print the gateway's own JSON: all turns, one by one.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    path = f"/sessions/{quote(session_id, safe='')}"
    client = connect(connection)
    if json:
        output.json(checked(client.get(f"{path}?limit=200")))
        return 0
    found = checked(client.get(f"{path}?limit=1&order=desc"))
    (last,) = found["data"]
    for line in transcript([*last["messages"], last["completion"]]):
        output.line(line)
    output.note(f"{found['turns']} turns, the last at {moment(found['last_at_ms'])}")
    return 0


def delete(
    session_id: str,
    /,
    *,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Delete all turns of a session with their feedback.

    Parameters
    ----------
    session_id
        Its id.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    checked(connect(connection).send("DELETE", f"/sessions/{quote(session_id, safe='')}"))
    return 0


def _row(found: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    times = (found["created_at_ms"], found["last_at_ms"])
    return (found["session_id"], str(found["turns"]), *map(moment, times))
