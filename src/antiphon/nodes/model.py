"""Nodes and invites as the database holds them, and the rules that they keep by themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct

from antiphon.accounts.ethereum import ADDRESS, checksummed

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
TAGS_MAX = 16
NKEY = re.compile(r"U[A-Z2-7]{55}")  # the public key of a user at the broker
NODES_MAX = 10_000
INVITES_MAX = 1_000  # that are good at once
INVITE_S = 3_600
INVITE_S_MAX = 30 * 86_400
PREFIX = "node_"
ADDRESSES = frozenset({"invites", "enrol", "lease"})  # below /v1/nodes, where a name stands too

State = Literal["active", "drained", "banned"]
InviteState = Literal["open", "used", "expired"]
Broken = Iterator[tuple[str, str]]


class Node(Struct, frozen=True):
    """A machine that serves models. `owner` is a wallet's address, `nkey` the public key that it has at the broker.

    `epoch` counts its leases: of two agents with one node's keys only that with the newest lease is heard. `tags` are
    what its operator calls it by together with others; it says none of itself.
    """

    id: str
    name: str
    owner: str
    nkey: str
    state: State = "active"
    epoch: int = 0
    created_at_ms: int = 0
    seen_at_ms: int = 0
    tags: frozenset[str] = frozenset()


class Invite(Struct, frozen=True):
    """Leave for one machine to become a node: all but the secret, of which a keyed digest is kept."""

    id: str
    digest: str
    name: str | None
    created_at_ms: int
    expires_at_ms: int
    node: str | None = None  # who used it

    def state(self, now_ms: int) -> InviteState:
        """Whether a machine can still come with it."""
        if self.node is not None:
            return "used"
        return "open" if now_ms < self.expires_at_ms else "expired"


def name_fault(name: str) -> str | None:
    """The rule that a node's name breaks; one that begins like an id could be taken for one."""
    if name in ADDRESSES:
        return f"`{name}` is an address of its own"
    if NAME.fullmatch(name) is None:
        return "expected 1 to 64 letters, digits and `._-`, beginning with a letter or digit"
    return f"a name that begins with `{PREFIX}` could be taken for an id" if name.startswith(PREFIX) else None


def tags_fault(tags: Collection[str]) -> str | None:
    """The rule that a node's tags break."""
    if len(tags) > TAGS_MAX or not all(TAG.fullmatch(tag) for tag in tags):
        return (
            f"expected at most {TAGS_MAX} of 1 to 32 small letters, digits and `._-`, beginning with a letter or digit"
        )
    return None


def broken(node: Node) -> Broken:
    """Each rule that a node breaks, with the field that has to change."""
    if fault := name_fault(node.name):
        yield "name", fault
    if NKEY.fullmatch(node.nkey) is None:
        yield "nkey", "expected the public nkey of a user: U and 55 letters and digits"
    if ADDRESS.fullmatch(node.owner) is None or checksummed(node.owner) != node.owner:
        yield "address", "expected a wallet's address with the checksum of EIP-55"


def change_fault(before: State, after: State) -> str | None:
    """Why a node cannot go from one state to the other: a ban is lifted by nobody, only forgotten with the node."""
    if before == "banned" and after != "banned":
        return "the node is banned: remove it, then invite the machine anew"
    return None


def lease_name(node_id: str, epoch: int) -> str:
    """What a node goes by at the broker while it has one lease; no other lease reads or writes in that name."""
    return f"{node_id}-{epoch}"


def of_lease(name: str) -> tuple[str, int]:
    """The node and the epoch of such a name."""
    node_id, _, epoch = name.rpartition("-")
    return node_id, int(epoch) if epoch.isdigit() else -1
