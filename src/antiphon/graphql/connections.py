"""Lists of completions and of their groups: read where they are asked for, counted only where that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from antiphon.feedback.score_store import ScoreStatistics
from antiphon.graphql import filters
from antiphon.graphql.completion_views import CompletionView
from antiphon.graphql.filters import Part
from antiphon.graphql.inputs import CursorPage, GroupBy, OrderPair
from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.reading import Reading
from antiphon.interactions import group_store
from antiphon.interactions.group_store import Group, GroupPaging
from antiphon.interactions.model import Filter
from antiphon.interactions.paging import Position, cursor

GROUP_COMPLETIONS_MAX = 20  # of one group, in a list of groups
GROUPS_BY: dict[GroupBy, group_store.GroupBy] = {"MODEL": "model", "PROMPT": "prompt"}


class PageInfo(Struct, frozen=True):
    """Where a list goes on."""

    has_next_page: bool
    end_cursor: str | None


class StatisticsView(Struct, frozen=True):
    """What the values of one metric come to."""

    metric: MetricView
    scores: int
    average: float
    max: float
    min: float
    stddev: float
    sum: float


class CompletionConnection:
    """A part of a list of completions."""

    def __init__(self, reading: Reading, wanted: Filter, nodes: list[CompletionView], page_info: PageInfo) -> None:
        self._reading = reading
        self._wanted = wanted
        self.nodes = nodes
        self.page_info = page_info

    async def total_count(self) -> int:
        """How many the list has in all."""
        return await self._reading.services.interactions.count(self._reading.reach, self._wanted)


class GroupNode:
    """A group of completions."""

    def __init__(
        self, reading: Reading, wanted: Filter, group: Group, direct_scores_stats: list[StatisticsView]
    ) -> None:
        self._reading = reading
        self._wanted = wanted
        self.key = group.key
        self.count = group.count
        self.direct_scores_stats = direct_scores_stats

    async def completions(self, page: CursorPage, order: Sequence[OrderPair] | None = None) -> CompletionConnection:
        """A part of its completions."""
        asked = filters.part_of_group(page, order, GROUP_COMPLETIONS_MAX)
        return await completions(self._reading, self._wanted, asked)


class GroupConnection:
    """A part of a list of groups."""

    def __init__(
        self, reading: Reading, wanted: Filter, group_by: GroupBy, nodes: list[GroupNode], page_info: PageInfo
    ) -> None:
        self._reading = reading
        self._wanted = wanted
        self.group_by = group_by
        self.nodes = nodes
        self.page_info = page_info

    async def total_count(self) -> int:
        """How many groups there are in all."""
        by = GROUPS_BY[self.group_by]
        return await self._reading.services.groups.count(self._reading.reach, self._wanted, by)


async def completions(reading: Reading, wanted: Filter, asked: Part) -> CompletionConnection:
    """The part of those that the filter lets through."""
    page = await reading.services.interactions.page(reading.reach, wanted, asked.paging)
    rows = page.items[::-1] if asked.backwards else page.items
    end = cursor(Position(rows[-1].created_at_ms, rows[-1].completion_id)) if rows else None
    # Read backwards, a list goes on behind the cursor that it was read up to.
    more = asked.paging.after is not None if asked.backwards else page.next is not None
    return CompletionConnection(reading, wanted, await reading.completions(rows), PageInfo(more, end))


async def groups(reading: Reading, wanted: Filter, group_by: GroupBy, asked: GroupPaging) -> GroupConnection:
    """The part of the groups of those that the filter lets through."""
    by = GROUPS_BY[group_by]
    found = await reading.services.groups.page(reading.reach, wanted, by, asked)
    shown = found[: asked.limit]
    keys = [group.key for group in shown]
    statistics = await reading.services.scores.statistics(reading.reach, wanted, by, keys)
    metrics = await reading.metrics() if statistics else {}
    nodes = [GroupNode(reading, _within(wanted, group_by, one), one, _of(one, statistics, metrics)) for one in shown]
    end = filters.group_cursor(keys[-1]) if keys else None
    return GroupConnection(reading, wanted, group_by, nodes, PageInfo(len(found) > asked.limit, end))


def _within(wanted: Filter, group_by: GroupBy, group: Group) -> Filter:
    """The filter narrowed to one group."""
    if group_by == "PROMPT":
        return replace(wanted, prompt_hash=group.key)
    return replace(wanted, models=(group.key or "",))


def _of(group: Group, statistics: Sequence[ScoreStatistics], metrics: Mapping[str, MetricView]) -> list[StatisticsView]:
    return [
        StatisticsView(metrics[one.metric_id], one.count, one.average, one.maximum, one.minimum, one.stddev, one.total)
        for one in statistics
        if one.group == group.key and one.metric_id in metrics
    ]
