"""The settings of what is sent to a collector of OpenTelemetry."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.observe.target import Sampling, Target
from antiphon.settings.bounds import HTTPAddress, NonEmpty, Probability, Seconds
from antiphon.settings.secret import Secret

HeaderName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$", title="the name of a header")]


class OtlpHeader(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A header that the collector wants to see."""

    name: Annotated[HeaderName, Meta(description="Its name.")]
    value: Annotated[Secret, Meta(description="Its value; best given as `${VARIABLE}`.")]


class OtlpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Traces and metrics by OTLP over HTTP. Without `endpoint` none are sent."""

    endpoint: Annotated[
        HTTPAddress | None,
        Meta(
            description="Base URL of the collector, such as `http://collector:4318`; `OTEL_EXPORTER_OTLP_ENDPOINT` "
            "sets it too."
        ),
    ] = None
    headers: Annotated[tuple[OtlpHeader, ...], Meta(description="Headers to send with, such as a key.")] = ()
    service_name: Annotated[
        NonEmpty, Meta(description="What the collector knows it as; `OTEL_SERVICE_NAME` sets it too.")
    ] = "antiphon"
    traces: Annotated[bool, Meta(description="Send a span for each request and each of its attempts.")] = True
    metrics: Annotated[bool, Meta(description="Send what `/metrics` shows.")] = True
    sample_share: Annotated[Probability, Meta(description="Share of requests that are traced.")] = 1.0
    heeds_clients: Annotated[
        bool,
        Meta(
            description="Trace those requests that their `traceparent` says are traced, and not those that it denies."
        ),
    ] = True
    interval_s: Annotated[Seconds, Meta(description="Time between two exports.")] = 10.0


def as_target(settings: OtlpSettings, *, version: str, instance: str) -> Target | None:
    """The collector as it is sent to; None where nothing is."""
    if settings.endpoint is None or not (settings.traces or settings.metrics):
        return None
    return Target(
        settings.endpoint,
        settings.service_name,
        version,
        instance,
        tuple((header.name, header.value.reveal()) for header in settings.headers),
        settings.traces,
        settings.metrics,
        settings.interval_s,
    )


def as_sampling(settings: OtlpSettings) -> Sampling | None:
    """Which requests are traced; None where none is."""
    if settings.endpoint is None or not settings.traces:
        return None
    return Sampling(settings.sample_share, settings.heeds_clients)
