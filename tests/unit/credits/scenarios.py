"""All stories of the books: run on every kind of database, and against planted bugs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.unit.credits import hold_scenarios, lease_scenarios
from tests.unit.credits.books import Books

Scenario = Callable[[Books], Awaitable[None]]

SCENARIOS: tuple[Scenario, ...] = tuple(
    function
    for module in (hold_scenarios, lease_scenarios)
    for function in vars(module).values()
    if asyncio.iscoroutinefunction(function)
)
