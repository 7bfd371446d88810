"""Every status at every address that generates, as text and as JSON, with the headers that belong to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct

from antiphon.completions.dialects import RequestBounds
from antiphon.completions.doors import DOORS, MESSAGES, Door
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from antiphon.testing.text import count_prompt_tokens

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON = Any  # Any: the wire
Form = Literal["json", "text"]
Seat = Literal["chat", "responses", "messages", "text", "embeddings"]
# Doors where something else than a chat is asked for.
SEATS: dict[str, Seat] = {"responses": "responses", "anthropic": "messages"}
KEY = "sk-doors-7516c354b68848cdbd8f54a226a0a55b21ed1"
DKN_KEY = "dkn_test_doors7516c354b68848cdbd8f54a226a0a55b21ed1"
ONE_MODEL_KEY = "sk-doors-one-model-54b68848cdbd8f54a226a0a55b21ed1"
ONCE_KEY = "sk-doors-once-7516c354b68848cdbd8f54a226a0a55b21ed1"
NO_PROJECT_KEY = "sk-doors-no-project-54b68848cdbd8f54a226a0a55b21ed1"
SETTINGS = """
[failover]
continuations_max = 0
[[keys]]
name = "all"
key = "{key}"
[[keys]]
name = "dria"
key = "{dkn}"
[[keys]]
name = "one-model"
key = "{one_model}"
models = ["one"]
[[keys]]
name = "once"
key = "{once}"
requests_per_minute = 1
[[keys]]
name = "no-project"
key = "{no_project}"
projects = ["elsewhere"]
[[projects]]
key = "elsewhere"
name = "Elsewhere"
[[upstreams]]
name = "engine"
url = "{url}"
kind = "vllm"
models = [{{ name = "one", upstream_name = "fault-model", embeddings = false }},
          {{ name = "other", upstream_name = "fault-model", embeddings = false }},
          {{ name = "vectors", upstream_name = "fault-model", embeddings = true }}]
[[upstreams]]
name = "nowhere"
url = "http://127.0.0.1:9"
kind = "llama.cpp"
models = [{{ name = "gone" }}, {{ name = "gone-vectors", embeddings = true }}]
"""
# What `x-should-retry` may be: of clients whom an engine failed some are to come again, the others not.
SENT_AGAIN = {408: ("false",), 504: ("false",), 502: (None, "false"), 503: (None, "false")}
CODES = {
    400: "invalid_value", 401: "invalid_api_key", 403: "permission_denied", 404: "model_not_found",
    408: "first_token_timeout", 413: "body_too_large", 415: "unsupported_media_type", 429: "rate_limit_exceeded",
    502: "engine_failed", 503: "unavailable", 504: "deadline_exceeded",
}  # fmt: skip


class Address(Struct, frozen=True):
    """Where something is generated, and what a good request is there."""

    door: Door
    seat: Seat
    path: str

    def body(self, model: str | None = None, text: str = "hello", **fields: JSON) -> dict[str, JSON]:
        """A request for this model, which is named behind its project where the door wants that."""
        model = model or ("vectors" if self.seat == "embeddings" else "one")
        asked: dict[Seat, dict[str, JSON]] = {
            "chat": {"messages": [{"role": "user", "content": text}], "max_tokens": 5},
            "responses": {"input": text, "max_output_tokens": 5},
            "messages": {"messages": [{"role": "user", "content": text}], "max_tokens": 5},
            "text": {"prompt": text, "max_tokens": 5},
            "embeddings": {"input": text},
        }
        named = f"default/{model}" if self.project_first and "/" not in model else model
        return {"model": named, **asked[self.seat], **fields}

    @property
    def project_first(self) -> bool:
        """Whether `model` names a project before it names a model here."""
        sample = b'{"model":"a","input":"a","messages":[{"role":"user","content":"a"}]}'
        return self.door.dialect.parse(sample, {}, RequestBounds(1, 1)).project_first


class Case(Struct, frozen=True):
    """A request that is refused: whose, for which model, with which further fields and headers."""

    status: int
    key: str | None = KEY
    model: str | None = None
    text: str = "hello"
    fields: dict[str, JSON] = {}
    headers: dict[str, str] = {}
    code: str | None = None


def addresses() -> list[Address]:
    """All of them, from the table of doors."""
    found = [Address(door, SEATS.get(door.name, "chat"), door.address) for door in DOORS]
    found += [Address(door, "text", f"{door.prefix}/completions") for door in DOORS if door.text]
    return found + [Address(door, "embeddings", f"{door.prefix}/embeddings") for door in DOORS if door.embeddings]


CASES = {
    "no key": Case(401, key=None, code="missing_api_key"),
    "a wrong key": Case(401, key="sk-wrong"),
    "a model that is not for this key": Case(403, key=ONE_MODEL_KEY, model="other"),
    "a model that is not there": Case(404, model="nothing"),
    "a field that breaks its rule": Case(400, fields={"timeout_secs": -1}),
    "a field that must be there": Case(400, fields={"model": None}),
    "no JSON": Case(400, code="invalid_json"),
    "a body too large": Case(413, headers={"content-length": "10000000000"}),
    "a compressed body": Case(415, headers={"content-encoding": "gzip"}),
    "one request too many": Case(429, key=ONCE_KEY),
    "no engine": Case(503, model="gone"),
    "a late first token": Case(408, text="[[answer delay_s=5]] hello", fields={"max_ttft_ms": 100}),
    "a late answer": Case(
        504, text="[[answer delay_s=0.4 tokens=20]] hello", fields={"timeout_secs": 0.5, "max_tokens": 20}
    ),
    "an engine that breaks": Case(502, text="[[fault:status status=500]] hello"),
}
OF_GENERATION = {"a late first token", "a late answer", "an engine that breaks"}  # vectors have no tokens that are late
ADDRESSES = addresses()
REFUSALS = [
    pytest.param(address, name, id=f"{address.path}-{name}")
    for address in ADDRESSES
    for name in CASES
    if address.seat != "embeddings" or name not in OF_GENERATION
]
GENERATING = [pytest.param(one, id=one.path) for one in ADDRESSES if one.seat != "embeddings"]
CHATS = [pytest.param(one, id=one.path) for one in ADDRESSES if one.seat == "chat"]


class Lab(Struct, frozen=True):
    """The gateway and the engine below it."""

    gateway: GatewayProcess
    engine: FaultEngine

    async def ask(
        self, address: Address, body: JSON, *, key: str | None = KEY, method: str = "POST", **headers: str
    ) -> RawResponse:
        """The answer to a request on a connection of its own; underscores in names of headers stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(address.path, body, method=method, headers=sent))
            return await client.response()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """A gateway whose key for one request a minute has had it."""
    names = {"key": KEY, "dkn": DKN_KEY, "one_model": ONE_MODEL_KEY, "once": ONCE_KEY, "no_project": NO_PROJECT_KEY}
    async with FaultEngine(Habits(embeds=True)) as engine:
        told = SETTINGS.format(url=engine.url, **names)
        async with GatewayProcess(told, tmp_path_factory.mktemp("doors")) as gateway:
            made = Lab(gateway, engine)
            assert (await made.ask(ADDRESSES[0], ADDRESSES[0].body(), key=ONCE_KEY)).status == 200
            yield made
            assert "Traceback" not in gateway.log


