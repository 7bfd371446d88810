"""What accounts do with batches: make one of a file, look at it, cancel it. The runner does the rest."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.batches import file_store, store
from antiphon.batches.files import missing
from antiphon.batches.model import RUNNING, Batch, Endpoint
from antiphon.batches.store import Kept
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import Conflict, NotFound
from antiphon.ids import Ids
from antiphon.interactions.paging import Page, Paging
from antiphon.key import Key
from antiphon.projects.resolve import shown


class Batches:
    """Batches by (account, id). `on_made` is told of each that is new here."""

    def __init__(
        self, database: Database, *, per_account_max: int, clock: Clock, ids: Ids, on_made: Callable[[], None]
    ) -> None:
        self._database = database
        self._per_account_max = per_account_max
        self._clock = clock
        self._ids = ids
        self._on_made = on_made

    async def create(
        self, key: Key, file_id: str, endpoint: Endpoint, metadata: dict[str, str], *, answers_s: int | None = None
    ) -> Kept:
        """A batch of the file's requests; they will be sent as the key's."""
        batch = Batch(
            id=self._ids.make("batch_"),
            account=key.account,
            key_id=key.id,
            key_name=key.name,
            endpoint=endpoint,
            input_file_id=file_id,
            created_at_ms=self._now_ms(),
            metadata=metadata,
            answers_s=answers_s,
        )

        def work(connection: Connection) -> None:
            file = file_store.get(connection, key.account, file_id)
            if file is None or file.batch_id is not None:
                raise missing(file_id, "input_file_id")
            if store.running(connection, key.account) >= self._per_account_max:
                raise Conflict(f"The account has {self._per_account_max} batches under way, and no more are taken on.")
            store.insert(connection, batch)

        await self._database.write(work)
        self._on_made()
        return await self.get(key.account, batch.id)

    async def get(self, account: str, batch_id: str) -> Kept:
        """The batch; NotFound says the same whether there is none or it is somebody else's."""
        found = await self._database.read(lambda connection: store.get(connection, account, batch_id))
        if found is None:
            raise _missing(batch_id)
        return found

    async def page(self, account: str, paging: Paging) -> Page[Kept]:
        """A part of the account's batches, the newest first."""
        return await self._database.read(lambda connection: store.page(connection, account, paging))

    async def cancel(self, account: str, batch_id: str) -> Kept:
        """Have it stop; what was answered stays. Conflict when it is over."""
        now_ms = self._now_ms()

        def step(batch: Batch) -> Batch:
            if batch.status not in RUNNING:
                raise Conflict(f"The batch is {batch.status} already.", code="batch_is_over")
            return batch if batch.status == "cancelling" else batch.become("cancelling", now_ms)

        def work(connection: Connection) -> None:
            if store.get(connection, account, batch_id) is None:
                raise _missing(batch_id)
            store.change(connection, batch_id, step)

        await self._database.write(work)
        self._on_made()
        return await self.get(account, batch_id)

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _missing(batch_id: str) -> NotFound:
    return NotFound(f"The batch {shown(batch_id)} does not exist.", param="batch_id", code="batch_not_found")
