"""An engine on the OpenAI wire whose every answer and every fault is known beforehand: an HTTP server for tests.

In a test: `async with FaultEngine() as engine: engine.url`. As a process: `python -m antiphon.testing.fault_engine`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import msgspec

from antiphon.clock import Clock, SystemClock
from antiphon.testing.connection import Request
from antiphon.testing.faults import FAULT_NAMES, MEANINGS, Fault, Route
from antiphon.testing.listener import Listener
from antiphon.testing.plan import Habits, Refusal, plan_answer
from antiphon.testing.player import Player
from antiphon.testing.record import Exchange, Record
from antiphon.testing.script import REFUSE_S_MAX, Draws, Script
from antiphon.testing.side_routes import body_of, last_user_text, reply, told, told_of_record
from antiphon.testing.wire import Wire

CHAT_PATH = "/v1/chat/completions"
TEXT_PATH = "/v1/completions"
ROUTES: tuple[tuple[str, Route], ...] = (
    (CHAT_PATH, "chat"),
    (TEXT_PATH, "text"),
    ("/v1/embeddings", "embeddings"),
    ("/v1/models", "models"),
    ("/health", "health"),
    ("/tokenize", "tokenize"),
)
DIED = 137  # what a shell shows for a process killed by signal 9


class FaultEngine:
    """Serves on loopback. `die` is what the fault `exit` calls: by default the engine drops everything it holds.

    Faults that are `shared` strike the engine that is asked next, whichever of several it is.
    """

    def __init__(
        self,
        habits: Habits | None = None,
        *,
        port: int = 0,
        api_key: str | None = None,
        die: Callable[[], None] | None = None,
        clock: Clock | None = None,
        shared: Draws | None = None,
    ) -> None:
        self._habits = habits or Habits()
        self._api_key = api_key
        self._die = die or self.crash
        self._clock = clock or SystemClock()
        self._draws = Draws()
        self._shared = shared or Draws()
        self._listener = Listener(self._answer, port=port)
        self.record = Record(self._clock)
        self.listen = self._listener.listen
        self.refuse = self._listener.refuse

    async def __aenter__(self) -> Self:
        """Start serving."""
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop serving and drop all connections."""
        self.crash()

    @property
    def port(self) -> int:
        """The port that it listens on, or listened on last."""
        return self._listener.port

    @property
    def url(self) -> str:
        """The base URL that a client is given."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Exchange]:
        """The requests to generate that came, oldest first."""
        return [exchange for exchange in self.record.exchanges if exchange.path in (CHAT_PATH, TEXT_PATH)]

    @property
    def connections_open(self) -> int:
        """Connections that are open now."""
        return len(self._listener.connections)

    @property
    def connections_accepted(self) -> int:
        """Connections that were ever made."""
        return self._listener.accepted

    def push(self, *faults: Fault | None) -> None:
        """Faults for the next requests, in order; None is a good answer."""
        self._draws.apply(Script(push=list(faults)))

    def always(self, fault: Fault | None) -> None:
        """The fault of each request that draws none from the queue; None ends the habit."""
        self._draws.apply(Script(always=fault))

    def clear(self) -> None:
        """Forget all faults that were ordered."""
        self._draws.apply(Script(clear=True))

    def apply(self, script: Script) -> None:
        """Follow an order as `/control` takes it."""
        self._draws.apply(script)
        if script.refuse_s > 0:
            self._listener.refuse_for(min(script.refuse_s, REFUSE_S_MAX))

    def crash(self) -> None:
        """Refuse new connections and reset the open ones, as when the process is killed."""
        self._listener.crash()

    async def request(self, number: int = -1, *, timeout_s: float = 5.0) -> Exchange:
        """Request to generate `number`, once it came; -1 is the last one."""
        least = 1 if number < 0 else number + 1
        await self.record.wait_for(lambda: len(self.requests) >= least, timeout_s=timeout_s)
        return self.requests[number]

    async def disconnected(self, exchange: Exchange, *, timeout_s: float = 5.0) -> float:
        """The monotonic second at which the client left this request unfinished, once it did."""
        await self.record.wait_for(lambda: exchange.ended_s is not None, timeout_s=timeout_s)
        told = f"request {exchange.number} ended after {exchange.tokens} tokens with its client still there"
        assert exchange.disconnected_s is not None, told
        return exchange.disconnected_s

    async def idle(self, *, timeout_s: float = 5.0) -> None:
        """Return once no request is in flight."""
        await self.record.wait_for(lambda: self.record.in_flight == 0, timeout_s=timeout_s)

    async def _answer(self, request: Request, wire: Wire) -> None:
        """Answer one request on whichever route it came."""
        path = request.target.partition("?")[0]
        if path == "/control":
            await self._control(request, wire)
            return
        route = dict(ROUTES).get(path)
        if route is None or (route == "embeddings" and not self._habits.embeds):
            await reply(wire, 404, {"detail": "Not Found"})
            return
        exchange = self.record.begin(request, path=path, body=body_of(request))
        try:
            await self._play(route, exchange, wire)
        finally:
            self.record.end(exchange, disconnected=wire.gone and not wire.closed_here)

    async def _play(self, route: Route, exchange: Exchange, wire: Wire) -> None:
        """Draw the fault and play the answer."""
        if route != "health" and not self._knows(exchange.headers.get("authorization")):
            await reply(wire, 401, {"error": "Unauthorized"})
            return
        try:
            marks = last_user_text(exchange.body)
            exchange.fault = self._draws.draw(route, exchange.headers.get("x-fault"), marks)
            exchange.fault = exchange.fault or self._shared.draw(route, None, "")
            player = Player(wire=wire, record=self.record, exchange=exchange, die=self._die)
            if route not in ("chat", "text"):
                await player.other(msgspec.json.encode(told(route, exchange.body, self._habits)))
                return
            created = int(self._clock.now())
            plan = plan_answer(exchange.body, self._habits, number=exchange.number, created=created)
        except (Refusal, ValueError, TypeError, KeyError, AttributeError) as error:
            message = f"{type(error).__name__}: {error}"
            refused = {"message": message, "type": "BadRequestError", "param": None, "code": 400}
            await reply(wire, 400, {"error": refused})
            return
        await (player.stream(plan) if plan.stream else player.plain(plan))

    def _knows(self, authorization: str | None) -> bool:
        """Whether this client may ask."""
        return self._api_key is None or authorization == f"Bearer {self._api_key}"

    async def _control(self, request: Request, wire: Wire) -> None:
        """Take an order (POST), and tell what was seen."""
        if request.method == "POST":
            try:
                self.apply(msgspec.json.decode(request.body, type=Script))
            except msgspec.DecodeError as error:
                await reply(wire, 400, {"error": str(error)})
                return
        seen: dict[str, Any] = told_of_record(self.record, self.requests)  # Any: JSON
        await reply(wire, 200, seen | {"connections": self.connections_accepted})


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the URL once it does."""
    parser = argparse.ArgumentParser(prog="fault_engine", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, help="a JSON file such as POST /control takes")
    parser.add_argument("--model", default="fault-model")
    parser.add_argument("--answer-tokens", type=int, default=32)
    parser.add_argument("--token-delay-s", type=float, default=0.0)
    parser.add_argument("--embeds", action="store_true", help="answer /v1/embeddings too")
    parser.add_argument("--follow-grammars", action="store_true", help="write what the grammar of a request allows")
    parser.add_argument("--api-key")
    parser.add_argument("--list", action="store_true", help="print the faults and what they do")
    options = parser.parse_args(arguments)
    if options.list:
        sys.stdout.writelines(f"{name:20} {MEANINGS[name]}\n" for name in FAULT_NAMES)
        return 0
    return asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> int:
    """The process: one engine until a signal comes."""
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    habits = Habits(
        model=options.model,
        answer_tokens=options.answer_tokens,
        token_delay_s=options.token_delay_s,
        follows_grammars=options.follow_grammars,
        embeds=options.embeds,
    )
    engine = FaultEngine(habits, port=options.port, api_key=options.api_key, die=lambda: os._exit(DIED))
    async with engine:
        if options.script:
            engine.apply(msgspec.json.decode(options.script.read_bytes(), type=Script))
        sys.stdout.write(json.dumps({"url": engine.url, "port": engine.port, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        await over.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
