"""All settings of the gateway as one frozen value: every limit is named here, with its default and its bounds.

Values only: `load.py` reads them, `rules.py` checks what spans several of them, features are handed the parts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from antiphon.settings.auth import AuthSettings
from antiphon.settings.batches import BatchSettings
from antiphon.settings.bounds import (
    SHA256,
    Bytes,
    Count,
    CountOrNone,
    HTTPAddress,
    MicroUSDC,
    Name,
    NonEmpty,
    Seconds,
    TokenRate,
)
from antiphon.settings.campaigns import CampaignSettings
from antiphon.settings.channels import ChannelSettings
from antiphon.settings.console import ConsoleSettings
from antiphon.settings.credits import CreditSettings
from antiphon.settings.failover import FailoverSettings
from antiphon.settings.idempotency import IdempotencySettings
from antiphon.settings.interactions import InteractionSettings
from antiphon.settings.nodes import NodesSettings
from antiphon.settings.otlp import OtlpSettings
from antiphon.settings.overload import OverloadSettings
from antiphon.settings.payouts import PayoutSettings
from antiphon.settings.placement import PlacementSettings
from antiphon.settings.projects import ProjectSettings
from antiphon.settings.secret import Secret
from antiphon.settings.server import ServerSettings
from antiphon.settings.serving import GenerationDefaults, ModelSettings, UpstreamSettings
from antiphon.settings.tool_providers import ToolProviderSettings
from antiphon.settings.topup import TopupSettings
from antiphon.settings.trust import TrustSettings

EMBEDDED_DEFAULT = ModelSettings(
    name="smollm2:135m",
    reference="smollm2:135m",
    # A model this small may repeat itself until the context is full, so it needs an end.
    defaults=GenerationDefaults(temperature=0.2, top_p=0.9, max_tokens=2048),
)


class PricesMax(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model may cost, in micro-USDC for a million tokens."""

    prompt: Annotated[MicroUSDC | None, Meta(description="Most for 1,000,000 prompt tokens.")] = None
    completion: Annotated[MicroUSDC | None, Meta(description="Most for 1,000,000 completion tokens.")] = None


class KeySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that clients may use; exactly one of `key` and `key_sha256` is given."""

    name: Annotated[Name, Meta(description="Who has the key, as logs and metrics show it.")]
    key: Annotated[Secret | None, Meta(description="The key itself; best given as `${VARIABLE}`.")] = None
    key_sha256: Annotated[
        SHA256 | None,
        Meta(description="The key's SHA-256 digest in hexadecimal, as `antiphon keys new` prints it."),
    ] = None
    requests_per_minute: Annotated[
        CountOrNone,
        Meta(description="Requests that the key may make in a minute; 0 means no limit."),
    ] = 0
    tokens_per_minute: Annotated[
        TokenRate,
        Meta(description="Tokens that requests of the key may use in a minute; 0 means no limit."),
    ] = 0
    parallel_max: Annotated[
        CountOrNone,
        Meta(description="Requests of the key that are served at once; 0 means no limit."),
    ] = 0
    models: Annotated[
        tuple[Name, ...],
        Meta(description="Models that the key may use; empty means all."),
    ] = ()
    projects: Annotated[
        tuple[Name, ...],
        Meta(description="Projects that the key may use; empty means all."),
    ] = ()
    nodes: Annotated[
        tuple[Name, ...],
        Meta(description="Nodes that may answer requests of the key, as answers name them; empty means all."),
    ] = ()
    max_price: Annotated[PricesMax, Meta(description="What models may cost that the key may use.")] = PricesMax()
    account: Annotated[
        Name | None,
        Meta(description="Whose the key is: what is stored belongs to it; absent: the key's own name."),
    ] = None
    credit: Annotated[
        Literal["none", "dev", "usdc"],
        Meta(description="What requests of the key are paid with: nothing, play money, or USDC of its account."),
    ] = "none"
    admin: Annotated[bool, Meta(description="Whether the key may also change projects, tools and metrics.")] = False
    session_memory: Annotated[
        bool,
        Meta(description="Whether earlier stored turns of a session are put in front of a prompt."),
    ] = False


class Timeouts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the gateway waits for an engine."""

    connect_s: Annotated[Seconds, Meta(description="Time for a connection to an upstream to open.")] = 5.0
    first_token_s: Annotated[Seconds, Meta(description="Time for the first token to come.")] = 60.0
    inter_token_s: Annotated[Seconds, Meta(description="Longest silence between two tokens.")] = 30.0
    total_s: Annotated[
        Seconds,
        Meta(description="Time for the whole answer where neither request nor model says otherwise."),
    ] = 600.0
    total_s_max: Annotated[Seconds, Meta(description="Largest `timeout_secs` that a request may ask for.")] = 1800.0
    heartbeat_s: Annotated[Seconds, Meta(description="Silence on a stream before a heartbeat is sent.")] = 15.0


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one request may ask for, and how many may wait."""

    n_max: Annotated[Count, Meta(description="Largest `n`, the choices of one request.")] = 8
    messages_max: Annotated[Count, Meta(description="Messages in one request.")] = 2048
    prompts_max: Annotated[Count, Meta(description="Prompts in one text completion.")] = 128
    inputs_max: Annotated[Count, Meta(description="Inputs in one request for embeddings.")] = 2048
    images_max: Annotated[CountOrNone, Meta(description="Images in one request.")] = 16
    in_flight_max: Annotated[Count, Meta(description="Requests served at once, all models together.")] = 4096
    queue_max: Annotated[
        CountOrNone,
        Meta(description="Requests waiting for one model; one more is answered 503."),
    ] = 256
    shared: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="Count the limits of keys with all gateways of the database; `auto`: where it is a server."),
    ] = "auto"


class Images(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which images are admitted, and from where the gateway fetches them."""

    fetch: Annotated[
        Literal["off", "allow-list", "public"],
        Meta(description="Fetch https images: never, from `allowed_hosts` only, or from any public address."),
    ] = "public"
    allowed_hosts: Annotated[
        tuple[NonEmpty, ...],
        Meta(description="Hosts that `allow-list` fetches from; `*.example.org` stands for its subdomains."),
    ] = ()
    size_bytes_max: Annotated[Bytes, Meta(description="Largest image, decoded from base64.")] = 10 * 1024 * 1024
    pixels_max: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000_000)],
        Meta(description="Most pixels of one image, checked before it is decoded."),
    ] = 16_000_000
    fetch_timeout_s: Annotated[Seconds, Meta(description="Time for one image to arrive.")] = 5.0


