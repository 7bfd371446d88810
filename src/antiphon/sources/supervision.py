"""From a model's settings to its supervised child: files found or fetched in a thread, progress told on the way."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from antiphon.clock import Clock
from antiphon.engines.embedded.options import (
    CONTEXT_LENGTH_DEFAULT,
    EMBEDDING_CONTEXT_DEFAULT,
    EngineOptions,
    context_of,
    parallel_of,
    parallel_when_embedding,
    pooling_of,
    threads_of,
)
from antiphon.engines.embedded.processors import available
from antiphon.engines.embedded.sockets import socket_folder
from antiphon.engines.embedded.supervisor import Supervisor
from antiphon.modelfiles import HubAccess, Progress, Report, read_metadata, resolve
from antiphon.settings.serving import ModelSettings

# The model's name and how far its file is.
OnProgress = Callable[[str, Progress], None]
Supervise = Callable[[ModelSettings, Callable[[], None]], Awaitable[Supervisor]]


def supervisor_for(
    data_dir: Path, *, hub: HubAccess, clock: Clock, environ: Mapping[str, str], on_progress: OnProgress
) -> Supervise:
    """A function that makes the supervisor of a model, not yet started; ConfigError when its files cannot be had."""
    folder = data_dir.expanduser()

    async def supervise(settings: ModelSettings, on_change: Callable[[], None]) -> Supervisor:
        given_up = threading.Event()

        def report(progress: Progress) -> None:
            if given_up.is_set():
                raise _GivenUp
            on_progress(settings.name, progress)

        try:
            options = await asyncio.to_thread(_options, settings, folder, hub, report)
        finally:
            given_up.set()
        return Supervisor(
            options,
            run_dir=socket_folder(folder),
            log_path=folder / "logs" / f"engine-{_file_name(settings.name)}.log",
            clock=clock,
            random=random.Random(),
            environ=environ,
            on_change=on_change,
        )

    return supervise


class _GivenUp(Exception):
    """Nobody waits for the file any more: a thread cannot be cancelled, so it ends where it would tell of progress."""


def _options(settings: ModelSettings, folder: Path, hub: HubAccess, report: Report) -> EngineOptions:
    """How the child is to run; blocking, since a file may have to be fetched."""

    def find(reference: str) -> Path:
        return resolve(reference, data_dir=folder, hub=hub, on_progress=report).path

    template = settings.chat_template
    path = find(settings.reference)
    metadata = read_metadata(path)
    pooling = pooling_of(settings.embeddings, metadata.pooling)
    usual = CONTEXT_LENGTH_DEFAULT if pooling is None else EMBEDDING_CONTEXT_DEFAULT
    context_length = context_of(settings.context_length, metadata.context_length, usual)
    parallel = (
        parallel_of(settings.parallel, context_length, metadata.cache_bytes_per_token)
        if pooling is None
        else parallel_when_embedding(settings.parallel)
    )
    return EngineOptions(
        model_name=settings.name,
        model_path=str(path),
        mmproj_path=None if settings.mmproj is None else str(find(settings.mmproj)),
        chat_template_path=None if template is None else str(Path(template).expanduser().absolute()),
        context_length=context_length,
        parallel=parallel,
        threads=threads_of(settings.threads, available()),
        pooling=pooling,
    )


def _file_name(name: str) -> str:
    """A model's name as a file may be called."""
    return "".join(character if character.isalnum() or character in "-_." else "-" for character in name)
