"""A gateway for bad requests, and what must hold of every answer to one."""

from __future__ import annotations

import re

from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from antiphon.testing.text import expected_text
from tests.fixtures.machine import Stopwatch

from .case import ANY, AUTHORISED, CHAT, GONE, JSON, KEY, LIMITED_KEY, MODEL, SEEING, VECTORS, Case, good

ANSWER_S_MAX = 15.0
ERROR_BYTES_MAX = 2000
HEADER_TIMEOUT_S = 1.0
BODY_TIMEOUT_S = 1.0
SETTINGS = f"""
[server]
request_header_timeout_s = {HEADER_TIMEOUT_S}
body_timeout_s = {BODY_TIMEOUT_S}
[[keys]]
name = "test"
key = "{KEY}"
[[keys]]
name = "limited"
key = "{LIMITED_KEY}"
requests_per_minute = 1
[[upstreams]]
name = "engine"
url = "{{url}}"
kind = "llama.cpp"
[[upstreams.models]]
name = "{MODEL}"
upstream_name = "fault-model"
embeddings = false
[[upstreams.models]]
name = "{SEEING}"
upstream_name = "fault-model"
modalities = ["text", "image"]
embeddings = false
[[upstreams.models]]
name = "{VECTORS}"
upstream_name = "fault-model"
embeddings = true
[[upstreams]]
name = "nowhere"
url = "http://127.0.0.1:9"
kind = "llama.cpp"
[[upstreams.models]]
name = "{GONE}"
context_length = 1000
"""
TELLTALES = re.compile(
    rb'Traceback|File "/|line \d+, in |\.py\b|/usr/|/home/|/root/|site-packages|msgspec|uvicorn|asyncio|Exception'
)


class Lab(Struct, frozen=True):
    """The gateway and the engine below it."""

    gateway: GatewayProcess
    engine: FaultEngine

    def stopwatch(self) -> Stopwatch:
        """A stopwatch for what the gateway does, and the engine in this process."""
        return Stopwatch(self.gateway.pid)

    async def answer(self, case: Case) -> RawResponse:
        """What the gateway says to the case on a connection of its own."""
        data = case.request()  # before there is a connection, whose time for a head would pass meanwhile
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(data)
            return await client.response(timeout_s=ANSWER_S_MAX)

    async def assert_serves(self) -> None:
        """A good request gets the answer that it should, to the letter."""
        body = good(max_tokens=5)
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(CHAT, body, headers=AUTHORISED))
            response = await client.response()
        assert (response.status, response.ending) == (200, "whole")
        assert response.json()["choices"][0]["message"]["content"] == expected_text(body["messages"], 5)


def settings(engine: FaultEngine) -> str:
    """The gateway's settings over this engine."""
    return SETTINGS.format(url=engine.url)


def wrong(case: Case, response: RawResponse) -> str | None:
    """What is wrong with the answer to a case, in one sentence; None when it is right."""
    if response.ending != "whole":
        return None if case.may_close and not response.status else f"the answer broke off: {response}"
    if response.status not in case.status:
        return f"status {response.status}, not {case.status}: {response.body[:300]!r}"
    if KEY.encode() in response.body or TELLTALES.search(response.body):
        return f"the answer tells what it should not: {response.body[:300]!r}"
    return None if response.status < 400 else _wrong_refusal(case, response)


def _wrong_refusal(case: Case, response: RawResponse) -> str | None:
    """What is wrong with an answer that refuses: its headers, its size, its form."""
    if response.status in (429, 503) and not response.headers.get("retry-after", "").isdigit():
        return "no Retry-After"
    if len(response.body) > ERROR_BYTES_MAX:
        return f"an error of {len(response.body)} bytes"
    return _wrong_error(case, response)


def _wrong_error(case: Case, response: RawResponse) -> str | None:
    """What is wrong with an error's form: a JSON error object where the application answered."""
    if "x-request-id" not in response.headers:
        return None if _below_the_application(response) else "no request id"
    if "json" not in response.headers["content-type"]:
        return None if case.param == ANY else "no JSON error"
    error: JSON = response.json()["error"]
    if isinstance(error, str) or set(error) == {"type", "message"}:
        return _wrong_sentence(case, error if isinstance(error, str) else error["message"])
    if set(error) != {"message", "type", "param", "code"} or not error["message"]:
        return f"not an error object: {error}"
    if not _names(error["param"], case.param):
        return f"names {error['param']!r}, not {case.param!r}: {error['message']}"
    return None


def _wrong_sentence(case: Case, sentence: str) -> str | None:
    """What is wrong with an error that is little but a sentence, as Adaptive's and Anthropic's doors have it."""
    if not sentence:
        return "an error that says nothing"
    named = case.param in (ANY, None) or sentence.startswith(f"{case.param}: ")
    return None if named else f"does not name {case.param!r}: {sentence}"


def _below_the_application(response: RawResponse) -> bool:
    """Whether the server itself refused what never became a request, and closes."""
    plain = response.headers["content-type"].startswith("text/plain")
    return response.status in (400, 408, 431, 503) and plain and response.headers.get("connection") == "close"


def _names(param: str | None, wanted: str | None) -> bool:
    """Whether `param` is what is wanted; a closing * stands for anything."""
    if wanted == ANY:
        return True
    if wanted is not None and wanted.endswith("*"):
        return param is not None and param.startswith(wanted[:-1])
    return param == wanted
