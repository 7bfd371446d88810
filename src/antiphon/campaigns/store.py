"""Campaigns in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

import msgspec

from antiphon.campaigns.model import Campaign
from antiphon.db import Connection, Row

_decoder = msgspec.json.Decoder(Campaign)


def changes(connection: Connection) -> int:
    """How often any campaign has been changed."""
    row = connection.one("SELECT number FROM campaign_changes WHERE id = 1")
    assert row is not None, "the migration makes the row"
    return int(row[0])


def begin_change(connection: Connection) -> int:
    """The number of a new change. It comes first in a work: until that ends, no other gateway changes a campaign."""
    row = connection.one("UPDATE campaign_changes SET number = number + 1 WHERE id = 1 RETURNING number")
    assert row is not None, "the migration makes the row"
    return int(row[0])


def changed_since(connection: Connection, number: int) -> tuple[Campaign, ...]:
    """The campaigns that a later change than that has made or changed."""
    rows = connection.all("SELECT document FROM campaigns WHERE changed > :number", number=number)
    return tuple(map(_campaign, rows))


def in_use(connection: Connection) -> tuple[Campaign, ...]:
    """All campaigns that are not archived."""
    return tuple(map(_campaign, connection.all("SELECT document FROM campaigns WHERE status <> 'archived'")))


def every(connection: Connection, account: str, *, archived: bool) -> tuple[Campaign, ...]:
    """The account's campaigns, the newest first; the `archived` ones too, or without them."""
    rows = connection.all(
        "SELECT document FROM campaigns WHERE account = :account AND (status <> 'archived' OR :archived = 1)"
        " ORDER BY created_at_ms DESC, id DESC",
        account=account,
        archived=int(archived),
    )
    return tuple(map(_campaign, rows))


def count(connection: Connection, account: str) -> int:
    """How many the account has, the archived ones left out."""
    row = connection.one(
        "SELECT COUNT(*) FROM campaigns WHERE account = :account AND status <> 'archived'", account=account
    )
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def find(connection: Connection, account: str, name: str) -> Campaign | None:
    """The account's campaign of that id or key."""
    sql = "SELECT document FROM campaigns WHERE account = :account AND (id = :name OR key = :name)"
    row = connection.one(sql, account=account, name=name)
    return None if row is None else _campaign(row)


def open_of(connection: Connection, account: str, project_id: str) -> tuple[Campaign, ...]:
    """The account's campaigns of a project that run or are paused."""
    rows = connection.all(
        "SELECT document FROM campaigns WHERE account = :account AND project_id = :project_id"
        " AND status IN ('running', 'paused')",
        account=account,
        project_id=project_id,
    )
    return tuple(map(_campaign, rows))


def insert(connection: Connection, campaign: Campaign, number: int) -> bool:
    """Keep a new campaign, by the change of that number; False when its account has one of that key."""
    return (
        connection.run(
            "INSERT INTO campaigns (id, account, key, project_id, status, created_at_ms, changed, document) VALUES"
            " (:id, :account, :key, :project_id, :status, :created_at_ms, :changed, :document)"
            " ON CONFLICT (account, key) DO NOTHING",
            id=campaign.id,
            account=campaign.account,
            key=campaign.key,
            project_id=campaign.project_id,
            status=campaign.status,
            created_at_ms=campaign.created_at_ms,
            changed=number,
            document=_document(campaign),
        )
        > 0
    )


def update(connection: Connection, campaign: Campaign, number: int) -> None:
    """Keep a campaign that the change of that number has changed; id, account, key and project are the same."""
    connection.run(
        "UPDATE campaigns SET status = :status, changed = :changed, document = :document WHERE id = :id",
        id=campaign.id,
        status=campaign.status,
        changed=number,
        document=_document(campaign),
    )


def take_look(connection: Connection, campaign_id: str, now_ms: int, next_ms: int) -> bool:
    """Whether it is time to look at a campaign, and nobody else has taken that; the next time is `next_ms` then."""
    return (
        connection.run(
            "UPDATE campaigns SET look_after_ms = :next_ms WHERE id = :id AND look_after_ms <= :now_ms",
            id=campaign_id,
            now_ms=now_ms,
            next_ms=next_ms,
        )
        > 0
    )


def put_off_look(connection: Connection, campaign_id: str, next_ms: int) -> None:
    """Let nobody look at a campaign before that time."""
    connection.run("UPDATE campaigns SET look_after_ms = :next_ms WHERE id = :id", id=campaign_id, next_ms=next_ms)


def _document(campaign: Campaign) -> str:
    return msgspec.json.encode(campaign).decode()


def _campaign(row: Row) -> Campaign:
    return _decoder.decode(row[0])
