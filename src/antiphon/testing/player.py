"""Plays an answer to one client, with the fault that the request drew: when to write what, and when to break it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from math import inf

from antiphon.testing.events import DONE, plain_body, sse, stream_error_payload, stream_events
from antiphon.testing.faults import Fault, FaultName
from antiphon.testing.garbage import bad_chunk, error_body, garbage, header_flood, huge_line
from antiphon.testing.plan import Plan
from antiphon.testing.record import Exchange, Record
from antiphon.testing.wire import Wire, head

AT_ANY_TIME: tuple[FaultName, ...] = ("close", "reset", "freeze", "exit")
IN_THE_BODY: tuple[FaultName, ...] = (
    "cut", "end_early", "stream_error", "garbage", "huge_line", "bad_chunking", "chatter",
)  # fmt: skip
INSTEAD: tuple[FaultName, ...] = ("status", "empty_body")
DRIP_S = 0.1
CHATTER_S = 0.05
JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream; charset=utf-8"


class Player:
    """Answers one exchange on one wire; `die` ends the engine as a crash would."""

    def __init__(self, *, wire: Wire, record: Record, exchange: Exchange, die: Callable[[], None]) -> None:
        self._wire = wire
        self._record = record
        self._exchange = exchange
        self._die = die
        self._fault = exchange.fault
        self._name = exchange.fault.name if exchange.fault else None
        self._wire.one_byte = self._name == "one_byte"
        self._streams = False

    async def stream(self, plan: Plan) -> None:
        """The answer as events."""
        self._streams = True
        if await self._before_head():
            return
        events = stream_events(plan, self._fault)
        if self._name in ("wrong_length", "compressed"):
            await self._whole(b"".join(event.data for event in events), STREAM_TYPE)
            return
        await self._head(STREAM_TYPE, None)
        for event in events:
            if self._due(closing=event.closing) and not await self._strike(event.data):
                return
            if event.tokens:
                await self._token(plan.token_delay_s)
            await self._wire.send_body(event.data)
        await self._end()

    async def plain(self, plan: Plan) -> None:
        """The answer as one body, once all its tokens are made."""
        if await self._before_head():
            return
        for number in range(plan.completion_tokens):
            early = self._name in AT_ANY_TIME and self._due(closing=number + 1 == plan.completion_tokens)
            if early and not await self._strike(b""):
                return
            await self._token(plan.token_delay_s)
        if self._name == "stream_error":
            self._record.strike(self._exchange)
            await self._body(sse(stream_error_payload())[len(b"data: ") :], JSON_TYPE)
            return
        await self._body(plain_body(plan, self._fault), JSON_TYPE)

    async def other(self, body: bytes, content_type: str = JSON_TYPE) -> None:
        """The answer of a route that generates nothing."""
        if not await self._before_head():
            await self._body(body, content_type)

    async def _body(self, body: bytes, content_type: str) -> None:
        """One body with the fault in its middle."""
        if self._name in ("wrong_length", "compressed"):
            await self._whole(body, content_type)
            return
        breaks = self._name in (*IN_THE_BODY, *AT_ANY_TIME) and not self._exchange.struck
        await self._head(content_type, None if breaks or self._name == "one_byte" else len(body))
        half = len(body) // 2 if breaks else 0
        await self._wire.send_body(body[:half])
        if not breaks or await self._strike(body[half:]):
            await self._wire.send_body(body[half:])
            await self._end()

    async def _before_head(self) -> bool:
        """Faults that come before an answer or in place of one; True when there is nothing left to say."""
        fault = self._fault
        if fault is None:
            return False
        if fault.name in AT_ANY_TIME and fault.k < 0:
            return not await self._strike(b"")
        if fault.name in AT_ANY_TIME or fault.name in IN_THE_BODY:
            return False
        self._record.strike(self._exchange)
        if fault.name not in INSTEAD:
            return False
        await self._wire.pause(fault.delay_s)
        await self._instead(fault)
        return True

    async def _instead(self, fault: Fault) -> None:
        """An error answer, or an answer with nothing in it."""
        status, (kind, body) = (fault.status, error_body(fault.status, fault.shape))
        if fault.name == "empty_body":
            status, kind, body = 200, JSON_TYPE, b""
        headers = {"content-type": kind, "content-length": str(len(body))}
        if fault.retry_after_s is not None:
            headers["retry-after"] = str(fault.retry_after_s)
        if fault.location is not None:
            headers["location"] = fault.location
        await self._wire.send(head(status, headers) + body)

    async def _head(self, content_type: str, length: int | None) -> None:
        """The head of a good answer, in the way that the fault wants it; no length means chunks."""
        self._wire.chunked = length is None
        framing = {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
        lines = head(200, {"content-type": content_type, **framing})
        fault = self._fault
        if fault and fault.name == "informational":
            for number in range(max(1, fault.k)):
                await self._wire.send(head((100, 102, 103)[number % 3], {}))
        if fault and fault.name == "slow_headers":
            for at in range(len(lines)):
                await self._wire.send(lines[at : at + 1])
                await self._wire.pause(fault.delay_s or DRIP_S)
            return
        if fault and fault.name == "header_flood":
            await self._wire.send(lines[:-2])
            for line in header_flood(fault.size_bytes):
                await self._wire.send(line)
            lines = b"\r\n"
        await self._wire.send(lines)

    async def _whole(self, body: bytes, content_type: str) -> None:
        """A body whose head tells an untruth about it, or a coding that was not asked for."""
        short = self._fault is not None and self._fault.kind == "short"
        self._wire.chunked = False
        headers = {"content-type": content_type}
        if self._name == "compressed":
            body = gzip.compress(body)
            headers |= {"content-encoding": "gzip", "content-length": str(len(body))}
            await self._wire.send(head(200, headers) + body)
            return
        headers["content-length"] = str(len(body) - min(20, len(body)) if short else len(body) + 100)
        await self._wire.send(head(200, headers) + body)
        if not short:
            self._wire.close()

    def _due(self, *, closing: bool) -> bool:
        """Whether the fault is to strike now: after k tokens, and at the latest before the end."""
        fault = self._fault
        strikes = fault is not None and fault.name in (*AT_ANY_TIME, *IN_THE_BODY)
        if fault is None or not strikes or self._exchange.struck:
            return False
        return closing or self._exchange.tokens >= max(0, fault.k)

    async def _token(self, token_delay_s: float) -> None:
        """Make one token, in the time that it takes."""
        delay_s = self._fault.delay_s if self._fault and self._name == "slow" else token_delay_s
        if delay_s > 0:
            await self._wire.pause(delay_s)
        self._record.token(self._exchange)

    async def _strike(self, rest: bytes) -> bool:
        """Let the fault happen, after its delay; True when the answer goes on. `rest` is what would come next."""
        fault = self._fault
        assert fault is not None
        self._record.strike(self._exchange)
        if fault.name == "chatter":
            await self._chatter(fault.delay_s or CHATTER_S)
        await self._wire.pause(inf if fault.name == "freeze" and not fault.delay_s else fault.delay_s)
        if fault.name == "freeze":
            return True
        if fault.name in ("garbage", "huge_line"):
            pieces = huge_line(fault.size_bytes) if fault.name == "huge_line" else (garbage(fault.kind),)
            for piece in pieces:
                await self._wire.send_body(piece)
            return True
        await self._break(fault, rest)
        return False

    async def _chatter(self, pause_s: float) -> None:
        """Say nothing, at length, until the client leaves."""
        while not self._wire.over:
            await self._wire.send_body(b": ping\n\n" if self._streams else b"\n")
            await self._wire.pause(pause_s)

    async def _break(self, fault: Fault, rest: bytes) -> None:
        """The faults that nothing comes after."""
        match fault.name:
            case "exit":
                self._die()
            case "reset":
                self._wire.reset()
            case "end_early":
                await self._wire.end_body()
            case "stream_error":
                await self._wire.send_body(sse(stream_error_payload()) + DONE)
                await self._wire.end_body()
            case "bad_chunking":
                await self._wire.send(bad_chunk(fault.kind))
                self._wire.close()
            case "cut":
                await self._wire.send_body(rest[: len(rest) // 2])
                self._wire.close()
            case _:
                self._wire.close()

    async def _end(self) -> None:
        """End a whole answer; some connections do not live on after it."""
        await self._wire.end_body()
        self._wire.resets_next = self._name == "keepalive_race"
        if self._fault and self._name == "close_idle":
            self._wire.close_later(self._fault.delay_s)
