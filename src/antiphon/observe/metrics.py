"""Prometheus metrics by OpenTelemetry's GenAI names. Series are bound once per model: a request only adds."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.metrics_core import Metric

from antiphon.completions.embeddings import EmbeddingRecord
from antiphon.completions.record import Record
from antiphon.credits.lease_store import Settlement
from antiphon.models.outcomes import Tally
from antiphon.observe.attempt_metrics import AttemptMetrics
from antiphon.observe.campaign_metrics import CampaignMetrics
from antiphon.observe.charge_metrics import ChargeMetrics
from antiphon.observe.families import NOTED_MAX, CounterFamily, HistogramFamily, Series
from antiphon.observe.placement import PlacementCollector

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKEN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28)
TOKENS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0)
LABELS = ("gen_ai_operation_name", "gen_ai_request_model", "gen_ai_provider_name")


class _Model(Struct):
    """The series of one model."""

    duration: Series
    first_token: Series
    token: Series
    prompt_tokens: Series
    completion_tokens: Series

    def fold(self) -> None:
        """Count what was noted."""
        for series in (self.duration, self.first_token, self.token, self.prompt_tokens, self.completion_tokens):
            series.fold()


class Metrics:
    """All metrics of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        server = "gen_ai_server_"
        self._duration = self._histogram(
            f"{server}request_duration_seconds", "Time of a whole answer, by operation, model and provider.", SECONDS
        )
        self._first = self._histogram(
            f"{server}time_to_first_token_seconds", "Time to the first token of a stream, by the same.", SECONDS
        )
        self._token = self._histogram(
            f"{server}time_per_output_token_seconds", "Time for each later token, by the same.", TOKEN_SECONDS
        )
        self._usage = self._histogram(
            "gen_ai_client_token_usage",
            "Tokens of a request, by the same and by type: input or output.",
            TOKENS,
            "gen_ai_token_type",
        )
        attempts = self._histogram(
            "gen_ai_client_operation_duration_seconds",
            "Time of an attempt at an engine, by the same and by what it failed of; while metrics are sent by OTLP.",
            SECONDS,
            "error_type",
        )
        self.attempts = AttemptMetrics(attempts)
        self._failures = self._counter(
            "failures", "Requests that failed, by model and error code; client_gone is among them.", "model", "code"
        )
        self._continuations = self._counter(
            "continuations", "How often answers went on at another engine in their middle, by model.", "model"
        )
        self._responses = self._counted(
            "http_responses", "Responses by route and status; 499 where the client had left.", "route", "status"
        )
        self.restarts = self._counter("engine_restarts", "Restarts of an engine's child process, by model.", "model")
        self.charged = ChargeMetrics(self._registry).note
        self._checks = self._counted(
            "node_checks", "Checks of nodes, by node, kind and outcome.", "node", "kind", "outcome"
        )
        self._quarantined = self._counted(
            "node_quarantines", "Nodes that were found to lie, by node and by the kind of check.", "node", "kind"
        )
        self._refused = self._counter("credit_refusals", "Requests answered 402, for want of credit.")
        self._uncharged = self._counter(
            "charges_lost_micro_usdc", "Micro-USDC that could not be charged: the house's loss."
        )
        self.campaigns = CampaignMetrics(self._registry)
        self._payments_refused = self._counted(
            "topup_refusals", "Payments of top-ups that were refused, by reason as x402 spells it.", "reason"
        )
        self._holds = self._gauge("credit_holds_open", "Requests that hold credit now.")
        self._posted = self._counter("channel_messages", "Messages posted to channels at this gateway.")
        self._followers = self._gauge("channel_followers", "Requests that wait for messages of channels.")
        self._waiting = self._gauge("requests_waiting", "Requests that wait for an engine, all models together.")
        self._shed = self._counted(
            "shed_requests", "Requests refused for what the gateway itself had to do: lag or memory.", "reason"
        )
        self._lag = self._gauge("event_loop_lag_seconds", "How late the event loop was at its last beat, ten a second.")
        self._memory = self._gauge(
            "memory_used_ratio", "Share of the memory in use, of the container's where that is bounded."
        )
        self.in_flight = 0
        self._gauge("requests_in_flight", "Requests being served.").set_function(lambda: self.in_flight)
        self._models: dict[str, _Model] = {}
        self._texts: dict[str, _Model] = {}

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...], *labels: str) -> HistogramFamily:
        family = HistogramFamily(name, text, (*LABELS, *labels), bounds)
        self._registry.register(family)
        return family

    def _counted(self, name: str, text: str, *labels: str) -> CounterFamily:
        """A counter that is cheap to add to."""
        family = CounterFamily(f"antiphon_{name}", text, labels)
        self._registry.register(family)
        return family

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"antiphon_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"antiphon_{name}", text, registry=self._registry)

    def responded(self, route: str, status: int) -> None:
        """Count a response."""
        self._responses.add((route, status))

    def ended(self, record: Record) -> None:
        """Count a completion."""
        plan = record.plan
        if len(record.served) > plan.request.choices:
            self._continuations.labels(plan.model.id).inc(len(record.served) - plan.request.choices)
        if record.failure is not None:
            self._failures.labels(plan.model.id, record.failure).inc()
            return
        models, operation = (self._texts, "text_completion") if plan.request.prompts else (self._models, "chat")
        model = models.get(plan.model.id) or self._bind(models, operation, plan.model.id)
        usage = record.usage
        model.duration.observe(record.ended_at - plan.begun_at)
        model.prompt_tokens.observe(usage.prompt_tokens)
        model.completion_tokens.observe(usage.completion_tokens)
        if record.first_token_at is not None:
            model.first_token.observe(record.first_token_at - plan.begun_at)
            if usage.completion_tokens > 1:
                model.token.observe((record.ended_at - record.first_token_at) / (usage.completion_tokens - 1))
        if len(model.duration.noted) >= NOTED_MAX:
            model.fold()

    def embedded(self, record: EmbeddingRecord) -> None:
        """Count a request for embeddings."""
        plan = record.plan
        if record.failure is not None:
            self._failures.labels(plan.model.id, record.failure).inc()
            return
        labels = ("embeddings", plan.model.id, "antiphon")
        duration, tokens = self._duration.bind(*labels), self._usage.bind(*labels, "input")
        duration.observe(record.ended_at - plan.begun_at)
        tokens.observe(record.usage.prompt_tokens)
        if len(duration.noted) >= NOTED_MAX:
            duration.fold()
            tokens.fold()

    def checked(self, node: str, kind: str, *, failed: bool) -> None:
        """Count a check of a node."""
        self._checks.add((node, kind, "failed" if failed else "passed"))

    def quarantined(self, node: str, kind: str) -> None:
        """Count a node that was found to lie."""
        self._quarantined.add((node, kind))

    def refused(self) -> None:
        """Count a request that was refused for want of credit."""
        self._refused.inc()

    def payment_refused(self, reason: str) -> None:
        """Count a payment that was refused."""
        self._payments_refused.add((reason,))

    def uncharged(self, settlement: Settlement) -> None:
        """Count what could not be charged."""
        self._uncharged.inc(settlement.cost)

    def watch_holds(self, count: Callable[[], int]) -> None:
        """Show, from now on, how many requests hold credit."""
        self._holds.set_function(count)

    def shed(self, reason: str) -> None:
        """Count a request that was refused for want of the gateway's own time or memory."""
        self._shed.add((reason,))

    def watch_load(self, lag_s: Callable[[], float], memory_share: Callable[[], float]) -> None:
        """Show, from now on, how late the event loop is and how full the memory."""
        self._lag.set_function(lag_s)
        self._memory.set_function(memory_share)

    def posted(self) -> None:
        """Count a message that was posted to a channel."""
        self._posted.inc()

    def watch_followers(self, count: Callable[[], int]) -> None:
        """Show, from now on, how many requests wait for messages of channels."""
        self._followers.set_function(count)

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """Show, from now on, how many requests wait for an engine."""
        self._waiting.set_function(count)

    def watch_placement(self, tally: Tally) -> None:
        """Show, from now on, what placement has come to."""
        self._registry.register(PlacementCollector(tally))

    def _bind(self, models: dict[str, _Model], operation: str, model_id: str) -> _Model:
        labels = (operation, model_id, "antiphon")
        bound = models[model_id] = _Model(
            duration=self._duration.bind(*labels),
            first_token=self._first.bind(*labels),
            token=self._token.bind(*labels),
            prompt_tokens=self._usage.bind(*labels, "input"),
            completion_tokens=self._usage.bind(*labels, "output"),
        )
        return bound

    def families(self) -> list[Metric]:
        """What a scrape would show, for whoever sends it elsewhere."""
        return list(self._registry.collect())

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)
