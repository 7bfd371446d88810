"""The settings of nodes: machines that join, and the broker that they come to."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from antiphon.settings.secret import Secret
from antiphon.settings.serving import UpstreamModel
from antiphon.settings.trust import PerMille

LISTEN = r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]):([0-9]{1,5})"
ListenAddress = Annotated[str, Meta(max_length=300, pattern=f"^{LISTEN}$", title="HOST:PORT")]
BrokerAddress = Annotated[
    str,
    Meta(
        max_length=300,
        pattern=r"^(nats|tls)://([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?$",
        title="nats:// or tls://, a host and a port",
    ),
]


class NodesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Machines that serve models as nodes, and the broker that they and the gateways come to."""

    listen: Annotated[
        ListenAddress,
        Meta(
            description="Where the embedded broker listens; a host that other machines reach lets their nodes in. "
            "Port 0 takes a free one the first time, and the same ever after."
        ),
    ] = "127.0.0.1:0"
    address: Annotated[
        BrokerAddress | None,
        Meta(description="The broker as nodes reach it; absent: the host that they call the gateway by."),
    ] = None
    nats: Annotated[
        tuple[BrokerAddress, ...],
        Meta(description="Servers of a NATS cluster that is used in place of the embedded broker."),
    ] = ()
    operator_seed: Annotated[
        Secret | None,
        Meta(
            description="The seed of the operator that the cluster trusts (`SO...`); absent: made once, and shared by "
            "all gateways of the database."
        ),
    ] = None
    system_seed: Annotated[
        Secret | None, Meta(description="The seed of its system account (`SA...`), given with `operator_seed`.")
    ] = None
    account_seed: Annotated[
        Secret | None,
        Meta(description="The seed of the account of gateways and nodes (`SA...`), given with `operator_seed`."),
    ] = None
    models: Annotated[
        tuple[UpstreamModel, ...] | None,
        Meta(description="The models taken from nodes, with their prices; absent: all that nodes serve, for nothing."),
    ] = None
    share_per_mille: Annotated[
        PerMille,
        Meta(description="Of 1,000 micro-USDC that are charged for what a node did, how many its owner earns."),
    ] = 800
    sealed: Annotated[
        bool,
        Meta(
            description="Leave out nodes of older versions, which cannot seal jobs and answers against the broker; "
            "otherwise they are sealed where both ends can."
        ),
    ] = False
    lease_s: Annotated[
        Annotated[int, Meta(ge=60, le=7 * 86_400)],
        Meta(description="How long a node's credentials are good; it renews them long before."),
    ] = 86_400
