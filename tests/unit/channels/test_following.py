"""Followers get each message once and in order, wherever it was posted; none stays who may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from antiphon.channels.asking import Asked, Wanted
from antiphon.channels.following import Follower
from antiphon.channels.model import Bounds
from antiphon.channels.parts import Channels
from antiphon.channels.watch import TAIL_MAX
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest, Unavailable
from antiphon.ids import Ids
from tests.unit.channels.posted import ANN, BOB, NOW_SQL, PUBLIC, post

PATIENCE_S = 30.0


@pytest.fixture
def database_kind() -> str:
    """One kind, unless a test says otherwise: the stores are tested on all."""
    return "sqlite"


@pytest_asyncio.fixture
async def elsewhere(database: Database, bounds: Bounds) -> AsyncIterator[Channels]:
    """The same channels at another gateway, where nobody looks."""
    yield Channels(database, bounds, public=PUBLIC, now_sql=NOW_SQL, clock=ManualClock(), ids=Ids())


async def heard(follower: Follower, count: int) -> list[str]:
    """The next messages, so many."""
    found: list[str] = []
    while len(found) < count:
        found += [message.content for message in await follower.next(PATIENCE_S) or ()]
    return found


async def read_from(channels: Channels, begin: int, count: int) -> list[str]:
    """What a follower hears who has read up to a number."""
    channel, _ = await channels.messages.page("ann", "general", Wanted(1))
    with channels.following.follower("ann", channel, begin) as follower:
        return await heard(follower, count)


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_posts_are_heard_from_everywhere(channels: Channels, elsewhere: Channels) -> None:
    """Writers at two gateways, followers from several places: all hear the rest, in one order."""
    for number in range(3):
        await post(channels, f"before {number}")
    reading = [asyncio.create_task(read_from(channels, begin, 23 - begin)) for begin in (0, 0, 2, 3)]
    for number in range(10):
        await post(channels, f"here {number}")
        await post(elsewhere, f"there {number}")
    async with asyncio.timeout(PATIENCE_S):
        first, *others = await asyncio.gather(*reading)
    assert len(set(first)) == 23
    assert others == [first, first[2:], first[3:]]
    assert channels.watch.followers == 0


async def test_a_reader_who_is_far_behind_misses_nothing(channels: Channels) -> None:
    """More than a tail holds, while the channel goes on."""
    total = TAIL_MAX + 60
    channel, _ = await channels.messages.page("ann", "general", Wanted(1))
    with (
        channels.following.follower("ann", channel, 0) as quick,
        channels.following.follower("ann", channel, 0) as late,
    ):
        quickly = asyncio.create_task(heard(quick, total))
        posted = [str(number) for number in range(total)]
        for text in posted:
            await post(channels, text)
        async with asyncio.timeout(PATIENCE_S):
            assert await quickly == posted
            assert await heard(late, total) == posted


async def test_waiting_for_a_page(channels: Channels, elsewhere: Channels) -> None:
    """A page that is not empty comes at once, another when there is something, or empty when the time is over."""
    asked = Asked("general", Wanted(1), wait_s=PATIENCE_S)
    waiting = asyncio.create_task(channels.following.page("ann", asked))
    await asyncio.sleep(0)
    await post(elsewhere, "first")
    _, page = await waiting
    assert ([one.content for one in page.messages], page.end) == (["first"], 1)
    assert (await channels.following.page("ann", asked))[1].messages == page.messages
    short = Asked("requests", Wanted(1), wait_s=0.01)
    assert (await channels.following.page("ann", short))[1].messages == ()


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_a_member_who_is_removed_hears_no_more(channels: Channels, elsewhere: Channels) -> None:
    """Neither what was posted nor that it was; the owner goes on."""
    made = (await channels.directory.create(ANN, "team", ("bob",))).channel
    with channels.following.follower("bob", made, 0) as bob, channels.following.follower("ann", made, 0) as ann:
        await post(elsewhere, "for both", to="ann/team", key=BOB)
        assert await heard(bob, 1) == await heard(ann, 1) == ["for both"]
        await elsewhere.directory.change(ANN, "team", (), ("bob",))
        await post(elsewhere, "for ann", to="team")
        with pytest.raises(BadRequest, match="there is no channel"):
            await bob.next(PATIENCE_S)
        assert await heard(ann, 1) == ["for ann"]


async def test_a_channel_that_is_deleted_ends_its_followers(channels: Channels, elsewhere: Channels) -> None:
    """Also where another one takes its name."""
    made = (await channels.directory.create(ANN, "team")).channel
    with channels.following.follower("ann", made, 0) as follower:
        assert await follower.next(0.01) == []
        await elsewhere.directory.delete(ANN, "team")
        await elsewhere.directory.create(ANN, "team")
        with pytest.raises(BadRequest, match="there is no channel"):
            await follower.next(PATIENCE_S)


async def test_a_channel_that_was_gone_before_it_was_looked_at(channels: Channels) -> None:
    """Ends its followers too."""
    made = (await channels.directory.create(ANN, "team")).channel
    await channels.directory.delete(ANN, "team")
    with (
        channels.following.follower("ann", made, 0) as follower,
        pytest.raises(BadRequest, match="there is no channel"),
    ):
        await follower.next(PATIENCE_S)


async def test_a_deleted_message_leaves_the_memory(channels: Channels, elsewhere: Channels) -> None:
    """A follower who comes after it was deleted does not see it."""
    channel, _ = await channels.messages.page("ann", "general", Wanted(1))
    with channels.following.follower("ann", channel, 0) as early:
        secret = await post(channels, "secret")
        assert await heard(early, 1) == ["secret"]
        await elsewhere.messages.delete(ANN, secret.id)
        await post(channels, "last")
        assert await heard(early, 1) == ["last"]
        assert await read_from(channels, 0, 1) == ["last"]


async def test_the_end_of_a_gateway_ends_its_followers(channels: Channels) -> None:
    """They are told that there is no more to wait for, and pages that are waited for come empty; others are refused."""
    channel, _ = await channels.messages.page("ann", "general", Wanted(1))
    waiting = asyncio.create_task(channels.following.page("ann", Asked("general", Wanted(1), wait_s=PATIENCE_S)))
    with channels.following.follower("ann", channel, 0) as follower:
        next_ = asyncio.create_task(follower.next(PATIENCE_S))
        while channels.watch.followers < 2:
            await channels.watch.look()
        channels.leave()
        assert await next_ is None
    assert (await waiting)[1].messages == ()
    with pytest.raises(Unavailable, match="ends"), channels.following.follower("ann", channel, 0):
        pass


@pytest.mark.parametrize("bounds", [Bounds(followers_max=1)])
async def test_so_many_follow_at_once(channels: Channels) -> None:
    """One more is refused until another has gone."""
    channel, _ = await channels.messages.page("ann", "general", Wanted(1))
    with (
        channels.following.follower("ann", channel, 0),
        pytest.raises(Unavailable),
        channels.following.follower("ann", channel, 0),
    ):
        pass
    with channels.following.follower("ann", channel, 0):
        assert channels.watch.followers == 1
