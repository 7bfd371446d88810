"""Batches over HTTP: answered behind the client's back, charged once each, also when their gateway is killed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

KEY = "sk-ann-97516c354b68848cdbd8f54a226a0a2a"
BOB = "sk-bob-c354b68848cdbd8f54a226a0a2a97516"
CHAT = "/v1/chat/completions"
BOUNDARY = "a-line-that-stands-nowhere-else"
ENDED = ("completed", "failed", "expired", "cancelled")
PATIENCE_S = 40.0
SETTINGS = """
[database]
url = "{database}"
[batches]
parallel = 4
[[keys]]
name = "ann"
key = "{ann}"
credit = "dev"
[[keys]]
name = "bob"
key = "{bob}"
[[upstreams]]
url = "{engine}"
kind = "vllm"
[[upstreams.models]]
name = "m"
upstream_name = "fault-model"
prices = {{ prompt = 1_000_000, completion = 2_000_000 }}
"""
Json = dict[str, Any]  # Any: what a client sends


def line(name: str, **fields: object) -> Json:
    """A request of a batch."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"Say {name}."}], "max_tokens": 8} | fields
    return {"custom_id": name, "method": "POST", "url": CHAT, "body": body}


class Desk:
    """A client of gateways that share a database."""

    def __init__(self, gateway: GatewayProcess, key: str = KEY) -> None:
        self.gateway = gateway
        self._key = key

    async def send(self, method: str, path: str, body: Json | bytes | None = None, media: str = "") -> RawResponse:
        """The whole answer to a request."""
        headers = {"authorization": f"Bearer {self._key}", "accept": "application/json"}
        if media:
            headers["content-type"] = media
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(path, body, method=method, headers=headers))
            return await client.response(timeout_s=30.0)

    async def upload(self, lines: list[Json]) -> str:
        """The id of a file of these requests."""
        content = "".join(json.dumps(one) + "\n" for one in lines)
        form = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="asked.jsonl"\r\n\r\n'
            f"{content}\r\n--{BOUNDARY}--\r\n"
        )
        made = await self.send("POST", "/v1/files", form.encode(), f"multipart/form-data; boundary={BOUNDARY}")
        assert made.status == 200, made.body
        return str(made.json()["id"])

    async def begin(self, lines: list[Json], endpoint: str = CHAT) -> str:
        """The id of a batch of these requests."""
        body = {"input_file_id": await self.upload(lines), "endpoint": endpoint, "completion_window": "24h"}
        made = await self.send("POST", "/v1/batches", body)
        assert made.status == 200, made.body
        return str(made.json()["id"])

    async def until(self, batch_id: str, *statuses: str, answered: int = 0) -> Json:
        """The batch, once it has come to one of these and has so many answers."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found: Json = (await self.send("GET", f"/v1/batches/{batch_id}")).json()
                counts = found["request_counts"]
                if found["status"] in statuses and counts["completed"] + counts["failed"] >= answered:
                    return found
                await asyncio.sleep(0.05)

    async def answers(self, file_id: str) -> dict[str, Json]:
        """The lines of a file of answers, by their names."""
        content = (await self.send("GET", f"/v1/files/{file_id}/content")).body
        return {one["custom_id"]: one for one in map(json.loads, content.splitlines())}

    async def grant(self, config: Path) -> None:
        """Give the account credit."""
        granting = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "antiphon", "credits", "grant", "ann", "1", "--ledger", "DEV"),
            *("--config", str(config)),
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await granting.wait() == 0

    async def ledger(self) -> list[Json]:
        """The account's history."""
        return list((await self.send("GET", "/v1/credits/ledger?limit=200")).json()["data"])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Processes are given a database as it is."""
    return str(request.param)


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[FaultEngine]:
    """An engine that answers as it is told."""
    async with FaultEngine() as engine:
        yield engine


@pytest_asyncio.fixture
async def desk(database_url: str, engine: FaultEngine, tmp_path: Path) -> AsyncIterator[Desk]:
    """A gateway, and Ann, who pays for what she asks."""
    settings = SETTINGS.format(database=database_url, ann=KEY, bob=BOB, engine=engine.url)
    gateway = GatewayProcess(settings, tmp_path)
    async with gateway:
        yield Desk(gateway)
        assert "Traceback" not in gateway.log, gateway.log


async def test_a_batch_is_answered(desk: Desk, engine: FaultEngine, tmp_path: Path) -> None:
    """Good answers in one file, refusals in another, each charged for itself; nobody else sees any of it."""
    await desk.grant(tmp_path / "antiphon.toml")
    batch_id = await desk.begin([line("one"), line("two", model="absent"), line("three", temperature=9), line("four")])
    batch = await desk.until(batch_id, *ENDED)
    assert (batch["status"], batch["request_counts"]) == ("completed", {"total": 4, "completed": 2, "failed": 2})
    good, bad = await desk.answers(batch["output_file_id"]), await desk.answers(batch["error_file_id"])
    assert list(good) == ["one", "four"]
    assert good["one"]["response"]["body"]["usage"]["completion_tokens"] == 8
    assert {name: told["response"]["status_code"] for name, told in bad.items()} == {"two": 404, "three": 400}
    assert bad["three"]["response"]["body"]["error"]["param"] == "temperature"
    receipts = [await desk.send("GET", f"/v1/receipts/{told['response']['body']['id']}") for told in good.values()]
    assert [receipt.json()["reason"] for receipt in receipts] == ["delivered"] * 2
    other = Desk(desk.gateway, BOB)
    for path in (f"/v1/batches/{batch_id}", f"/v1/files/{batch['output_file_id']}"):
        assert (await other.send("GET", path)).status == 404
    assert (await other.send("GET", "/v1/batches")).json()["data"] == []
    assert len(engine.requests) == 2


async def test_a_batch_is_cancelled(desk: Desk) -> None:
    """What was answered stays, the rest is not sent; a file that is no batch comes to nothing, and says where."""
    desk = Desk(desk.gateway, BOB)  # who pays nothing
    asked = "[[answer tokens=8 delay_s=0.05]]"
    batch_id = await desk.begin([line(f"n{n}", messages=[{"role": "user", "content": asked}]) for n in range(60)])
    await desk.until(batch_id, "in_progress", answered=1)
    assert (await desk.send("POST", f"/v1/batches/{batch_id}/cancel")).json()["status"] == "cancelling"
    batch = await desk.until(batch_id, *ENDED)
    assert batch["status"] == "cancelled"
    assert 1 <= batch["request_counts"]["completed"] == len(await desk.answers(batch["output_file_id"])) < 60
    assert (await desk.send("POST", f"/v1/batches/{batch_id}/cancel")).status == 409
    wrong = await desk.begin([line("one"), line("one") | {"method": "GET"}, line("one")])
    failed = await desk.until(wrong, *ENDED)
    assert failed["status"] == "failed"
    assert [(told["line"], told["code"]) for told in failed["errors"]["data"]] == [
        (2, "invalid_method"),
        (3, "duplicate_custom_id"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("takes_over", [False, True], ids=["itself", "another"])
async def test_a_killed_gateway_charges_nothing_twice(
    desk: Desk, engine: FaultEngine, tmp_path: Path, takes_over: bool
) -> None:
    """What was answered stays, what was not is sent again, here or elsewhere, and each is charged at most once."""
    await desk.grant(tmp_path / "antiphon.toml")
    names = [f"n{number}" for number in range(40)]
    slow = "[[answer tokens=8 delay_s=0.05]]"
    asked = [line(name, messages=[{"role": "user", "content": f"{slow} {name}"}]) for name in names]
    batch_id = await desk.begin(asked)
    before = await desk.until(batch_id, "in_progress", answered=8)
    assert before["request_counts"]["completed"] < len(names)
    folder = tmp_path / "other"
    folder.mkdir()
    async with GatewayProcess(desk.gateway.settings, folder) as other:
        await desk.gateway.kill()
        after = Desk(other)
        if not takes_over:
            await other.stop()
            await desk.gateway.start()
            after = desk
        batch = await after.until(batch_id, *ENDED)
        assert (batch["status"], batch["request_counts"]["completed"]) == ("completed", len(names))
        good = await after.answers(batch["output_file_id"])
        ids = [told["response"]["body"]["id"] for told in good.values()]
        assert sorted(good) == sorted(names)
        assert len(set(ids)) == len(names)
        assert (await after.send("GET", f"/v1/receipts/{ids[-1]}")).status == 200
        charged = [entry for entry in await after.ledger() if entry["kind"] == "usage"]
    assert len(names) - 4 <= len(charged) <= len(names)  # of those that were under way at the kill, none twice
    assert len(engine.requests) <= len(names) + 4
