"""Tests of the metrics, read back by Prometheus's own parser."""

from __future__ import annotations

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from antiphon.chat import ChatRequest, EmbeddingRequest, Message, Sampling, Usage
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.plan import Caller, Plan
from antiphon.completions.record import Record
from antiphon.credits.lease_store import Settlement
from antiphon.credits.receipt import Served
from antiphon.key import Key
from antiphon.models.catalogue import Model
from antiphon.observe.families import NOTED_MAX
from antiphon.observe.metrics import Metrics
from tests.unit.credits.asking import draft


def record(
    *, usage: Usage = Usage(), ended_at: float = 12.0, first_token_at: float | None = None, failure: str | None = None
) -> Record:
    """How a request for the model `m"1` that began at 10 s ended."""
    request = ChatRequest('m"1', (Message(role="user", content="a question"),))
    plan = Plan(
        request, Caller(Key("k")), Model('m"1', ()), Sampling(), begun_at=10.0, total_at=70.0, first_token_at=40.0
    )
    return Record(plan, usage, ended_at, failure, first_token_at)


def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The samples of that name, by their label values in the labels' order."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def total(metrics: Metrics, name: str) -> float:
    """The value of a metric that has one series at most."""
    found = values(metrics, name)
    assert len(found) <= 1
    return sum(found.values())


def test_a_completion_is_counted() -> None:
    """Duration, first token, each later token, and tokens in and out."""
    metrics = Metrics()
    metrics.ended(record(usage=Usage(7, 5), first_token_at=10.5, ended_at=12.5))
    server = "gen_ai_server_"
    assert total(metrics, f"{server}request_duration_seconds_sum") == pytest.approx(2.5)
    assert total(metrics, f"{server}request_duration_seconds_count") == 1
    assert total(metrics, f"{server}time_to_first_token_seconds_sum") == pytest.approx(0.5)
    assert total(metrics, f"{server}time_per_output_token_seconds_sum") == pytest.approx(0.5)
    labels = ("chat", "antiphon", 'm"1')
    assert values(metrics, "gen_ai_client_token_usage_sum") == {(*labels, "input"): 7, (*labels, "output"): 5}


def test_many_completions_are_all_counted() -> None:
    """However many come between two scrapes, little is noted and nothing is missed."""
    metrics = Metrics()
    for _ in range(3 * NOTED_MAX + 1):
        metrics.ended(record(usage=Usage(7, 5), first_token_at=10.5, ended_at=12.5))
    for name in ("request_duration_seconds", "time_to_first_token_seconds", "time_per_output_token_seconds"):
        assert total(metrics, f"gen_ai_server_{name}_count") == 3 * NOTED_MAX + 1
    assert sum(values(metrics, "gen_ai_client_token_usage_sum").values()) == 12 * (3 * NOTED_MAX + 1)


@pytest.mark.parametrize(("first_token_at", "tokens", "firsts"), [(None, 5, 0), (10.5, 1, 1), (10.5, 0, 1)])
def test_what_was_not_measured_is_not_counted(first_token_at: float | None, tokens: int, firsts: int) -> None:
    """A plain answer has no first token, a single token no time for each later one."""
    metrics = Metrics()
    metrics.ended(record(usage=Usage(7, tokens), first_token_at=first_token_at))
    assert total(metrics, "gen_ai_server_time_to_first_token_seconds_count") == firsts
    assert total(metrics, "gen_ai_server_time_per_output_token_seconds_count") == 0
    assert total(metrics, "gen_ai_server_request_duration_seconds_count") == 1


def test_buckets_never_fall() -> None:
    """Buckets are cumulative up to `+Inf`, which holds every completion."""
    metrics = Metrics()
    for ended_at in (10.005, 10.3, 11.0, 500.0):
        metrics.ended(record(ended_at=ended_at))
    counts = list(values(metrics, "gen_ai_server_request_duration_seconds_bucket").values())
    assert counts == sorted(counts)
    assert (counts[0], counts[-2], counts[-1]) == (1, 3, 4)


