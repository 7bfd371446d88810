"""Messages in each database."""

from __future__ import annotations

from functools import partial

from antiphon.channels import message_store, store
from antiphon.channels.asking import Cursor, Wanted
from antiphon.channels.message_store import Once
from antiphon.channels.model import Channel, Message
from antiphon.db import Connection, Database
from tests.unit.channels.posted import NOW_MS, draft

GENERAL = Channel("ch-000000000000000000000001", "", "general", 0)
TIMES = (NOW_MS, NOW_MS - 5_000, NOW_MS, NOW_MS + 9)  # a clock that was set back meanwhile


def keep(connection: Connection) -> list[Message]:
    """A channel with four messages, the last of which is known again."""
    store.insert(connection, GENERAL)
    names = [None, None, None, Once("name", "fingerprint")]
    return [
        message_store.append(connection, GENERAL, draft(str(number)), at_ms, once)
        for number, (at_ms, once) in enumerate(zip(TIMES, names, strict=True))
    ]


async def test_messages_are_kept_and_forgotten(database: Database) -> None:
    """With times that rise whatever the clock does; what is deleted leaves its number behind."""
    kept = await database.write(keep)
    assert [message.created_at_ms - NOW_MS for message in kept] == [0, 1, 2, 9]
    assert [message.number for message in kept] == [1, 2, 3, 4]
    await database.write(partial(message_store.delete, message=kept[3]))

    def seen(connection: Connection) -> None:
        channel = store.any_of_id(connection, GENERAL.id)
        assert channel is not None
        assert channel.last_number == 4
        assert message_store.since(connection, GENERAL.id, 1, 1) == (kept[1],)
        assert message_store.since(connection, GENERAL.id, 1, 9) == (kept[1], kept[2])
        assert message_store.find(connection, GENERAL.id, 3) == kept[2]
        assert message_store.find(connection, GENERAL.id, 4) is None
        for after, end in ((2, 4), (3, 4), (4, 4)):
            assert message_store.page(connection, channel, Wanted(9, after=Cursor(number=after))).end == end
        far = (Cursor(at_ms=2**70), Cursor(at_ms=-(2**70)))
        assert message_store.page(connection, channel, Wanted(9, far[0], far[1])).messages == tuple(kept[:3])

    await database.read(seen)


async def test_posts_are_known_again(database: Database) -> None:
    """By their name, with what they asked."""
    kept = await database.write(keep)
    assert await database.read(partial(message_store.posted, once=Once("name", "other"))) == (kept[3], "fingerprint")
    assert await database.read(partial(message_store.posted, once=Once("another", "fingerprint"))) is None


async def test_old_messages_are_found_and_forgotten(database: Database) -> None:
    """The oldest first, so many at a time."""
    await database.write(keep)
    aged = partial(message_store.aged, before_ms=NOW_MS + 2, limit=9)
    assert await database.read(aged) == (GENERAL.id,)
    forget = partial(message_store.delete_aged, channel_id=GENERAL.id, before_ms=NOW_MS + 2, limit=1)
    assert [await database.write(forget) for _ in range(3)] == [1, 1, 0]
    assert await database.read(aged) == ()
    left = await database.read(partial(message_store.since, channel_id=GENERAL.id, number=0, limit=9))
    assert [message.content for message in left] == ["2", "3"]
