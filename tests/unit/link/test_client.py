"""What the link takes of nats-py: if a release changes that, it shows here and not in somebody's stream."""

from __future__ import annotations

import asyncio
import contextlib
import inspect

from nats.aio.client import Client

from antiphon.link.client import LinkClient

from .lab import Lab, node_credentials
from .strangers import stranger


def test_the_librarys_own_functions_are_still_there() -> None:
    """The ones that are replaced have the signature of what replaces them."""
    for name in ("_process_msg", "_process_op_err", "_process_err"):
        ours, theirs = (list(inspect.signature(getattr(kind, name)).parameters) for kind in (LinkClient, Client))
        assert ours == theirs
    assert {"ping_interval", "max_outstanding_pings", "user_jwt_cb", "signature_cb", "allow_reconnect"} <= set(
        inspect.signature(Client.connect).parameters
    )


async def test_a_message_goes_to_its_handler(linked: Lab) -> None:
    """At once, as bytes; what one handler raises is told, and hurts nobody else."""
    link = await linked.gateway()

    def broken(subject: bytes, data: bytes | None) -> None:
        raise KeyError(subject)

    arrived: asyncio.Queue[tuple[bytes, bytes | None]] = asyncio.Queue()
    async with stranger(linked.url, node_credentials("n1")) as node:
        await node.listen("req.n1.gw1.>", lambda subject, data: arrived.put_nowait((subject, data)))
        await node.listen("req.n1.gw2.>", broken)
        await node.flush(5)
        link.send(b"req.n1.gw2.a", b"")
        link.send(b"req.n1.gw1.a", b"\x00\xff")
        assert await asyncio.wait_for(arrived.get(), 5) == (b"req.n1.gw1.a", b"\x00\xff")
        assert node.refusals == ["b'req.n1.gw2.a'"]
        await node.shut()
        assert node.ended.is_set()
        await node.shut()


class Heard:
    """A server's end that answers each question at once, and keeps the first word of every line that it was sent."""

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client has left."""
        writer.write(b'INFO {"max_payload": 1000000}\r\n')
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.words.append(line.partition(b" ")[0].strip())
                if self.words[-1] == b"PING":
                    writer.write(b"PONG\r\n")
        writer.close()
        self.left.set()


async def test_a_flush_stands_behind_the_subscriptions_before_it() -> None:
    """A server that has answered it knows them, so that nobody is told that nobody listens."""
    heard = Heard()
    async with await asyncio.start_server(heard.serve, "127.0.0.1", 0) as server:
        client = LinkClient(_unexpected)
        await client.connect([f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"], allow_reconnect=False)
        heard.words.clear()
        await client.listen("a", _ignored)
        await client.listen("b", _ignored)
        await client.flush()
        assert heard.words[:3] == [b"SUB", b"SUB", b"PING"]
        client.send(b"c", b"", b"d")
        await client.flushed(5)
        assert heard.words[3:] == [b"PUB", b"", b"PING"]
        await client.shut()
        await heard.left.wait()


def _ignored(subject: bytes, data: bytes | None) -> None:
    """Nothing comes."""


def _unexpected(error: Exception) -> None:
    raise AssertionError(error)
