"""Forgets what has been kept long enough: old messages, and accounts that have posted nothing lately."""

from __future__ import annotations

import asyncio
import contextlib

from antiphon.channels import message_store, rate_store
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable

SWEEP_S = 60.0
PAUSE_S = 0.1  # other writers come first
CHANNELS_TOGETHER = 64
DELETED_TOGETHER = 500
US_PER_MS = 1_000
MS_PER_DAY = 86_400_000


class Sweep:
    """Deletes a little at a time. Gateways of one database may all do it: what is gone is not found again."""

    def __init__(self, database: Database, *, retention_days: int, now_sql: str) -> None:
        self._database = database
        self._retention_ms = retention_days * MS_PER_DAY
        self._now_sql = now_sql

    async def run(self, every_s: float = SWEEP_S) -> None:
        """Sweep for ever; while the database does not answer, nothing is deleted."""
        while True:
            with contextlib.suppress(Unavailable):
                await self.sweep()
            await asyncio.sleep(every_s)

    async def sweep(self) -> int:
        """Delete all that is too old now; how many messages those were."""
        now_us = await self._database.read(self._now_us)
        await self._database.write(lambda connection: rate_store.forget_rested(connection, now_us))
        if not self._retention_ms:
            return 0
        before_ms, deleted = now_us // US_PER_MS - self._retention_ms, 0
        while channel_ids := await self._database.read(
            lambda connection: message_store.aged(connection, before_ms, CHANNELS_TOGETHER)
        ):
            for channel_id in channel_ids:
                deleted += await self._delete(channel_id, before_ms)
                await asyncio.sleep(PAUSE_S)
        return deleted

    async def _delete(self, channel_id: str, before_ms: int) -> int:
        def work(connection: Connection) -> int:
            return message_store.delete_aged(connection, channel_id, before_ms, DELETED_TOGETHER)

        return await self._database.write(work)

    def _now_us(self, connection: Connection) -> int:
        row = connection.one(self._now_sql)
        assert row is not None, "a clock has a time"
        return int(row[0])
