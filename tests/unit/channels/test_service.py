"""Messages are posted once and in order, read by pages that lose nothing, and deleted by those who may."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.channels.asking import Cursor, Wanted
from antiphon.channels.message_store import Once
from antiphon.channels.model import Bounds, message_id
from antiphon.channels.parts import Channels
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest, KeyReused, NotFound, RateLimited
from antiphon.ids import Ids
from tests.unit.channels.posted import ANN, BOB, EVE, NOW_MS, NOW_SQL, PUBLIC, ROOT, draft, post, texts

MANY = 40
BOTH = pytest.mark.parametrize("database_kind", ["sqlite-again", "postgres"])


@pytest.fixture
def database_kind() -> str:
    """One kind, unless a test says otherwise: the stores are tested on all."""
    return "sqlite-again"


@BOTH
async def test_messages_are_numbered_in_order(channels: Channels) -> None:
    """Of each channel by itself, with times that rise also while the clock stands still."""
    posted = await asyncio.gather(*(post(channels, f"{number}") for number in range(MANY)))
    assert sorted(message.number for message in posted) == list(range(1, MANY + 1))
    assert sorted(message.created_at_ms for message in posted) == [NOW_MS + number for number in range(MANY)]
    by_number = sorted(posted, key=lambda message: message.number)
    assert await texts(channels) == [message.content for message in by_number]
    assert sorted(by_number, key=lambda message: message.id) == by_number
    assert (await post(channels, "first", to="requests")).number == 1


@BOTH
async def test_pages_lose_nothing(channels: Channels) -> None:
    """Backwards and forwards, by ids and by times, each message is on one page."""
    for number in range(1, 8):
        await post(channels, str(number))
    channel, last = await channels.messages.page("ann", "general", Wanted(3))
    assert ([one.content for one in last.messages], last.more, last.end) == (["5", "6", "7"], True, 7)
    first = last.messages[0]
    for before in (Cursor(number=first.number, channel_id=channel.id), Cursor(at_ms=first.created_at_ms)):
        _, page = await channels.messages.page("ann", "general", Wanted(3, before=before))
        assert ([one.content for one in page.messages], page.more) == (["2", "3", "4"], True)
    for after in (Cursor(number=2), Cursor(at_ms=NOW_MS + 1)):
        _, page = await channels.messages.page("ann", "general", Wanted(3, after=after))
        assert ([one.content for one in page.messages], page.more, page.end) == (["3", "4", "5"], True, 5)
    _, between = await channels.messages.page("ann", "general", Wanted(9, Cursor(number=5), Cursor(number=2)))
    assert [one.content for one in between.messages] == ["3", "4"]
    _, none = await channels.messages.page("ann", "general", Wanted(after=Cursor(number=7)))
    assert (none.messages, none.more, none.end) == ((), False, 7)


async def test_a_cursor_belongs_to_its_channel(channels: Channels) -> None:
    """The id of another one's message is refused."""
    elsewhere = await post(channels, "there", to="requests")
    cursor = Cursor(number=1, channel_id=elsewhere.channel_id)
    for wanted in (Wanted(after=cursor), Wanted(before=cursor)):
        with pytest.raises(BadRequest, match="of another channel"):
            await channels.messages.page("ann", "general", wanted)


@BOTH
async def test_a_post_that_comes_again_is_posted_once(channels: Channels) -> None:
    """Also many times at once; another post under its name is refused, in another channel too."""
    once = Once("name", "fingerprint")
    posted = await asyncio.gather(
        *(channels.messages.post(ANN, "general", draft("only one"), once) for _ in range(MANY))
    )
    assert [one.replayed for one in posted].count(False) == 1
    assert len({one.message for one in posted}) == 1
    assert await texts(channels) == ["only one"]
    for to, other in (("general", replace(once, fingerprint="another")), ("requests", once)):
        with pytest.raises(KeyReused):
            await channels.messages.post(ANN, to, draft("only one"), other)


async def test_a_channel_of_others_is_none(channels: Channels) -> None:
    """Posting, reading and deleting say the same of it as of one that does not exist."""
    await channels.directory.create(ANN, "team", ("bob",))
    message = await post(channels, "ours", to="team")
    await post(channels, "mine", to="ann/team", key=BOB)
    assert await texts(channels, of="ann/team", key=BOB) == ["ours", "mine"]
    for name in ("ann/team", "team", "ann/other", "general/x", "../general", "a\0b", "x" * 300):
        with pytest.raises(BadRequest, match="there is no channel") as refused:
            await post(channels, "hello", to=name, key=EVE)
        assert (refused.value.code, refused.value.param) == ("unknown_channel", "channel")
        with pytest.raises(BadRequest, match="there is no channel"):
            await texts(channels, of=name, key=EVE)
    for message_name in (message.id, message_id(message.channel_id, 99), "msg-0", "x"):
        with pytest.raises(NotFound, match="does not exist"):
            await channels.messages.delete(EVE, message_name)


async def test_who_deletes_a_message(channels: Channels) -> None:
    """Its author, the channel's owner and an operator may; a member who wrote something else may not."""
    await channels.directory.create(ANN, "team", ("bob",))
    mine, yours, last = [await post(channels, text, to="ann/team", key=BOB) for text in ("1", "2", "3")]
    owners = await post(channels, "4", to="team")
    with pytest.raises(NotFound):
        await channels.messages.delete(BOB, owners.id)
    await channels.messages.delete(BOB, mine.id)
    await channels.messages.delete(ANN, yours.id)
    await channels.messages.delete(ROOT, last.id)
    assert await texts(channels, of="team") == ["4"]
    with pytest.raises(NotFound):
        await channels.messages.delete(ROOT, last.id)
    assert (await post(channels, "5", to="team")).number == 5  # numbers are not given twice


@BOTH
async def test_an_account_posts_only_so_much(database: Database) -> None:
    """Counted in the database, so for all gateways; an operator's keys are not bound, and no refusal is counted."""
    made = [
        Channels(database, Bounds(posts_per_minute=7), public=PUBLIC, now_sql=NOW_SQL, clock=ManualClock(), ids=Ids())
        for _ in range(2)
    ]
    await made[0].start()
    for number in range(7):
        await post(made[number % 2], str(number))
    for gateway in made:
        with pytest.raises(RateLimited) as refused:
            await post(gateway, "too much")
        assert refused.value.retry_after_s == 9
        await post(gateway, "another account's", key=BOB)
        await post(gateway, "an operator's", key=ROOT)
    later = Channels(
        database,
        Bounds(posts_per_minute=7),
        public=PUBLIC,
        now_sql=f"SELECT CAST({NOW_MS * 1_000 + 9_000_000} AS BIGINT)",
        clock=ManualClock(),
        ids=Ids(),
    )
    await post(later, "there is room for one")
    with pytest.raises(RateLimited):
        await post(later, "and no more")
