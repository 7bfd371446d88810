"""/v1/auth: a wallet signs in, without a key. /v1/keys: an account's keys; to change them takes the scope `keys`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from antiphon.accounts.service import MS, Keys
from antiphon.accounts.sign_in import KEY_NAME, Challenge, SignIn
from antiphon.accounts.wire import (
    ChallengeBody,
    KeyBody,
    RotationBody,
    WalletBody,
    WireChallenge,
    WireKeys,
    WireMinted,
    WireSignedIn,
    grant,
    shown,
    shown_once,
)
from antiphon.clock import Clock
from antiphon.errors import BadRequest
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, NOT_KEPT, Exchange, require_key

_challenge_body = msgspec.json.Decoder(ChallengeBody)
_wallet_body = msgspec.json.Decoder(WalletBody)
_key_body = msgspec.json.Decoder(KeyBody)
_rotation_body = msgspec.json.Decoder(RotationBody)


OnChange = Callable[[], Awaitable[None]]


class AuthRoutes:
    """From a wallet to a key. `on_change` lets this gateway see at once that other keys are void."""

    def __init__(self, sign_in: SignIn, *, on_change: OnChange) -> None:
        self._sign_in = sign_in
        self._on_change = on_change

    async def challenge(self, exchange: Exchange) -> None:
        """The text to sign."""
        body = decode(await exchange.body(), _challenge_body)
        _respond(exchange, 200, _wire(self._sign_in.challenge(body.address, body.chain_id, exchange.header(b"host"))))

    async def wallet(self, exchange: Exchange) -> None:
        """A signed text for a key; without a signature, the text to sign."""
        body = decode(await exchange.body(), _wallet_body)
        if body.signature is None:
            if body.address is None:
                raise BadRequest("address: required where there is no `signature`.", param="address")
            found = self._sign_in.challenge(body.address, body.chain_id, exchange.header(b"host"))
            _respond(exchange, 200, _wire(found))
            return
        if body.message is None:
            raise BadRequest("message: required beside `signature`.", param="message")
        minted = await self._sign_in.sign_in(
            body.message,
            body.signature,
            address=body.address,
            name=body.name or KEY_NAME,
            revoke_others=body.revoke_others,
        )
        if body.revoke_others:
            await self._on_change()
        record = minted.record
        _respond(exchange, 200, WireSignedIn(minted.key, record.account, record.id))


class KeyRoutes:
    """The keys of the caller's account. `on_change` lets this gateway see a change at once."""

    def __init__(self, keys: Keys, *, clock: Clock, on_change: OnChange) -> None:
        self._keys = keys
        self._clock = clock
        self._on_change = on_change

    async def list(self, exchange: Exchange) -> None:
        """All of them, those that ended lately among them."""
        now_ms = self._now_ms()
        found = await self._keys.list(require_key(exchange).account)
        _respond(exchange, 200, WireKeys([shown(record, now_ms) for record in found]))

    async def create(self, exchange: Exchange) -> None:
        """Make one, which may do no more than the one that asks."""
        maker = require_key(exchange)
        now_ms = self._now_ms()
        wanted = grant(decode(await exchange.body(), _key_body), now_ms)
        minted = await self._keys.create(maker.account, wanted, maker=maker)
        _respond(exchange, 201, shown_once(minted, now_ms))

    async def revoke(self, exchange: Exchange) -> None:
        """Void one."""
        await self._keys.revoke(require_key(exchange).account, exchange.parameter)
        await self._on_change()
        exchange.respond(204, b"")

    async def rotate(self, exchange: Exchange) -> None:
        """Make a successor of one; both are good for a while."""
        maker = require_key(exchange)
        body = await exchange.body()
        overlap_s = (decode(body, _rotation_body) if body.strip() else RotationBody()).overlap_s
        minted = await self._keys.rotate(maker.account, exchange.parameter, overlap_s, maker=maker)
        await self._on_change()
        _respond(exchange, 201, shown_once(minted, self._now_ms()))

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)


def _wire(challenge: Challenge) -> WireChallenge:
    return WireChallenge(challenge.message, challenge.nonce, challenge.expires_at)


def _respond(exchange: Exchange, status: int, answer: WireChallenge | WireSignedIn | WireKeys | WireMinted) -> None:
    exchange.respond(status, msgspec.json.encode(answer), JSON, NOT_KEPT)
