"""The settings of what a collector is told."""

from __future__ import annotations

import pytest

from antiphon.observe.target import Sampling, Target
from antiphon.settings.otlp import OtlpHeader, OtlpSettings, as_sampling, as_target
from antiphon.settings.secret import Secret

ENDPOINT = "http://collector:4318"


def test_a_collector_is_told_who_sends() -> None:
    """With the headers that it wants to see."""
    settings = OtlpSettings(endpoint=ENDPOINT, headers=(OtlpHeader(name="x-key", value=Secret("k")),), interval_s=3.0)
    target = as_target(settings, version="1", instance="one")
    assert target == Target(ENDPOINT, "antiphon", "1", "one", (("x-key", "k"),), interval_s=3.0)


@pytest.mark.parametrize("settings", [OtlpSettings(), OtlpSettings(endpoint=ENDPOINT, traces=False, metrics=False)])
def test_without_anything_to_send_there_is_no_target(settings: OtlpSettings) -> None:
    """Nor is anything traced."""
    assert (as_target(settings, version="1", instance="one"), as_sampling(settings)) == (None, None)


def test_requests_are_sampled_where_traces_are_sent() -> None:
    """As the settings say."""
    settings = OtlpSettings(endpoint=ENDPOINT, sample_share=0.25, heeds_clients=False)
    assert as_sampling(settings) == Sampling(0.25, heeds_clients=False)
