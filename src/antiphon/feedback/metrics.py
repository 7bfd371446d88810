"""The metrics of each account: made by its administrators, named by everybody's feedback."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import Conflict, NotFound
from antiphon.feedback import metric_store
from antiphon.feedback.model import METRICS_MAX, Metric, check_metric
from antiphon.ids import Ids
from antiphon.projects.resolve import shown


class FeedbackMetrics:
    """Metrics by (account, id or key)."""

    def __init__(self, database: Database, *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def create(self, draft: Metric) -> Metric:
        """Keep a new metric; id and time of the draft do not count. Conflict when its key is taken."""
        check_metric(draft)
        metric = replace(draft, id=self._ids.uuid(), created_at_ms=int(self._clock.now() * 1000))

        def work(connection: Connection) -> None:
            if metric_store.count(connection, metric.account) >= METRICS_MAX:
                raise Conflict(f"There are {METRICS_MAX} metrics already, and more are not kept.")
            if not metric_store.insert(connection, metric):
                raise Conflict(f"key: there is a metric {metric.key!r} already.", param="key")

        await self._database.write(work)
        return metric

    async def list(self, account: str) -> tuple[Metric, ...]:
        """All metrics of an account, the oldest first."""
        return await self._database.read(lambda connection: metric_store.every(connection, account))

    async def get(self, account: str, name: str) -> Metric:
        """The metric of that id or key; NotFound when the account has none."""
        return await self._database.read(lambda connection: find_metric(connection, account, name))


def find_metric(connection: Connection, account: str, name: str, param: str = "metric") -> Metric:
    """The account's metric of that id or key, within a work; NotFound when there is none."""
    found = None if "\0" in name else metric_store.find(connection, account, name)
    if found is None:
        raise NotFound(f"The metric {shown(name)} does not exist.", param=param, code="metric_not_found")
    return found
