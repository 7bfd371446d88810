"""Takes batches from their file to their answers. It belongs to one gateway at a time, as long as that one lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from antiphon.batches import file_store, store
from antiphon.batches.checking import check
from antiphon.batches.files import Files, kept_ms
from antiphon.batches.lines import unanswered
from antiphon.batches.model import Batch, Fault, File, Status
from antiphon.batches.sender import Sender
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable
from antiphon.ids import Ids

LOOK_S = 2.0
BEAT_S = 2.0
LEASE_MS = 6_000
AT_ONCE = 32  # batches that one gateway is at work on; their requests take turns
PURPOSE = "batch_output"


class Runner:
    """Batches of all accounts, the oldest first. `run` it, `wake` it when there is something new, `close` it."""

    def __init__(
        self,
        database: Database,
        files: Files,
        sender: Sender,
        *,
        requests_max: int,
        keep_ms: int,
        clock: Clock,
        ids: Ids,
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self._database = database
        self._files = files
        self._sender = sender
        self._requests_max = requests_max
        self._keep_ms = keep_ms
        self._clock = clock
        self._ids = ids
        self._on_failure = on_failure
        self._name = ids.make("runner-")
        self._wanted = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look at once for what there is to do."""
        self._wanted.set()

    async def run(self) -> None:
        """Work for ever; what is too old is forgotten on the way."""
        while True:
            self._wanted.clear()
            with contextlib.suppress(Unavailable):
                await self._files.sweep()
                await self._take()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wanted.wait()

    async def close(self) -> None:
        """Stop; others go on at once with what is not done."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        with contextlib.suppress(Unavailable):
            await self._database.write(lambda connection: store.let_go(connection, self._name))

    async def _take(self) -> None:
        """Begin with batches that nobody is at work on."""
        while len(self._tasks) < AT_ONCE:
            now_ms = self._now_ms()
            claimed = partial(store.claim, runner=self._name, now_ms=now_ms, until_ms=now_ms + LEASE_MS)
            batch = await self._database.write(claimed)
            if batch is None:
                return
            task = asyncio.get_running_loop().create_task(self._hold(batch))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake()

    async def _hold(self, batch: Batch) -> None:
        """Work on a batch as long as it is ours, not cancelled, and in time; what fails is tried again later."""
        working = asyncio.get_running_loop().create_task(self._work(batch))
        held: Batch | None = batch
        try:
            while not (await asyncio.wait([working], timeout=BEAT_S))[0]:
                with contextlib.suppress(Unavailable):
                    held = await self._beat(batch.id)
                if held is None or held.status == "cancelling" or self._now_ms() >= held.expires_at_ms:
                    break
        finally:
            working.cancel()
            await asyncio.wait([working])
        if not working.cancelled():
            if (failure := working.exception()) is not None:
                self._on_failure(batch.id, failure)
        elif held is not None:
            with contextlib.suppress(Unavailable):
                await self._work(held)

    async def _beat(self, batch_id: str) -> Batch | None:
        until_ms = self._now_ms() + LEASE_MS
        return await self._database.write(partial(store.beat, batch_id=batch_id, runner=self._name, until_ms=until_ms))

    async def _work(self, batch: Batch) -> None:
        """The steps that are left."""
        if batch.status == "cancelling":
            await self._finish(batch, "cancelled")
        elif self._now_ms() >= batch.expires_at_ms:
            await self._expire(batch)
        else:
            checked = await self._check(batch) if batch.status == "validating" else batch
            if checked is not None and checked.status == "in_progress":
                await self._sender.send(checked)
                await self._finish(checked, "completed")

    async def _check(self, batch: Batch) -> Batch | None:
        """The batch as it is once its file has been looked at; None when it is gone."""
        found = await check(self._files.uploaded(batch.input_file_id), batch.endpoint, self._requests_max)
        now_ms = self._now_ms()

        def step(batch: Batch) -> Batch:
            if batch.status != "validating":
                return batch  # cancelled meanwhile
            status: Status = "failed" if found.faults else "in_progress"
            return replace(batch.become(status, now_ms), total=found.total, faults=found.faults)

        return await self._database.write(lambda connection: store.change(connection, batch.id, step))

    async def _expire(self, batch: Batch) -> None:
        """Say of each request that is left that it was too late."""
        async for line in self._sender.lines(batch):
            told = "The request was not answered within the batch's window."
            content = unanswered(self._ids.make("batch_req_"), line, "batch_expired", told)
            await self._sender.keep(batch, line, content, good=False)
        await self._finish(batch, "expired")

    async def _finish(self, batch: Batch, status: Status) -> None:
        """The batch is over; its answers are files now, where there are any."""
        now_ms, gone = self._now_ms(), Fault("input_file_deleted", "The file was deleted before all was sent.")
        made = {good: self._ids.make("file-") for good in (True, False)}

        def work(connection: Connection) -> None:
            sizes, kept = store.sizes(connection, batch.id), store.get(connection, batch.account, batch.id)
            whole = kept is not None and kept.counts.completed + kept.counts.failed == kept.batch.total

            def step(now: Batch) -> Batch:
                over: Status = "cancelled" if now.status == "cancelling" else status
                if over == "completed":
                    now = now.become("finalizing", now_ms)
                    over = over if whole else "failed"
                return replace(
                    now.become(over, now_ms),
                    faults=(gone,) if over == "failed" else (),
                    output_file_id=made[True] if True in sizes else None,
                    error_file_id=made[False] if False in sizes else None,
                )

            if store.change(connection, batch.id, step) is not None:
                for good, size in sizes.items():
                    file_store.insert(connection, self._answers(batch, made[good], size, now_ms, good=good))

        await self._database.write(work)

    def _answers(self, batch: Batch, file_id: str, size: int, now_ms: int, *, good: bool) -> File:
        return File(
            id=file_id,
            account=batch.account,
            purpose=PURPOSE,
            name=f"{batch.id}_{'output' if good else 'error'}.jsonl",
            size_bytes=size,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + kept_ms(self._keep_ms, batch.answers_s),
            batch_id=batch.id,
            good=good,
        )

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)
