"""A chain's JSON-RPC, over the gateway's own HTTP client."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.http.client import Pool
from antiphon.http.origin import ClientError, ClientLimits, Origin

TIMEOUT_S = 10.0
LIMITS = ClientLimits(connections_max=64, body_bytes_max=16 * 1024 * 1024)
HEADERS = (("content-type", "application/json"),)


class RpcFailed(Exception):
    """The chain was not reached, or refused to tell; the message says why, without the address's secrets."""


class Block(Struct, frozen=True):
    """A block's number, and its time in seconds since 1970."""

    number: int
    time_s: int


class _Answer(Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Any = None  # Any: each node has its own idea of it


class Rpc:
    """Asks one node. Make it within a running event loop, `close` it."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._origin = Origin.parse(url)
        self._pool = Pool(self._origin, limits=LIMITS, tls=tls)
        self._path = "" if self._origin.prefix else "/"
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: object) -> Any:  # Any: each method's own result
        """The method's result; RpcFailed without one."""
        return msgspec.json.decode(await self.raw(method, *params))

    async def raw(self, method: str, *params: object) -> bytes:
        """The method's result as JSON."""
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params})
        where = self._origin.authority
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._pool.request("POST", self._path, headers=HEADERS, body=body)
            told = msgspec.json.decode(answer.body, type=_Answer)
        except (ClientError, TimeoutError) as error:
            raise RpcFailed(f"{method}: {where} does not answer: {str(error) or 'timed out'}") from None
        except msgspec.DecodeError:
            raise RpcFailed(f"{method}: {where} answered {answer.status}, and no JSON-RPC") from None
        if told.error is not None:
            raise RpcFailed(f"{method}: {where} refused: {told.error}")
        return bytes(told.result)

    async def number(self, method: str, *params: object) -> int:
        """The result of a method that gives a quantity."""
        return _quantity(await self.call(method, *params), method)

    async def block(self, tag: str) -> Block:
        """The block of that tag, such as `latest` or `safe`."""
        found = await self.call("eth_getBlockByNumber", tag, False)
        if not isinstance(found, dict):
            raise RpcFailed(f"eth_getBlockByNumber: there is no block `{tag}`")
        return Block(_quantity(found.get("number"), tag), _quantity(found.get("timestamp"), tag))

    async def view(self, address: str, data: str, block: str = "latest") -> str:
        """What a call of a contract gives, without doing anything."""
        return str(await self.call("eth_call", {"to": address, "data": data}, block))

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()


def _quantity(value: object, what: str) -> int:
    try:
        return int(str(value), 16)
    except ValueError:
        raise RpcFailed(f"{what}: expected a quantity, got {value!r}") from None
