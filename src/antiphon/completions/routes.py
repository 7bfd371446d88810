"""POST /v1/chat/completions: from bytes to bytes. The dialect parses and renders; here the line is kept alive."""

from __future__ import annotations

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.completions.dialects import openai_request, openai_response
from antiphon.completions.dialects.openai_response import Head, StreamRenderer
from antiphon.completions.plan import Plan
from antiphon.completions.service import Completions, CompletionStream
from antiphon.errors import AntiphonError
from antiphon.http.errors import json_object
from antiphon.http.exchange import EVENT_STREAM, JSON, Exchange, Header, require_key
from antiphon.http.sse import DONE, HEARTBEAT, event
from antiphon.ids import Ids


class RequestBounds(Struct, frozen=True):
    """What one request may hold."""

    n_max: int
    messages_max: int
    strict_fields: bool


class ChatRoutes:
    """The chat handler of the canonical door."""

    def __init__(self, completions: Completions, bounds: RequestBounds, *, clock: Clock, ids: Ids) -> None:
        self._completions = completions
        self._bounds = bounds
        self._clock = clock
        self._ids = ids

    async def chat(self, exchange: Exchange) -> None:
        """Answer one chat completion, plain or streamed as the body asks."""
        bounds = self._bounds
        request = openai_request.parse(
            await exchange.body(),
            n_max=bounds.n_max,
            messages_max=bounds.messages_max,
            strict_fields=bounds.strict_fields,
        )
        key = require_key(exchange)
        plan = await self._completions.plan(request, key)
        answer_id = self._ids.make("gen-" if key.dria else "chatcmpl-")
        created = int(self._clock.now())
        if request.stream:
            await self._stream(exchange, plan, answer_id, created)
        else:
            await self._plain(exchange, plan, answer_id, created)

    async def _plain(self, exchange: Exchange, plan: Plan, answer_id: str, created: int) -> None:
        """A slow answer is preceded by blank lines, so that proxies do not cut the connection."""
        headers = (JSON, *_extra_headers(plan))

        def beat() -> None:
            """The first one commits the status 200."""
            if not exchange.started:
                exchange.start(200, *headers)
            exchange.write(b"\n")

        try:
            completion, node = await self._completions.complete(plan, beat)
        except AntiphonError as error:
            if not exchange.started:
                raise
            exchange.finish(json_object(error))
            return
        body = openai_response.render(completion, Head(answer_id, created, plan.request.model, node))
        if exchange.started:
            exchange.finish(body)
        else:
            exchange.respond(200, body, *headers)

    async def _stream(self, exchange: Exchange, plan: Plan, answer_id: str, created: int) -> None:
        """The head goes out with the first delta or the first heartbeat: until then a status can still be said."""
        stream = self._completions.open(plan)
        renderer = StreamRenderer(Head(answer_id, created, plan.request.model, ""))
        try:
            await stream.start()
            await self._relay(exchange, plan, stream, renderer)
        except AntiphonError as error:
            stream.failed(error)
            if not exchange.started:
                raise
            exchange.finish(event(json_object(error)))
        finally:
            stream.close()

    async def _relay(self, exchange: Exchange, plan: Plan, stream: CompletionStream, renderer: StreamRenderer) -> None:
        """What arrives together is written together; `[DONE]` follows only a finished answer."""
        render = renderer.delta
        while (deltas := await stream.next()) != []:
            if not exchange.started:
                exchange.start(200, *EVENT_STREAM, *_extra_headers(plan))
            if deltas is None:
                exchange.write(HEARTBEAT)
            elif len(deltas) == 1:
                exchange.write(render(deltas[0]))
            else:
                exchange.write(b"".join([render(delta) for delta in deltas]))
            if exchange.congested:
                await exchange.drain()
        if not exchange.started:
            exchange.start(200, *EVENT_STREAM, *_extra_headers(plan))
        usage = renderer.usage(stream.usage) if plan.request.include_usage else b""
        exchange.finish(usage + DONE)


def _extra_headers(plan: Plan) -> tuple[Header, ...]:
    ignored = plan.request.ignored_fields
    if not ignored:
        return ()
    shown = ", ".join(name if name.isascii() and name.isprintable() else "?" for name in ignored[:32])
    return ((b"x-ignored-fields", shown[:1024].encode()),)
