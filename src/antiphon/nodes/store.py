"""Nodes, invites and what gateways share of the broker, in the database. Plain functions, called within a work."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from antiphon.db import Connection, Row
from antiphon.link.frames import Hello
from antiphon.nodes.model import Invite, Node

_NODE = "id, name, owner, nkey, state, epoch, created_at_ms, seen_at_ms, tags"
_INVITE = "id, digest, name, created_at_ms, expires_at_ms, node"
HELLO_BYTES_MAX = 65_536  # a node that has more to say of itself is known once it is heard

_hello = msgspec.json.Decoder(Hello)


def changes(connection: Connection) -> int:
    """How often any node has been changed; a lease is no change."""
    row = connection.one("SELECT number FROM node_changes WHERE id = 1")
    assert row is not None, "the migration makes the row"
    return int(row[0])


def begin_change(connection: Connection) -> None:
    """Count a change. It comes first in a work: until the end of that, no other gateway changes a node."""
    connection.run("UPDATE node_changes SET number = number + 1 WHERE id = 1")


def every(connection: Connection) -> tuple[Node, ...]:
    """All nodes, the oldest first."""
    rows = connection.all(f"SELECT {_NODE} FROM nodes ORDER BY created_at_ms, id")
    return tuple(map(_node, rows))


def count(connection: Connection) -> int:
    """How many nodes there are."""
    row = connection.one("SELECT COUNT(*) FROM nodes")
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def find(connection: Connection, name: str) -> Node | None:
    """The node of that id or name."""
    row = connection.one(f"SELECT {_NODE} FROM nodes WHERE id = :name OR name = :name", name=name)
    return None if row is None else _node(row)


def of_nkey(connection: Connection, nkey: str) -> Node | None:
    """The node that has that key at the broker."""
    row = connection.one(f"SELECT {_NODE} FROM nodes WHERE nkey = :nkey", nkey=nkey)
    return None if row is None else _node(row)


def insert(connection: Connection, node: Node) -> None:
    """Keep a new node."""
    sql = (
        f"INSERT INTO nodes ({_NODE})"
        " VALUES (:id, :name, :owner, :nkey, :state, :epoch, :created_at_ms, :seen_at_ms, :tags)"
    )  # fmt: skip
    connection.run(
        sql,
        id=node.id,
        name=node.name,
        owner=node.owner,
        nkey=node.nkey,
        state=node.state,
        epoch=node.epoch,
        created_at_ms=node.created_at_ms,
        seen_at_ms=node.seen_at_ms,
        tags=_written(node.tags),
    )


def update(connection: Connection, node: Node) -> None:
    """Keep a node's name, state and tags."""
    sql = "UPDATE nodes SET name = :name, state = :state, tags = :tags WHERE id = :id"
    connection.run(sql, id=node.id, name=node.name, state=node.state, tags=_written(node.tags))


def begin_lease(connection: Connection, node_id: str, now_ms: int) -> int:
    """Give a node a new lease; the epoch of it."""
    sql = "UPDATE nodes SET epoch = epoch + 1, seen_at_ms = :now_ms WHERE id = :id RETURNING epoch"
    row = connection.one(sql, id=node_id, now_ms=now_ms)
    assert row is not None, "the node was found in this work"
    return int(row[0])


def note_seen(connection: Connection, node_ids: Sequence[str], now_ms: int) -> None:
    """Note that nodes have been heard."""
    for node_id in node_ids:
        sql = "UPDATE nodes SET seen_at_ms = :now_ms WHERE id = :id AND seen_at_ms < :now_ms"
        connection.run(sql, id=node_id, now_ms=now_ms)


def keep_hellos(connection: Connection, hellos: Mapping[str, Hello]) -> None:
    """Keep what nodes say that they serve."""
    for node_id, hello in hellos.items():
        text = msgspec.json.encode(hello).decode()
        if len(text) <= HELLO_BYTES_MAX:
            connection.run("UPDATE nodes SET hello = :hello WHERE id = :id", id=node_id, hello=text)


def hellos(connection: Connection) -> dict[str, Hello]:
    """What nodes said last that they serve; what another version wrote and this one cannot read is left out."""
    found = {}
    for node_id, text in connection.all("SELECT id, hello FROM nodes WHERE hello IS NOT NULL"):
        with contextlib.suppress(msgspec.DecodeError):
            found[str(node_id)] = _hello.decode(text)
    return found


