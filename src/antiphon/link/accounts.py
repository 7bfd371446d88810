"""Tells the servers of a broker that an account's claims have changed; all servers of a cluster hear of it."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import msgspec
import nats.errors
from msgspec import Struct
from nats.aio.client import Client

from antiphon.errors import Unavailable
from antiphon.link.client import cut
from antiphon.link.credentials import Credentials

UPDATE = "$SYS.REQ.CLAIMS.UPDATE"
CONNECT_S = 2
ANSWER_S = 3.0


class _Error(Struct):
    description: str = ""


class _Answer(Struct):
    data: Any = None  # Any: what the server says of its own, not read
    error: _Error | None = None


async def push(servers: list[str], credentials: Credentials, token: str, *, tls: ssl.SSLContext | None = None) -> None:
    """Hand new claims of an account to the servers; Unavailable when none takes them."""
    client = Client()
    try:
        async with asyncio.timeout(CONNECT_S + ANSWER_S):
            await client.connect(
                servers,
                user_jwt_cb=lambda: bytearray(credentials.token.encode()),
                signature_cb=credentials.sign,
                allow_reconnect=False,
                connect_timeout=CONNECT_S,
                reconnect_time_wait=0,
                max_reconnect_attempts=1,
                error_cb=_ignore,
                tls=tls,
            )
            answer = await client.request(UPDATE, token.encode(), timeout=ANSWER_S)
    except (OSError, TimeoutError, nats.errors.Error) as error:
        raise Unavailable(f"The broker did not take the new claims: {error}.", retry_after_s=1) from error
    finally:
        cut(client)
        await client.close()
    told = msgspec.json.decode(answer.data, type=_Answer)
    if told.error is not None:
        raise Unavailable(f"The broker refused the new claims: {told.error.description}.", retry_after_s=1)


async def _ignore(_: Exception) -> None:
    """What goes wrong is raised where it was asked for."""
