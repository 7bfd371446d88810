"""Sessions of the console: begun with a key or a wallet, found by their cookie at any gateway, ended by time or hand.

A session may do what its key may, as long as that is good. What is in memory is a second behind the database at most.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from antiphon.accounts import store as keys_store
from antiphon.accounts.keys import digest as key_digest
from antiphon.accounts.model import Grant, KeyRecord, as_key
from antiphon.accounts.pepper import Pepper
from antiphon.accounts.service import MS, Keys
from antiphon.accounts.sign_in import SCOPES, Proven
from antiphon.clock import Clock
from antiphon.console import session_store
from antiphon.console.cookies import RANDOM_BYTES, Tokens
from antiphon.console.session_store import Session
from antiphon.db import Connection, Database
from antiphon.errors import Unauthenticated, Unavailable
from antiphon.ids import Ids
from antiphon.key import UNLIMITED, Allowance, Key

HELD_S = 1.0
HELD_MAX = 4_096
USE_NOTED_MS = 60 * MS  # a use sooner after the last one is not written down
SESSIONS_MAX = 10  # of one account; one more ends the one that was not used for longest
SWEPT_MAX = 100  # at a sign-in
KEY_NAME = "console"


class Lifetime(Struct, frozen=True):
    """How long a session lasts: unused, and in all."""

    idle_s: int = 8 * 3_600
    most_s: int = 7 * 86_400


class Signed(Struct, frozen=True):
    """A session that has begun: its key, and the token that its cookie carries, which is shown once."""

    token: str
    key: Key
    ends_at_ms: int


class Held(Struct, frozen=True):
    """A session as it was found; `until_s` it need not be looked at again."""

    session: Session
    key: Key
    until_s: float


class Sessions:
    """The sessions of all gateways of one database. `named` are the keys of the settings, by their SHA-256."""

    def __init__(
        self,
        database: Database,
        peppers: Sequence[Pepper],
        keys: Keys,
        *,
        named: Mapping[str, Key],
        lifetime: Lifetime,
        clock: Clock,
        ids: Ids,
        account_allowance: Allowance = UNLIMITED,
    ) -> None:
        self._database = database
        self._tokens = Tokens(peppers)
        self._pepper = peppers[0]
        self._keys = keys
        self._named = {pepper.digest(_named(sha256)): key for sha256, key in named.items() for pepper in peppers}
        self.lifetime = lifetime
        self._clock = clock
        self._ids = ids
        self._account_allowance = account_allowance
        self._held: dict[str, Held] = {}

    async def begin(self, key: Key, text: str) -> Signed:
        """Sign in with a key, whose text is known to be its own."""
        named = "" if key.id else self._pepper.digest(_named(key_digest(text)))
        return await self._begin(key, named, own=False)

    async def begin_by_wallet(self, proven: Proven, *, revoke_others: bool = False) -> Signed:
        """Sign in with a wallet: the session gets a key of its own, which shows in the list of keys.

        Conflict when the account has as many keys as it may: `revoke_others` voids those first.
        """
        now_ms = self._now_ms()
        grant = Grant(KEY_NAME, SCOPES, expires_at_ms=now_ms + self.lifetime.most_s * MS)

        def first(connection: Connection) -> None:
            proven.used(connection)
            self._make_room(connection, proven.account, now_ms)

        minted = await self._keys.create(proven.account, grant, first=first, revoke_others=revoke_others)
        return await self._begin(as_key(minted.record, self._account_allowance), "", own=True)

    async def _begin(self, key: Key, named: str, *, own: bool) -> Signed:
        now_ms = self._now_ms()
        token = self._tokens.make(self._ids.secret(RANDOM_BYTES))
        digest = self._tokens.digest(token)
        assert digest is not None, "it was made here"
        ends_at_ms = now_ms + self.lifetime.most_s * MS
        session = Session(digest, key.account, key.id, named, own, now_ms, now_ms, ends_at_ms)

        def work(connection: Connection) -> None:
            self._sweep(connection, now_ms)
            self._make_room(connection, key.account, now_ms)
            session_store.insert(connection, session)

        await self._database.write(work)
        return Signed(token, key, ends_at_ms)

    def _sweep(self, connection: Connection, now_ms: int) -> None:
        """End some that are over, so that their keys do not stay."""
        used_by_ms = now_ms - self.lifetime.idle_s * MS
        for session in session_store.overdue(connection, ended_by_ms=now_ms, used_by_ms=used_by_ms, limit=SWEPT_MAX):
            _end(connection, session, now_ms)

    def _make_room(self, connection: Connection, account: str, now_ms: int) -> None:
        for session in session_store.of_account(connection, account)[SESSIONS_MAX - 1 :]:
            _end(connection, session, now_ms)

    async def find(self, token: str, *, uses: bool = True) -> Held:
        """The session of a token, with its key; Unauthenticated when it has ended, or its key has.

        It is used by that, unless somebody only looks.
        """
        digest = self._tokens.digest(token)
        if digest is None:
            raise _over()
        now_s = self._clock.monotonic()
        held = self._held.get(digest)
        if held is None or now_s >= held.until_s:
            held = await self._look_up(digest, now_s, uses=uses)
        return held

    async def _look_up(self, digest: str, now_s: float, *, uses: bool) -> Held:
        self._held.pop(digest, None)

        def work(connection: Connection) -> tuple[Session | None, KeyRecord | None]:
            session = session_store.find(connection, digest)
            record = keys_store.find(connection, session.key_id) if session is not None and session.key_id else None
            return session, record

        session, record = await self._database.read(work)
        now_ms = self._now_ms()
        key = None if session is None or not self._lasts(session, now_ms) else self._key(session, record, now_ms)
        if session is None or key is None:
            raise _over()
        if uses and now_ms - session.used_at_ms >= min(USE_NOTED_MS, self.lifetime.idle_s * MS // 2):
            with contextlib.suppress(Unavailable):
                await self._database.write(lambda connection: session_store.use(connection, digest, now_ms))
        while len(self._held) >= HELD_MAX:
            del self._held[next(iter(self._held))]
        held = self._held[digest] = Held(session, key, now_s + HELD_S)
        return held

    def _lasts(self, session: Session, now_ms: int) -> bool:
        return now_ms < min(session.ends_at_ms, session.used_at_ms + self.lifetime.idle_s * MS)

    def _key(self, session: Session, record: KeyRecord | None, now_ms: int) -> Key | None:
        """What the session may do: what its key may, where that is still good."""
        if session.named:
            return self._named.get(session.named)
        if record is None or record.state(now_ms) != "active":
            return None
        return as_key(record, self._account_allowance)

    async def end(self, token: str) -> bool:
        """Sign out; whether a key ended with it. What has ended already stays so."""
        digest = self._tokens.digest(token)
        if digest is None:
            return False
        now_ms = self._now_ms()

        def work(connection: Connection) -> bool:
            session = session_store.find(connection, digest)
            if session is not None:
                _end(connection, session, now_ms)
            return session is not None and session.own

        own = await self._database.write(work)
        self._held.pop(digest, None)
        return own

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)


def _end(connection: Connection, session: Session, now_ms: int) -> None:
    session_store.delete(connection, session.digest)
    if session.own:
        keys_store.revoke(connection, session.key_id, now_ms)


def _named(sha256: str) -> str:
    """What is digested of a key of the settings: never what a key of the database is digested from."""
    return f"key of the settings {sha256}"


def _over() -> Unauthenticated:
    return Unauthenticated("The session has ended: sign in again.", code="session_ended")
