"""vllm-router, the Rust router of the vLLM project, as it comes and with the cheapest policy that it has.

As it comes it is cache-aware: it keeps a tree of prompts to send like prompts to the same engine, which doubles what a
request costs it. With one engine behind it no policy changes where a request goes. Its access log is off.
"""

from __future__ import annotations

from pathlib import Path

from bench.gateway import Gateway, Launch, Site, install_venv, installed_version, venv_of
from bench.processes import free_port

NAME = "vllm-router"


def _install(cache: Path) -> None:
    install_venv(cache, NAME, ("vllm-router==0.1.17",))


def _version(cache: Path) -> str:
    return installed_version(venv_of(cache, NAME) / "bin" / "python", NAME)


def _launch(site: Site) -> Launch:
    return Launch(
        argv=(
            str(venv_of(site.cache, NAME) / "bin" / NAME),
            *("--host", "127.0.0.1", "--port", str(site.port)),
            *("--worker-urls", site.upstream_url, "--prometheus-port", str(free_port())),
            *("--log-level", "error", "--api-key", site.key),
        )
    )


def _launch_round_robin(site: Site) -> Launch:
    return Launch(argv=(*_launch(site).argv, "--policy", "round_robin"))


GATEWAY = Gateway(
    name=NAME,
    label=NAME,
    note="cache-aware (default)",
    role="router",
    meters_usage=False,
    install=_install,
    version=_version,
    launch=_launch,
)
ROUND_ROBIN = Gateway(
    name="vllm-router-round-robin",
    label=NAME,
    note="round robin (cheapest)",
    role="router",
    meters_usage=False,
    install=_install,
    version=_version,
    launch=_launch_round_robin,
)
