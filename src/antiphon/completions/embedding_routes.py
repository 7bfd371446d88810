"""Embeddings at one door: from bytes to bytes. The dialect parses and renders; here the line is kept alive."""

from __future__ import annotations

import msgspec

from antiphon.clock import Clock
from antiphon.completions.charging import Charging, credit_headers
from antiphon.completions.dialects import EmbeddingDialect, Head, RequestBounds
from antiphon.completions.doors import Door
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingService
from antiphon.completions.following import planned_embeddings
from antiphon.completions.plan import Caller
from antiphon.completions.routes import WIRE_HEADER, ignored_header, named_nodes, sent_again
from antiphon.completions.slow_answer import SlowAnswer
from antiphon.credits.metering import Charge
from antiphon.errors import AntiphonError
from antiphon.http.exchange import Exchange, require_key
from antiphon.ids import Ids


class EmbeddingRoutes:
    """The handler of one door. `exact`: show only what its vendor documents, unless a request says otherwise."""

    def __init__(
        self,
        door: Door,
        dialect: EmbeddingDialect,
        service: EmbeddingService,
        bounds: RequestBounds,
        charging: Charging,
        *,
        clock: Clock,
        ids: Ids,
        exact: bool = False,
    ) -> None:
        self._door = door
        self._dialect = dialect
        self._service = service
        self._bounds = bounds
        self._charging = charging
        self._clock = clock
        self._ids = ids
        self._exact = exact

    async def embed(self, exchange: Exchange) -> None:
        """Answer with one vector for each input; a slow answer is preceded by blank lines, as a chat's is."""
        body = await exchange.body()
        request = self._dialect.parse(body, exchange.headers, self._bounds)
        key = require_key(exchange)
        answer_id = self._ids.make(self._dialect.id_prefix(dria=key.dria))
        again = sent_again(exchange)
        caller = Caller(key, answer_id, exchange.request_id, named_nodes(exchange), again, exchange.course)
        plan = self._service.plan(request, caller)
        if exchange.course is not None:
            planned_embeddings(plan, exchange.course)
        ledger = key.ledger
        if ledger is None:
            await self._answer(exchange, plan, None)
        else:
            charge = await self._charging.open_embeddings(plan, ledger, body)
            with self._charging.during(charge, exchange):
                await self._answer(exchange, plan, charge)

    async def _answer(self, exchange: Exchange, plan: EmbeddingPlan, charge: Charge | None) -> None:
        ignored = plan.request.ignored_fields
        answer = SlowAnswer(exchange, (ignored_header(ignored),) if ignored else ())
        try:
            embeddings, node = await self._service.embed(plan, answer.beat)
        except AntiphonError as error:
            answer.fail(error, self._door.errors)
        else:
            head = self._head(exchange, plan, node)
            if charge is not None and not head.exact:
                embeddings = msgspec.structs.replace(embeddings, usage=charge.priced(embeddings.usage))
            body = self._dialect.render(embeddings, head, base64=plan.request.base64)
            if charge is not None:
                charge.answered(body)
            answer.finish(body, *credit_headers(charge, ended=True))

    def _head(self, exchange: Exchange, plan: EmbeddingPlan, node: str) -> Head:
        wanted = exchange.headers.get(WIRE_HEADER)
        return Head(
            id=plan.caller.answer_id,
            created=self._clock.now(),
            model=plan.shown_model,
            node=node,
            session_id=plan.request.session_id,
            exact=self._exact if wanted is None else wanted.lower() == b"exact",
            dria=plan.caller.key.dria,
        )
