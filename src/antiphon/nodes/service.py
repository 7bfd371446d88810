"""The nodes of the gateways: enrolled, let in with leases, drained, banned, renamed, removed.

All nodes are in memory, about a second behind the database at most.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from antiphon.accounts.pepper import Pepper
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied, Unauthenticated, Unavailable
from antiphon.ids import Ids
from antiphon.link.frames import Hello
from antiphon.nodes import enrolment, store
from antiphon.nodes.model import (
    NODES_MAX,
    PREFIX,
    Invite,
    Node,
    State,
    broken,
    change_fault,
    name_fault,
    tags_fault,
)
from antiphon.nodes.registry import NONE_KNOWN

MS = 1000
REFRESH_S = 1.0
REVOKED_KEPT_MS = 8 * 86_400 * MS  # longer than credentials may be good
NONE_REVOKED: Mapping[str, int] = MappingProxyType({})


class Enrolment(Struct, frozen=True):
    """What a machine shows to become a node."""

    secret: str
    nkey: str
    address: str
    signature: str
    issued_at_s: int
    name: str


class Kept(Struct, frozen=True):
    """The nodes as they are kept, and the keys that are void, with the time in milliseconds up to which they are.

    `hellos` is what they were known to serve when this gateway began.
    """

    nodes: tuple[Node, ...] = ()
    revoked: Mapping[str, int] = NONE_REVOKED
    hellos: Mapping[str, Hello] = NONE_KNOWN


Follower = Callable[[Kept], None]


class Nodes:
    """Nodes by id or name. Whoever follows is told of all of them whenever any has changed, here or elsewhere."""

    def __init__(self, database: Database, peppers: Sequence[Pepper], *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._peppers = peppers
        self._clock = clock
        self._ids = ids
        self._followers: list[Follower] = []
        self._refreshing = asyncio.Lock()
        self._seen: int | None = None  # how many changes `kept` shows
        self._hellos: dict[str, Hello] = {}  # as they are kept
        self.kept = Kept()

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of the nodes now, and whenever they have changed."""
        self._followers.append(follower)
        follower(self.kept)

    async def refresh(self) -> None:
        """Read the nodes, if any has changed since they were read last. The first call loads them."""
        async with self._refreshing:
            seen, known = self._seen, self.kept.hellos

            def work(connection: Connection) -> tuple[int, Kept | None]:
                number = store.changes(connection)
                if number == seen:
                    return number, None
                hellos = store.hellos(connection) if seen is None else known
                return number, Kept(store.every(connection), store.revocations(connection), hellos)

            self._seen, kept = await self._database.read(work)
            if kept is not None:
                self.kept = kept
                if seen is None:
                    self._hellos = dict(kept.hellos)
                for follower in self._followers:
                    follower(kept)

    async def run(self, every_s: float = REFRESH_S) -> None:
        """Refresh for ever; while the database does not answer, what was read last stays."""
        while True:
            await asyncio.sleep(every_s)
            await self._catch_up()

    async def list(self) -> tuple[Node, ...]:
        """All nodes, the oldest first."""
        await self.refresh()
        return self.kept.nodes

    async def get(self, name: str) -> Node:
        """The node of that id or name, as it is kept now."""
        return await self._database.read(lambda connection: _found(connection, name))

    async def enrol(self, shown: Enrolment) -> Node:
        """Make a machine a node. Unauthenticated for an invite that is unknown, expired or used by another machine.

        A machine that asks again, since the answer was lost or its token was used before, is the node that it was.
        """
        enrolment.require_timely(shown.issued_at_s, self._clock.now())
        now_ms = self._now_ms()
        draft = Node(
            self._ids.make(PREFIX), shown.name, shown.address, shown.nkey, created_at_ms=now_ms, seen_at_ms=now_ms
        )
        for field, rule in broken(draft):
            raise BadRequest(f"{field}: {rule}.", param=field)
        digests = [pepper.digest(shown.secret) for pepper in self._peppers]

        def look(connection: Connection) -> tuple[Invite | None, Node | None]:
            return store.find_invite(connection, digests), store.of_nkey(connection, shown.nkey)

        # Strangers may ask: without an invite they cost one look, and nothing is written.
        _require_good(*await self._database.read(look), shown.address, now_ms)
        text = enrolment.enrolment_text(shown.address, shown.nkey, shown.secret, shown.issued_at_s)
        enrolment.require_signed(text, shown.signature, shown.address)

        def work(connection: Connection) -> Node:
            store.begin_change(connection)
            invite, known = look(connection)
            _require_good(invite, known, shown.address, now_ms)
            assert invite is not None
            if known is not None:
                store.use_invite(connection, invite.id, known.id)
                return known
            if store.count(connection) >= NODES_MAX:
                raise Conflict(f"There are {NODES_MAX} nodes already.", code="too_many_nodes")
            node = replace(draft, name=_free_name(connection, invite.name or draft.name, draft.id))
            store.use_invite(connection, invite.id, node.id)
            store.insert(connection, node)
            return node

        node = await self._database.write(work)
        await self._catch_up()
        return node

    async def let_in(self, node_id: str, epoch: int | None, signature: str, issued_at_s: int) -> Node:
        """The node with a new lease, or with its lease of `epoch` while that is the newest.

        PermissionDenied for a node that is banned, Conflict when another agent has a newer lease.
        """
        enrolment.require_timely(issued_at_s, self._clock.now())
        now_ms = self._now_ms()
        known = await self._database.read(lambda connection: store.find(connection, node_id))
        if known is None or known.id != node_id:
            raise Unauthenticated(
                "This machine is not a node here any more: join with a new token.", code="node_unknown"
            )
        enrolment.require_signed(enrolment.lease_text(node_id, epoch, issued_at_s), signature, known.owner)
        if known.state == "banned":
            raise PermissionDenied("The operator has banned this node.", code="node_banned")
        if epoch is not None:
            if epoch != known.epoch:
                raise Conflict(
                    "Another agent has started with this node's keys, and this one gives way.", code="lease_lost"
                )
            return known

        def work(connection: Connection) -> Node:
            found = _found(connection, node_id)
            return replace(found, epoch=store.begin_lease(connection, node_id, now_ms), seen_at_ms=now_ms)

        return await self._database.write(work)

    async def change(
        self, name: str, *, to: State | None = None, called: str | None = None, tags: frozenset[str] | None = None
    ) -> Node:
        """Put a node into another state, give it another name or other tags; Conflict when the name is taken."""
        if called is not None:
            _require_name(called)
        if tags is not None and (fault := tags_fault(tags)):
            raise BadRequest(f"tags: {fault}.", param="tags")
        now_ms = self._now_ms()

        def work(connection: Connection) -> Node:
            store.begin_change(connection)
            before = _found(connection, name)
            after = replace(
                before,
                state=to or before.state,
                name=called or before.name,
                tags=before.tags if tags is None else tags,
            )
            if fault := change_fault(before.state, after.state):
                raise Conflict(f"state: {fault}.", param="state")
            other = store.find(connection, after.name)
            if other is not None and other.id != before.id:
                raise Conflict(f"name: there is a node `{after.name}` already.", param="name")
            store.update(connection, after)
            if after.state == "banned":
                store.revoke(connection, after.nkey, now_ms, now_ms - REVOKED_KEPT_MS)
            return after

        after = await self._database.write(work)
        await self._catch_up()
        return after

    async def remove(self, name: str) -> None:
        """Forget a node; its credentials are void from now on."""
        now_ms = self._now_ms()

        def work(connection: Connection) -> None:
            store.begin_change(connection)
            node = _found(connection, name)
            store.delete(connection, node.id)
            store.revoke(connection, node.nkey, now_ms, now_ms - REVOKED_KEPT_MS)

        await self._database.write(work)
        await self._catch_up()

    async def note_seen(self, node_ids: Iterable[str]) -> None:
        """Note that nodes are there now, for those who ask when they were last."""
        wanted, now_ms = tuple(node_ids), self._now_ms()
        if wanted:
            await self._database.write(lambda connection: store.note_seen(connection, wanted, now_ms))

    async def note_hellos(self, hellos: Mapping[str, Hello]) -> None:
        """Keep what nodes serve, as far as that is not kept yet, for gateways that have not heard them."""
        fresh = {node_id: hello for node_id, hello in hellos.items() if self._hellos.get(node_id) != hello}
        if fresh:
            await self._database.write(lambda connection: store.keep_hellos(connection, fresh))
            self._hellos |= fresh

    async def _catch_up(self) -> None:
        """Refresh if the database answers; what has been written is kept in any case."""
        with contextlib.suppress(Unavailable):
            await self.refresh()

    def _now_ms(self) -> int:
        return int(self._clock.now() * MS)


