"""Nodes on the wire: bodies and answers. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from antiphon.nodes.enrolment import SECRET_BYTES, Token, written
from antiphon.nodes.invites import Invited
from antiphon.nodes.model import INVITE_S, INVITE_S_MAX, TAGS_MAX, Invite, InviteState, Node, State
from antiphon.nodes.registry import Live
from antiphon.nodes.service import MS, Enrolment

Tag = Annotated[str, Meta(max_length=32)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Signature = Annotated[str, Meta(max_length=200)]
Second = Annotated[int, Meta(ge=0, le=1 << 40)]
Address = Annotated[str, Meta(max_length=64)]
NKey = Annotated[str, Meta(max_length=64)]
Epoch = Annotated[int, Meta(ge=0, le=1 << 53)]


class InviteBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Leave for one machine. Without a name, it is called as it calls itself; `url` is where it finds the gateway."""

    name: Name | None = None
    expires_in_s: Annotated[int, Meta(ge=1, le=INVITE_S_MAX)] = INVITE_S
    url: Annotated[str, Meta(max_length=256, pattern=r"^https?://[!-~]+$")] | None = None


class WireInvite(Struct, frozen=True):
    """An invite, its token shown once, and the line that makes a machine a node."""

    id: str
    token: str
    command: str
    name: str | None
    expires_at_ms: int
    object: str = "node.invite"


class WireKnownInvite(Struct, frozen=True):
    """An invite without its token. `node` is the id of the node that came with it."""

    id: str
    name: str | None
    state: InviteState
    created_at_ms: int
    expires_at_ms: int
    node: str | None
    object: str = "node.invite"


class WireInvites(Struct, frozen=True):
    """The list."""

    data: list[WireKnownInvite]
    object: str = "list"


class EnrolBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a machine shows to become a node; `signature` is its wallet's, of the enrolment text."""

    secret: Annotated[str, Meta(pattern=f"^[0-9a-f]{{{2 * SECRET_BYTES}}}$", title="the secret of a token")]
    nkey: NKey
    address: Address
    signature: Signature
    issued_at_s: Second
    name: Name


class WireEnrolled(Struct, frozen=True):
    """What a machine is from now on."""

    id: str
    name: str
    object: str = "node.enrolled"


class LeaseBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A node asks to be let in: with a new lease, or for as long again with the one of `epoch`."""

    node: Annotated[str, Meta(pattern="^node_[0-9a-f]{1,40}$", title="the id of a node")]
    signature: Signature
    issued_at_s: Second
    epoch: Epoch | None = None


class WireLease(Struct, frozen=True):
    """What a node connects with, and where. `now_ms` is the gateway's time."""

    name: str
    epoch: int
    jwt: str
    servers: list[str]
    expires_at_ms: int
    now_ms: int
    object: str = "node.lease"


class ChangeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different."""

    name: Name | UnsetType = UNSET
    state: State | UnsetType = UNSET
    tags: Annotated[frozenset[Tag], Meta(max_length=TAGS_MAX)] | UnsetType = UNSET


class WireServed(Struct, frozen=True):
    """A model that a node serves; `warm`: it need not be loaded first."""

    id: str
    context_length: int | None
    warm: bool


class WireNode(Struct, frozen=True):
    """A node. `presence`: whether it is heard, and what it says of itself; speeds are tokens a second.

    `sealed`: the broker cannot read what is asked of it.
    """

    id: str
    name: str
    owner: str
    state: State
    presence: Literal["serving", "draining", "gone"]
    created_at_ms: int
    seen_at_ms: int
    epoch: int
    tags: list[str]
    slots: int = 0
    running: int = 0
    queued: int = 0
    prefill_speed: float | None = None
    decode_speed: float | None = None
    models: list[WireServed] = []
    hardware: str = ""
    version: str = ""
    sealed: bool = False
    object: str = "node"


class WireNodes(Struct, frozen=True):
    """The list."""

    data: list[WireNode]
    object: str = "list"


def enrolment(body: EnrolBody) -> Enrolment:
    """What the machine shows."""
    return Enrolment(body.secret, body.nkey, body.address, body.signature, body.issued_at_s, body.name)


def shown_once(invited: Invited, url: str) -> WireInvite:
    """A new invite with its token."""
    invite = invited.invite
    token = written(Token(url, invited.secret))
    return WireInvite(invite.id, token, f"antiphon node --join {token}", invite.name, invite.expires_at_ms)


def known(invite: Invite, now_ms: int) -> WireKnownInvite:
    """An invite as its operator sees it."""
    return WireKnownInvite(
        invite.id,
        invite.name,
        invite.state(now_ms),
        invite.created_at_ms,
        invite.expires_at_ms,
        invite.node,
    )


def shown(node: Node, live: Live | None, now_ms: int, now_s: float) -> WireNode:
    """A node as its operator sees it; `now_s` is the time that its heartbeats were heard by."""
    if live is None:
        return WireNode(
            node.id,
            node.name,
            node.owner,
            node.state,
            "gone",
            node.created_at_ms,
            node.seen_at_ms,
            node.epoch,
            sorted(node.tags),
        )
    hello, beat = live.hello, live.beat
    heard_ms = 0 if live.heard_at_s is None else now_ms - int((now_s - live.heard_at_s) * MS)
    return WireNode(
        id=node.id,
        name=node.name,
        owner=node.owner,
        state=node.state,
        presence="gone" if live.gone else "draining" if beat.draining else "serving",
        created_at_ms=node.created_at_ms,
        seen_at_ms=max(node.seen_at_ms, heard_ms),
        epoch=live.epoch,
        tags=sorted(node.tags),
        slots=beat.slots,
        running=beat.in_flight,
        queued=beat.queued,
        prefill_speed=beat.prefill_speed,
        decode_speed=beat.decode_speed,
        models=[WireServed(one.facts.name, one.facts.context_length, one.loaded) for one in hello.models],
        hardware=hello.hardware[:200],
        version=hello.version[:64],
        sealed=bool(hello.seal_key),
    )
