"""What fills the catalogue: a source for each model that the gateway runs and for each upstream."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.clock import Clock
from antiphon.models.catalogue import Catalogue
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.settings.model import Settings
from antiphon.sources import Source
from antiphon.sources.embedded import EmbeddedSource, OnState
from antiphon.sources.hub import hub_access
from antiphon.sources.supervision import OnProgress, supervisor_for
from antiphon.sources.upstream import UpstreamSource


def sources(
    settings: Settings,
    catalogue: Catalogue,
    *,
    environ: Mapping[str, str],
    clock: Clock,
    log: Log,
    metrics: Metrics,
    on_progress: OnProgress,
    on_state: OnState,
) -> list[Source]:
    """One for each; `on_progress` and `on_state` are told of models that the gateway runs."""
    supervise = supervisor_for(
        settings.data_dir, hub=hub_access(settings.hub), clock=clock, environ=environ, on_progress=on_progress
    )

    def note_state(model: str, state: str, detail: str) -> None:
        if state == "restarting":
            metrics.restarts.labels(model).inc()
        on_state(model, state, detail)

    connect_s = settings.timeouts.connect_s
    return [
        *(
            EmbeddedSource(model, catalogue, supervise=supervise, clock=clock, on_state=note_state)
            for model in settings.models
        ),
        *(
            UpstreamSource(upstream, catalogue, connect_s=connect_s, clock=clock, log=log)
            for upstream in settings.upstreams
        ),
    ]
