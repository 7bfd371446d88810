"""Channels are made, shared and deleted by those who may."""

from __future__ import annotations

import pytest

from antiphon.channels.model import Bounds
from antiphon.channels.parts import Channels
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied
from tests.unit.channels.posted import ANN, BOB, EVE, PUBLIC, ROOT, post, texts


@pytest.fixture
def database_kind() -> str:
    """One kind: the store is tested on all."""
    return "sqlite-again"


async def names(channels: Channels, account: str) -> list[str]:
    """What an account may use, under the names that everybody uses."""
    return [channel.address for channel in await channels.directory.list(account)]


async def test_public_channels_are_always_there(channels: Channels) -> None:
    """Made once, whoever starts how often; an operator makes more, and deletes them with their messages."""
    await channels.start()
    assert await names(channels, "eve") == list(PUBLIC)
    await channels.directory.create(ROOT, "news", public=True)
    await post(channels, "hello", to="news", key=EVE)
    assert await names(channels, "eve") == ["general", "news", "requests"]
    with pytest.raises(PermissionDenied):
        await channels.directory.delete(EVE, "news")
    await channels.directory.delete(ROOT, "news")
    await channels.directory.create(ROOT, "news", public=True)
    assert await texts(channels, of="news", key=EVE) == []
    with pytest.raises(PermissionDenied):
        await channels.directory.create(EVE, "mine", public=True)
    with pytest.raises(BadRequest, match="for everybody"):
        await channels.directory.create(ROOT, "mine", ("ann",), public=True)
    with pytest.raises(Conflict, match="for everybody"):
        await channels.directory.change(ROOT, "news", ("ann",), ())


async def test_members_come_and_go(channels: Channels) -> None:
    """Only the owner lets them, sees them, and stays; a name is taken once by each account, and tells nobody else."""
    made = await channels.directory.create(ANN, "team", ("bob", "bob", "ann"))
    assert made.members == ("bob",)
    assert (await channels.directory.get("bob", "ann/team")).members is None
    assert (await channels.directory.get("ann", "team")).members == ("bob",)
    with pytest.raises(PermissionDenied):
        await channels.directory.change(BOB, "ann/team", ("eve",), ())
    with pytest.raises(PermissionDenied):
        await channels.directory.delete(BOB, "ann/team")
    with pytest.raises(BadRequest, match=r"^removeMembers\[1\]: "):
        await channels.directory.change(ANN, "team", (), ("bob", "\0"))
    changed = await channels.directory.change(ANN, "team", ("eve",), ("bob", "ann"))
    assert changed.members == ("eve",)
    assert await names(channels, "bob") == list(PUBLIC)
    assert await names(channels, "ann") == [*PUBLIC, "ann/team"]
    with pytest.raises(Conflict, match="already"):
        await channels.directory.create(ANN, "team")
    assert (await channels.directory.create(BOB, "team")).channel.address == "bob/team"
    for name in ("ann/team", "ann/none", "\0"):
        with pytest.raises(NotFound, match="does not exist") as refused:
            await channels.directory.get("bob", name)
        assert refused.value.code == "channel_not_found"
        with pytest.raises(NotFound, match="does not exist"):
            await channels.directory.delete(BOB, name)
        with pytest.raises(NotFound, match="does not exist"):
            await channels.directory.change(BOB, name, (), ())


@pytest.mark.parametrize("bounds", [Bounds(per_account_max=2, members_max=2)])
async def test_there_are_only_so_many(channels: Channels) -> None:
    """Of an account's channels, and of a channel's members; what is too much changes nothing."""
    await channels.directory.create(ANN, "one", ("a", "b"))
    with pytest.raises(Conflict) as refused:
        await channels.directory.change(ANN, "one", ("c",), ())
    assert refused.value.code == "too_many_members"
    assert (await channels.directory.change(ANN, "one", ("c",), ("a",))).members == ("b", "c")
    with pytest.raises(Conflict):
        await channels.directory.create(ANN, "two", ("a", "b", "c"))
    await channels.directory.create(ANN, "two")
    with pytest.raises(Conflict) as refused:
        await channels.directory.create(ANN, "three")
    assert refused.value.code == "too_many_channels"
    await channels.directory.create(ROOT, "three", public=True)
