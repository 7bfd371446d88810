"""A facilitator somewhere else, asked over HTTP as x402's second version says."""

from __future__ import annotations

import asyncio
import ssl
from typing import TypeVar

import msgspec
from msgspec import Struct

from antiphon.http.client import Pool
from antiphon.http.origin import ClientError, ClientLimits, Origin
from antiphon.topup.facilitator import Answer, FacilitatorFailed
from antiphon.topup.model import SCHEME, Payment, Terms
from antiphon.topup.wire import Offer, Signed, offer, signed

HEADERS = (("content-type", "application/json"),)
LIMITS = ClientLimits(connections_max=64, body_bytes_max=1024 * 1024)
VERIFY_S = 15.0
SETTLE_S = 60.0
T = TypeVar("T")


class _Payload(Struct, frozen=True, rename="camel"):
    accepted: Offer
    payload: Signed
    x402_version: int = 2


class _Question(Struct, frozen=True, rename="camel"):
    payment_payload: _Payload
    payment_requirements: Offer
    x402_version: int = 2


class _Verified(Struct, rename="camel"):
    is_valid: bool
    invalid_reason: str | None = None


class _Settled(Struct, rename="camel"):
    success: bool
    transaction: str | None = None
    error_reason: str | None = None


class _Kind(Struct, rename="camel"):
    x402_version: int
    scheme: str
    network: str


class _Supported(Struct):
    kinds: list[_Kind]


class RemoteFacilitator:
    """One at a URL. Make it within a running event loop. What it supports is asked when it is first needed."""

    def __init__(self, url: str, terms: Terms, *, tls: ssl.SSLContext | None = None) -> None:
        self._pool = Pool(Origin.parse(url), limits=LIMITS, tls=tls)
        self._terms = terms
        self._supported = False

    async def verify(self, payment: Payment, amount: int) -> Answer:
        """Whether it takes the payment; its refusals have the reason in the body, whatever their status."""
        await self._require_support()
        body = await self._ask("POST", "/verify", self._question(payment, amount), VERIFY_S)
        told = _decoded(body, _Verified)
        return Answer(told.is_valid, told.invalid_reason or "")

    async def settle(self, payment: Payment, amount: int) -> Answer:
        """Have it put on the chain."""
        await self._require_support()
        body = await self._ask("POST", "/settle", self._question(payment, amount), SETTLE_S)
        told = _decoded(body, _Settled)
        return Answer(told.success, told.error_reason or "", told.transaction or "")

    async def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()

    def _question(self, payment: Payment, amount: int) -> bytes:
        """A payment of either version, in the words of the second."""
        made = offer(self._terms, amount)
        return msgspec.json.encode(_Question(_Payload(made, signed(payment)), made))

    async def _require_support(self) -> None:
        if self._supported:
            return
        told = _decoded(await self._ask("GET", "/supported", b"", VERIFY_S), _Supported)
        wanted = (2, SCHEME, self._terms.network)
        if not any((kind.x402_version, kind.scheme, kind.network) == wanted for kind in told.kinds):
            raise FacilitatorFailed(f"the facilitator does not settle `{SCHEME}` on {self._terms.network}")
        self._supported = True

    async def _ask(self, method: str, path: str, body: bytes, timeout_s: float) -> bytes:
        try:
            async with asyncio.timeout(timeout_s):
                return (await self._pool.request(method, path, headers=HEADERS, body=body)).body
        except (ClientError, TimeoutError) as error:
            raise FacilitatorFailed(f"the facilitator does not answer: {str(error) or 'timed out'}") from None


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FacilitatorFailed("the facilitator's answer is none of x402's") from None
