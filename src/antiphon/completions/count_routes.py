"""How many tokens a prompt has, at the doors whose vendors tell: nothing is generated, and nothing charged."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from antiphon.chat import ChatRequest
from antiphon.completions.answering import Answering
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.doors import Door
from antiphon.completions.fit import prompt_tokens
from antiphon.completions.plan import Caller
from antiphon.completions.recall import Recall
from antiphon.errors import BadRequest, Unavailable
from antiphon.http.exchange import JSON, Exchange, require_key


class MessageTokens(Struct):
    """As Anthropic tells it."""

    input_tokens: int


class ResponseTokens(Struct):
    """As OpenAI tells it."""

    input_tokens: int
    object: str = "response.input_tokens"


class CountRoutes:
    """The handler of one door; `told` is how its vendor says a number."""

    def __init__(
        self,
        door: Door,
        told: Callable[[int], Struct],
        answering: Answering,
        bounds: RequestBounds,
        recall: Recall,
    ) -> None:
        self._door = door
        self._told = told
        self._answering = answering
        self._bounds = bounds
        self._recall = recall

    async def count(self, exchange: Exchange) -> None:
        """The number for a request as it would be answered: by the model's own tokenizer and template."""
        request = self._door.dialect.parse(await exchange.body(), exchange.headers, self._bounds)
        try:
            tokens = await self._tokens(exchange, request)
        except BadRequest as error:
            raise self._door.names.told(error) from None
        exchange.respond(200, msgspec.json.encode(self._told(tokens)), JSON)

    async def _tokens(self, exchange: Exchange, request: ChatRequest) -> int:
        key = require_key(exchange)
        if request.previous_id is not None:
            request = await self._recall(key, request)
        plan = await self._answering.plan(request, Caller(key, "", exchange.request_id))
        tokens = await prompt_tokens(plan)
        if tokens is None:
            raise Unavailable(f"No engine can count for {plan.model.id!r} now.", retry_after_s=1)
        return tokens
