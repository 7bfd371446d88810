"""Accounts and keys in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from antiphon.accounts.model import Grant, KeyRecord
from antiphon.db import Connection, Row, Value
from antiphon.key import Scope

DIGESTS_MAX = 64  # that one statement asks for
_COLUMNS = (
    "id, account, kind, name, digest, pepper_id, first, last, scopes, models, projects, requests_per_minute, "
    "tokens_per_minute, parallel_max, spend_cap, created_at_ms, expires_at_ms, revoked_at_ms, replaced_by, nodes, "
    "prompt_price_max, completion_price_max"
)
_PLACES = tuple(f"digest_{number}" for number in range(DIGESTS_MAX))
_BY_DIGESTS = f"SELECT {_COLUMNS} FROM keys WHERE digest IN ({', '.join(f':{place}' for place in _PLACES)})"
_ENDED = "(revoked_at_ms IS NOT NULL OR (expires_at_ms IS NOT NULL AND expires_at_ms <= :now_ms))"
_scopes = msgspec.json.Decoder(frozenset[Scope])
_names = msgspec.json.Decoder(frozenset[str])


class Changed(Struct, frozen=True):
    """A key that was changed."""

    digest: str
    id: str
    revoked: bool


def keep_account(connection: Connection, account: str, now_ms: int) -> None:
    """Keep an account, unless it is kept already."""
    sql = "INSERT INTO accounts (id, created_at_ms) VALUES (:id, :now_ms) ON CONFLICT (id) DO NOTHING"
    connection.run(sql, id=account, now_ms=now_ms)


def insert(connection: Connection, record: KeyRecord) -> None:
    """Keep a new key; its account is kept."""
    grant = record.grant
    values: dict[str, Value] = {
        "id": record.id,
        "account": record.account,
        "kind": record.kind,
        "name": grant.name,
        "digest": record.digest,
        "pepper_id": record.pepper_id,
        "first": record.first,
        "last": record.last,
        "scopes": _json(grant.scopes),
        "models": _json(grant.models),
        "projects": _json(grant.projects),
        "requests_per_minute": grant.requests_per_minute,
        "tokens_per_minute": grant.tokens_per_minute,
        "parallel_max": grant.parallel_max,
        "spend_cap": grant.spend_cap,
        "created_at_ms": record.created_at_ms,
        "expires_at_ms": grant.expires_at_ms,
        "revoked_at_ms": record.revoked_at_ms,
        "replaced_by": record.replaced_by,
        "nodes": _json(grant.nodes),
        "prompt_price_max": grant.prompt_price_max,
        "completion_price_max": grant.completion_price_max,
    }
    connection.run(f"INSERT INTO keys ({_COLUMNS}) VALUES (:{', :'.join(values)})", **values)


def changes(connection: Connection) -> int:
    """How often any key that may have been in use was changed."""
    row = connection.one("SELECT number FROM key_changes WHERE id = 1")
    assert row is not None, "the migration makes the row"
    return int(row[0])


def changed_since(connection: Connection, number: int) -> list[Changed]:
    """The keys that were changed after change `number`."""
    sql = "SELECT digest, id, revoked_at_ms IS NOT NULL FROM keys WHERE changed > :number"
    return [Changed(digest, key_id, bool(revoked)) for digest, key_id, revoked in connection.all(sql, number=number)]


def by_digests(connection: Connection, digests: Sequence[str]) -> list[KeyRecord]:
    """The keys of some digests, `DIGESTS_MAX` at most."""
    assert len(digests) <= DIGESTS_MAX, "the caller takes so many at once"
    padded = [*digests, *[""] * (DIGESTS_MAX - len(digests))]
    return [_record(row) for row in connection.all(_BY_DIGESTS, **dict(zip(_PLACES, padded, strict=True)))]


def find(connection: Connection, key_id: str) -> KeyRecord | None:
    """The key of that id, whoever's it is."""
    row = connection.one(f"SELECT {_COLUMNS} FROM keys WHERE id = :id", id=key_id)
    return None if row is None else _record(row)


def of_account(connection: Connection, account: str | None, limit: int) -> list[KeyRecord]:
    """The keys of an account, or of all accounts, the newest first."""
    where = "" if account is None else " WHERE account = :account"
    sql = f"SELECT {_COLUMNS} FROM keys{where} ORDER BY created_at_ms DESC, id DESC LIMIT :limit"
    values: dict[str, Value] = {} if account is None else {"account": account}
    return [_record(row) for row in connection.all(sql, limit=limit, **values)]


