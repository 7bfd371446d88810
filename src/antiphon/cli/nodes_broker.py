"""`antiphon nodes nats-config`: what a NATS server of one's own has to know to let gateways and nodes in."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.key_flags import PlaceFlags, place_assignments
from antiphon.cli.output import Output


def nats_config(
    *,
    listen: str = "0.0.0.0:4222",
    folder: str = "/data",
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Print the configuration of a NATS server that gateways of this database use with `serve --nats`.

    Parameters
    ----------
    listen
        Where the server listens.
    folder
        Where the server keeps what gateways tell it of revoked nodes.
    place
        Which database, whose gateways share the keys.

    """
    from antiphon.clock import SystemClock
    from antiphon.db.open import open_database
    from antiphon.gateway import values
    from antiphon.gateway.nodes import broker_place
    from antiphon.link.broker_config import BrokerOptions, render
    from antiphon.link.credentials import Authority, BrokerKeys
    from antiphon.nodes.shared_keys import shared_keys
    from antiphon.settings.load import load

    settings = load(
        config=place.config, variables=os.environ, flags=place_assignments(place), folder=Path.cwd()
    ).settings
    url = None if settings.database.url is None else settings.database.url.reveal()
    clock, seeds = SystemClock(), broker_place(settings).seeds

    async def keys() -> BrokerKeys:
        if seeds:
            return BrokerKeys(*seeds)
        database = open_database(url, data_dir=settings.data_dir, clock=clock)
        try:
            return await shared_keys(database, values.peppers(settings))
        finally:
            await database.close()

    authority = Authority(asyncio.run(keys()), clock)
    host, _, port = listen.rpartition(":")
    text = render(
        BrokerOptions(folder=Path(folder), host=host, port=int(port)),
        operator_token=authority.operator_token(),
        system_account=authority.system_account,
        account_tokens=authority.account_tokens({}),
    )
    Output().piece(text)
    return 0
