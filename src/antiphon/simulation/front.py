"""A gateway in the simulation: the real parts from the key's limits to the last delta, without sockets around them."""

from __future__ import annotations

import asyncio
from random import Random

from antiphon.accounts.limits import Limits
from antiphon.chat import ChatRequest, Delta
from antiphon.completions.plan import Bounds, Caller, Plan
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.errors import AntiphonError
from antiphon.ids import Ids
from antiphon.key import Allowance, Key
from antiphon.models.catalogue import Catalogue, Model
from antiphon.models.placement import Placement
from antiphon.simulation.client import Outcome
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel

PATIENCE_S_A_TOKEN = 0.05  # of clients that leave a plain answer


class SimulatedGateway:
    """Serves requests as a gateway does. `records` are what it would tell metrics, the ledger and the store."""

    def __init__(
        self, models: tuple[Model, ...], placement: Placement, bounds: Bounds, *, chance: Random, parallel_max: int = 0
    ) -> None:
        ids = Ids(chance.randbytes)
        catalogue = Catalogue()
        catalogue.replace("simulation", models)
        self._loop = asyncio.get_running_loop()
        self._images = ImageAdmission(ImageLimits())
        preparation = Preparation(catalogue, self._images, bounds, ids=ids, projects=dict)
        self.records: list[Record] = []
        self.limits = Limits()
        self._allowance = Allowance(parallel_max=parallel_max)
        self._completions = Completions(
            preparation, placement, bounds, ids=ids, wheel=TimerWheel(self._loop), on_end=self._ended
        )

    async def close(self) -> None:
        """Let go of what a gateway holds."""
        await self._images.close()

    def _ended(self, record: Record) -> None:
        self.records.append(record)
        self.limits.use_tokens(record.plan.caller.key, record.usage.total_tokens, record.ended_at)

    async def answer(self, request: ChatRequest, outcome: Outcome) -> None:
        """Serve a request; a client that leaves cancels it, as a connection that closes does."""
        key = Key(outcome.account, account_allowance=self._allowance)
        admission = await self.limits.admit(key, self._loop.time())
        if admission.refusal is not None:
            outcome.error = admission.refusal
            return
        patience = self._patience(outcome)
        try:
            plan = await self._completions.plan(request, Caller(key, outcome.request, outcome.request))
            await (self._stream(plan, outcome) if request.stream else self._whole(plan, outcome))
        except AntiphonError as error:
            outcome.error = error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not outcome.left or task is None:
                raise
            task.uncancel()
        finally:
            if patience is not None:
                patience.cancel()
            self.limits.leave(key)

    def _patience(self, outcome: Outcome) -> asyncio.TimerHandle | None:
        """When a client leaves a plain answer, if it does."""
        turn = outcome.turn
        if turn.leaves_after is None or turn.streamed:
            return None
        return self._loop.call_later(turn.leaves_after * PATIENCE_S_A_TOKEN, _leave, outcome, asyncio.current_task())

    async def _whole(self, plan: Plan, outcome: Outcome) -> None:
        completion, _ = await self._completions.complete(plan, lambda: None)
        now = self._loop.time()
        for choice in completion.choices:
            outcome.take(Delta(choice.index, choice.content or "", finish_reason=choice.finish_reason), now)
        outcome.usage = completion.usage
        outcome.tokens = completion.usage.completion_tokens

    async def _stream(self, plan: Plan, outcome: Outcome) -> None:
        stream = self._completions.open(plan)
        task = asyncio.current_task()
        leaves_after = outcome.turn.leaves_after

        def take(deltas: list[Delta]) -> bool:
            now = self._loop.time()
            for delta in deltas:
                outcome.take(delta, now)
            if leaves_after is not None and outcome.tokens >= leaves_after:
                self._loop.call_soon(_leave, outcome, task)
            return True

        try:
            await stream.start()
            while (deltas := await stream.next(take)) != []:
                if deltas:
                    take(deltas)
            outcome.usage = stream.usage
        except AntiphonError as error:
            stream.failed(error)
            raise
        finally:
            stream.close()


def _leave(outcome: Outcome, task: asyncio.Task[None] | None) -> None:
    """The client goes away, if the answer has not ended before."""
    if task is not None and outcome.ended_at is None and not outcome.left and outcome.usage is None:
        outcome.left = True
        task.cancel()