def _found(connection: Connection, name: str) -> Node:
    node = None if "\0" in name else store.find(connection, name)
    if node is None:
        raise NotFound("There is no node of that id or name.", code="node_not_found")
    return node


def _require_name(name: str) -> None:
    if fault := name_fault(name):
        raise BadRequest(f"name: {fault}.", param="name")


def _require_good(invite: Invite | None, known: Node | None, address: str, now_ms: int) -> None:
    """Refuse an invite that does not make this machine a node, and say what to do."""
    again = "ask the operator for another, from `antiphon nodes invite`"
    if invite is None:
        raise Unauthenticated(f"This token is unknown here: {again}.", code="invite_refused")
    if invite.node is not None and (known is None or invite.node != known.id):
        raise Unauthenticated(f"Another machine has used this token: {again}.", code="invite_refused")
    if invite.node is None and invite.expires_at_ms <= now_ms:
        raise Unauthenticated(f"This token has expired: {again}.", code="invite_refused")
    if known is not None and known.owner != address:
        raise Unauthenticated("This machine's key belongs to another wallet's node.", code="node_refused")
    if known is not None and known.state == "banned":
        raise PermissionDenied("The operator has banned this node.", code="node_banned")


def _free_name(connection: Connection, wanted: str, node_id: str) -> str:
    """The name that is wanted, or one like it that no node has."""
    if store.find(connection, wanted) is None:
        return wanted
    return f"{wanted[:50]}-{node_id[-6:]}"