async def refused(lab: Lab, address: Address, case: Case, form: Form) -> RawResponse:
    """The answer to a case for a client that wants this form."""
    model = "gone-vectors" if case.model == "gone" and address.seat == "embeddings" else case.model
    fields = {**address.body(model, case.text), **case.fields}
    body: JSON = b"{" if case.code == "invalid_json" else {k: v for k, v in fields.items() if v is not None}
    accept = {"accept": "application/json" if form == "json" else "text/plain", "x_request_id": "req-of-mine"}
    return await lab.ask(
        address, body, key=case.key, **accept, **{k.replace("-", "_"): v for k, v in case.headers.items()}
    )


def sentence(address: Address, case: Case, response: RawResponse, form: Form) -> str:
    """The sentence of a refusal, from the body that the door documents for it."""
    if address.door.errors == "openai" and form == "text":
        assert response.headers["content-type"].startswith("text/plain")
        return response.body.decode()
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    if address.door.errors == "openai":
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert body["error"]["code"] == code_of(case)
        return str(body["error"]["message"])
    if address.door.errors == "anthropic":
        assert (set(body), body["type"], set(body["error"])) == ({"type", "error"}, "error", {"type", "message"})
        assert body["error"]["type"].endswith(("_error", "_too_large"))
        return str(body["error"]["message"])
    if address.door.errors == "error":
        assert set(body) == {"error"}
        return str(body["error"])
    assert set(body) == {"detail"}
    if case.status != 400:
        return str(body["detail"])
    (found,) = body["detail"]
    assert (found["loc"][0], found["type"]) == ("body", code_of(case))
    return str(found["msg"])


def code_of(case: Case) -> str:
    """The code that a JSON body must have."""
    missing = case.status == 400 and case.fields.get("model", "") is None
    return "missing_required_parameter" if missing else case.code or CODES[case.status]


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(("address", "name"), REFUSALS)
async def test_refusals(lab: Lab, address: Address, name: str, form: Form) -> None:
    """The status, the body of the door, and what a client does next."""
    case = CASES[name]
    response = await refused(lab, address, case, form)
    wanted = 422 if case.status == 400 and address.door.errors == "detail" else case.status
    assert (response.status, response.ending) == (wanted, "whole"), response
    assert sentence(address, case, response, form).rstrip().endswith((".", "?", "`."))
    headers = response.headers
    assert headers["x-request-id"] == "req-of-mine"
    assert headers.get("request-id") == ("req-of-mine" if address.door.id_header else None)
    assert headers.get("x-should-retry") in SENT_AGAIN.get(case.status, (None,))
    assert ("retry-after" in headers) is (case.status in (429, 502, 503))
    assert "retry-after" not in headers or 1 <= int(headers["retry-after"]) <= 60
    assert headers.get("www-authenticate") == ("Bearer" if case.status == 401 else None)


