"""What every test is given: databases, vision fixtures, a place among all, and time for Hypothesis."""

from __future__ import annotations

import gc
import sys

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.schedule",
    "tests.fixtures.chain.plugin",
    "tests.fixtures.databases.plugin",
    "tests.fixtures.vision.plugin",
]

RECURSION_LIMIT = sys.getrecursionlimit()

settings.register_profile(
    "suite",
    deadline=None,  # a shared machine may be slow at any moment
    print_blob=True,
    derandomize=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Take back what a library raised when a test imported it: JSON that is nested too deeply would end the process."""
    sys.setrecursionlimit(RECURSION_LIMIT)


def pytest_collection_finish() -> None:
    """Leave thousands of tests out of all later collections of garbage: each would halt engines and clients."""
    gc.collect()
    gc.freeze()
