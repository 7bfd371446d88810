"""What leaves a gateway and a node beside answers: one trace through all of them, and nothing secret in any of it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from tests.integration.nodes_lab import ADMIN, Lab
from tests.integration.otlp_collector import Collector, attributes, collecting

pytestmark = pytest.mark.slow

KEY, UPSTREAM_KEY, COLLECTOR_KEY, STRANGER = (
    f"sk-planted-{name}-0123456789abcdef" for name in ("client", "upstream", "collector", "stranger")
)
ASKED, ANSWERED, NAMED, ARGUED = "planted-question", "planted-answer", "planted-user", "planted-argument"
PLANTED = (KEY, UPSTREAM_KEY, COLLECTOR_KEY, STRANGER, ASKED, ANSWERED, NAMED, ARGUED)
SETTINGS = f"""
[observability]
log_format = "json"
log_level = "debug"
access_log = true
[observability.otlp]
endpoint = "{{collector}}"
interval_s = 0.2
headers = [{{{{ name = "x-key", value = "{COLLECTOR_KEY}" }}}}]
[[keys]]
name = "ann"
key = "{KEY}"
[[keys]]
name = "admin"
key = "{ADMIN}"
admin = true
[[upstreams]]
url = "{{echo}}"
kind = "openai"
api_key = "{UPSTREAM_KEY}"
models = [{{{{ name = "echo" }}}}]
"""
TRACE, CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@contextmanager
def echoing() -> Iterator[str]:
    """An engine that answers what the model's name asks for, and repeats whatever it is told."""

    class Handler(BaseHTTPRequestHandler):
        """Repeats."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """One model."""
            self._say(200, {"object": "list", "data": [{"id": "echo", "object": "model"}]})

        def do_POST(self) -> None:
            """An answer that holds the question, or an error that does."""
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            told = f"{ANSWERED} {body} {self.headers}"
            if "please-refuse" in body:
                self._say(400, {"error": {"message": told, "type": "invalid_request_error"}})
            elif "please-break" in body:
                self._say(500, {"error": {"message": told}})
            else:
                message = {"role": "assistant", "content": told}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                usage = {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}
                self._say(200, {"id": "x", "model": "echo", "choices": [choice], "usage": usage})

        def _say(self, status: int, told: object) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Stage:
    """A gateway with an upstream, a node with an engine, and the collector that both tell."""

    def __init__(self, gateway: GatewayProcess, node: NodeProcess, engine: FaultEngine, collector: Collector) -> None:
        self.gateway = gateway
        self.node = node
        self.engine = engine
        self.collector = collector

    async def ask(
        self, content: str, *, model: str = "fault-model", key: str = KEY, name: str = "order-7", **fields: object
    ) -> RawResponse:
        """The answer to a chat of a client that traces."""
        body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": content}], **fields}
        return await self.send(json.dumps(body).encode(), key=key, name=name)

    async def send(self, body: bytes, *, key: str, name: str) -> RawResponse:
        """The answer to whatever it is."""
        headers = {
            "authorization": f"Bearer {key}",
            "accept": "application/json",
            "x-request-id": name,
            "traceparent": f"00-{TRACE}-{CLIENT}-01",
            "tracestate": "client=1",
        }
        async with await RawClient.connect(self.gateway.url) as client:
            raw = request_bytes("/v1/chat/completions", body, method="POST", headers=headers)
            await client.send(raw)
            return await client.response(timeout_s=30)

    async def spans(self, name: str, count: int) -> list[Span]:
        """The spans of one request, once there are so many: the request's, its attempts', the node's."""

        def of_request(collector: Collector) -> list[Span]:
            named = [
                one for one in collector.spans if attributes(list(one.attributes)).get("antiphon.request_id") == name
            ]
            ids = {one.span_id for one in named}
            return named + [one for one in collector.spans if one.parent_span_id in ids and one not in named]

        await asyncio.to_thread(self.collector.wait, lambda collector: len(of_request(collector)) >= count)
        return of_request(self.collector)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """All of it, running."""
    with collecting() as collector, echoing() as echo:
        settings = SETTINGS.format(collector=collector.address, echo=echo)
        async with FaultEngine() as engine, GatewayProcess(settings, tmp_path) as gateway:
            made = await gateway.ask("/v1/nodes/invites", {"name": "attic"}, key=ADMIN)
            words = ["--join", str(made.json()["token"]), "--engine", f"vllm+{engine.url}"]
            otlp = f"observability.otlp.endpoint={collector.address}"
            for setting in (otlp, "observability.otlp.interval_s=0.2", "observability.access_log=true"):
                words += ["--set", setting]
            async with NodeProcess(tmp_path / "attic", *words) as node:
                await Lab(gateway, engine, tmp_path).until("attic", presence="serving")
                yield Stage(gateway, node, engine, collector)


