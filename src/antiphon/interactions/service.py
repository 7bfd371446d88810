"""What is done with interactions: recorded behind the answers, added, looked for, deleted."""

from __future__ import annotations

from antiphon.db import Connection, Database
from antiphon.errors import NotFound
from antiphon.interactions import store
from antiphon.interactions.model import Filter, Interaction, Reach, kept_rows
from antiphon.interactions.paging import Page, Paging
from antiphon.interactions.recorder import Recorder
from antiphon.projects.resolve import shown

DELETED_TOGETHER = 500  # in one transaction, so that other writes need not wait for long


class Interactions:
    """All stored completions. Whatever is asked about one waits until it is written."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self._database = database
        self._recorder = recorder
        self.record = recorder.put
        self.require_room = recorder.require_room
        self.settled = recorder.settled
        self.all_settled = recorder.all_settled

    async def add(self, row: Interaction) -> Interaction:
        """Keep an interaction that did not come through the gateway; it is durable when this returns."""
        (made,) = kept_rows([row])
        await self._database.write(lambda connection: store.insert(connection, made))
        return made

    async def get(self, reach: Reach, completion_id: str) -> Interaction:
        """The interaction; NotFound says the same whether there is none or it is somebody else's."""
        await self._recorder.settled(completion_id)
        found = await self._database.read(lambda connection: store.get(connection, reach, completion_id))
        if found is None:
            raise missing(completion_id)
        return found

    async def page(self, reach: Reach, wanted: Filter, paging: Paging) -> Page[Interaction]:
        """A part of the list of those that the filter lets through."""
        await self._recorder.all_settled()
        return await self._database.read(lambda connection: store.page(connection, reach, wanted, paging))

    async def count(self, reach: Reach, wanted: Filter) -> int:
        """How many the filter lets through."""
        await self._recorder.all_settled()
        return await self._database.read(lambda connection: store.count(connection, reach, wanted))

    async def delete(self, reach: Reach, completion_id: str) -> None:
        """Delete one, with its feedback; NotFound as for `get`."""
        await self._recorder.settled(completion_id)
        if not await self._delete_some(reach, Filter(completion_ids=(completion_id,))):
            raise missing(completion_id)

    async def delete_all(self, reach: Reach, wanted: Filter) -> int:
        """Delete all that the filter lets through, with their feedback; how many those were."""
        await self._recorder.all_settled()
        total = 0
        while deleted := await self._delete_some(reach, wanted):
            total += deleted
        return total

    async def _delete_some(self, reach: Reach, wanted: Filter) -> int:
        def work(connection: Connection) -> int:
            return store.delete(connection, reach, wanted, DELETED_TOGETHER)

        return await self._database.write(work)


def missing(completion_id: str) -> NotFound:
    """The refusal of a completion id that the caller cannot mean."""
    message = f"The completion {shown(completion_id)} is not stored."
    return NotFound(message, param="completion_id", code="completion_not_found")
