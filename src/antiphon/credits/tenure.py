"""This run of a gateway in the books, and the silence of others.

Only a run that the books know may hold money. Others end a run whose beat stands still; they measure that on their own
monotonic clocks, so no two machines need agree what time it is, and no clock that is set anew ends anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from antiphon.clock import Clock
from antiphon.credits import gateway_store
from antiphon.credits.gateway_store import Run
from antiphon.db import Database

BEAT_S = 1.5
GOOD_S = 4.0  # after its last beat a run takes on nothing more
SILENT_S = 6.0  # since which others end it


class Tenure:
    """One gateway's present run. `begin` it before anything else."""

    def __init__(self, database: Database, gateway: str, *, clock: Clock) -> None:
        self._database = database
        self._gateway = gateway
        self._now = clock.monotonic
        self._beaten_at = 0.0
        self.epoch = 0
        self.good_until = 0.0

    async def begin(self) -> None:
        """Start a run; whatever an earlier run of this gateway held is free."""
        began_at = self._now()
        self.epoch = await self._database.write(partial(gateway_store.begin, gateway=self._gateway))
        self.renewed(began_at)

    def renewed(self, began_at: float) -> None:
        """Count on a beat that was asked for at that time, by the monotonic clock."""
        self._beaten_at = began_at
        self.good_until = began_at + GOOD_S

    def doubt(self) -> None:
        """Count on no beat any more: the database did not take what it was given."""
        self.good_until = 0.0

    async def beat(self) -> bool:
        """Say that the run is alive, if it is time to; False when others have ended it."""
        began_at = self._now()
        if began_at - self._beaten_at < BEAT_S:
            return True
        if not await self._database.write(partial(gateway_store.beat, epoch=self.epoch)):
            return False
        self.renewed(began_at)
        return True


class Watch:
    """Which runs have fallen silent, as somebody sees who looks now and then."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, float]] = {}

    def silent(self, runs: Sequence[Run], now: float, *, own: int) -> list[Run]:
        """Of the runs there are now, those whose beat has stood still for long enough; never one's own."""
        seen = {run.epoch: self._seen.get(run.epoch, (run.beat, now)) for run in runs}
        self._seen = {run.epoch: (run.beat, now) if seen[run.epoch][0] != run.beat else seen[run.epoch] for run in runs}
        return [run for run in runs if run.epoch != own and now - self._seen[run.epoch][1] >= SILENT_S]
