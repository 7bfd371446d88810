"""How tests are shared out: those that use one gateway follow each other on one worker, the longest groups begin."""

from __future__ import annotations

import os
from typing import Any  # the plugin for several workers has no types

import pytest

WORKERS_MAX = 4  # each may have an engine that computes

# A folder stays together, a file always does. What takes long stands first, since workers end at one time only if what
# is left for the end is short; what computes beside what waits.
LONGEST_FIRST = (
    "tests/conformance",
    "tests/clients",
    "tests/integration/test_idempotency.py",
    "tests/integration/test_structured_output.py",
    "tests/integration/charging",
    "tests/integration/test_conformance.py",
    "tests/examples",
    "tests/integration/effects",
    "tests/docs",
    "tests/integration/test_local_chain.py",
    "tests/integration/faults",
    "tests/integration/overload",
    "tests/integration/test_shared_limits.py",
    "tests/architecture",
    "tests/integration/test_stored_keys.py",
    "tests/integration/test_campaigns.py",
    "tests/unit/credits/test_races.py",
    "tests/unit/credits/test_state_machine.py",
    "tests/integration/channels",
    "tests/integration/test_embedded_engine.py",
    "tests/integration/test_vision_engine.py",
    "tests/integration/test_topup_kills.py",
    "tests/unit/structured/test_remainder.py",
    "tests/integration/bad_input",
    "tests/integration/test_openapi.py",
    "tests/integration/test_payout_kills.py",
    "tests/integration/test_remainder.py",
    "tests/integration/test_nodes.py",
    "tests/unit/simulation/test_mutants.py",
    "tests/integration/test_engine_restarts.py",
    "tests/console",
)


def group_of(nodeid: str) -> str:
    """The folder or the file whose tests run one after the other."""
    file = nodeid.partition("::")[0]
    return next((group for group in LONGEST_FIRST if file == group or file.startswith(f"{group}/")), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A worker for each processor and one more, up to a bound: two fifths of their time tests wait for something."""
    return min(len(os.sched_getaffinity(0)) + 1, WORKERS_MAX)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand one group after the other to whichever worker is free, in the order of the collection."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = group_of
    return scheduling


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put groups together, the longest first; within a group, and among the short ones, chance has the order."""
    longest = {group: number for number, group in enumerate(LONGEST_FIRST)}
    first: dict[str, int] = {}
    for number, item in enumerate(items):
        first.setdefault(group_of(item.nodeid), number)

    def place(item: pytest.Item) -> tuple[int, int]:
        group = group_of(item.nodeid)
        return longest.get(group, len(longest)), first[group]

    items.sort(key=place)
