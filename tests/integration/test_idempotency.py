"""Requests that come again under their Idempotency-Key: one generation at the engine, the same bytes for all.

Over HTTP, on both kinds of database: many at once, in the middle of a stream, after a restart and after a kill, on two
gateways, and by the official client.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from tests.clients.clients import OPENAI_PYTHON
from tests.clients.environments import prepare
from tests.fixtures.databases.server import PostgresServer

ANN = "sk-ann-97516c354b68848cdbd8f54a226a0a2a"
BEA = "sk-bea-c354b68848cdbd8f54a226a0a2a97516"
CAT = "sk-cat-b68848cdbd8f54a226a0a2a97516c354"  # who pays
CHAT = "/v1/chat/completions"
SILENT_S_MAX = 20.0
SETTINGS = """
[server]
drain_s = 1
[database]
url = "{database}"
[[keys]]
name = "ann"
key = "{ann}"
[[keys]]
name = "bea"
key = "{bea}"
[[keys]]
name = "cat"
key = "{cat}"
credit = "dev"
[[upstreams]]
url = "{engine}"
kind = "vllm"
[[upstreams.models]]
name = "m"
upstream_name = "fault-model"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
"""
Json = dict[str, Any]  # Any: what a client sends


def chat(text: str = "Hello.", *, tokens: int = 16, delay_s: float = 0.0, **fields: object) -> Json:
    """A request whose answer takes so long."""
    order = f"[[answer tokens={tokens} delay_s={delay_s}]] {text}"
    return {"model": "m", "messages": [{"role": "user", "content": order}], "max_tokens": 4096, **fields}


class Asking:
    """A client of one gateway: a connection for each request, so that any can be dropped."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway

    async def begin(self, body: Json, name: str, *, key: str = ANN, path: str = CHAT) -> RawClient:
        """Send a request, and do not wait."""
        client = await RawClient.connect(self._gateway.url)
        headers = {"authorization": f"Bearer {key}", "accept": "application/json", "idempotency-key": name}
        await client.send(request_bytes(path, body, headers=headers))
        return client

    async def post(self, body: Json, name: str, *, key: str = ANN, path: str = CHAT) -> RawResponse:
        """The whole answer."""
        async with await self.begin(body, name, key=key, path=path) as client:
            return await client.response(timeout_s=30.0)

    async def patiently(self, body: Json, name: str) -> RawResponse:
        """As an SDK does it: 409 is asked again, as soon as it says."""
        begun = time.monotonic()
        while (answer := await self.post(body, name)).status == 409:
            assert time.monotonic() - begun < SILENT_S_MAX
            assert answer.json()["error"]["code"] == "idempotency_key_in_use"
            await asyncio.sleep(min(float(answer.headers["retry-after"]), 0.5))
        return answer


class Place:
    """An engine, and gateways in front of it that share a database."""

    def __init__(self, engine: FaultEngine, database: str, folder: Path) -> None:
        self.engine = engine
        self._settings = SETTINGS.format(database=database, ann=ANN, bea=BEA, cat=CAT, engine=engine.url)
        self.folder = folder
        self._gateways: list[GatewayProcess] = []
        self._before = 0

    async def rest(self) -> None:
        """Return once the engine has nothing to do; what it has generated so far counts no more."""
        await self.engine.idle()
        self._before = len(self.engine.requests)

    @property
    def generated(self) -> int:
        """How often the engine was asked since."""
        return len(self.engine.requests) - self._before

    @property
    def first(self) -> GatewayProcess:
        """The gateway that was started first."""
        return self._gateways[0]

    async def gateway(self) -> GatewayProcess:
        """One more gateway, up."""
        folder = self.folder / f"gateway-{len(self._gateways)}"
        folder.mkdir()
        gateway = GatewayProcess(self._settings, folder)
        await gateway.start()
        self._gateways.append(gateway)
        return gateway

    async def close(self) -> None:
        """End them; none of them had a fault."""
        for gateway in self._gateways:
            await gateway.stop()
            assert "Traceback" not in gateway.log, gateway.log


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Processes are given a database as it is."""
    return str(request.param)


@pytest_asyncio.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """The engine and the database."""
    async with FaultEngine() as engine:
        place = Place(engine, database_url, tmp_path)
        yield place
        await place.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgres"])
async def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place with one gateway."""
    folder = tmp_path_factory.mktemp("idempotency")
    url = f"sqlite:///{folder / 'test.db'}"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_url()
    async with FaultEngine() as engine:
        place = Place(engine, url, folder)
        await place.gateway()
        yield place
        await place.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shared(running: Place) -> Place:
    """The same for every test that does its gateway no harm, and has keys with names of its own."""
    await running.rest()
    return running