def delete(connection: Connection, node_id: str) -> None:
    """Forget a node."""
    connection.run("DELETE FROM nodes WHERE id = :id", id=node_id)


def revoke(connection: Connection, nkey: str, now_ms: int, before_ms: int) -> None:
    """Void all credentials given to a key so far; forget revocations from before a time, which void nothing more."""
    connection.run("DELETE FROM node_revocations WHERE revoked_at_ms < :before_ms", before_ms=before_ms)
    sql = (
        "INSERT INTO node_revocations (nkey, revoked_at_ms) VALUES (:nkey, :now_ms)"
        " ON CONFLICT (nkey) DO UPDATE SET revoked_at_ms = :now_ms"
    )
    connection.run(sql, nkey=nkey, now_ms=now_ms)


def revocations(connection: Connection) -> dict[str, int]:
    """The keys whose credentials are void, with the time up to which they are."""
    rows = connection.all("SELECT nkey, revoked_at_ms FROM node_revocations")
    return {str(nkey): int(revoked_at_ms) for nkey, revoked_at_ms in rows}


def insert_invite(connection: Connection, invite: Invite) -> None:
    """Keep a new invite."""
    sql = (
        f"INSERT INTO node_invites ({_INVITE})"
        " VALUES (:id, :digest, :name, :created_at_ms, :expires_at_ms, :node)"
    )  # fmt: skip
    connection.run(
        sql,
        id=invite.id,
        digest=invite.digest,
        name=invite.name,
        created_at_ms=invite.created_at_ms,
        expires_at_ms=invite.expires_at_ms,
        node=invite.node,
    )


def find_invite(connection: Connection, digests: Sequence[str]) -> Invite | None:
    """The invite that has one of these digests."""
    for digest in digests:
        row = connection.one(f"SELECT {_INVITE} FROM node_invites WHERE digest = :digest", digest=digest)
        if row is not None:
            return Invite(*row)
    return None


def use_invite(connection: Connection, invite_id: str, node_id: str) -> bool:
    """Whether the invite was free, and now is that node's."""
    sql = "UPDATE node_invites SET node = :node WHERE id = :id AND node IS NULL"
    return connection.run(sql, id=invite_id, node=node_id) > 0


def count_invites(connection: Connection, now_ms: int) -> int:
    """How many invites are good."""
    sql = "SELECT COUNT(*) FROM node_invites WHERE node IS NULL AND expires_at_ms > :now_ms"
    row = connection.one(sql, now_ms=now_ms)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def invites(connection: Connection, after_ms: int) -> tuple[Invite, ...]:
    """The invites that expire after a time, the oldest first."""
    sql = f"SELECT {_INVITE} FROM node_invites WHERE expires_at_ms > :after_ms ORDER BY created_at_ms, id"
    return tuple(Invite(*row) for row in connection.all(sql, after_ms=after_ms))


def get_invite(connection: Connection, invite_id: str) -> Invite | None:
    """The invite of that id."""
    row = connection.one(f"SELECT {_INVITE} FROM node_invites WHERE id = :id", id=invite_id)
    return None if row is None else Invite(*row)


def delete_invite(connection: Connection, invite_id: str) -> None:
    """Forget an invite: its secret is that of none."""
    connection.run("DELETE FROM node_invites WHERE id = :id", id=invite_id)


def forget_invites(connection: Connection, before_ms: int) -> None:
    """Forget invites that expired before a time."""
    connection.run("DELETE FROM node_invites WHERE expires_at_ms < :before_ms", before_ms=before_ms)


def keep_secret(connection: Connection, name: str, sealed: str) -> str:
    """The secret of that name as it is kept: this one, unless there is one already."""
    sql = "INSERT INTO node_secrets (name, sealed) VALUES (:name, :sealed) ON CONFLICT (name) DO NOTHING"
    connection.run(sql, name=name, sealed=sealed)
    kept = find_secret(connection, name)
    assert kept is not None, "it was kept in this work"
    return kept


def find_secret(connection: Connection, name: str) -> str | None:
    """The secret of that name, sealed."""
    row = connection.one("SELECT sealed FROM node_secrets WHERE name = :name", name=name)
    return None if row is None else str(row[0])


def _node(row: Row) -> Node:
    return replace(Node(*row[:-1]), tags=frozenset(row[-1].split()))


def _written(tags: frozenset[str]) -> str:
    return " ".join(sorted(tags))
