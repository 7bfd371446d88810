"""Questions to the schema as tests ask them."""

from __future__ import annotations

from functools import cache
from typing import Any

from antiphon.graphql.execution import Execution
from antiphon.graphql.reading import Reading, Services
from antiphon.key import ADMIN, Key

ANN = Key("ann", scopes=ADMIN)
USER = Key("user", account_name="ann")
Json = Any  # Any: whatever the answer holds


@cache
def execution() -> Execution:
    """One for all tests: it keeps nothing of a caller."""
    return Execution()


async def answered(services: Services, text: str, variables: Json = None, *, key: Key = ANN) -> Json:
    """The whole answer."""
    return await execution().run(text, Reading(services, key), variables=variables)


async def told(services: Services, text: str, variables: Json = None, *, key: Key = ANN) -> Json:
    """The data of an answer without errors."""
    answer = await answered(services, text, variables, key=key)
    assert "errors" not in answer, answer
    return answer["data"]


async def refused(services: Services, text: str, variables: Json = None, *, key: Key = ANN) -> str:
    """The message of an answer's first error."""
    answer = await answered(services, text, variables, key=key)
    assert answer.get("errors"), answer
    return str(answer["errors"][0]["message"])