@pytest.mark.asyncio(loop_scope="module")
async def test_many_at_once_are_one(shared: Place) -> None:
    """Fifty posts of one key: one generation, the same bytes for all, and all but one are told so."""
    ask = Asking(shared.first)
    for stream in (False, True):
        body = chat(delay_s=0.01, stream=stream)
        answers = await asyncio.gather(*(ask.post(body, f"many-{stream}") for _ in range(50)))
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert len({answer.headers["x-request-id"] for answer in answers}) == 50
        assert (b"[DONE]" in answers[0].body) == stream
    assert shared.generated == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_stream_is_joined_in_its_middle(shared: Place) -> None:
    """From its beginning, then live; also when nobody is left who began it."""
    ask = Asking(shared.first)
    body = chat(tokens=40, delay_s=0.05, stream=True)
    first = await ask.begin(body, "joined")
    seen = await first.until(b"data: ")
    async with await ask.begin(body, "joined") as second:
        assert (await second.until(b"data: ")).startswith(seen.split(b"\n\n")[0])
        first.close()
        answer = await second.response(timeout_s=30.0)
    assert (answer.ending, answer.headers["idempotent-replayed"]) == ("whole", "true")
    assert answer.events()[-1] == "[DONE]"
    again = await ask.post(body, "joined")
    assert (again.body, again.headers["content-type"]) == (answer.body, answer.headers["content-type"])
    assert shared.generated == 1


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("stream", [False, True])
async def test_who_left_comes_back(shared: Place, stream: bool) -> None:
    """The generation goes on without its client, who finds the whole answer, while it runs or later."""
    ask = Asking(shared.first)
    body = chat(tokens=20, delay_s=0.05, stream=stream)
    client = await ask.begin(body, f"left {stream}")
    await shared.engine.record.wait_for(lambda: shared.generated == 1, timeout_s=5.0)
    asked = shared.engine.requests[-1]
    client.reset()
    answer = await ask.post(body, f"left {stream}")
    assert (answer.status, answer.headers["idempotent-replayed"]) == (200, "true")
    assert asked.disconnected_s is None
    assert shared.generated == 1
    assert len(answer.body) > 20


async def test_answers_outlive_the_gateway(place: Place) -> None:
    """After a restart they are the same to the byte, plain, streamed and of every kind."""
    gateway = await place.gateway()
    ask = Asking(gateway)
    asked = [
        (CHAT, chat("plain")),
        (CHAT, chat("stream", stream=True, stream_options={"include_usage": True})),
        ("/v1/completions", {"model": "m", "prompt": "Hello", "max_tokens": 5}),
        ("/api/v1/chat/completions", chat("adaptive") | {"model": "default/m"}),
        ("/api/v3/inference/chat/completions", chat("nugen", stream=True)),
    ]
    before = [await ask.post(body, f"key {index}", path=path) for index, (path, body) in enumerate(asked)]
    assert [answer.status for answer in before] == [200] * len(asked)
    await gateway.stop()
    await gateway.start()
    after = [await ask.post(body, f"key {index}", path=path) for index, (path, body) in enumerate(asked)]
    assert [answer.body for answer in after] == [answer.body for answer in before]
    assert {answer.headers["idempotent-replayed"] for answer in after} == {"true"}
    assert len(place.engine.requests) == len(asked)


