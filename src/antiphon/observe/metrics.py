"""Prometheus metrics by OpenTelemetry's GenAI names. Children are bound once per model, so a request pays only for adding."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from msgspec import Struct

from antiphon.completions.service import Record

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKEN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
MODELS_MAX = 1000


class _Model(Struct):
    """The bound metrics of one model."""

    duration: Histogram
    first_token: Histogram
    token: Histogram
    prompt_tokens: Histogram
    completion_tokens: Histogram


class Metrics:
    """All metrics of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        labels = ("gen_ai_operation_name", "gen_ai_request_model", "gen_ai_provider_name")

        def histogram(name: str, text: str, buckets: tuple[float, ...], extra: tuple[str, ...] = ()) -> Histogram:
            return Histogram(name, text, (*labels, *extra), buckets=buckets, registry=registry)

        self._duration = histogram("gen_ai_server_request_duration_seconds", "Time of a whole answer.", SECONDS)
        self._first = histogram("gen_ai_server_time_to_first_token_seconds", "Time to the first token.", SECONDS)
        self._token = histogram("gen_ai_server_time_per_output_token_seconds", "Time per later token.", TOKEN_SECONDS)
        self._usage = histogram("gen_ai_client_token_usage", "Tokens per request.", TOKENS, ("gen_ai_token_type",))
        self._failures = Counter(
            "antiphon_failures", "Requests that failed, by error code.", ("model", "code"), registry=registry
        )
        self._responses = Counter(
            "antiphon_http_responses", "Responses by route and status.", ("route", "status"), registry=registry
        )
        self.in_flight = Gauge("antiphon_requests_in_flight", "Requests being served.", registry=registry)
        self.restarts = Counter(
            "antiphon_engine_restarts", "Starts of an engine's child process after its end.", ("model",),
            registry=registry,
        )
        self._models: dict[str, _Model] = {}
        self._counts: dict[tuple[str, int], Counter] = {}

    def responded(self, route: str, status: int) -> None:
        """Count a response."""
        child = self._counts.get((route, status))
        if child is None:
            child = self._counts[route, status] = self._responses.labels(route, str(status))
        child.inc()

    def ended(self, record: Record) -> None:
        """Count a completion."""
        plan = record.plan
        if record.failure is not None:
            self._failures.labels(plan.model.id, record.failure).inc()
            return
        model = self._models.get(plan.model.id) or self._bind(plan.model.id)
        usage = record.usage
        model.duration.observe(record.ended_at - plan.begun_at)
        model.prompt_tokens.observe(usage.prompt_tokens)
        model.completion_tokens.observe(usage.completion_tokens)
        if record.first_token_at is not None:
            model.first_token.observe(record.first_token_at - plan.begun_at)
            if usage.completion_tokens > 1:
                model.token.observe((record.ended_at - record.first_token_at) / (usage.completion_tokens - 1))

    def _bind(self, model_id: str) -> _Model:
        labels = ("chat", model_id, "antiphon")
        bound = _Model(
            duration=self._duration.labels(*labels),
            first_token=self._first.labels(*labels),
            token=self._token.labels(*labels),
            prompt_tokens=self._usage.labels(*labels, "input"),
            completion_tokens=self._usage.labels(*labels, "output"),
        )
        if len(self._models) < MODELS_MAX:
            self._models[model_id] = bound
        return bound

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)


