"""The bytes of OpenTelemetry's protocol, read again with its own schema."""

from __future__ import annotations

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as wire
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from antiphon.observe.otlp import Encoder
from antiphon.observe.spans import Attribute, Span
from antiphon.trace_context import TraceContext

TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True, state="a=1")
ENCODER = Encoder({"service.name": "antiphon"}, version="1", started_ns=5)


def test_a_span_is_written_as_it_is() -> None:
    """Its ids as bytes, its attributes by their types."""
    attributes: dict[str, Attribute] = {"text": "t", "whole": 3, "share": 0.5, "yes": True}
    span = Span("chat m", "client", TRACE, "a" * 16, 10, 20, attributes, (("first_token", 15),), error=True)
    request = ExportTraceServiceRequest.FromString(ENCODER.spans([span]))
    (resource,) = request.resource_spans
    assert [(one.key, one.value.string_value) for one in resource.resource.attributes] == [("service.name", "antiphon")]
    (scope,) = resource.scope_spans
    assert (scope.scope.name, scope.scope.version) == ("antiphon", "1")
    (found,) = scope.spans
    assert (found.trace_id.hex(), found.span_id.hex()) == (TRACE.trace_id, TRACE.span_id)
    assert (found.parent_span_id.hex(), found.trace_state, found.name) == ("a" * 16, "a=1", "chat m")
    assert (found.start_time_unix_nano, found.end_time_unix_nano) == (10, 20)
    assert (found.kind, found.status.code) == (found.SPAN_KIND_CLIENT, found.status.STATUS_CODE_ERROR)
    assert [(event.name, event.time_unix_nano) for event in found.events] == [("first_token", 15)]
    values = {one.key: one.value for one in found.attributes}
    assert (values["text"].string_value, values["whole"].int_value) == ("t", 3)
    assert (values["share"].double_value, values["yes"].bool_value) == (0.5, True)


def metrics(registry: CollectorRegistry) -> dict[str, wire.Metric]:
    """What a collector reads of them."""
    request = ExportMetricsServiceRequest.FromString(ENCODER.metrics(registry.collect(), 9))
    return {metric.name: metric for metric in request.resource_metrics[0].scope_metrics[0].metrics}


def test_a_counter_is_a_sum_since_the_start() -> None:
    """One point for each set of labels."""
    registry = CollectorRegistry()
    counter = Counter("antiphon_failures", "Failures.", ("model",), registry=registry)
    counter.labels("m").inc(3)
    found = metrics(registry)["antiphon.failures"]
    (point,) = found.sum.data_points
    assert (found.sum.is_monotonic, found.description) == (True, "Failures.")
    assert found.sum.aggregation_temporality == wire.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert (point.as_double, point.start_time_unix_nano, point.time_unix_nano) == (3, 5, 9)
    assert [(one.key, one.value.string_value) for one in point.attributes] == [("model", "m")]


def test_a_gauge_is_what_it_is_now() -> None:
    """With its unit beside its name."""
    registry = CollectorRegistry()
    Gauge("antiphon_event_loop_lag_seconds", "Lag.", registry=registry).set(0.5)
    found = metrics(registry)["antiphon.event_loop_lag"]
    assert (found.unit, found.gauge.data_points[0].as_double) == ("s", 0.5)


def test_a_histogram_counts_between_its_bounds() -> None:
    """Where Prometheus counts up to each."""
    registry = CollectorRegistry()
    name, labels = "gen_ai_server_request_duration_seconds", ("gen_ai_request_model",)
    histogram = Histogram(name, "Time.", labels, registry=registry, buckets=(1.0, 2.0))
    for value in (0.5, 1.5, 1.6, 9.0):
        histogram.labels("m").observe(value)
    histogram.labels("n").observe(0.5)
    first, second = metrics(registry)["gen_ai.server.request.duration"].histogram.data_points
    assert (list(first.explicit_bounds), list(first.bucket_counts)) == ([1.0, 2.0], [1, 2, 1])
    assert (first.count, first.sum, first.start_time_unix_nano) == (4, 12.6, 5)
    assert [(one.key, one.value.string_value) for one in first.attributes] == [("gen_ai.request.model", "m")]
    assert list(second.bucket_counts) == [1, 0, 0]


def test_a_metric_without_a_value_is_left_out() -> None:
    """Nothing was counted under any label yet."""
    registry = CollectorRegistry()
    Counter("antiphon_failures", "Failures.", ("model",), registry=registry)
    assert metrics(registry) == {}
