"""`antiphon channel`: messages posted, read, followed and removed."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output
from antiphon.cli.stored import plain
from antiphon.errors import ConfigError

Message = dict[str, Any]  # Any: the gateway's JSON
STDIN = "-"


def post(
    channel: str,
    text: str = STDIN,
    /,
    *,
    name: str | None = None,
    once: str | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Post a message to a channel.

    Parameters
    ----------
    channel
        Its name, or its owner's, a slash and its name.
    text
        The message; without it, or as `-`, standard input.
    name
        Whom the message is shown to be from; otherwise the account.
    once
        An Idempotency-Key of your own: the same command again posts nothing more.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import NO_HEADERS, checked

    content = sys.stdin.read().strip() if text == STDIN else text
    body = {"channel": channel, "content": content} | ({"name": name} if name else {})
    headers = {"Idempotency-Key": once} if once else NO_HEADERS
    posted = checked(connect(connection).send("POST", "/channel", body, headers=headers))
    output = Output(as_json=json)
    if json:
        output.json(posted)
    else:
        output.line(posted["id"])
    return 0


def read(
    channel: str,
    /,
    *,
    limit: int = 50,
    after: str | None = None,
    before: str | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Print the last messages of a channel, or those after or before a place, the oldest first.

    Parameters
    ----------
    channel
        Its name, or its owner's, a slash and its name.
    limit
        How many, 200 at most.
    after
        Only later ones: a message's id or a time, such as 2026-11-25T12:00:00Z.
    before
        Only earlier ones.
    json
        Print the gateway's own JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    output = Output(as_json=json)
    found = checked(connect(connection).get(_path(channel, limit=limit, after=after, before=before)))
    if json:
        output.json(found)
        return 0
    for message in found["messages"]:
        output.line(line(message))
    if found.get("hasMore"):
        way = f"--after {found['next']}" if after else f"--before {found['messages'][0]['id']}"
        output.note(f"There are more: {way}")
    return 0


def follow(
    channel: str,
    /,
    *,
    last: int = 10,
    after: str | None = None,
    json: bool = False,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Print messages as they come, until Ctrl-C; a connection that breaks is made again, and nothing is missed.

    Parameters
    ----------
    channel
        Its name, or its owner's, a slash and its name.
    last
        How many earlier ones to begin with, 200 at most.
    after
        Begin after a message's id or a time instead.
    json
        Print each message as JSON.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.channel_follower import ChannelFollower

    if not 0 <= last <= 200:
        raise ConfigError("--last: expected 0 to 200.")
    output = Output(as_json=json)
    follower = ChannelFollower(connect(connection), channel)
    for message in follower.messages(last=last, after=after):
        if json:
            output.json(message)
        else:
            output.line(line(message))
    return 0


def remove(
    message_id: str,
    /,
    *,
    connection: Annotated[ConnectionFlags, Parameter(name="*")] = ConnectionFlags(),
) -> int:
    """Delete a message: one's own, or any of one's own channel.

    Parameters
    ----------
    message_id
        Its id.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import checked

    checked(connect(connection).send("DELETE", f"/channel/{quote(message_id, safe='')}"))
    return 0


def line(message: Message) -> str:
    """A message on one line: its time, its author, its text."""
    moment = message["createdAt"][:19].replace("T", " ")
    return f"{moment}  {plain(message['authorName'])}: {plain(' '.join(message['content'].split()))}"


def _path(channel: str, **fields: str | int | None) -> str:
    given = {"channel": channel} | {name: value for name, value in fields.items() if value is not None}
    return f"/channel?{urlencode(given)}"
