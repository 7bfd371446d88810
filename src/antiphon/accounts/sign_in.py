"""Sign-in by wallet: a challenge that costs nothing, then a signed text for a key. The handshake is our own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from antiphon.accounts import store, wallet
from antiphon.accounts.ethereum import ADDRESS, checksummed, signer, well_cased
from antiphon.accounts.model import Grant
from antiphon.accounts.nonces import RANDOM_BYTES, Nonces
from antiphon.accounts.rates import SECOND_NS, Counter, wait_ns
from antiphon.accounts.service import MS, Keys, Minted, Step
from antiphon.accounts.wallet import Origin, SignInText, refused
from antiphon.clock import Clock
from antiphon.db import Connection
from antiphon.errors import BadRequest, PermissionDenied, RateLimited
from antiphon.ids import Ids
from antiphon.key import Allowance, Scope

SCOPES: frozenset[Scope] = frozenset({"inference", "channel", "credits", "keys"})
KEY_NAME = "wallet"
NONCES_KEPT_MS = 3_600 * MS  # after they expired: another gateway's clock may be behind


class Challenge(Struct, frozen=True):
    """What a wallet is to sign, until when; a text of its own around the nonce is as good."""

    message: str
    nonce: str
    expires_at: str


class Proven(Struct, frozen=True):
    """A wallet that has signed. `used` uses its text up, in the transaction of what it leads to."""

    account: str
    used: Step


class SignInRules(Struct, frozen=True):
    """Whom sign-in texts may be for. `per_minute` 0: as many sign-ins as come."""

    enabled: bool
    origins: tuple[Origin, ...]
    chain_ids: tuple[int, ...]
    per_minute: int = 0


class SignIn:
    """Gives a key to whoever proves that a wallet is theirs: the account is the wallet's address."""

    def __init__(self, keys: Keys, rules: SignInRules, secrets: Sequence[bytes], *, clock: Clock, ids: Ids) -> None:
        self._keys = keys
        self._rules = rules
        self._nonces = Nonces(secrets)
        self._allowance = Allowance(rules.per_minute)
        self._counter = Counter()
        self._clock = clock
        self._ids = ids

    def challenge(self, address: str, chain_id: int | None = None, host: str = "") -> Challenge:
        """A text to sign, for the address of ours that the caller used, if it is one of ours. Writes nothing."""
        rules = self._rules
        self._require_enabled()
        if ADDRESS.fullmatch(address) is None or not well_cased(address):
            raise BadRequest(
                "address: expected `0x` and 40 hexadecimal digits, with a right checksum.", param="address"
            )
        if chain_id is not None and chain_id not in rules.chain_ids:
            known = ", ".join(map(str, rules.chain_ids))
            raise BadRequest(f"chain_id: expected one of {known}.", param="chain_id")
        now_s = self._clock.now()
        nonce = self._nonces.make(now_s, self._ids.secret(RANDOM_BYTES))
        expires_at_s = self._nonces.expires_at_s(nonce)
        assert expires_at_s is not None, "it was made here"
        origin = next((one for one in rules.origins if one.domain == host), rules.origins[0])
        text = SignInText(
            domain=origin.domain,
            address=checksummed(address),
            uri=origin.uri,
            chain_id=chain_id or rules.chain_ids[0],
            nonce=nonce,
            issued_at_s=now_s,
            expires_at_s=expires_at_s,
        )
        return Challenge(wallet.written(text), nonce, wallet.time_text(expires_at_s))

    async def sign_in(
        self,
        message: str,
        signature: str,
        *,
        address: str | None = None,
        name: str = KEY_NAME,
        revoke_others: bool = False,
    ) -> Minted:
        """A new key for the account of the wallet that signed. What is refused leaves nothing behind.

        Conflict when the account has as many keys as it may: `revoke_others` voids those first.
        """
        proven = await self.prove(message, signature, address=address)
        return await self._keys.create(
            proven.account, Grant(name, SCOPES), first=proven.used, revoke_others=revoke_others
        )  # fmt: skip

    async def prove(self, message: str, signature: str, *, address: str | None = None) -> Proven:
        """Whose wallet signed a text of ours; whatever else it is, it is refused."""
        self._require_enabled()
        text = wallet.read(message)
        if address not in (None, text.address):
            raise refused("`address` is not the one of the message")
        now_s = self._clock.now()
        wallet.require_meant(text, self._rules.origins, self._rules.chain_ids, now_s)
        expires_at_s = self._nonces.expires_at_s(text.nonce)
        if expires_at_s is None:
            raise refused("the nonce is none of ours: ask for a challenge first")
        if expires_at_s <= now_s:
            raise refused("expired")
        if await asyncio.to_thread(signer, message, signature) != text.address:
            raise refused("the signature is not the 65 bytes with which that address signs this message")
        self._require_pace()
        return Proven(text.address, _used(text.nonce, expires_at_s * MS, int(now_s * MS)))

    def _require_enabled(self) -> None:
        if not self._rules.enabled:
            raise PermissionDenied("Wallets cannot sign in here: ask the operator for a key.", code="sign_in_off")

    def _require_pace(self) -> None:
        """RateLimited when too many have signed in: each costs two rows, and wallets cost nothing."""
        per_minute, now_ns = self._rules.per_minute, round(self._clock.monotonic() * SECOND_NS)
        if not per_minute:
            return
        if self._counter.take(self._allowance, now_ns) is None:
            longest = wait_ns(self._counter.used(self._allowance, now_ns)[0], per_minute)
            raise RateLimited("Too many wallets sign in: try again later.", retry_after_s=-(-longest // SECOND_NS))


def _used(nonce: str, expires_at_ms: int, now_ms: int) -> Step:
    """Use the nonce up, in the transaction that keeps the key."""

    def step(connection: Connection) -> None:
        if not store.use_nonce(connection, nonce, expires_at_ms):
            raise refused("nonce already used")
        store.forget_nonces(connection, now_ms - NONCES_KEPT_MS)

    return step
