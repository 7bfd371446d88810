"""The settings of the HTTP server: where it listens, what it accepts, how long it waits."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from antiphon.settings.bounds import Bytes, Count, CountOrNone, HTTPAddress, NonEmpty, Port, Seconds


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the gateway listens and what it accepts there."""

    host: Annotated[NonEmpty, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on; 0 takes any free one.")] = 8000
    base_url: Annotated[
        HTTPAddress | None,
        Meta(description="The address that clients use, shown at start; absent: made from host and port."),
    ] = None
    public_without_tls: Annotated[
        bool,
        Meta(description="Allow a host that is not loopback without TLS here, as behind a proxy that has it."),
    ] = False
    tls_certificate: Annotated[NonEmpty | None, Meta(description="Path of the TLS certificate chain (PEM).")] = None
    tls_key: Annotated[NonEmpty | None, Meta(description="Path of the TLS private key (PEM).")] = None
    cors_origins: Annotated[
        tuple[NonEmpty, ...],
        Meta(description="Web origins that browsers may call from; `*` means all."),
    ] = ()
    errors: Annotated[
        Literal["auto", "text", "json"],
        Meta(description="Form of error bodies under /v1; `auto` looks at `Accept` and the key."),
    ] = "auto"
    wire: Annotated[
        Literal["superset", "exact"],
        Meta(
            description="What answers show: OpenAI's fields besides the door's own, or only those that the door's "
            "vendor documents; a request's header `X-Wire` says otherwise."
        ),
    ] = "superset"
    strict_fields: Annotated[
        bool,
        Meta(description="Answer 400 to unknown request fields; otherwise they are ignored and named."),
    ] = False
    header_bytes_max: Annotated[Bytes, Meta(description="Largest request line and headers together.")] = 32 * 1024
    body_bytes_max: Annotated[
        Bytes,
        Meta(description="Largest request body; a compressed one is refused."),
    ] = 32 * 1024 * 1024
    request_header_timeout_s: Annotated[Seconds, Meta(description="Time for all headers to arrive.")] = 10.0
    body_timeout_s: Annotated[
        Seconds,
        Meta(description="Time for the body to arrive before `body_bytes_per_second_min` decides."),
    ] = 10.0
    body_bytes_per_second_min: Annotated[
        Bytes,
        Meta(description="Slowest average rate at which a longer body may arrive."),
    ] = 64 * 1024
    reuse_port: Annotated[
        bool,
        Meta(description="Let several gateways of this machine listen on one port, as for a restart without a gap."),
    ] = False
    keep_alive_s: Annotated[Seconds, Meta(description="Time an idle connection stays open.")] = 75.0
    write_timeout_s: Annotated[
        Seconds,
        Meta(description="Time a client may leave written bytes unread before the connection is closed."),
    ] = 30.0
    connections_max: Annotated[Count, Meta(description="Connections open at once.")] = 16_384
    connections_per_address_max: Annotated[
        CountOrNone,
        Meta(description="Connections open at once from one client address; 0 means no limit of its own."),
    ] = 0
    drain_notice_s: Annotated[
        Annotated[float, Meta(ge=0, le=3600)],
        Meta(description="Time between the end of `/readyz` and the end of listening, for a balancer to notice."),
    ] = 0.0
    drain_s: Annotated[Seconds, Meta(description="Time that running requests get to finish at shutdown.")] = 30.0
