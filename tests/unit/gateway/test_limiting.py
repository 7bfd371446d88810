"""Where limits are counted: as the setting says, and by itself where several gateways can be."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Literal

import pytest

from antiphon.accounts.limits import Limits
from antiphon.accounts.shared_limits import SharedLimits
from antiphon.clock import SystemClock
from antiphon.db import Database
from antiphon.gateway.limiting import Limiting
from antiphon.ids import Ids
from antiphon.key import Key
from antiphon.observe.logs import Log
from antiphon.settings.model import DatabaseSettings, Settings
from antiphon.settings.model import Limits as LimitSettings
from antiphon.settings.secret import Secret


def limiting(database: Database, url: str, folder: Path, shared: Literal["auto", "on", "off"]) -> Limiting:
    """What a gateway with that setting has."""
    settings = Settings(
        data_dir=folder, database=DatabaseSettings(url=Secret(url)), limits=LimitSettings(shared=shared)
    )
    log = Log(form="json", stream=io.StringIO(), now=lambda: 0.0)
    return Limiting(settings, database, clock=SystemClock(), ids=Ids(), log=log)


async def admitted(made: Limiting, key: Key) -> int:
    """How many of ten requests at once are let in."""
    found = await asyncio.gather(*(made.limiter.admit(key, 0.0) for _ in range(10)))
    return sum(admission.refusal is None for admission in found)


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("shared", ["auto", "on", "off"])
async def test_gateways_of_a_server_count_together(
    database: Database,
    database_url: str,
    database_kind: str,
    tmp_path: Path,
    shared: Literal["auto", "on", "off"],
) -> None:
    """Those of a file count for themselves, unless they are told to."""
    together = shared == "on" or (shared == "auto" and database_kind == "postgres")
    made = [limiting(database, database_url, tmp_path, shared) for _ in range(2)]
    for each in made:
        assert isinstance(each.limiter, SharedLimits if together else Limits)
    found = [await admitted(each, Key("k", 3, parallel_max=3)) for each in made]
    assert found == ([3, 0] if together else [3, 3])
    for each in made:
        await each.close()
