"""The names of our metrics where they are sent by OpenTelemetry's protocol: Prometheus has no dots, and units in names.

A collector that shows them to Prometheus again gives them the names that `/metrics` has. Pure.
"""

from __future__ import annotations

UNITS = {"_seconds": "s", "_ratio": "1", "_bytes": "By"}
GEN_AI_NAMES = {
    "gen_ai_server_request_duration": "gen_ai.server.request.duration",
    "gen_ai_server_time_to_first_token": "gen_ai.server.time_to_first_token",
    "gen_ai_server_time_per_output_token": "gen_ai.server.time_per_output_token",
    "gen_ai_client_operation_duration": "gen_ai.client.operation.duration",
    "gen_ai_client_token_usage": "gen_ai.client.token.usage",
}
GEN_AI_LABELS = {
    "gen_ai_operation_name": "gen_ai.operation.name",
    "gen_ai_request_model": "gen_ai.request.model",
    "gen_ai_provider_name": "gen_ai.provider.name",
    "gen_ai_token_type": "gen_ai.token.type",
    "error_type": "error.type",
}


def otlp_name(name: str) -> tuple[str, str]:
    """The name of a metric, and its unit; "" where it counts."""
    for suffix, unit in UNITS.items():
        if name.endswith(suffix):
            plain = name.removesuffix(suffix)
            return _dotted(plain), unit
    return _dotted(name), "{token}" if name == "gen_ai_client_token_usage" else ""


def otlp_label(name: str) -> str:
    """The name of an attribute."""
    return GEN_AI_LABELS.get(name, name)


def _dotted(name: str) -> str:
    return GEN_AI_NAMES.get(name) or name.replace("antiphon_", "antiphon.", 1)
