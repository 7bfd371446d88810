"""Chat at one door: from bytes to bytes. The dialect parses and renders; here the line is kept alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import msgspec

from antiphon.chat import Completion, Delta
from antiphon.clock import Clock
from antiphon.completions.answering import Answering
from antiphon.completions.charging import Charging, credit_headers
from antiphon.completions.dialects import AnswerStream, Dialect, Echo, FailingStream, Head, RequestBounds
from antiphon.completions.doors import Door
from antiphon.completions.following import planned, trace_of
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.recall import Recall
from antiphon.completions.recording import parameters
from antiphon.completions.slow_answer import SlowAnswer
from antiphon.completions.stream import CompletionStream
from antiphon.completions.tool_stream import ToolStream
from antiphon.credits.metering import Charge
from antiphon.errors import AntiphonError, BadRequest
from antiphon.http.errors import error_event
from antiphon.http.exchange import EVENT_STREAM, Exchange, Header, require_key
from antiphon.ids import Ids
from antiphon.trace_context import TRACEPARENT

AnyStream = CompletionStream | ToolStream
WIRE_HEADER = b"x-wire"
NODE_HEADER = b"x-node"
RETRY_HEADER = b"x-stainless-retry-count"  # which the SDKs of OpenAI and Anthropic send


class ChatRoutes:
    """The chat handler of one door, or the one of its text completions when given their `dialect`.

    `exact`: show only what its vendor documents, unless a request says otherwise. `recall` puts a stored conversation
    in front of a request that goes on from one.
    """

    def __init__(
        self,
        door: Door,
        answering: Answering,
        bounds: RequestBounds,
        charging: Charging,
        *,
        clock: Clock,
        ids: Ids,
        exact: bool = False,
        dialect: Dialect | None = None,
        recall: Recall | None = None,
    ) -> None:
        self._door = door
        self._dialect = dialect or door.dialect
        self._answering = answering
        self._bounds = bounds
        self._charging = charging
        self._clock = clock
        self._ids = ids
        self._exact = exact
        self._recall = recall

    async def chat(self, exchange: Exchange) -> None:
        """Answer one completion, plain or streamed as the body asks."""
        body = await exchange.body()
        request = self._dialect.parse(body, exchange.headers, self._bounds)
        key, course = require_key(exchange), exchange.course
        try:
            if request.previous_id is not None and self._recall is not None:
                request = await self._recall(key, request)
            answer_id = self._ids.make(self._dialect.id_prefix(dria=key.dria))
            again = RETRY_HEADER in exchange.headers and sent_again(exchange)
            trace = trace_of(exchange) if course is not None or TRACEPARENT in exchange.headers else None
            caller = Caller(key, answer_id, exchange.request_id, named_nodes(exchange), again, course, trace)
            plan = await self._answering.plan(request, caller)
            if course is not None:
                planned(plan, course)
            ledger = key.ledger
            if ledger is None:
                await self._answer(exchange, plan, None)
            else:
                charging = self._charging
                charge = charging.open_now(plan, ledger, body) or await charging.open(plan, ledger, body)
                with charging.during(charge, exchange):
                    await self._answer(exchange, plan, charge)
        except BadRequest as error:
            raise self._door.names.told(error) from None

    def _answer(self, exchange: Exchange, plan: Plan, charge: Charge | None) -> Awaitable[None]:
        return (self._stream if plan.request.stream else self._plain)(exchange, plan, charge)

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
            echo=_echo(plan) if self._door.echoes else None,
        )

    async def _plain(self, exchange: Exchange, plan: Plan, charge: Charge | None) -> None:
        answer = SlowAnswer(exchange, _extra_headers(plan))
        try:
            completion, node = await self._answering.complete(plan, answer.beat)
        except AntiphonError as error:
            answer.fail(self._door.names.told(error), self._door.errors)
        else:
            head = self._head(exchange, plan, node)
            if charge is None:
                answer.finish(self._dialect.render(completion, head))
            else:
                body = self._dialect.render(_priced(completion, head, charge), head)
                charge.answered(body)
                answer.finish(body, *credit_headers(charge, ended=True))

    async def _stream(self, exchange: Exchange, plan: Plan, charge: Charge | None) -> None:
        """The head goes out with the first delta or the first heartbeat: until then a status can still be said."""
        stream = self._answering.open(plan)
        head = self._head(exchange, plan)
        renderer = self._dialect.stream(head)
        try:
            await stream.start()
            headers = (*EVENT_STREAM, *_extra_headers(plan), *credit_headers(charge, ended=False))
            await self._relay(exchange, headers, stream, renderer)
            usage = stream.usage if charge is None or head.exact else charge.priced(stream.usage)
            exchange.finish(renderer.end(usage, stream.confidence) + self._door.done)
        except AntiphonError as error:
            stream.failed(error)
            if not exchange.started:
                raise
            shown = self._door.names.told(error)
            if exchange.course is not None:
                exchange.course.refused(shown, exchange.key)
            told = renderer.failed(shown) if isinstance(renderer, FailingStream) else b""
            exchange.fail(told + error_event(shown, self._door.errors))
        except asyncio.CancelledError:
            if exchange.ended_by is not None:  # else the client has left
                stream.failed(exchange.ended_by)
            raise
        finally:
            stream.close()

    async def _relay(
        self, exchange: Exchange, headers: tuple[Header, ...], stream: AnyStream, renderer: AnswerStream
    ) -> None:
        """All deltas; what arrives together is written together."""
        render = renderer.delta

        def take(deltas: list[Delta]) -> bool:
            """Most deltas come this way, straight from the engine's connection; only if the client keeps up."""
            events = render(deltas[0]) if len(deltas) == 1 else b"".join([render(delta) for delta in deltas])
            return exchange.write(events)

        while (deltas := await stream.next(take)) != []:
            if not exchange.started:
                exchange.start(200, *headers)
            keeps_up = exchange.write(self._door.heartbeat) if deltas is None else take(deltas)
            if not keeps_up:
                await exchange.drain()
        if not exchange.started:
            exchange.start(200, *headers)


