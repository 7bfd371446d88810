"""What every test is given: the vision fixtures, and no wait for Hypothesis on a busy machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures.chain.plugin", "tests.fixtures.databases.plugin", "tests.fixtures.vision.plugin"]

settings.register_profile(
    "suite",
    deadline=None,  # a shared machine may be slow at any moment
    print_blob=True,
    derandomize=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")
