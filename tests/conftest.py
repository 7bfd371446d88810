"""What every test is given: databases, vision fixtures, a place among all, and time for Hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.schedule",
    "tests.fixtures.chain.plugin",
    "tests.fixtures.databases.plugin",
    "tests.fixtures.vision.plugin",
]

settings.register_profile(
    "suite",
    deadline=None,  # a shared machine may be slow at any moment
    print_blob=True,
    derandomize=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")
