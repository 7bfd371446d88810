"""`antiphon nodes`: the nodes of a running gateway: invited, listed, drained, banned, renamed, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Mapping

INVITES = ("INVITE", "STATE", "NAME", "EXPIRES", "NODE")
HEADING = ("NODE", "STATE", "PRESENCE", "MODELS", "BUSY", "TOKENS/S", "SEEN", "ID")


def invite(
    *,
    name: str | None = None,
    expires: str = "1h",
    url: str | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Print a token, good once, and the line that makes a machine a node.

    Parameters
    ----------
    name
        What the node is to be called; otherwise as the machine calls itself.
    expires
        How long the token is good for, such as 1h, 30m or 7d.
    url
        The gateway's address as the machine reaches it; otherwise the one that the gateway knows of itself.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.key_flags import seconds

    given = {"name": name, "expires_in_s": seconds(expires, "--expires"), "url": url}
    made = _ask(connection, "POST", "/invites", given={field: one for field, one in given.items() if one is not None})
    output = Output(as_json=json)
    if json:
        output.json(made)
        return 0
    from antiphon.cli.stored import moment

    output.note("On the machine that is to serve models, with antiphon[engine,nodes] installed:\n")
    output.line(made["command"])
    output.note(f"\nThe token is good once, until {moment(made['expires_at_ms'])} UTC, and is shown only now.")
    if warning := _unreachable(made["token"]):
        output.note(warning)
    return 0


def invites(
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List the invites, the oldest first; those that expired more than a week ago are forgotten.

    Parameters
    ----------
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.stored import moment

    found = _ask(connection, "GET", "/invites")
    output = Output(as_json=json)
    if json:
        output.json(found)
        return 0
    rows = [
        (one["id"], one["state"], one["name"] or "-", moment(one["expires_at_ms"]), one["node"] or "-")
        for one in found["data"]
    ]
    output.table([INVITES, *rows])
    return 0


def revoke(
    invite: str,
    /,
    *,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Void an invite that nobody has used yet: its token makes no machine a node any more.

    Parameters
    ----------
    invite
        Its id.
    connection
        Which gateway, with which key.

    """
    _ask(connection, "DELETE", f"/invites{_path(invite)}")
    return 0


def list_nodes(
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """List the nodes, the oldest first.

    Parameters
    ----------
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    found = _ask(connection, "GET")
    output = Output(as_json=json)
    if json:
        output.json(found)
        return 0
    output.table([HEADING, *map(_row, found["data"])])
    return 0


def show(
    node: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Show a node.

    Parameters
    ----------
    node
        Its name or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "GET", _path(node)), json=json)


def drain(
    node: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Give a node no more requests; those that it has it finishes.

    Parameters
    ----------
    node
        Its name or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "PATCH", _path(node), given={"state": "drained"}), json=json)


def undrain(
    node: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Give a drained node requests again.

    Parameters
    ----------
    node
        Its name or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "PATCH", _path(node), given={"state": "active"}), json=json)


def ban(
    node: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Send a node away within five seconds, and let it in no more; what it was doing is done elsewhere.

    Parameters
    ----------
    node
        Its name or id.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "PATCH", _path(node), given={"state": "banned"}), json=json)


def rename(
    node: str,
    name: str,
    /,
    *,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Give a node another name.

    Parameters
    ----------
    node
        Its name or id.
    name
        The new name.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "PATCH", _path(node), given={"name": name}), json=json)


def tag(
    node: str,
    /,
    *tags: str,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Give a node these tags in place of those that it has; without any it has none.

    Parameters
    ----------
    node
        Its name or id.
    tags
        Words that it shares with others, such as eu or gpu.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    return _print(_ask(connection, "PATCH", _path(node), given={"tags": tags}), json=json)


def remove(
    node: str,
    /,
    *,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Forget a node; its machine takes a new token to come back.

    Parameters
    ----------
    node
        Its name or id.
    connection
        Which gateway, with which key.

    """
    _ask(connection, "DELETE", _path(node))
    return 0


def _path(node: str) -> str:
    return f"/{quote(node, safe='')}"


def _ask(
    connection: ConnectionFlags, method: str, path: str = "", *, given: Mapping[str, object] | None = None
) -> Any:  # Any: the gateway's JSON
    from antiphon.cli.client import checked

    return checked(connect(connection).send(method, f"/nodes{path}", given))


def _unreachable(token: str) -> str | None:
    """What to say of a token that names a place which no other machine reaches."""
    from antiphon.nodes.enrolment import read
    from antiphon.settings.rules import loopback

    url = read(token).url
    if not loopback(urlsplit(url).hostname or ""):
        return None
    return (
        f"It names {url}, which only this machine reaches. For another machine let the gateway and its broker listen "
        "where it reaches them (`server.host`, `nodes.listen`), and say so: --url https://GATEWAY."
    )


def _print(node: dict[str, Any], *, json: bool) -> int:  # Any: the gateway's JSON
    from antiphon.cli.stored import moment, plain

    output = Output(as_json=json)
    if json:
        output.json(node)
        return 0
    for field in ("created_at_ms", "seen_at_ms"):
        node[field.removesuffix("_ms")] = moment(node.pop(field))
    node["models"] = " ".join(one["id"] for one in node["models"])
    node["tags"] = " ".join(node["tags"])
    rows = [(field, "-" if value in (None, "") else plain(str(value))) for field, value in node.items()]
    output.table([row for row in rows if row[0] != "object"])
    return 0


def _row(node: dict[str, Any]) -> tuple[str, ...]:  # Any: the gateway's JSON
    from antiphon.cli.stored import moment, plain

    speed = node["decode_speed"]
    return (
        node["name"],
        node["state"],
        node["presence"],
        plain(" ".join(one["id"] for one in node["models"])) or "-",
        f"{node['running']}/{node['slots']}" if node["presence"] != "gone" else "-",
        "-" if speed is None else f"{speed:.1f}",
        moment(node["seen_at_ms"]),
        node["id"],
    )
