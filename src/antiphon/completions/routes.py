"""Chat at one door: from bytes to bytes. The dialect parses and renders; here the line is kept alive."""

from __future__ import annotations

from antiphon.chat import Delta
from antiphon.clock import Clock
from antiphon.completions.answering import Answering
from antiphon.completions.dialects import AnswerStream, Dialect, Head, RequestBounds
from antiphon.completions.doors import Door
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.service import CompletionStream
from antiphon.completions.slow_answer import SlowAnswer
from antiphon.completions.tool_stream import ToolStream
from antiphon.errors import AntiphonError
from antiphon.http.errors import event_body
from antiphon.http.exchange import EVENT_STREAM, Exchange, Header, require_key
from antiphon.http.sse import DONE, HEARTBEAT, event
from antiphon.ids import Ids

AnyStream = CompletionStream | ToolStream
WIRE_HEADER = b"x-wire"


class ChatRoutes:
    """The chat handler of one door, or the one of its text completions when given their `dialect`.

    `exact`: show only what its vendor documents, unless a request says otherwise.
    """

    def __init__(
        self,
        door: Door,
        answering: Answering,
        bounds: RequestBounds,
        *,
        clock: Clock,
        ids: Ids,
        exact: bool = False,
        dialect: Dialect | None = None,
    ) -> None:
        self._door = door
        self._dialect = dialect or door.dialect
        self._answering = answering
        self._bounds = bounds
        self._clock = clock
        self._ids = ids
        self._exact = exact

    async def chat(self, exchange: Exchange) -> None:
        """Answer one completion, plain or streamed as the body asks."""
        request = self._dialect.parse(await exchange.body(), exchange.headers, self._bounds)
        key = require_key(exchange)
        answer_id = self._ids.make(self._dialect.id_prefix(dria=key.dria))
        plan = await self._answering.plan(request, Caller(key, answer_id, exchange.request_id))
        if request.stream:
            await self._stream(exchange, plan)
        else:
            await self._plain(exchange, plan)

    def _head(self, exchange: Exchange, plan: Plan, node: str = "") -> Head:
        wanted = exchange.headers.get(WIRE_HEADER)
        return Head(
            id=plan.caller.answer_id,
            created=self._clock.now(),
            model=plan.shown_model,
            node=node,
            session_id=plan.session_id,
            completion_ids=plan.completion_ids,
            include_usage=plan.request.include_usage,
            exact=self._exact if wanted is None else wanted.lower() == b"exact",
            dria=plan.caller.key.dria,
        )

    async def _plain(self, exchange: Exchange, plan: Plan) -> None:
        answer = SlowAnswer(exchange, _extra_headers(plan))
        try:
            completion, node = await self._answering.complete(plan, answer.beat)
        except AntiphonError as error:
            answer.fail(error, self._door.errors)
        else:
            answer.finish(self._dialect.render(completion, self._head(exchange, plan, node)))

    async def _stream(self, exchange: Exchange, plan: Plan) -> None:
        """The head goes out with the first delta or the first heartbeat: until then a status can still be said."""
        stream = self._answering.open(plan)
        renderer = self._dialect.stream(self._head(exchange, plan))
        try:
            await stream.start()
            await self._relay(exchange, plan, stream, renderer)
        except AntiphonError as error:
            stream.failed(error)
            if not exchange.started:
                raise
            exchange.finish(event(event_body(error, self._door.errors)))
        finally:
            stream.close()

    async def _relay(self, exchange: Exchange, plan: Plan, stream: AnyStream, renderer: AnswerStream) -> None:
        """What arrives together is written together; `[DONE]` follows only a finished answer."""
        render = renderer.delta

        def take(deltas: list[Delta]) -> bool:
            """Most deltas come this way, straight from the engine's connection; only if the client keeps up."""
            events = render(deltas[0]) if len(deltas) == 1 else b"".join([render(delta) for delta in deltas])
            return exchange.write(events)

        while (deltas := await stream.next(take)) != []:
            if not exchange.started:
                exchange.start(200, *EVENT_STREAM, *_extra_headers(plan))
            keeps_up = exchange.write(HEARTBEAT) if deltas is None else take(deltas)
            if not keeps_up:
                await exchange.drain()
        if not exchange.started:
            exchange.start(200, *EVENT_STREAM, *_extra_headers(plan))
        exchange.finish(renderer.end(stream.usage, stream.confidence) + DONE)


def _extra_headers(plan: Plan) -> tuple[Header, ...]:
    """What is told of a request beside its answer; nothing for most."""
    request = plan.request
    if not (request.ignored_fields or plan.turns_dropped or plan.session_id):
        return ()
    headers: list[Header] = []
    if request.ignored_fields:
        headers.append(ignored_header(request.ignored_fields))
    if plan.turns_dropped:
        headers.append((b"x-prompt-truncated", b"%d" % plan.turns_dropped))
    if plan.session_id:
        headers.append((b"x-session-id", plan.session_id.encode()))
    return tuple(headers)


def ignored_header(fields: tuple[str, ...]) -> Header:
    """Names the fields that nobody here knows."""
    names = [name if name.isascii() and name.isprintable() else "?" for name in fields[:32]]
    return (b"x-ignored-fields", ", ".join(names)[:1024].encode())
