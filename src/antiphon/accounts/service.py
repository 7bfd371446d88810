"""The keys of accounts: made, listed, revoked, rotated. Whoever is asked for one sees it once."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from antiphon.accounts import store
from antiphon.accounts.keys import mint
from antiphon.accounts.model import (
    FIRST_CHARACTERS,
    LAST_CHARACTERS,
    Grant,
    KeyRecord,
    Kind,
    account_fault,
    beyond,
    broken,
)
from antiphon.accounts.pepper import Pepper
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied
from antiphon.ids import Ids
from antiphon.key import Key

MS = 1000
OVERLAP_S = 86_400  # a day, in which both keys of a rotation are good
OVERLAP_S_MAX = 30 * 86_400
ENDED_KEPT_MS = 90 * 86_400 * MS
ROWS_MAX = 1_000  # keys of one account that are kept, those that ended among them
LISTED_MAX = 10_000  # of all accounts together

Step = Callable[[Connection], None]
OnCreate = Callable[[Connection, KeyRecord], None]


def no_step(_connection: Connection) -> None:
    """For a key that is not tied to anything else."""


def alone(_connection: Connection, _record: KeyRecord) -> None:
    """For keys that bring nothing with them."""


class Minted(Struct, frozen=True):
    """A new key, and what is kept of it."""

    key: str
    record: KeyRecord


class Keys:
    """Keys by account and id. An id of another account answers like one that does not exist.

    `on_create` does what else comes with a new key, in the transaction that stores it.
    """

    def __init__(
        self,
        database: Database,
        pepper: Pepper,
        *,
        kind: Kind,
        keys_max: int,
        clock: Clock,
        ids: Ids,
        on_create: OnCreate = alone,
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._kind = kind
        self._keys_max = keys_max
        self._clock = clock
        self._ids = ids
        self._on_create = on_create

    async def create(
        self,
        account: str,
        grant: Grant,
        *,
        maker: Key | None = None,
        first: Step = no_step,
        revoke_others: bool = False,
    ) -> Minted:
        """Make a key, and its account if it is new; Conflict when the account has as many as it may.

        PermissionDenied when it may do what `maker`, the key that asks for it, may not. `first` happens in the same
        transaction, so that both are done or neither.
        """
        _require_within(grant, maker)
        if fault := account_fault(account):
            raise BadRequest(f"account: {fault}.", param="account")
        now_ms = self._now_ms()
        _check(grant, now_ms)
        minted = self._mint(account, grant, now_ms)

        def work(connection: Connection) -> None:
            first(connection)
            store.keep_account(connection, account, now_ms)
            if revoke_others:
                store.revoke_all(connection, account, now_ms)
            self._require_room(connection, account, now_ms)
            if store.count_lasting(connection, account, now_ms) >= self._keys_max:
                raise Conflict(
                    f"The account has {self._keys_max} keys, and may not have more: revoke one first.",
                    code="too_many_keys",
                )
            store.insert(connection, minted.record)
            self._on_create(connection, minted.record)

        await self._database.write(work)
        return minted

    async def list(self, account: str | None) -> list[KeyRecord]:
        """The keys of an account, or of all accounts, the newest first, those that ended among them."""
        limit = LISTED_MAX if account is None else ROWS_MAX
        return await self._database.read(lambda connection: store.of_account(connection, account, limit))

    async def revoke(self, account: str | None, key_id: str) -> KeyRecord:
        """Void a key, of an account or of any; one that is void stays so."""
        now_ms = self._now_ms()

        def work(connection: Connection) -> KeyRecord:
            record = _own(connection, account, key_id)
            store.revoke(connection, key_id, now_ms)
            return record if record.revoked_at_ms is not None else replace(record, revoked_at_ms=now_ms)

        return await self._database.write(work)

    async def rotate(
        self, account: str | None, key_id: str, overlap_s: int = OVERLAP_S, *, maker: Key | None = None
    ) -> Minted:
        """Make a key that may do the same, for as long; the old one is good for `overlap_s` more.

        Conflict for a key that has ended or has a successor, PermissionDenied for one that may do more than `maker`.
        """
        if not 0 <= overlap_s <= OVERLAP_S_MAX:
            raise BadRequest(f"overlap_s: expected 0 to {OVERLAP_S_MAX}.", param="overlap_s")
        now_ms = self._now_ms()
        known = await self._database.read(lambda connection: _own(connection, account, key_id))
        _require_within(known.grant, maker)
        minted = self._mint(known.account, _renewed(known, now_ms), now_ms, known.kind)
        ends_ms = now_ms + overlap_s * MS

        def work(connection: Connection) -> None:
            record = _own(connection, account, key_id)
            if record.replaced_by is not None or record.state(now_ms) != "active":
                raise Conflict("The key has ended or has a successor already.", code="key_ended")
            self._require_room(connection, record.account, now_ms)
            store.insert(connection, minted.record)
            last_ms = record.grant.expires_at_ms
            store.replace(connection, key_id, minted.record.id, ends_ms if last_ms is None else min(ends_ms, last_ms))

        await self._database.write(work)
        return minted

    async def peppers(self) -> dict[str, int]:
        """How many good keys there are under each pepper, by its id."""
        now_ms = self._now_ms()
        return await self._database.read(lambda connection: store.pepper_ids(connection, now_ms))

    def _require_room(self, connection: Connection, account: str, now_ms: int) -> None:
        """Forget what ended long ago; Conflict when the account's list would still become too long."""
        store.forget_ended(connection, account, now_ms - ENDED_KEPT_MS)
        if store.count(connection, account) >= ROWS_MAX:
            raise Conflict("The account made too many keys in the last months.", code="too_many_keys")

    def _mint(self, account: str, grant: Grant, now_ms: int, kind: Kind | None = None) -> Minted:
        kind = kind or self._kind
        key = mint(kind)
        record = KeyRecord(
            id=self._ids.make("key_"),
            account=account,
            kind=kind,
            grant=grant,
            digest=self._pepper.digest(key),
            pepper_id=self._pepper.id,
            first=key[:FIRST_CHARACTERS],
            last=key[-LAST_CHARACTERS:],
            created_at_ms=now_ms,
        )
        return Minted(key, record)

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)


def _own(connection: Connection, account: str | None, key_id: str) -> KeyRecord:
    """The key of that id, if the account may see it."""
    record = None if "\0" in key_id else store.find(connection, key_id)
    if record is None or account not in (None, record.account):
        raise NotFound("There is no key of that id.", code="key_not_found")
    return record


def _require_within(grant: Grant, maker: Key | None) -> None:
    """PermissionDenied for the first thing that the grant has and the key that asks has not."""
    for field, rule in () if maker is None else beyond(grant, maker):
        raise PermissionDenied(f"{field}: {rule}.", param=field)


def _renewed(record: KeyRecord, now_ms: int) -> Grant:
    """The same grant for as long a time."""
    expires_at_ms = record.grant.expires_at_ms
    if expires_at_ms is None:
        return record.grant
    return replace(record.grant, expires_at_ms=now_ms + expires_at_ms - record.created_at_ms)


def _check(grant: Grant, now_ms: int) -> None:
    """BadRequest for the first rule that the grant breaks."""
    for field, rule in broken(grant, now_ms):
        raise BadRequest(f"{field}: {rule}.", param=field)
