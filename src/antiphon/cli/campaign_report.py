"""`antiphon campaigns report`: what is known of a campaign, printed, or drawn into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from antiphon.cli.connection import ConnectionFlags, connect
from antiphon.cli.output import Output
from antiphon.errors import ConfigError

Connection = Annotated[ConnectionFlags, Parameter(name="*")]


def report(
    campaign: str,
    /,
    *,
    json: bool = False,
    picture: Path | None = None,
    connection: Connection = ConnectionFlags(),
) -> int:
    """Say which variant is better, how surely, and what is still needed.

    Parameters
    ----------
    campaign
        Its key or id.
    json
        Print the gateway's own JSON.
    picture
        Write a picture (SVG) into this file instead.
    connection
        Which gateway, with which key.

    """
    from antiphon.cli.client import GOOD, refusal

    wanted = "svg" if picture is not None else "json" if json else "text"
    reply = connect(connection).get(f"/campaigns/{quote(campaign, safe='')}/report?format={wanted}")
    if reply.status not in GOOD:
        raise refusal(reply)
    if picture is None:
        if json:
            Output(as_json=True).json(reply.json())
        else:
            sys.stdout.write(reply.body.decode())
        return 0
    try:
        picture.write_bytes(reply.body)
    except OSError as error:
        raise ConfigError(f"--picture: {picture} cannot be written: {error.strerror}.") from None
    return 0
