"""sglang-router, the Rust router of the SGLang project, as it comes: key check on, its access log off."""

from __future__ import annotations

from pathlib import Path

from bench.gateway import Gateway, Launch, Site, install_venv, installed_version, venv_of
from bench.processes import free_port

NAME = "sglang-router"


def _install(cache: Path) -> None:
    install_venv(cache, NAME, ("sglang-router==0.3.2",))


def _version(cache: Path) -> str:
    return installed_version(venv_of(cache, NAME) / "bin" / "python", NAME)


def _launch(site: Site) -> Launch:
    return Launch(
        argv=(
            *(
                str(venv_of(site.cache, NAME) / "bin" / "python"),
                "-m",
                "sglang_router.launch_router",
            ),
            *("--host", "127.0.0.1", "--port", str(site.port)),
            *("--worker-urls", site.upstream_url, "--prometheus-port", str(free_port())),
            *("--log-level", "error", "--api-key", site.key),
        )
    )


GATEWAY = Gateway(
    name=NAME,
    label=NAME,
    note="cache-aware",
    role="router",
    meters_usage=False,
    install=_install,
    version=_version,
    launch=_launch,
)
