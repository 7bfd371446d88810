"""One gateway for all tests of effects: the real engine, and two vendors' models with their own defaults."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.conformance.client import Client, connect
from tests.conformance.conftest import Gateway, serving
from tests.conformance.engines import MODEL, Engine, busy_by_cpu
from tests.conformance.processes import wait_until
from tests.examples.processes import fault_engine

CONTEXT_TOKENS = 3072
READY_S = 60.0
SETTINGS = """
[[models]]
name = "{model}"
reference = "smollm2:135m"
context_length = {context}
parallel = 1 # what is computed beside others comes out a little different, and then the same seed draws other tokens

[[upstreams]]
url = "{url}"
[[upstreams.models]]
name = "qwen3.5:9b"
upstream_name = "words"
context_length = 32768
defaults = {{ temperature = 0.7, max_tokens = 2048, timeout_secs = 120 }}
[[upstreams.models]]
name = "dmind/dmind-1"
upstream_name = "words"
context_length = 32768
defaults = {{ temperature = 1.0, top_p = 1.0, top_k = -1, min_p = 0.0 }}

[[projects]]
key = "plain"
default_model = "{model}"
[[projects]]
key = "dmind"
default_model = "dmind/dmind-1"
defaults = {{ temperature = 0.3, top_k = 40, frequency_penalty = 0.5, timeout_secs = 90, max_tokens = 300 }}
[[projects]]
key = "pirates"
default_model = "{model}"
system_prompt = "You are {{{{name}}}}, a pirate of {{{{sea}}}}. Answer as one."
arguments = [{{ name = "name" }}, {{ name = "sea", default = "the Baltic" }}]
"""


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway, once it is ready."""
    folder = tmp_path_factory.mktemp("effects")
    with fault_engine(folder, model="words") as url:
        settings = SETTINGS.format(model=MODEL, context=CONTEXT_TOKENS, url=url)
        with serving(folder, Engine("embedded", settings, busy_by_cpu)) as started:
            wait_until(lambda: healthy(started.url), within_s=READY_S, what="every model can be served")
            yield started


@pytest.fixture(scope="package")
def client(gateway: Gateway) -> Iterator[Client]:
    """A client of it."""
    made = connect(gateway.url, gateway.key, gateway.model)
    with made.http:
        yield made


def healthy(url: str) -> bool:
    """Whether every model can be served."""
    return bool(httpx2.get(f"{url}/health").json()["status"] == "ok")
