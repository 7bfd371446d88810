"""Two attempts at the same answer at once, since the first one is late: whichever says something first is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from antiphon.chat import Delta, Usage
from antiphon.completions.attempt import Attempts
from antiphon.completions.places import Places
from antiphon.engines import DeltaStream, Take
from antiphon.errors import AntiphonError, EngineFailed, FirstTokenTimeout, Unavailable
from antiphon.models.catalogue import Offer

Won = Callable[[DeltaStream, AntiphonError | None], None]  # by which stream, and what the other one failed of


class Late(EngineFailed):
    """The engine's first token is late."""


class RacedStream:
    """The deltas of the stream that is first to have some. `won` is told which one; the other is closed before that.

    One that fails before it has said anything drops out; the last one's failure is raised.
    """

    def __init__(self, first: DeltaStream, second: DeltaStream, won: Won) -> None:
        self._racing = [first, second]
        self._won = won
        self._loop = asyncio.get_running_loop()

    @property
    def usage(self) -> Usage | None:
        """What the winner says it took, once it said so."""
        return self._racing[0].usage if len(self._racing) == 1 else None

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next; nothing is handed to `take` before it is decided."""
        if len(self._racing) == 1:
            return await self._racing[0].next(until, take)
        tasks = {self._loop.create_task(_heard(stream, until)): stream for stream in self._racing}
        try:
            while tasks:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    stream, heard = tasks.pop(task), task.result()
                    if isinstance(heard, AntiphonError):
                        self._drop(stream, heard)
                    elif heard is not None:
                        self._decide(stream)
                        return heard
        finally:
            for task in tasks:
                task.cancel()
        return None

    def _drop(self, stream: DeltaStream, error: AntiphonError) -> None:
        """One has failed; what it was matters only if it was the last."""
        if len(self._racing) == 1:
            raise error
        self._racing.remove(stream)
        stream.close()
        self._won(self._racing[0], error)

    def _decide(self, winner: DeltaStream) -> None:
        if len(self._racing) == 1:
            return
        for stream in self._racing:
            if stream is not winner:
                stream.close()
        self._racing = [winner]
        self._won(winner, None)

    def close(self) -> None:
        """End both."""
        for stream in self._racing:
            stream.close()


async def raced(
    first: DeltaStream, places: Places, attempts: Attempts, outrun: Callable[[Offer, str], None]
) -> RacedStream | None:
    """A race of the first attempt with another one, None where no other engine is free, or it failed at once.

    `outrun` is told of the other one, its offer and its name, if that wins.
    """
    rival = places.take_rival()
    if rival is None:
        return None
    try:
        second = await attempts.begin(rival.offer, "hedge")
    except (EngineFailed, Unavailable) as error:
        places.settle(rival=False, error=error)
        return None
    name = attempts.name

    def won(stream: DeltaStream, error: AntiphonError | None) -> None:
        if stream is second:
            places.settle(rival=True, error=error or FirstTokenTimeout())
            outrun(rival.offer, name)
        else:
            places.settle(rival=False, error=error)

    return RacedStream(first, second, won)


async def _heard(stream: DeltaStream, until: float) -> list[Delta] | AntiphonError | None:
    """What comes of it; a failure is told, since the other stream may do without it."""
    try:
        return await stream.next(until)
    except AntiphonError as error:
        return error
