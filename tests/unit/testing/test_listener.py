"""Tests of a listener that goes away and comes back."""

from __future__ import annotations

import pytest

from antiphon.testing.connection import Request
from antiphon.testing.listener import Listener
from antiphon.testing.raw_client import RawClient, request_bytes
from antiphon.testing.wire import Wire, head


async def answer(_request: Request, wire: Wire) -> None:
    """Answer with nothing."""
    await wire.send(head(204, {}))


async def test_listener_refuses_for_a_while() -> None:
    """New connections are refused, open ones live on, and the port is the same afterwards."""
    listener = Listener(answer, port=0)
    await listener.listen()
    url = f"http://127.0.0.1:{listener.port}"
    async with await RawClient.connect(url) as client:
        await client.send(request_bytes("/"))
        assert (await client.response()).status == 204
        listener.refuse()
        with pytest.raises(ConnectionRefusedError):
            await RawClient.connect(url)
        await client.send(request_bytes("/"))
        assert (await client.response()).status == 204
        await listener.listen()
        async with await RawClient.connect(url):
            assert listener.accepted == 2
        listener.crash()
        assert await client.closed() == "reset"