def count(connection: Connection, account: str) -> int:
    """How many keys of an account are kept, good or not."""
    row = connection.one("SELECT COUNT(*) FROM keys WHERE account = :account", account=account)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def count_lasting(connection: Connection, account: str, now_ms: int) -> int:
    """How many keys of an account are good, but for those that have a successor."""
    sql = f"SELECT COUNT(*) FROM keys WHERE account = :account AND replaced_by IS NULL AND NOT {_ENDED}"
    row = connection.one(sql, account=account, now_ms=now_ms)
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def revoke(connection: Connection, key_id: str, now_ms: int) -> None:
    """Void a key now; one that is void already stays as it is."""
    sql = "UPDATE keys SET revoked_at_ms = :now_ms, changed = :changed WHERE id = :id AND revoked_at_ms IS NULL"
    connection.run(sql, id=key_id, now_ms=now_ms, changed=_begin_change(connection))


def revoke_all(connection: Connection, account: str, now_ms: int) -> None:
    """Void all keys of an account now."""
    sql = (
        "UPDATE keys SET revoked_at_ms = :now_ms, changed = :changed"
        f" WHERE account = :account AND NOT {_ENDED}"
    )  # fmt: skip
    connection.run(sql, account=account, now_ms=now_ms, changed=_begin_change(connection))


def replace(connection: Connection, key_id: str, successor: str, expires_at_ms: int) -> None:
    """Name a key's successor, and let it end at a time."""
    sql = "UPDATE keys SET replaced_by = :successor, expires_at_ms = :expires_at_ms, changed = :changed WHERE id = :id"
    changed = _begin_change(connection)
    connection.run(sql, id=key_id, successor=successor, expires_at_ms=expires_at_ms, changed=changed)


def predecessor(connection: Connection, key_id: str) -> str | None:
    """The id of the key that this one replaced, None when there was none."""
    row = connection.one("SELECT id FROM keys WHERE replaced_by = :id", id=key_id)
    return None if row is None else str(row[0])


def forget_ended(connection: Connection, account: str, before_ms: int) -> None:
    """Forget the keys of an account that ended before a time."""
    sql = (
        "DELETE FROM keys WHERE account = :account AND (revoked_at_ms < :before_ms OR expires_at_ms < :before_ms)"
    )  # fmt: skip
    connection.run(sql, account=account, before_ms=before_ms)


def use_nonce(connection: Connection, nonce: str, expires_at_ms: int) -> bool:
    """Whether the nonce was not used before; it is now."""
    sql = "INSERT INTO used_nonces (nonce, expires_at_ms) VALUES (:nonce, :expires_at_ms) ON CONFLICT DO NOTHING"
    return connection.run(sql, nonce=nonce, expires_at_ms=expires_at_ms) > 0


def forget_nonces(connection: Connection, before_ms: int) -> None:
    """Forget the nonces that expired before a time."""
    connection.run("DELETE FROM used_nonces WHERE expires_at_ms < :before_ms", before_ms=before_ms)


def pepper_ids(connection: Connection, now_ms: int) -> dict[str, int]:
    """How many good keys there are under each pepper."""
    sql = f"SELECT pepper_id, COUNT(*) FROM keys WHERE NOT {_ENDED} GROUP BY pepper_id"
    return {row[0]: int(row[1]) for row in connection.all(sql, now_ms=now_ms)}


def _begin_change(connection: Connection) -> int:
    """Count a change; until the end of the work no other gateway counts one."""
    row = connection.one("UPDATE key_changes SET number = number + 1 WHERE id = 1 RETURNING number")
    assert row is not None, "the migration makes the row"
    return int(row[0])


def _json(names: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(names)).decode()


def _record(row: Row) -> KeyRecord:
    (
        key_id, account, kind, name, digest, pepper_id, first, last, scopes, models, projects, requests_per_minute,
        tokens_per_minute, parallel_max, spend_cap, created_at_ms, expires_at_ms, revoked_at_ms, replaced_by, nodes,
        prompt_price_max, completion_price_max,
    ) = row  # fmt: skip
    grant = Grant(
        name,
        _scopes.decode(scopes),
        _names.decode(models),
        _names.decode(projects),
        requests_per_minute,
        tokens_per_minute,
        parallel_max,
        spend_cap,
        expires_at_ms,
        _names.decode(nodes),
        prompt_price_max,
        completion_price_max,
    )
    return KeyRecord(
        key_id, account, kind, grant, digest, pepper_id, first, last, created_at_ms, revoked_at_ms, replaced_by
    )
