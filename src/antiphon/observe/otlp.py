"""Spans and metrics as the bytes of OpenTelemetry's protocol. Loaded only where something is exported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as wire
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2
from prometheus_client.metrics_core import Metric

from antiphon.observe.metric_names import otlp_label, otlp_name
from antiphon.observe.spans import Attribute, Span

SCOPE = "antiphon"
KINDS = {
    "server": trace_pb2.Span.SpanKind.SPAN_KIND_SERVER,
    "client": trace_pb2.Span.SpanKind.SPAN_KIND_CLIENT,
}
CUMULATIVE = wire.AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
SAMPLED = 1


class Encoder:
    """Encodes what one process tells. `about` says which process that is."""

    def __init__(self, about: dict[str, Attribute], *, version: str, started_ns: int) -> None:
        self._resource = Resource(attributes=_attributes(about))
        self._scope = InstrumentationScope(name=SCOPE, version=version)
        self._started_ns = started_ns

    def spans(self, told: Iterable[Span]) -> bytes:
        """A request to a collector that holds these spans."""
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add(resource=self._resource)
        resource.scope_spans.add(scope=self._scope, spans=[_span(span) for span in told])
        return bytes(request.SerializeToString())

    def metrics(self, families: Iterable[Metric], now_ns: int) -> bytes:
        """A request that holds the metrics of a scrape."""
        request = ExportMetricsServiceRequest()
        resource = request.resource_metrics.add(resource=self._resource)
        metrics = [self._metric(family, now_ns) for family in families if family.samples]
        resource.scope_metrics.add(scope=self._scope, metrics=metrics)
        return bytes(request.SerializeToString())

    def _metric(self, family: Metric, now_ns: int) -> wire.Metric:
        name, unit = otlp_name(family.name)
        metric = wire.Metric(name=name, unit=unit, description=family.documentation)
        if family.type == "histogram":
            metric.histogram.aggregation_temporality = CUMULATIVE
            metric.histogram.data_points.extend(self._histograms(family, now_ns))
            return metric
        points = [
            wire.NumberDataPoint(
                attributes=_labels(sample.labels),
                start_time_unix_nano=self._started_ns if family.type == "counter" else 0,
                time_unix_nano=now_ns,
                as_double=sample.value,
            )
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]
        if family.type == "counter":
            metric.sum.aggregation_temporality = CUMULATIVE
            metric.sum.is_monotonic = True
            metric.sum.data_points.extend(points)
        else:
            metric.gauge.data_points.extend(points)
        return metric

    def _histograms(self, family: Metric, now_ns: int) -> list[wire.HistogramDataPoint]:
        """One point for each set of labels; what Prometheus counts up to a bound, OTLP counts between two."""
        points: dict[tuple[tuple[str, str], ...], wire.HistogramDataPoint] = {}
        below: dict[tuple[tuple[str, str], ...], int] = {}
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            key = tuple(labels.items())
            point = points.get(key)
            if point is None:
                point = points[key] = wire.HistogramDataPoint(
                    attributes=_labels(labels), start_time_unix_nano=self._started_ns, time_unix_nano=now_ns
                )
            if sample.name.endswith("_bucket"):
                count = int(sample.value)
                point.bucket_counts.append(count - below.get(key, 0))
                point.count = below[key] = count
                if sample.labels["le"] != "+Inf":
                    point.explicit_bounds.append(float(sample.labels["le"]))
            elif sample.name.endswith("_sum"):
                point.sum = sample.value
        return list(points.values())


def _span(span: Span) -> trace_pb2.Span:
    code = (
        trace_pb2.Status.StatusCode.STATUS_CODE_ERROR if span.error else trace_pb2.Status.StatusCode.STATUS_CODE_UNSET
    )
    return trace_pb2.Span(
        trace_id=bytes.fromhex(span.context.trace_id),
        span_id=bytes.fromhex(span.context.span_id),
        trace_state=span.context.state,
        parent_span_id=bytes.fromhex(span.parent_id),
        flags=SAMPLED,
        name=span.name,
        kind=KINDS[span.kind],
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=_attributes(span.attributes),
        events=[trace_pb2.Span.Event(name=name, time_unix_nano=at_ns) for name, at_ns in span.events],
        status=trace_pb2.Status(code=code),
    )


def _labels(labels: dict[str, str]) -> Sequence[KeyValue]:
    return [KeyValue(key=otlp_label(name), value=AnyValue(string_value=value)) for name, value in labels.items()]


def _attributes(told: dict[str, Attribute]) -> Sequence[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in told.items()]


def _value(value: Attribute) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)
