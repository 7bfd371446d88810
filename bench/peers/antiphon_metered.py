"""Antiphon with everything that costs on: a key of the database, its limits, and each request paid for, durably.

The key has limits that the load does not reach and play money that does not run out. Every model has a price, so each
request holds money, is charged what it took, and leaves a receipt; SQLite syncs fully.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.gateway import MODELS, Gateway, Launch, Site
from bench.peers import antiphon

NAME = "antiphon-metered"
CREDITS = 100_000_000
PRICES = {"prompt": 100_000, "completion": 400_000}
LIMITS = (
    *("--requests-per-minute", "100000000"),
    *("--tokens-per-minute", "1000000000"),
    *("--parallel-max", "10000"),
)


def _launch(site: Site) -> Launch:
    config = site.folder / "antiphon.yaml"
    models = [{"name": name, "prices": PRICES} for name in MODELS]
    upstream = {"url": site.upstream_url, "kind": "vllm", "models": models}
    config.write_text(json.dumps({"upstreams": [upstream], "credits": {"signup_grant": CREDITS}}))
    folder = ("--config", str(config), "--data-dir", str(site.folder))
    serving = antiphon.serve(port=site.port, key=site.key, flags=("--no-model", *folder))
    return replace(serving, key=_new_key(folder))


def _new_key(folder: Sequence[str]) -> str:
    """A key in the database of the gateway that is about to start."""
    argv = (sys.executable, "-m", "antiphon", "keys", "create", "bench", *LIMITS, *folder, "--json")
    made = subprocess.run(argv, check=True, capture_output=True, text=True)
    return str(json.loads(made.stdout)["api_key"])


def _install(_cache: Path) -> None:
    """Nothing to do: the benchmark runs in the environment of the project."""


GATEWAY = Gateway(
    name=NAME,
    label="Antiphon",
    note="charges requests",
    role="ours",
    meters_usage=True,
    install=_install,
    version=antiphon.GATEWAY.version,
    launch=_launch,
)
