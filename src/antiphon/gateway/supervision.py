"""From a model's settings to its supervised child: files found or fetched in a thread, progress told on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from antiphon.engines.embedded.supervisor import Supervisor
from antiphon.observe.metrics import Metrics
from antiphon.settings.serving import ModelSettings

# model, state, detail, bytes done, bytes in all
ModelStart = Callable[[str, str, str, int, int | None], None]
Supervise = Callable[[ModelSettings, Callable[[], None]], Awaitable[Supervisor]]


def supervisor_for(data_dir: Path, *, metrics: Metrics, on_start: ModelStart) -> Supervise:
    """A function that makes the supervisor of a model, not yet started."""
    raise NotImplementedError
