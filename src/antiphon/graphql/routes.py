"""POST /api/graphql: Adaptive Engine's queries and mutations, on the services of all other addresses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from antiphon.errors import BodyTooLarge
from antiphon.graphql.reading import Reading, Services
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_key

if TYPE_CHECKING:
    from antiphon.graphql.execution import Execution

PATH = "/api/graphql"
BODY_BYTES_MAX = 262_144


class GraphQLBody(Struct):
    """A document, which of its operations is meant, and the values of its variables."""

    query: str
    operation_name: str | None = field(name="operationName", default=None)
    variables: dict[str, Any] | None = None  # Any: values of any JSON type


class GraphQLAnswer(Struct, omit_defaults=True):
    """The data, and what went wrong; `message` begins with `EntityNotFound:` where something named is not there."""

    data: dict[str, Any] | None = None  # Any: what the query asks for
    errors: list[dict[str, Any]] = []  # Any: GraphQL's errors


_body = msgspec.json.Decoder(GraphQLBody)


class GraphQLRoutes:
    """One address for all queries."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._execution: Execution | None = None
        self._loading = asyncio.Lock()

    async def post(self, exchange: Exchange) -> None:
        """Run a query or a mutation; 200 also where it is refused, with the reason under `errors`."""
        key = require_key(exchange)
        text = await exchange.body()
        if len(text) > BODY_BYTES_MAX:
            raise BodyTooLarge(f"The body: at most {BODY_BYTES_MAX} bytes are allowed here.")
        body = decode(text, _body)
        execution = self._execution or await self._load()
        answer = await execution.run(
            body.query, Reading(self._services, key), operation_name=body.operation_name, variables=body.variables
        )
        exchange.respond(200, msgspec.json.encode(answer), JSON)

    async def _load(self) -> Execution:
        """Import the library in a thread, once: requests on their way go on meanwhile."""
        async with self._loading:
            if self._execution is None:
                self._execution = await asyncio.to_thread(_execution)
        return self._execution


def _execution() -> Execution:
    from antiphon.graphql.execution import Execution

    return Execution()
