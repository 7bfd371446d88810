"""What another account has is like what nobody has: the same status, headers and words, whatever is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

Json = Any  # Any: the wire
ANN = "sk-ann-97516c354b68848cdbd8f54a226a0a2a"
BOB = "sk-bob-4b227777d4dd1fc61c6f884f48641d02"
SETTINGS = f"""
[[keys]]
name = "ann"
key = "{ANN}"
admin = true
[[keys]]
name = "bob"
key = "{BOB}"
admin = true
[[upstreams]]
url = "{{url}}"
kind = "vllm"
[[upstreams.models]]
name = "m"
upstream_name = "fault-model"
"""
CHANGING = ("date", "x-request-id")
HELLO: Json = [{"role": "user", "content": "hello"}]
SESSION = "01900000-0000-7000-8000-00000000000a"
CHAT: Json = {"model": "m", "messages": HELLO, "max_tokens": 2}
LINE = b'{"custom_id": "1", "method": "POST", "url": "/v1/embeddings", "body": {"model": "m", "input": "Hi"}}'
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + LINE + b"\r\n--b--\r\n"
)


class Asked(Struct, frozen=True):
    """A request about the thing that stands for `{}` in its address or its body."""

    method: str
    path: str
    body: Json = None


# By the thing that it is about: what Ann has of it, and Bob asks for.
REQUESTS: dict[str, tuple[Asked, ...]] = {
    "file": (
        Asked("GET", "/v1/files/{}"),
        Asked("GET", "/v1/files/{}/content"),
        Asked("GET", "/v1/files?after={}"),
        Asked("DELETE", "/v1/files/{}"),
        Asked("POST", "/v1/batches", {
            "input_file_id": "{}", "endpoint": "/v1/embeddings", "completion_window": "24h",
        }),
    ),
    "batch": (
        Asked("GET", "/v1/batches/{}"),
        Asked("GET", "/v1/batches?after={}"),
        Asked("POST", "/v1/batches/{}/cancel"),
    ),
    "response": (
        Asked("GET", "/v1/responses/{}"),
        Asked("GET", "/v1/responses/{}/input_items"),
        Asked("DELETE", "/v1/responses/{}"),
        Asked("POST", "/v1/responses", {"model": "m", "input": "Hi", "previous_response_id": "{}"}),
        Asked("POST", "/v1/responses/input_tokens", {"model": "m", "input": "Hi", "previous_response_id": "{}"}),
    ),
    "completion": (
        Asked("GET", "/v1/interactions/{}"),
        Asked("GET", "/v1/interactions?completion_id={}&count=true"),
        Asked("GET", "/v1/interactions/export?completion_id={}"),
        Asked("DELETE", "/v1/interactions?completion_id={}"),
        Asked("DELETE", "/v1/interactions/{}"),
        Asked("POST", "/api/v1/feedback", {"metric": "liked", "completion_id": "{}", "value": 1}),
        Asked("POST", "/api/graphql", {"query": '{ completion(project: "default", id: "{}") { id } }'}),
    ),
    "session": (
        Asked("GET", "/v1/sessions/{}"),
        Asked("DELETE", "/v1/sessions/{}"),
        Asked("GET", "/v1/interactions/export?session_id={}"),
        Asked("DELETE", "/v1/interactions?session_id={}"),
    ),
    "campaign": (
        Asked("GET", "/v1/campaigns/{}"),
        Asked("GET", "/v1/campaigns/{}/report"),
        Asked("PATCH", "/v1/campaigns/{}", {"share": 0.5}),
        *(Asked("POST", f"/v1/campaigns/{{}}/{step}") for step in ("start", "pause", "stop", "archive")),
        Asked("POST", "/v1/chat/completions", {**CHAT, "ab_campaign": "{}"}),
        Asked("POST", "/api/graphql", {"query": '{ abCampaign(idOrKey: "{}") { id } }'}),
        Asked("POST", "/api/graphql", {"query": 'mutation { cancelAbCampaign(input: "{}") }'}),
        Asked("GET", "/v1/interactions?campaign={}"),
    ),
}  # fmt: skip


class Lab(Struct, frozen=True):
    """A gateway, and the ids of what Ann has there."""

    gateway: GatewayProcess
    had: dict[str, str]

    async def told(self, asked: Asked, name: str, key: str = BOB) -> RawResponse:
        """The answer to a request about a thing."""
        return await told(self.gateway, key, filled(asked, name))


def filled(asked: Asked, name: str) -> Asked:
    """The request with the name of a thing in it."""
    body = asked.body
    if body is not None:
        body = {field: value.replace("{}", name) if isinstance(value, str) else value for field, value in body.items()}
    return Asked(asked.method, asked.path.replace("{}", name), body)


async def told(gateway: GatewayProcess, key: str, asked: Asked, content_type: str = "application/json") -> RawResponse:
    """The answer to a request."""
    headers = {"authorization": f"Bearer {key}", "accept": "application/json", "content-type": content_type}
    async with await RawClient.connect(gateway.url) as client:
        await client.send(request_bytes(asked.path, asked.body, method=asked.method, headers=headers))
        return await client.response()


async def made(gateway: GatewayProcess, path: str, body: Json, *, key: str = ANN) -> Json:
    """What was made, mostly for Ann."""
    answer = await gateway.ask(path, body, key=key)
    assert answer.status in {200, 201}, answer.body
    return answer.json()


@pytest_asyncio.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """One where Ann has something of everything, and Bob a metric."""
    async with FaultEngine() as engine, GatewayProcess(SETTINGS.format(url=engine.url), tmp_path) as gateway:
        posted = Asked("POST", "/v1/files", FORM)
        file = (await told(gateway, ANN, posted, "multipart/form-data; boundary=b")).json()["id"]
        batch = {"input_file_id": file, "endpoint": "/v1/embeddings", "completion_window": "24h"}
        variants = [{"key": "a"}, {"key": "b", "weight": 3}]
        campaign = {"key": "colours", "project": "default", "variants": variants, "share": 0, "start": True}
        turn = {"messages": HELLO, "completion": "secret", "project": "default", "session_id": SESSION}
        for key in (ANN, BOB):
            await made(gateway, "/v1/feedback/metrics", {"key": "liked", "kind": "BOOL"}, key=key)
        had = {
            "file": file,
            "batch": (await made(gateway, "/v1/batches", batch))["id"],
            "response": (await made(gateway, "/v1/responses", {"model": "m", "input": "secret"}))["id"],
            "completion": (await made(gateway, "/api/v1/interactions", turn))["completion_id"],
            "session": SESSION,
            "campaign": (await made(gateway, "/v1/campaigns", campaign))["id"],
        }
        yield Lab(gateway, had)
        assert gateway.alive
        assert "Traceback" not in gateway.log


def shown(answer: RawResponse, name: str) -> tuple[int, dict[str, str], bytes]:
    """All that an answer tells, but for what the request said itself and what differs each time."""
    headers = {title: value for title, value in answer.headers.items() if title not in CHANGING}
    return answer.status, headers, answer.body.replace(name.encode(), b"_")


async def test_what_others_have_is_like_nothing(lab: Lab) -> None:
    """Nothing that Bob asks tells him that Ann has it, and what he does to it leaves it as it was."""
    for thing, requests in REQUESTS.items():
        name = lab.had[thing]
        nobodys = name[:-4] + ("0000" if name[-4:] != "0000" else "1111")
        for asked in requests:
            theirs, none = await lab.told(asked, name), await lab.told(asked, nobodys)
            assert shown(theirs, name) == shown(none, nobodys), asked
            assert theirs.status < 500, asked
            assert b"secret" not in theirs.body
    for thing, (first, *_) in REQUESTS.items():
        assert (await lab.told(first, lab.had[thing], ANN)).status == 200, first
    campaign = (await lab.told(REQUESTS["campaign"][0], lab.had["campaign"], ANN)).json()
    assert (campaign["status"], campaign["share"]) == ("running", 0)
