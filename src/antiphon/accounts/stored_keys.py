"""Keys of the database as a gateway knows them: those in use are in memory, others are asked for in groups.

What is in memory is at most two seconds behind the database: while that cannot be told, the database is asked for every
request. However many unknown keys come, it answers one statement at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from antiphon.accounts import store
from antiphon.accounts.model import KeyRecord, as_key
from antiphon.accounts.pepper import Pepper
from antiphon.accounts.store import Changed
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable
from antiphon.key import UNLIMITED, Allowance, Key

STALE_S = 2.0
REFRESH_S = 0.5
HELD_MAX = 65_536
ABSENT_MAX = 4_096
ABSENT_S = 10.0
WAITING_MAX = 2_048
MS = 1000
CLOSED = "Keys cannot be looked up now."


def unheard(_key_ids: Sequence[str]) -> None:
    """For keys whose revocation nobody follows."""


class Asked:
    """A key that the database is asked for, and who waits for the answer."""

    __slots__ = ("future", "key")

    def __init__(self, key: str, future: asyncio.Future[Key | Unavailable | None]) -> None:
        self.key = key
        self.future = future


class StoredKeys:
    """Finds keys in memory, looks others up. `now_s` is the event loop's time, the one that `find` is given.

    `on_revoked` is told the ids of keys that were revoked, here or elsewhere, as soon as that is seen.
    """

    def __init__(
        self,
        database: Database,
        peppers: Sequence[Pepper],
        *,
        clock: Clock,
        now_s: Callable[[], float],
        account_allowance: Allowance = UNLIMITED,
        on_revoked: Callable[[Sequence[str]], None] = unheard,
    ) -> None:
        self._database = database
        self._peppers = peppers
        self._clock = clock
        self._now_s = now_s
        self._account_allowance = account_allowance
        self._on_revoked = on_revoked
        self._group_max = store.DIGESTS_MAX // len(peppers)
        # By SHA-256 of the key, since an HMAC for each request would cost more than all else that is done here.
        self._held: dict[bytes, tuple[Key, float, str]] = {}  # until when it is good, and its digest in the database
        self._absent: dict[bytes, float] = {}  # until when nobody asks again
        self._waiting: dict[bytes, Asked] = {}
        self._held_as: dict[str, bytes] = {}  # the SHA-256 by the digest in the database
        self._seen = -1  # how many changes what is held shows
        self._fresh_until_s = float("-inf")
        self._refreshing = asyncio.Lock()
        self._serving: asyncio.Task[None] | None = None

    def find(self, seen: bytes, now_s: float) -> Key | None:
        """The key of that SHA-256, if it is in memory and certainly good; None says that only `look_up` knows."""
        held = self._held.get(seen)
        if held is None or now_s >= self._fresh_until_s or now_s >= held[1]:
            return None
        return held[0]

    async def look_up(self, key: str) -> Key | None:
        """The key, None when it is no good; Unavailable when the database does not say."""
        seen = hashlib.sha256(key.encode()).digest()
        if self._absent.get(seen, 0.0) > self._now_s():
            return None
        asked = self._waiting.get(seen)
        if asked is None:
            if len(self._waiting) >= WAITING_MAX:
                raise Unavailable("Too many keys are being looked up.", retry_after_s=1)
            asked = self._waiting[seen] = Asked(key, asyncio.get_running_loop().create_future())
            if self._serving is None or self._serving.done():
                self._serving = asyncio.get_running_loop().create_task(self._serve())
        outcome = await asyncio.shield(asked.future)  # others may wait for it too
        if isinstance(outcome, Unavailable):
            raise Unavailable(outcome.message, retry_after_s=outcome.retry_after_s)
        return outcome

    async def refresh(self) -> None:
        """Forget the keys that were changed since this was asked last. The first call begins to trust what is held."""
        async with self._refreshing:
            begun_s, seen = self._now_s(), self._seen

            def work(connection: Connection) -> tuple[int, list[Changed]]:
                number = store.changes(connection)
                return number, [] if seen in (-1, number) else store.changed_since(connection, seen)

            number, changed = await self._database.read(work)
            if begun_s >= self._fresh_until_s:
                self._held.clear()  # what happened meanwhile may have been forgotten since
                self._held_as.clear()
            for key in changed:
                if key.digest in self._held_as:
                    self._let_go(self._held_as[key.digest])
            self._seen = number
            self._fresh_until_s = begun_s + STALE_S
        if revoked := [key.id for key in changed if key.revoked]:
            self._on_revoked(revoked)

    async def run(self, every_s: float = REFRESH_S) -> None:
        """Refresh for ever; while the database does not answer, nothing is trusted."""
        while True:
            await asyncio.sleep(every_s)
            with contextlib.suppress(Unavailable):
                await self.refresh()

    async def close(self) -> None:
        """Let nobody wait any more."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])
        for asked in self._waiting.values():
            asked.future.set_result(Unavailable(CLOSED))
        self._waiting.clear()

    async def _serve(self) -> None:
        """Ask for all that wait, a group at a time."""
        while self._waiting:
            group = dict(islice(self._waiting.items(), self._group_max))
            outcome: Mapping[bytes, Key] | Unavailable = Unavailable(CLOSED)
            try:
                outcome = await self._ask(group)
            except Unavailable as error:
                outcome = error
            finally:
                for seen, asked in group.items():
                    del self._waiting[seen]
                    asked.future.set_result(outcome if isinstance(outcome, Unavailable) else outcome.get(seen))

    async def _ask(self, group: Mapping[bytes, Asked]) -> Mapping[bytes, Key]:
        """The keys of the group that are good."""
        wanted = {pepper.digest(asked.key): seen for seen, asked in group.items() for pepper in self._peppers}
        digests = tuple(wanted)

        def work(connection: Connection) -> tuple[int, list[KeyRecord]]:
            return store.changes(connection), store.by_digests(connection, digests)

        number, records = await self._database.read(work)
        now_ms = int(self._clock.now() * MS)
        good = {wanted[record.digest]: record for record in records if record.state(now_ms) == "active"}
        keys = {seen: as_key(record, self._account_allowance) for seen, record in good.items()}
        # A change that was seen since this was read is not in it: then it is not held.
        if number >= self._seen:
            for seen, record in good.items():
                self._hold(seen, keys[seen], record, now_ms)
        for seen in group.keys() - keys.keys():
            self._note_absent(seen)
        return keys

    def _hold(self, seen: bytes, key: Key, record: KeyRecord, now_ms: int) -> None:
        expires_at_ms = record.grant.expires_at_ms
        rest_s = float("inf") if expires_at_ms is None else (expires_at_ms - now_ms) / MS
        if len(self._held) >= HELD_MAX and seen not in self._held:
            self._let_go(next(iter(self._held)))
        self._held[seen] = (key, self._now_s() + rest_s, record.digest)
        self._held_as[record.digest] = seen

    def _note_absent(self, seen: bytes) -> None:
        self._let_go(seen)
        if len(self._absent) >= ABSENT_MAX and seen not in self._absent:
            del self._absent[next(iter(self._absent))]
        self._absent[seen] = self._now_s() + ABSENT_S

    def _let_go(self, seen: bytes) -> None:
        if (held := self._held.pop(seen, None)) is not None:
            self._held_as.pop(held[2], None)