def _echo(plan: Plan) -> Echo:
    """What was asked for, as it takes effect."""
    request = plan.request
    return Echo(parameters(plan), request.labels or {}, request.user, plan.stored)


def _priced(completion: Completion, head: Head, charge: Charge) -> Completion:
    """With what it cost, where the answer may say so."""
    if head.exact:
        return completion
    return msgspec.structs.replace(completion, usage=charge.priced(completion.usage))


def named_nodes(exchange: Exchange) -> frozenset[str]:
    """The nodes that the request is bound to, as the caller names them; none where it does not."""
    named = exchange.headers.get(NODE_HEADER)
    if named is None:
        return frozenset()
    return frozenset(name.strip() for name in named.decode("latin-1").split(",") if name.strip())


def sent_again(exchange: Exchange) -> bool:
    """Whether the client says that it has sent the request before."""
    return exchange.headers.get(RETRY_HEADER, b"0") != b"0"


def _extra_headers(plan: Plan) -> tuple[Header, ...]:
    """What is told of a request beside its answer; nothing for most."""
    session = ((b"x-session-id", plan.session_id.encode()),) if plan.session_id else ()
    ignored = plan.request.ignored_fields
    if not ignored and not plan.turns_dropped:
        return session
    truncated = ((b"x-prompt-truncated", b"%d" % plan.turns_dropped),) if plan.turns_dropped else ()
    return (*((ignored_header(ignored),) if ignored else ()), *truncated, *session)


def ignored_header(fields: tuple[str, ...]) -> Header:
    """Names the fields that nobody here knows."""
    names = [name if name.isascii() and name.isprintable() else "?" for name in fields[:32]]
    return (b"x-ignored-fields", ", ".join(names)[:1024].encode())
