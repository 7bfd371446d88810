"""Who follows requests: the console, and what sends traces and metrics to a collector."""

from __future__ import annotations

from antiphon import __version__
from antiphon.clock import Clock
from antiphon.console.live import Live
from antiphon.gateway import values
from antiphon.gateway.console import Console
from antiphon.gateway.storage import Storage
from antiphon.ids import Ids
from antiphon.observe.following import Following
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.observe.telemetry import Telemetry
from antiphon.settings.model import Settings
from antiphon.settings.otlp import as_sampling, as_target


class Followers:
    """Makes them, as the settings say, and what makes the courses that they are told of."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        metrics: Metrics,
        *,
        base_url: str,
        development_key: str | None,
        clock: Clock,
        ids: Ids,
        log: Log,
    ) -> None:
        metrics.campaigns.watch_running(lambda: len(storage.campaigns.known.all_running()))
        self.following = Following(clock=clock, ids=ids, sampling=as_sampling(settings.observability.otlp))
        self.telemetry = self._telemetry(settings, metrics, clock, ids, log)
        self.console: Console | None = None
        if settings.console.enabled:
            named = values.named_keys(settings, development_key)
            address = settings.server.base_url or base_url
            live = Live(clock=clock, on_watch=self.following.watch)
            self.console = Console(settings, storage, live, base_url=address, named=named, clock=clock, ids=ids)
            self.following.listen(live.told)

    def _telemetry(self, settings: Settings, metrics: Metrics, clock: Clock, ids: Ids, log: Log) -> Telemetry | None:
        """What sends to a collector, where there is one."""
        target = as_target(settings.observability.otlp, version=__version__, instance=ids.uuid())
        if target is None:
            return None
        telemetry = Telemetry(target, clock=clock, log=log, families=metrics.families if target.metrics else None)
        if target.metrics:
            self.following.listen(metrics.attempts.followed, always=True)
        if target.traces:
            self.following.listen(telemetry.told)
        return telemetry
