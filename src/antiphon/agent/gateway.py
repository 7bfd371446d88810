"""The gateway as a machine asks it over HTTP: to become a node, and to be let in. Each refusal says what to do."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from msgspec import Struct

from antiphon.agent.wallet import Wallet
from antiphon.clock import Clock
from antiphon.errors import AntiphonError, ConfigError, Unavailable
from antiphon.http.client import Pool, WholeAnswer
from antiphon.http.origin import ClientError, ClientLimits, Origin
from antiphon.nodes.enrolment import Token, enrolment_text, lease_text
from antiphon.nodes.wire import WireEnrolled, WireLease

CONNECT_S = 5.0
ANSWER_S = 15.0
ANSWER_BYTES_MAX = 65_536
HEADERS = (("content-type", "application/json"), ("accept", "application/json"))
AGAIN = frozenset({408, 429, 500, 502, 503, 504})  # the same may be good later


T = TypeVar("T")


class Refused(AntiphonError):
    """The gateway does not let this machine in, and will not if it asks again."""


class _Fault(Struct, frozen=True):
    message: str = ""
    code: str | None = None


class _Failure(Struct, frozen=True):
    error: _Fault = _Fault()


class Gateway:
    """Asks one gateway. Make it within a running event loop."""

    def __init__(self, url: str, wallet: Wallet, *, clock: Clock) -> None:
        self.url = url
        self._wallet = wallet
        self._clock = clock
        self._pool = Pool(Origin.parse(url), limits=ClientLimits(connect_s=CONNECT_S, body_bytes_max=ANSWER_BYTES_MAX))

    async def enrol(self, token: Token, nkey: str, name: str) -> WireEnrolled:
        """Become a node; Refused for a token that is no good, Unavailable when there is no answer."""
        issued_at_s, address = int(self._clock.now()), self._wallet.address
        text = enrolment_text(address, nkey, token.secret, issued_at_s)
        body = {
            "secret": token.secret,
            "nkey": nkey,
            "address": address,
            "signature": self._wallet.signed(text),
            "issued_at_s": issued_at_s,
            "name": name,
        }
        return _decoded(await self._post("/v1/nodes/enrol", body), WireEnrolled)

    async def let_in(self, node: str, epoch: int | None) -> WireLease:
        """A new lease, or the one of `epoch` for longer; Refused when the node may not come in any more."""
        issued_at_s = int(self._clock.now())
        signature = self._wallet.signed(lease_text(node, epoch, issued_at_s))
        body = {"node": node, "signature": signature, "issued_at_s": issued_at_s, "epoch": epoch}
        return _decoded(await self._post("/v1/nodes/lease", body), WireLease)

    async def _post(self, path: str, body: dict[str, object]) -> bytes:
        try:
            async with asyncio.timeout(CONNECT_S + ANSWER_S):
                answer = await self._pool.request("POST", path, headers=HEADERS, body=msgspec.json.encode(body))
        except (ClientError, TimeoutError) as error:
            raise Unavailable(f"The gateway {self.url} does not answer: {error or 'timed out'}.") from error
        if answer.status >= 400:
            raise self._refusal(answer)
        return answer.body

    def _refusal(self, answer: WholeAnswer) -> AntiphonError:
        try:
            fault = msgspec.json.decode(answer.body, type=_Failure).error
        except (msgspec.MsgspecError, UnicodeDecodeError):
            fault = _Fault()
        if answer.status in AGAIN:
            return Unavailable(f"The gateway {self.url} cannot let nodes in now: {fault.message or answer.status}")
        if answer.status in (404, 405) or not fault.message:
            return Refused(f"{self.url} is no Antiphon gateway that takes nodes (status {answer.status}).")
        return Refused(fault.message, code=fault.code)

    def close(self) -> None:
        """Drop its connections."""
        self._pool.close()


def _decoded(body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"The gateway's answer cannot be read: {error}. Is it of a much older version?") from error
