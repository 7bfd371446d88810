"""Starts one gateway over a mock upstream of its own, waits until it answers, and stops both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.build import Tools
from bench.gateway import Gateway, Site
from bench.load import mock_upstream
from bench.probe import chat_status, wait_until_chat
from bench.processes import Cores, free_port, running

KEY = "sk-benchmark-0123456789abcdef"
WRONG_KEY = "sk-benchmark-of-somebody-else"
START_S_MAX = 180.0
LOG_TAIL = 4000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What every gateway finds alike: the compiled programs, the cores, and where peers are installed."""

    tools: Tools
    cores: Cores
    cache: Path


@dataclass(frozen=True, kw_only=True)
class Served:
    """A gateway that answers. `start_s` is from its command to its first right answer."""

    port: int
    key: str
    pid: int
    start_s: float
    refuses_wrong_key: bool


@contextmanager
def served(gateway: Gateway, setting: Setting) -> Iterator[Served]:
    """The running gateway; a RuntimeError within is raised anew with the end of the gateway's log."""
    with tempfile.TemporaryDirectory(prefix="antiphon-bench-") as name:
        folder = Path(name)
        log = folder / "gateway.log"
        with mock_upstream(setting.tools, cores=setting.cores.rest, folder=folder) as upstream_port:
            site = Site(
                upstream_port=upstream_port,
                port=free_port(),
                key=KEY,
                folder=folder,
                cache=setting.cache,
            )
            launch = gateway.launch(site)
            cores, env, key = setting.cores.gateway, launch.environment(), launch.key or site.key
            try:
                with running(launch.argv, cores=cores, log=log, env=env) as process:
                    start_s = wait_until_chat(process, site.port, key=key, seconds=START_S_MAX)
                    yield Served(
                        port=site.port,
                        key=key,
                        pid=process.pid,
                        start_s=start_s,
                        refuses_wrong_key=chat_status(site.port, key=WRONG_KEY) not in (0, 200),
                    )
            except RuntimeError as error:
                raise RuntimeError(f"{gateway.name}: {error}\n{log.read_text()[-LOG_TAIL:]}") from error