def test_a_failure_is_counted_by_its_code_alone() -> None:
    """It spoils no duration and no token count."""
    metrics = Metrics()
    metrics.ended(record(failure="engine_failed"))
    assert values(metrics, "antiphon_failures_total") == {("engine_failed", 'm"1'): 1}
    assert values(metrics, "gen_ai_server_request_duration_seconds_count") == {}


def test_answers_that_go_on_elsewhere_are_counted_by_their_seams() -> None:
    """As many as there are parts more than choices."""
    metrics = Metrics()
    parts = tuple(Served(f"node-{i}", f"att-{i}", 4) for i in range(3))
    metrics.ended(msgspec.structs.replace(record(), served=parts[:1]))
    assert values(metrics, "antiphon_continuations_total") == {}
    metrics.ended(msgspec.structs.replace(record(failure="engine_failed"), served=parts))
    assert values(metrics, "antiphon_continuations_total") == {('m"1',): 2}


def test_responses_restarts_and_requests_in_flight() -> None:
    """What the gateway counts besides completions; two gateways share nothing."""
    metrics, other = Metrics(), Metrics()
    metrics.responded("/chat", 200)
    metrics.responded("/chat", 200)
    metrics.restarts.labels("m").inc()
    metrics.in_flight = 3
    assert values(metrics, "antiphon_http_responses_total") == {("/chat", "200"): 2}
    assert values(metrics, "antiphon_engine_restarts_total") == {("m",): 1}
    assert values(metrics, "antiphon_requests_in_flight") == {(): 3}
    assert values(other, "antiphon_http_responses_total") == {}
    assert values(other, "antiphon_requests_in_flight") == {(): 0}


def test_texts_and_vectors_have_names_of_their_own() -> None:
    """By the operation, as OpenTelemetry calls it; vectors have no tokens out."""
    metrics = Metrics()
    done = record(usage=Usage(7, 5))
    request = msgspec.structs.replace(done.plan.request, messages=(), prompts=("a text",))
    metrics.ended(msgspec.structs.replace(done, plan=msgspec.structs.replace(done.plan, request=request)))
    asked = EmbeddingRequest('m"1', ("a text",))
    plan = EmbeddingPlan(asked, Caller(Key("k")), Model('m"1', ()), begun_at=10.0, total_at=70.0)
    metrics.embedded(EmbeddingRecord(plan, Usage(4), 10.5))
    metrics.embedded(EmbeddingRecord(plan, Usage(), 11.0, "engine_failed"))
    text, vectors = ("text_completion", "antiphon", 'm"1'), ("embeddings", "antiphon", 'm"1')
    assert values(metrics, "gen_ai_client_token_usage_sum") == {
        (*text, "input"): 7,
        (*text, "output"): 5,
        (*vectors, "input"): 4,
    }
    assert values(metrics, "gen_ai_server_request_duration_seconds_sum") == {text: 2.0, vectors: 0.5}
    assert values(metrics, "antiphon_failures_total") == {("engine_failed", 'm"1'): 1}


def test_charges_are_counted() -> None:
    """What was charged and why requests ended, by ledger; refusals, losses, and the holds that are open now."""
    metrics = Metrics()
    metrics.watch_holds(lambda: 3)
    for charged, reason in ((9, "delivered"), (0, "failed"), (4, "delivered")):
        metrics.charged(draft(charged=charged, reason=reason))
    metrics.refused()
    metrics.uncharged(Settlement(("USDC", "user:a"), "r", 7, 0))
    assert values(metrics, "antiphon_charged_micro_usdc_total") == {("USDC",): 13}
    ends = {("USDC", "delivered"): 2, ("USDC", "failed"): 1}
    assert values(metrics, "antiphon_charged_requests_total") == ends
    assert total(metrics, "antiphon_credit_refusals_total") == 1
    assert total(metrics, "antiphon_charges_lost_micro_usdc_total") == 7
    assert total(metrics, "antiphon_credit_holds_open") == 3
