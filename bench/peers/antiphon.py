"""Antiphon itself, from this very checkout, with key check, usage metering and metrics on: as it is served."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.gateway import Gateway, Launch, Site, installed_version


def serve(*, port: int, upstream_url: str | None, key: str) -> Launch:
    """The one place that knows the command line: a gateway for this upstream, or with nothing behind it."""
    upstream = () if upstream_url is None else ("--upstream", upstream_url)
    return Launch(
        argv=(sys.executable, "-m", "antiphon", "serve", "--port", str(port), *upstream, "--no-engine"),
        env={"ANTIPHON_API_KEY": key},
    )


def _install(cache: Path) -> None:
    """Nothing to do: the benchmark runs in the environment of the project."""


def _launch(site: Site) -> Launch:
    return serve(port=site.port, upstream_url=site.upstream_url, key=site.key)


def _version(cache: Path) -> str:
    return installed_version(Path(sys.executable), "antiphon")


GATEWAY = Gateway(
    name="antiphon",
    label="Antiphon",
    role="ours",
    meters_usage=True,
    install=_install,
    version=_version,
    launch=_launch,
)
