"""Tools of the server through every part of a gateway: doors, projects, providers, the loop, and an engine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawResponse
from antiphon.testing.text import count_prompt_tokens
from tests.unit.providers.tool_process import ToolProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "sk-tools-5f1d3c0a7b9e4826"
ADAPTIVE = "/api/v1/chat/completions"
CALLING = "Call it. [[answer calls=2 tokens=9]]"
SETTINGS = """
[[keys]]
name = "test"
key = "{key}"
[[upstreams]]
url = "{engine}"
kind = "openai"
models = [{{ name = "m", upstream_name = "fault-model", tools = "native" }}]
[[projects]]
key = "p"
default_model = "m"
tool_providers = ["sky"]
[[projects]]
key = "broken"
default_model = "m"
tool_providers = ["sky", "gone"]
[[tool_providers]]
key = "sky"
url = "http://127.0.0.1:{port}/mcp"
headers = [{{ name = "authorization", value = "Bearer s3cret" }}]
[[tool_providers]]
key = "gone"
url = "http://127.0.0.1:1/mcp"
"""


class Lab(Struct):
    """A gateway whose model calls when it is told to, and what its engine was asked."""

    gateway: GatewayProcess
    engine: FaultEngine

    async def ask(self, text: str = CALLING, *, model: str = "p", path: str = ADAPTIVE, **fields: Any) -> RawResponse:
        """The answer to one request. Any: JSON."""
        self.engine.record.exchanges.clear()
        body = {"model": model, "messages": [{"role": "user", "content": text}], **fields}
        return await self.gateway.ask(path, body, key=KEY)

    @property
    def asked(self) -> Sequence[dict[str, Any]]:
        """The bodies of all rounds."""
        return [exchange.body for exchange in self.engine.record.exchanges if exchange.path.endswith("completions")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The gateway, its engine and its tool server."""
    with ToolProcess() as tools:
        async with FaultEngine() as engine:
            settings = SETTINGS.format(key=KEY, engine=engine.url, port=tools.port)
            async with GatewayProcess(settings, tmp_path_factory.mktemp("tools")) as gateway:
                yield Lab(gateway, engine)
                assert "Traceback" not in gateway.log
                assert "s3cret" not in gateway.log


@pytest.mark.parametrize("path", [ADAPTIVE, "/v1/chat/completions"])
async def test_a_plain_answer_through_tools(lab: Lab, path: str) -> None:
    """Two calls in one round, both results before the next, only the last text, the usage of both rounds."""
    model = "p" if path == ADAPTIVE else "p/m"
    answer = await lab.ask(path=path, model=model)
    assert answer.status == 200, answer.body
    first, second = lab.asked
    assert first["tools"][0]["function"]["name"] == "sky__weather"
    assert [turn["role"] for turn in second["messages"]] == ["user", "assistant", "tool", "tool"]
    calls = second["messages"][1]["tool_calls"]
    for call, result in zip(calls, second["messages"][2:], strict=True):
        city = json.loads(call["function"]["arguments"])["city"]
        assert (result["tool_call_id"], result["content"]) == (call["id"], f"It is 18 degrees in {city}, says one.")
    body = answer.json()
    assert body["choices"][0]["finish_reason"] in ("stop", "length")
    assert "tool_calls" not in body["choices"][0]["message"]
    assert body["choices"][0]["message"]["content"]
    assert body["usage"]["prompt_tokens"] == sum(count_prompt_tokens(asked["messages"]) for asked in (first, second))


async def test_a_streamed_answer_through_tools(lab: Lab) -> None:
    """The same, piece by piece, and `[DONE]` at the end."""
    events = (await lab.ask(stream=True)).events()
    assert len(lab.asked) == 2
    assert events[-1] == "[DONE]"
    choices = [choice for event in events[:-1] for choice in json.loads(event)["choices"]]
    assert "".join(choice["delta"].get("content") or "" for choice in choices)
    assert not any("tool_calls" in choice["delta"] for choice in choices)


@pytest.mark.parametrize(
    "fields",
    [{"use_tools": False}, {"tools": [{"id": "sky", "enabled": False}]}],
    ids=["use_tools", "override"],
)
async def test_a_request_turns_tools_off(lab: Lab, fields: dict[str, Any]) -> None:
    """Then the model sees none, and a provider that is down does no harm."""
    model = "broken" if "use_tools" in fields else "p"
    assert (await lab.ask(model=model, **fields)).status == 200
    assert ["tools" in body for body in lab.asked] == [False]


async def test_one_tool_alone(lab: Lab) -> None:
    """All others are turned off with their provider."""
    overrides = [{"id": "sky", "enabled": False}, {"id": "add", "enabled": True}]
    assert (await lab.ask("Hello.", tools=overrides)).status == 200
    assert [tool["function"]["name"] for tool in lab.asked[0]["tools"]] == ["sky__add"]


@pytest.mark.parametrize(
    ("model", "fields", "status", "words"),
    [
        ("p", {"tools": [{"id": "nope", "enabled": True}]}, 400, "'nope'"),
        ("p", {"n": 2}, 400, "n: expected 1"),
        ("broken", {}, 503, "'gone'"),
    ],
)
async def test_refusals(lab: Lab, model: str, fields: dict[str, Any], status: int, words: str) -> None:
    """Each names what it is about; nothing is generated."""
    answer = await lab.ask(model=model, **fields)
    assert (answer.status, lab.asked) == (status, [])
    assert words in answer.body.decode()
    assert "127.0.0.1" not in answer.body.decode()
