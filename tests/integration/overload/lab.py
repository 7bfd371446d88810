"""A gateway over one fault engine of so many slots, the requests that are sent to it, and what clients got."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from tests.chaos.proof import Proof, line, machine, percentile

from .books import Books

CHAT = "/v1/chat/completions"
FLOOD = "flood"
PAYER = "payer"
QUIET = tuple(f"quiet{i}" for i in range(10))
KEYS = {name: f"sk-{name}-97516c354b68848cdbd8f54a226a0a55b21ed1" for name in (FLOOD, PAYER, *QUIET)}
SLOTS = 16
TOKENS = 8
TOKEN_S = 0.05  # so an answer takes 0.4 s, and an engine gives 40 in a second
JSON = Any  # Any: the wire
SETTINGS = """
[server]
request_header_timeout_s = {patience_s}
body_timeout_s = {patience_s}
body_bytes_per_second_min = 1024
write_timeout_s = {write_s}
drain_s = 3.0
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[credits]
signup_grant = 0
[[keys]]
name = "payer"
key = "{payer}"
account = "payer"
credit = "dev"
[limits]
queue_max = {queue_max}
[timeouts]
inter_token_s = {inter_token_s}
[overload]
lag_s = {lag_s}
[[upstreams]]
url = "{engine}"
kind = "vllm"
slots = {slots}
models = [{{ name = "m", upstream_name = "fault-model", prices = {{ prompt = 1_000_000, completion = 2_000_000 }} }}]
"""


class Answered(Struct, frozen=True):
    """What became of a request, for its client: `first_s` is when the first byte of its body was there."""

    status: int
    sent_at: float
    first_s: float
    whole_s: float
    good: bool
    retry_after: int | None = None


class Lab(Struct, frozen=True):
    """The gateway and its engine, whose answers are `TOKENS` long and take `TOKEN_S` each."""

    gateway: GatewayProcess
    engine: FaultEngine
    books: Books

    async def ask(
        self, who: str, *, stream: bool = True, tokens: int = TOKENS, token_s: float = TOKEN_S, timeout_s: float = 60.0
    ) -> Answered:
        """One request on a connection of its own, and what became of it."""
        sent_at = time.monotonic()
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(chat_bytes(who, stream=stream, tokens=tokens, token_s=token_s))
            if stream:
                await client.until(b"data: ", timeout_s=timeout_s)
            first_s = time.monotonic() - sent_at
            answer = await client.response(timeout_s=timeout_s)
        retry_after = answer.headers.get("retry-after")
        return Answered(
            answer.status,
            sent_at,
            first_s,
            time.monotonic() - sent_at,
            good(answer, stream=stream),
            None if retry_after is None else int(retry_after),
        )

    async def metric(self, name: str) -> float:
        """A number that the gateway shows."""
        text = (await self.gateway.ask("/metrics")).body.decode()
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found is not None, name
        return float(found[1])

    async def rest(self, *, within_s: float = 10.0) -> float:
        """Return when nothing is under way or waits, besides the request that asks; how long that took."""
        begun_at = time.monotonic()
        async with asyncio.timeout(within_s):
            await self.engine.idle(timeout_s=within_s)
            while not await self._at_rest():
                pass
        return time.monotonic() - begun_at

    async def _at_rest(self) -> bool:
        in_flight = await self.metric("antiphon_requests_in_flight")
        return in_flight == 1 and await self.metric("antiphon_requests_waiting") == 0

    def processor_s(self) -> float:
        """The seconds that the gateway has computed so far."""
        fields = Path(f"/proc/{self.gateway.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def files_open(self) -> int:
        """How many files the gateway has open."""
        return len(list(Path(f"/proc/{self.gateway.pid}/fd").iterdir()))


def chat_bytes(
    who: str, *, stream: bool = True, tokens: int = TOKENS, token_s: float = TOKEN_S, marker: str = ""
) -> bytes:
    """A whole request for an answer of so many tokens; `marker` ends its prompt."""
    text = f"[[answer tokens={tokens} delay_s={token_s}]] I am {who}. {marker}"
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "max_tokens": tokens, "stream": stream}
    headers = {"authorization": f"Bearer {KEYS[who]}", "accept": "application/json"}
    return request_bytes(CHAT, body, headers=headers)


def good(answer: RawResponse, *, stream: bool) -> bool:
    """Whether it is a whole good answer."""
    ended = answer.status == 200 and answer.ending == "whole"
    return ended and (answer.events()[-1:] == ["[DONE]"] if stream else b'"choices"' in answer.body)


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    *,
    slots: int = SLOTS,
    queue_max: int = 64,
    patience_s: float = 10.0,
    write_s: float = 30.0,
    inter_token_s: float = 30.0,
    lag_s: float = 0.1,
) -> AsyncIterator[Lab]:
    """A gateway and its engine, up; it must not have made a mistake in the end."""
    keys = "".join(f'[[keys]]\nname = "{name}"\nkey = "{key}"\n' for name, key in KEYS.items() if name != PAYER)
    async with FaultEngine(Habits(context_tokens=10_000_000)) as engine:
        told = SETTINGS.format(
            engine=engine.url,
            payer=KEYS[PAYER],
            slots=slots,
            queue_max=queue_max,
            patience_s=patience_s,
            write_s=write_s,
            inter_token_s=inter_token_s,
            lag_s=lag_s,
        )
        async with GatewayProcess(told + keys, folder) as gateway:
            books = Books(f"sqlite:///{folder / 'data' / 'antiphon.db'}", folder / "antiphon.toml")
            await books.fund(PAYER)
            yield Lab(gateway, engine, books)
            await books.close()
            assert "Traceback" not in gateway.log, gateway.log


def report(goal: str, figure: dict[str, JSON], limit: dict[str, JSON], injected: dict[str, int]) -> None:
    """Print one proof as a line of JSON."""
    print(line(Proof(goal=goal, figure=figure, limit=limit, injected=injected, seed=0, machine=machine())))


def p99(values: Sequence[float]) -> float:
    """The 99th percentile, rounded to milliseconds."""
    return round(percentile(list(values), 0.99), 3)
