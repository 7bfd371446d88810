"""Stored completions by what they have in common: their model, or their prompt."""

from __future__ import annotations

from antiphon.db import Connection, Database
from antiphon.interactions import group_store
from antiphon.interactions.group_store import Group, GroupBy, GroupPaging
from antiphon.interactions.model import Filter, Reach
from antiphon.interactions.service import Interactions


class Groups:
    """Groups of all stored completions. Whatever is asked waits until what is on its way is written."""

    def __init__(self, database: Database, interactions: Interactions) -> None:
        self._database = database
        self._interactions = interactions

    async def page(self, reach: Reach, wanted: Filter, by: GroupBy, paging: GroupPaging) -> tuple[Group, ...]:
        """A part of the groups of those that the filter lets through; one more than asked for tells of a next part."""
        await self._interactions.all_settled()

        def work(connection: Connection) -> tuple[Group, ...]:
            return group_store.groups(connection, reach, wanted, by, paging)

        return await self._database.read(work)

    async def count(self, reach: Reach, wanted: Filter, by: GroupBy) -> int:
        """How many groups there are of those that the filter lets through."""
        await self._interactions.all_settled()
        return await self._database.read(lambda connection: group_store.count(connection, reach, wanted, by))