async def test_a_killed_gateways_request_is_taken_over(place: Place) -> None:
    """Until it is known to be dead, others say that it answers; then one of them does, for all."""
    gateway, other = await place.gateway(), await place.gateway()
    body = chat(stream=True)
    place.engine.push(Fault(name="freeze", k=3))
    async with await Asking(gateway).begin(body, "killed") as client:
        await client.until(b"data: ")
        os.killpg(gateway.pid, signal.SIGKILL)
    assert (await Asking(other).post(body, "killed")).status == 409
    await gateway.stop()
    await gateway.start()
    answers = await asyncio.gather(*(Asking(one).patiently(body, "killed") for one in (gateway, other)))
    assert {answer.status for answer in answers} == {200}
    assert answers[0].events()[-1] == "[DONE]"
    assert answers[0].body == answers[1].body
    assert len(place.engine.requests) == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_it_is_charged_once(shared: Place) -> None:
    """However many ask, and also when the one who began it has left; what was paid is the whole answer."""
    gateway = shared.first
    granting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "antiphon", "credits", "grant", "cat", "1", "--ledger", "DEV"),
        *("--config", str(shared.folder / "gateway-0" / "antiphon.toml")),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await granting.wait() == 0
    ask, body = Asking(gateway), chat(tokens=20, delay_s=0.02, stream=True, max_tokens=100)
    first = await ask.begin(body, "paid", key=CAT)
    await first.until(b"data: ")
    first.reset()
    answers = await asyncio.gather(*(ask.post(body, "paid", key=CAT) for _ in range(20)))
    answers.append(await ask.post(body, "paid", key=CAT))
    assert len({answer.body for answer in answers}) == 1
    history = (await gateway.ask("/v1/credits/ledger", key=CAT)).json()["data"]
    charged = [row["amount_micro_usdc"] for row in history if row["kind"] == "usage"]
    assert len(charged) == 1
    assert charged[0] <= -2 * 20
    assert shared.generated == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_another_request_under_the_same_key(shared: Place) -> None:
    """It is refused, whatever is other about it; another account's key of the same name is another key."""
    ask = Asking(shared.first)
    mine = await ask.post(chat(), "one")
    refused = [
        await ask.post(chat("Else."), "one"),
        await ask.post(chat(stream=True), "one"),
        await ask.post(chat(), "one", path="/v1/completions"),
        await ask.post(chat(), "one", path="/api/v3/inference/chat/completions"),
    ]
    assert [answer.status for answer in refused] == [422] * 4
    assert refused[0].json()["error"]["code"] == "idempotency_key_reused"
    assert refused[3].json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]
    theirs = await ask.post(chat(), "one", key=BEA)
    assert (theirs.status, "idempotent-replayed" in theirs.headers) == (200, False)
    assert theirs.json()["id"] != mine.json()["id"]
    assert shared.generated == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_no_key(shared: Place) -> None:
    """It is refused by its name, and nothing is generated."""
    ask = Asking(shared.first)
    answers = [await ask.post(chat(), name) for name in ("", "x" * 256, "a\tb", "é")]
    assert [(answer.status, answer.json()["error"]["param"]) for answer in answers] == [(400, "Idempotency-Key")] * 4
    assert shared.generated == 0


async def test_failures_are_not_kept(place: Place) -> None:
    """A retry is a real one, whether the engine failed before the answer began or in its middle."""
    ask = Asking(await place.gateway())
    refused = await ask.post(chat(temperature=9), "mended")
    assert refused.status == 400
    assert (await ask.post(chat(), "mended")).status == 200
    place.engine.always(Fault(name="status", status=500))
    assert (await ask.post(chat("again"), "failed")).status == 502
    place.engine.clear()
    assert (await ask.post(chat("again"), "failed")).status == 200


async def test_two_gateways_answer_once(place: Place) -> None:
    """While one answers, the other says so; afterwards it gives the same bytes."""
    one, two = Asking(await place.gateway()), Asking(await place.gateway())
    body = chat(tokens=20, delay_s=0.05, stream=True)
    both = await asyncio.gather(*(ask.patiently(body, "both") for ask in (one, two) for _ in range(25)))
    assert {answer.status for answer in both} == {200}
    assert len({answer.body for answer in both}) == 1
    assert len(place.engine.requests) == 1


SCRIPT = """
import json, os
from openai import OpenAI
client = OpenAI(base_url=os.environ["URL"] + "/v1", api_key=os.environ["KEY"])
asked = dict(model="m", messages=[{"role": "user", "content": "Hello."}], extra_headers={"Idempotency-Key": "sdk"})
one = client.chat.completions.with_raw_response.create(**asked)
two = client.chat.completions.with_raw_response.create(**asked)
asked["extra_headers"] = {"Idempotency-Key": "sdk stream"}
texts = []
for _ in range(2):
    stream = client.chat.completions.create(**asked, stream=True)
    texts.append("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))
replayed = [each.headers.get("idempotent-replayed") for each in (one, two)]
print(json.dumps([one.text, two.text, *replayed, texts]))
"""


@pytest.mark.asyncio(loop_scope="module")
async def test_the_official_client(shared: Place) -> None:
    """With one header more its retries are one request, plain and streamed."""
    gateway = shared.first
    await asyncio.to_thread(prepare, OPENAI_PYTHON)
    process = await asyncio.create_subprocess_exec(
        *(str(OPENAI_PYTHON.interpreter), "-c", SCRIPT),
        env={**os.environ, "URL": gateway.url, "KEY": ANN},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    one, two, first, second, texts = json.loads(told)
    assert (one, first, second) == (two, None, "true")
    assert texts[0] == texts[1] != ""
    assert shared.generated == 2
