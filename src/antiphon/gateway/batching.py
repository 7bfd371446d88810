"""Batches at a gateway: their requests go the way of any other, behind those of clients that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from antiphon.accounts import store as key_store
from antiphon.accounts.limits import Limiter
from antiphon.accounts.model import as_key
from antiphon.batches.files import DAY_MS, Files
from antiphon.batches.lines import Line
from antiphon.batches.model import Batch
from antiphon.batches.routes import BatchRoutes, FileRoutes
from antiphon.batches.runner import Runner
from antiphon.batches.sender import Answered, Sender
from antiphon.batches.service import Batches
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.errors import AntiphonError, Unauthenticated
from antiphon.gateway import values
from antiphon.gateway.line_exchange import LineExchange
from antiphon.gateway.table import Handler
from antiphon.http.errors import json_body
from antiphon.ids import Ids
from antiphon.key import Key
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings


class Batching:
    """Everything that batches need of one gateway. It runs like a source of models; `serve` says who answers."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        keys: Mapping[str, Key],
        limits: Limiter,
        quiet: Callable[[], bool],
        clock: Clock,
        ids: Ids,
        log: Log,
    ) -> None:
        given = settings.batches
        self._database = database
        self._named = {key.name: key for key in keys.values()}
        self._account_allowance = values.account_allowance(settings)
        self._limits = limits
        self._clock = clock
        self._ids = ids
        self._log = log
        self._handlers: Mapping[str, Handler] = {}
        self._loop = asyncio.get_running_loop()
        files = Files(database, size_bytes_max=given.file_bytes_max, keep_days=given.keep_days, clock=clock, ids=ids)
        sender = Sender(database, files, self._answer, parallel=given.parallel, quiet=quiet, ids=ids)
        self._runner = Runner(
            database,
            files,
            sender,
            requests_max=given.requests_max,
            keep_ms=given.keep_days * DAY_MS,
            clock=clock,
            ids=ids,
            on_failure=self._failed,
        )
        batches = Batches(
            database, per_account_max=given.per_account_max, clock=clock, ids=ids, on_made=self._runner.wake
        )
        self.files = FileRoutes(files)
        self.batches = BatchRoutes(batches)
        self.run = self._runner.run
        self.close = self._runner.close

    def serve(self, handlers: Mapping[str, Handler]) -> None:
        """Send requests to these, by their endpoints."""
        self._handlers = handlers

    def _failed(self, batch_id: str, failure: BaseException) -> None:
        self._log.error(
            "a batch came to a halt, and will be tried again", batch=batch_id, reason=type(failure).__name__
        )

    async def _answer(self, batch: Batch, line: Line) -> Answered:
        """What the handler says to one request; a refusal is an answer too."""
        request_id = self._ids.make("req_")
        try:
            key = await self._key(batch)
            await self._admit(key)
        except AntiphonError as error:
            return _refused(error, request_id, lambda _stands: None)
        exchange = LineExchange(batch.endpoint, line.body, key, request_id)
        try:
            await self._handlers[batch.endpoint](exchange)
        except AntiphonError as error:
            return _refused(error, request_id, exchange.concluded)
        except asyncio.CancelledError:
            exchange.concluded(False)
            raise
        finally:
            if key.allowances:
                self._limits.leave(key)
        return Answered(exchange.status, request_id, exchange.answer, exchange.concluded)

    async def _admit(self, key: Key) -> None:
        """Count the request against the key's limits, which are for those of batches too."""
        if key.allowances:
            admission = await self._limits.admit(key, self._loop.time())
            if admission.refusal is not None:
                raise admission.refusal

    async def _key(self, batch: Batch) -> Key:
        """The key as it is now; Unauthenticated when it is good no more."""
        if not batch.key_id:
            found = self._named.get(batch.key_name)
        else:
            record = await self._database.read(lambda connection: key_store.find(connection, batch.key_id))
            good = record is not None and record.state(int(self._clock.now() * 1000)) == "active"
            found = as_key(record, self._account_allowance) if record is not None and good else None
        if found is None or found.account != batch.account:
            raise Unauthenticated("The key that made the batch is not valid any more.")
        return found


def _refused(error: AntiphonError, request_id: str, conclude: Callable[[bool], None]) -> Answered:
    return Answered(error.status, request_id, json_body(error), conclude, error.retry_after_s)
