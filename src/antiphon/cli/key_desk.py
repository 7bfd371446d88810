"""The keys in the database, for commands: no gateway is asked, and those that run see a change within two seconds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from antiphon.accounts.service import Keys
from antiphon.cli.key_flags import PlaceFlags, place_assignments
from antiphon.clock import Clock
from antiphon.credits.gifts import Welcome
from antiphon.db.open import open_database
from antiphon.gateway import values
from antiphon.ids import Ids
from antiphon.settings.load import load

Result = TypeVar("Result")


def with_keys(place: PlaceFlags, clock: Clock, use: Callable[[Keys], Awaitable[Result]]) -> Result:
    """What `use` does with the keys of the database that the settings name."""
    settings = load(
        config=place.config, variables=os.environ, flags=place_assignments(place), folder=Path.cwd()
    ).settings
    url = None if settings.database.url is None else settings.database.url.reveal()
    pepper = values.peppers(settings)[0]

    async def work() -> Result:
        database = open_database(url, data_dir=settings.data_dir, clock=clock)
        try:
            kind, keys_max = values.key_kind(settings), settings.auth.keys_per_account_max
            welcome = Welcome(values.gifts(settings).signup, clock=clock)
            keys = Keys(
                database, pepper, kind=kind, keys_max=keys_max, clock=clock, ids=Ids(), on_create=welcome
            )  # fmt: skip
            return await use(keys)
        finally:
            await database.close()

    return asyncio.run(work())
