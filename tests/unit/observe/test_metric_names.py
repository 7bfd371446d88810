"""Names of metrics on their way to a collector."""

from __future__ import annotations

import pytest

from antiphon.observe.metric_names import GEN_AI_LABELS, GEN_AI_NAMES, otlp_label, otlp_name
from antiphon.observe.metrics import Metrics


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gen_ai_server_request_duration_seconds", ("gen_ai.server.request.duration", "s")),
        ("gen_ai_client_token_usage", ("gen_ai.client.token.usage", "{token}")),
        ("antiphon_event_loop_lag_seconds", ("antiphon.event_loop_lag", "s")),
        ("antiphon_memory_used_ratio", ("antiphon.memory_used", "1")),
        ("antiphon_requests_in_flight", ("antiphon.requests_in_flight", "")),
    ],
)
def test_a_metric_has_the_convention_s_name(name: str, expected: tuple[str, str]) -> None:
    """And its unit beside it."""
    assert otlp_name(name) == expected


def test_labels_of_the_convention_have_its_names() -> None:
    """Others stay."""
    assert (otlp_label("gen_ai_request_model"), otlp_label("route")) == ("gen_ai.request.model", "route")


def test_no_name_of_the_convention_is_forgotten() -> None:
    """Each metric of ours that is one of its own has its name in it, and so have all of its labels."""
    ours = [family.name for family in Metrics().families() if family.name.startswith("gen_ai_")]
    assert {otlp_name(name)[0] for name in ours} == set(GEN_AI_NAMES.values())
    assert all("_" not in label.rpartition(".")[0] or label.startswith("gen_ai.") for label in GEN_AI_LABELS.values())