async def test_one_trace_leads_from_the_client_to_the_engine_of_a_node(stage: Stage) -> None:
    """The client's span, the request's, the attempt's, the node's, and what the engine is told: each below the last."""
    assert (await stage.ask(ASKED, stream=True)).status == 200
    found = await stage.spans("order-7", 3)
    assert {one.trace_id.hex() for one in found} == {TRACE}
    request = next(one for one in found if one.name == "POST /v1/chat/completions")
    attempt = next(one for one in found if one.name == "chat fault-model")
    node = next(one for one in found if one.name == "serve fault-model")
    assert request.parent_span_id.hex() == CLIENT
    assert attempt.parent_span_id == request.span_id
    assert node.parent_span_id == attempt.span_id
    (sent,) = [one.headers for one in stage.engine.record.exchanges if "traceparent" in one.headers]
    assert sent["traceparent"] == f"00-{TRACE}-{node.span_id.hex()}-01"
    assert sent["tracestate"] == "client=1"
    assert [event.name for event in request.events] == ["first_token"]
    assert request.start_time_unix_nano <= attempt.start_time_unix_nano <= attempt.end_time_unix_nano
    assert attempt.end_time_unix_nano <= request.end_time_unix_nano
    told = attributes(list(attempt.attributes))
    assert (told["antiphon.node"].startswith("node_"), told["gen_ai.operation.name"]) == (True, "chat")
    named = attributes(list(node.attributes))
    assert (named["antiphon.attempt"], named["antiphon.request_id"]) == (told["antiphon.attempt"], "order-7")
    assert attributes(list(request.attributes))["gen_ai.usage.output_tokens"] == "9"
    counted = {"gen_ai.server.request.duration", "gen_ai.client.operation.duration"}
    await asyncio.to_thread(stage.collector.wait, lambda collector: counted <= set(collector.metrics))


async def test_a_failure_is_an_error_of_its_attempt_and_its_request(stage: Stage) -> None:
    """By its code."""
    answer = await stage.ask("please-break", model="echo", name="order-8")
    assert answer.status == 502
    request, attempt = await stage.spans("order-8", 2)
    for span in (request, attempt):
        assert span.status.code == span.status.STATUS_CODE_ERROR
        assert attributes(list(span.attributes))["error.type"] == "engine_failed"


async def test_nothing_secret_is_told_to_anybody(stage: Stage, tmp_path: Path) -> None:
    """No key, no question, no answer in a log, a metric or a span: of good requests, bad ones and failures."""
    tool = {"type": "function", "function": {"name": "f", "description": ARGUED, "parameters": {"type": "object"}}}
    good = await stage.ask(f"{ASKED} [[answer tokens=3]]", user=NAMED, tools=[tool], metadata={"note": ARGUED})
    assert good.status == 200
    echoed = await stage.ask(f"{ASKED}", model="echo", user=NAMED)
    assert ANSWERED in echoed.body.decode()
    for content in ("please-refuse", "please-break"):
        assert (await stage.ask(f"{ASKED} {content}", model="echo", name="order-9")).status >= 400
    assert (await stage.ask(f"{ASKED} [[fault:close k=2]]", stream=True)).status == 200
    assert (await stage.ask(ASKED, key=STRANGER)).status == 401
    assert (await stage.ask(ASKED, temperature=ARGUED)).status == 400
    assert (await stage.send(f'{{"model": "{ARGUED}", {ASKED}'.encode(), key=KEY, name="order-10")).status == 400
    assert (await stage.ask(ASKED, model=f"no-{ARGUED}")).status == 404
    await stage.spans("order-9", 4)
    scraped = (await stage.gateway.ask("/metrics")).body
    assert await stage.gateway.stop() == 0
    await stage.node.stop()
    told = {
        "gateway": stage.gateway.log.encode(),
        "node": stage.node.log.encode(),
        "metrics": scraped,
        "collector": b"".join(stage.collector.raw),
    }
    assert b'"request"' in told["gateway"]
    assert b"order-7" in told["node"]
    assert b"order-9" in told["collector"]
    found = {(where, secret) for where, text in told.items() for secret in PLANTED if secret.encode() in text}
    assert found == set()
    kept = [
        file for file in (tmp_path / "data").rglob("*.log") if any(s.encode() in file.read_bytes() for s in PLANTED)
    ]
    assert kept == []
