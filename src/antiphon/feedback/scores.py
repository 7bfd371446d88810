"""What scores come to: over groups of completions, and which metrics have any."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.db import Connection, Database
from antiphon.feedback import score_store
from antiphon.feedback.score_store import ScoreStatistics
from antiphon.interactions.group_store import GroupBy
from antiphon.interactions.model import Filter, Reach


class Used(Struct, frozen=True):
    """The ids of metrics by which completions were scored, and of those by which they were compared."""

    direct: frozenset[str] = frozenset()
    comparison: frozenset[str] = frozenset()


class Scores:
    """What stands of all feedback, added up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def statistics(
        self, reach: Reach, wanted: Filter, by: GroupBy, groups: Sequence[str | None]
    ) -> tuple[ScoreStatistics, ...]:
        """What stands of each metric in each of these groups of those that the filter lets through."""

        def work(connection: Connection) -> tuple[ScoreStatistics, ...]:
            return score_store.statistics(connection, reach, wanted, by, groups)

        return await self._database.read(work)

    async def used(self, account: str) -> Used:
        """Which of the account's metrics were used, and for what."""

        def work(connection: Connection) -> Used:
            return Used(score_store.scored(connection, account), score_store.compared(connection, account))

        return await self._database.read(work)
