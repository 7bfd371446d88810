"""Keys, drafts and messages that tests of channels share."""

from __future__ import annotations

from antiphon.channels.asking import Cursor, Wanted
from antiphon.channels.model import Draft, Message
from antiphon.channels.parts import Channels
from antiphon.key import ADMIN, CLIENT, Key

PUBLIC = ("general", "requests")
NOW_MS = 1_700_000_000_000
NOW_SQL = f"SELECT CAST({NOW_MS * 1_000} AS BIGINT)"  # a database whose clock stands still
WALLET = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
ANN = Key("ann", scopes=CLIENT)
BOB = Key("bob", scopes=CLIENT)
EVE = Key("eve", scopes=CLIENT)
ROOT = Key("root", scopes=ADMIN)


def draft(content: str, author: str = "ann") -> Draft:
    """A message before it is kept."""
    return Draft(author, author, "api", content)


async def post(channels: Channels, content: str, *, to: str = "general", key: Key = ANN) -> Message:
    """A message, kept."""
    return (await channels.messages.post(key, to, draft(content, key.account))).message


async def texts(
    channels: Channels, *, of: str = "general", key: Key = ANN, after: int | None = None, limit: int = 50
) -> list[str]:
    """What a channel holds, or its part after a number."""
    wanted = Wanted(limit, after=None if after is None else Cursor(number=after))
    _, page = await channels.messages.page(key.account, of, wanted)
    return [message.content for message in page.messages]
