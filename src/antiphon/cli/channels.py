"""`antiphon channel list`, `create`, `share` and `delete`: which channels there are, and who may use them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output


def list_channels(
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List the channels that the key's account may use.

    Parameters
    ----------
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    found = checked(connect(connection).get("/channels"))
    if json:
        output.json(found)
        return 0
    rows = [(one["channel"], "everybody" if one["public"] else "members", one["createdAt"]) for one in found["data"]]
    output.table([("CHANNEL", "FOR", "MADE"), *rows])
    return 0


def create(
    name: str,
    /,
    *,
    member: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    public: bool = False,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Make a channel of the key's account, or one for everybody.

    Parameters
    ----------
    name
        1 to 64 lower-case letters, digits, `-` and `_`.
    member
        An account that may read and write it. Repeatable.
    public
        For everybody; takes an admin's key.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    body = {"name": name, "public": public, "members": list(member)}
    _show(checked(connect(connection).post("/channels", body)), json=json)
    return 0


def share(
    channel: str,
    /,
    *,
    add: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    remove: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Let accounts use a channel of one's own, or no longer.

    Parameters
    ----------
    channel
        Its name.
    add
        An account that may read and write it from now on. Repeatable.
    remove
        An account that may no longer. Repeatable.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    body = {"addMembers": list(add), "removeMembers": list(remove)}
    _show(checked(connect(connection).send("PATCH", f"/channels/{quote(channel, safe='/')}", body)), json=json)
    return 0


def delete(
    channel: str,
    /,
    *,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Delete a channel with all its messages.

    Parameters
    ----------
    channel
        Its name.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    checked(connect(connection).send("DELETE", f"/channels/{quote(channel, safe='/')}"))
    return 0


def _show(channel: dict[str, Any], *, json: bool) -> None:  # Any: the gateway's JSON
    output = Output(as_json=json)
    if json:
        output.json(channel)
        return
    output.line(channel["channel"])
    if channel.get("members"):
        output.note(f"Members: {', '.join(channel['members'])}")
