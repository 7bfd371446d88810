"""One gateway over one engine for the whole run, or a gateway that runs already.

`pytest tests/conformance --engine=embedded|llamacpp|vllm [--engine-url=URL]`, or
`pytest tests/conformance --gateway-url=URL --gateway-key=KEY --gateway-model=NAME`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from .client import Client, connect
from .engines import KINDS, MODEL, Engine, engine
from .processes import announced, running, tail, wait_until

KEY = "sk-conformance-0123456789abcdef"
DRIA_KEY = "dkn_test_conformance0123456789"
READY_S = 60.0
SETTINGS = f"""
data_dir = "{{data}}"
development_key = false
[server]
port = 0
[[keys]]
name = "sdk"
key = "{KEY}"
[[keys]]
name = "dria"
key = "{DRIA_KEY}"
"""


@dataclass(frozen=True)
class Gateway:
    """A gateway under test; `process` and `engine` are there only where this run started them."""

    url: str
    key: str
    model: str
    process: int | None = None
    engine: Engine | None = None

    def busy(self) -> bool:
        """Whether the engine generates now."""
        assert self.process is not None
        assert self.engine is not None
        return self.engine.busy(self.process)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What to test."""
    group = parser.getgroup("conformance")
    group.addoption("--engine", choices=KINDS, default="embedded", help="engine to start a gateway over")
    group.addoption("--engine-url", help="where that engine runs already")
    group.addoption("--gateway-url", help="a gateway that runs already, without /v1; nothing is started then")
    group.addoption("--gateway-key", default="", help="the key for that gateway")
    group.addoption("--gateway-model", default="", help="the model to ask that gateway for")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the marker, and leave out by its help what needs a gateway of our own."""
    config.addinivalue_line("markers", "own_gateway: needs the process or the settings of a gateway started here")
    if config.getoption("gateway_url", default=None):
        chosen = config.option.markexpr
        config.option.markexpr = f"({chosen}) and not own_gateway" if chosen else "not own_gateway"


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway under test."""
    option = request.config.getoption
    url = option("gateway_url", default=None)
    if url:
        yield Gateway(url, option("gateway_key"), option("gateway_model"))
        return
    folder = tmp_path_factory.mktemp("conformance")
    kind, engine_url = option("engine", default="embedded"), option("engine_url", default=None)
    with engine(kind, engine_url, folder) as below, serving(folder, below) as started:
        yield started


@contextlib.contextmanager
def serving(folder: Path, below: Engine) -> Iterator[Gateway]:
    """A gateway over the engine, in a process of its own, once it says that it is ready."""
    settings, log = folder / "antiphon.toml", folder / "gateway.log"
    settings.write_text(SETTINGS.format(data=folder / "data") + below.settings)
    command = [sys.executable, "-m", "antiphon", "serve", "--config", str(settings), "--json"]
    with running(command, log) as process:
        try:
            url = announced(process, log, within_s=READY_S)["base_url"].removesuffix("/v1")
            wait_until(lambda: _ready(url) or process.poll() is not None, within_s=READY_S, what="the gateway is ready")
            assert process.poll() is None, "the gateway ended at once"
        except AssertionError as error:
            raise RuntimeError(f"{error}\n{tail(log)}") from error
        yield Gateway(url, KEY, MODEL, process.pid, below)


def _ready(url: str) -> bool:
    """Whether the gateway can serve its models."""
    try:
        return httpx2.get(f"{url}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    """A client with a good key, which asks for JSON as the SDKs do."""
    made = connect(gateway.url, gateway.key, gateway.model)
    with made.http:
        yield made