class Hub(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model hub that `hf:` references are downloaded from."""

    address: Annotated[HTTPAddress, Meta(description="Its base URL; `HF_ENDPOINT` sets it too.")] = (
        "https://huggingface.co"
    )
    token: Annotated[
        Secret | None,
        Meta(description="Token for files that are not public; `HF_TOKEN` sets it too."),
    ] = None
    cache_dir: Annotated[
        Path | None,
        Meta(description="Folder of the hub's own cache, looked into first; `HF_HOME` sets it too."),
    ] = None


class DatabaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The database of what is stored: projects, turns, feedback."""

    url: Annotated[
        Secret | None,
        Meta(
            description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; absent: `antiphon.db` in "
            "`data_dir`; `DATABASE_URL` sets it too."
        ),
    ] = None


class Observability(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway tells about itself."""

    log_format: Annotated[
        Literal["auto", "json", "text"],
        Meta(description="Form of log lines; `auto` is text on a terminal, JSON otherwise."),
    ] = "auto"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least important log lines that are written."),
    ] = "info"
    access_log: Annotated[bool, Meta(description="Write a log line for each request.")] = False
    metrics_public: Annotated[bool, Meta(description="Serve /metrics without a key.")] = True
    otlp: Annotated[OtlpSettings, Meta(description="The collector of OpenTelemetry that is told, if one is.")] = (
        OtlpSettings()
    )


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set; read once at start, then handed down as values."""

    data_dir: Annotated[
        Path,
        Meta(description="Folder of model files and the development key; the default follows `XDG_DATA_HOME`."),
    ] = Path("~/.local/share/antiphon")
    development_key: Annotated[
        bool,
        Meta(description="Make a `dkn_test_` key, kept in `data_dir`, and show it at start."),
    ] = True
    embedded_default: Annotated[
        bool,
        Meta(description="Serve `smollm2:135m` when neither models nor upstreams are set."),
    ] = True
    server: Annotated[ServerSettings, Meta(description="The HTTP server.")] = ServerSettings()
    keys: Annotated[tuple[KeySettings, ...], Meta(description="Keys of clients.")] = ()
    auth: Annotated[AuthSettings, Meta(description="Stored keys, and sign-in by wallet.")] = AuthSettings()
    chain: Annotated[
        Literal["local"] | None,
        Meta(
            description="`local`: run a chain with test USDC on this machine, let wallets sign in and top up with it, "
            "and price the embedded default; its books are a database of their own in `data_dir`."
        ),
    ] = None
    credits: Annotated[CreditSettings, Meta(description="Credit.")] = CreditSettings()
    topup: Annotated[TopupSettings, Meta(description="Top-ups in USDC.")] = TopupSettings()
    models: Annotated[tuple[ModelSettings, ...], Meta(description="Models that the gateway runs.")] = ()
    upstreams: Annotated[tuple[UpstreamSettings, ...], Meta(description="Servers that others run.")] = ()
    nodes: Annotated[NodesSettings, Meta(description="Machines that join, and the broker they come to.")] = (
        NodesSettings()
    )
    projects: Annotated[
        tuple[ProjectSettings, ...],
        Meta(description="Projects that cannot be changed while the gateway runs; others are kept in the database."),
    ] = ()
    tool_providers: Annotated[
        tuple[ToolProviderSettings, ...],
        Meta(description="Servers whose tools projects may use."),
    ] = ()
    campaigns: Annotated[
        tuple[CampaignSettings, ...],
        Meta(description="Campaigns that are made at the start; others are made while the gateway runs."),
    ] = ()
    channels: Annotated[ChannelSettings, Meta(description="Channels.")] = ChannelSettings()
    console: Annotated[ConsoleSettings, Meta(description="The console.")] = ConsoleSettings()
    idempotency: Annotated[
        IdempotencySettings,
        Meta(description="Answers that may be asked for again."),
    ] = IdempotencySettings()
    batches: Annotated[BatchSettings, Meta(description="Files and batches.")] = BatchSettings()
    interactions: Annotated[InteractionSettings, Meta(description="What is stored of requests.")] = (
        InteractionSettings()
    )
    payouts: Annotated[PayoutSettings, Meta(description="Payouts to owners of nodes.")] = PayoutSettings()
    trust: Annotated[TrustSettings, Meta(description="Checks of nodes.")] = TrustSettings()
    timeouts: Annotated[Timeouts, Meta(description="Waiting for engines.")] = Timeouts()
    failover: Annotated[FailoverSettings, Meta(description="Answers whose engine fails in the middle.")] = (
        FailoverSettings()
    )
    placement: Annotated[PlacementSettings, Meta(description="Which engine answers.")] = PlacementSettings()
    limits: Annotated[Limits, Meta(description="Sizes of requests.")] = Limits()
    overload: Annotated[OverloadSettings, Meta(description="What is refused when the gateway has too much to do.")] = (
        OverloadSettings()
    )
    images: Annotated[Images, Meta(description="Images in requests.")] = Images()
    hub: Annotated[Hub, Meta(description="The model hub.")] = Hub()
    database: Annotated[DatabaseSettings, Meta(description="The database.")] = DatabaseSettings()
    observability: Annotated[Observability, Meta(description="Logs and metrics.")] = Observability()
