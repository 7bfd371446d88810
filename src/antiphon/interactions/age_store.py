"""Interactions by project and age, of all accounts. Plain functions over a connection, called within a work."""

from __future__ import annotations

from antiphon.db import Connection
from antiphon.interactions import store

# Not a DISTINCT: each step of this goes down the index once, however many rows a project has.
NEXT = "SELECT MIN(project_id) FROM interactions WHERE project_id > :after"
OLD = (
    "SELECT completion_id, account, session_id FROM interactions WHERE {project}"
    " AND kept_at_ms < :before_ms AND created_at_ms < :before_ms ORDER BY kept_at_ms LIMIT :most"
)
OF_PROJECT = OLD.format(project="project_id = :project_id")
OF_NONE = OLD.format(project="project_id IS NULL")


def project_ids(connection: Connection) -> list[str]:
    """The projects that have interactions, also those that are gone themselves."""
    found: list[str] = []
    while True:
        row = connection.one(NEXT, after=found[-1] if found else "")
        if row is None or row[0] is None:
            return found
        found.append(str(row[0]))


def delete(connection: Connection, project_id: str | None, *, before_ms: int, most: int) -> int:
    """Delete up to `most` that came before a time, the oldest first; of a project, None: of no project. How many."""
    if project_id is None:
        rows = connection.all(OF_NONE, before_ms=before_ms, most=most)
    else:
        rows = connection.all(OF_PROJECT, project_id=project_id, before_ms=before_ms, most=most)
    return store.remove(connection, rows)