@pytest.mark.parametrize("address", CHATS)
async def test_who_names_no_form_gets_what_the_key_is_for(lab: Lab, address: Address) -> None:
    """Text for a key as Dria's, JSON for others; at other doors than Dria's JSON always."""
    wrong = address.body(temperature=3)
    text = await lab.ask(address, wrong, key=DKN_KEY)
    json = await lab.ask(address, wrong)
    assert json.headers["content-type"] == "application/json"
    dria = address.door.errors == "openai"
    assert text.headers["content-type"] == ("text/plain; charset=utf-8" if dria else "application/json")
    if dria:
        assert text.body.decode() == json.json()["error"]["message"]


@pytest.mark.parametrize("address", CHATS)
async def test_projects(lab: Lab, address: Address) -> None:
    """404 for one that is not there, which may be meant as a model elsewhere; 403 for one that is not this key's."""
    unknown = await lab.ask(address, address.body("nobody/one"))
    assert unknown.status == 404
    assert (b"EntityNotFound: project" in unknown.body) is address.project_first
    assert (await lab.ask(address, address.body("default/one"), key=NO_PROJECT_KEY)).status == 403


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.path)
async def test_other_methods(lab: Lab, address: Address) -> None:
    """405, naming the one that is taken, in the shape of the door."""
    response = await lab.ask(address, None, method="GET", accept="application/json")
    assert (response.status, response.headers["allow"]) == (405, "POST")
    keys = {"detail": {"detail"}, "anthropic": {"type", "error"}}
    assert set(response.json()) == keys.get(address.door.errors, {"error"})


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.path)
async def test_good_answers_are_named_and_name_what_they_ignore(lab: Lab, address: Address) -> None:
    """A request id of the gateway's own, and the fields that nobody knows, plain and streamed."""
    for stream in (False, True):
        more: dict[str, JSON] = {} if address.seat == "embeddings" else {"stream": stream}
        response = await lab.ask(address, address.body(**more, wish=1, other_wish=None))
        assert (response.status, response.ending) == (200, "whole"), response
        assert response.headers["x-request-id"].startswith("req_")
        assert response.headers["x-ignored-fields"] == "wish, other_wish"
        assert "x-should-retry" not in response.headers


@pytest.mark.parametrize("stream", [False, True])
async def test_a_vendor_s_name_for_the_id_is_told_each_time(lab: Lab, stream: bool) -> None:
    """Also of an answer that is given again for its Idempotency-Key: by the id of the request that asks again."""
    address = next(one for one in ADDRESSES if one.door is MESSAGES)
    for replayed in (None, "true"):
        response = await lab.ask(address, address.body(stream=stream), idempotency_key=f"named-{stream}")
        assert response.headers.get("idempotent-replayed") == replayed
        assert response.headers["request-id"] == response.headers["x-request-id"]
    counting = Address(MESSAGES, address.seat, f"{address.path}/count_tokens")
    for other, key, status in ((address, None, 401), (counting, KEY, 200)):
        response = await lab.ask(other, address.body(), key=key)
        assert (response.status, response.headers["request-id"]) == (status, response.headers["x-request-id"])


@pytest.mark.parametrize("address", GENERATING)
async def test_a_stream_that_breaks_says_so_and_is_not_done(lab: Lab, address: Address) -> None:
    """Its last event holds the error, where every client looks for it."""
    response = await lab.ask(address, address.body(text="[[fault:close k=3]] hello", max_tokens=9, stream=True))
    *_, last = response.events()
    assert response.status == 200
    assert "error" in msgspec.json.decode(last)
    assert b"[DONE]" not in response.body


@pytest.mark.parametrize("address", CHATS)
async def test_shortened_prompts(lab: Lab, address: Address) -> None:
    """As many turns go as must by the engine's own count, and the header tells how many."""
    turns = [{"role": ("user", "assistant")[i % 2], "content": f"turn {i} " + "word " * 9} for i in range(9)]
    tokens_max = 50
    kept = next(turns[i:] for i in range(9) if count_prompt_tokens(turns[i:]) <= tokens_max)
    for stream in (False, True):
        body = address.body(messages=turns, prompt_truncate_len=tokens_max, stream=stream)
        response = await lab.ask(address, body)
        assert (response.status, response.headers["x-prompt-truncated"]) == (200, str(len(turns) - len(kept))), response
        assert lab.engine.requests[-1].body["messages"] == kept
        assert "x-prompt-truncated" not in (await lab.ask(address, address.body(stream=stream))).headers
    whole = await lab.ask(address, address.body(messages=turns, prompt_truncate_len=count_prompt_tokens(turns)))
    assert (whole.status, whole.headers.get("x-prompt-truncated")) == (200, None)
