"""The broker's keys, shared by the gateways of one database."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.accounts.pepper import Pepper
from antiphon.db import Database
from antiphon.errors import ConfigError
from antiphon.nodes.shared_keys import shared_keys

OLD, NEW = Pepper("o" * 32), Pepper("n" * 32)


async def test_all_gateways_have_the_same(database: Database) -> None:
    """Though they start at once, and some have another pepper by now."""
    first, *others = await asyncio.gather(*(shared_keys(database, (OLD,)) for _ in range(4)))
    assert {keys.account for keys in others} == {first.account}
    assert await shared_keys(database, (NEW, OLD)) == first


async def test_another_pepper_is_told_of(database: Database) -> None:
    """Keys that cannot be opened are not made anew: nodes would not be let in with them."""
    await shared_keys(database, (OLD,))
    with pytest.raises(ConfigError, match="former_pepper"):
        await shared_keys(database, (NEW,))
