"""Antiphon itself, from this very checkout, with key check, usage metering and metrics on: as it is served."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from antiphon import __version__
from antiphon.completions.doors import DOORS
from bench.gateway import PROJECT, Gateway, Launch, Site

NAME = "antiphon"


def serve(*, port: int, key: str, flags: Sequence[str]) -> Launch:
    """The one place that knows the command line: a gateway on this port that accepts this key."""
    return Launch(
        argv=(
            *(sys.executable, "-m", "antiphon", "serve", "--port", str(port)),
            *("--key", f"bench={key}", "--log-level", "error", *flags),
        )
    )


def flags_for(*, data_folder: Path, upstream_url: str) -> tuple[str, ...]:
    """The flags of a gateway that has this upstream and no engine of its own."""
    return ("--no-model", "--data-dir", str(data_folder), "--upstream", f"vllm+{upstream_url}")


def _install(_cache: Path) -> None:
    """Nothing to do: the benchmark runs in the environment of the project."""


def _launch(site: Site) -> Launch:
    config = site.folder / "antiphon.yaml"
    config.write_text(f"projects: [{{key: {PROJECT}}}]\n")
    flags = flags_for(data_folder=site.folder, upstream_url=site.upstream_url)
    return serve(port=site.port, key=site.key, flags=("--config", str(config), *flags))


def _version(_cache: Path) -> str:
    return __version__


GATEWAY = Gateway(
    name=NAME,
    label="Antiphon",
    role="ours",
    meters_usage=True,
    install=_install,
    version=_version,
    launch=_launch,
    doors={door.name: door.address for door in DOORS if door.address.endswith("/chat/completions")},  # one load for all
)
