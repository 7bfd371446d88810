"""Projects in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from antiphon.db import Connection
from antiphon.projects.model import Project

_decoder = msgspec.json.Decoder(Project)


def changes(connection: Connection) -> int:
    """How often any project has been changed."""
    row = connection.one("SELECT number FROM project_changes WHERE id = 1")
    assert row is not None, "the migration makes the row"
    return int(row[0])


def begin_change(connection: Connection) -> None:
    """Count a change. It comes first in a work: until the end of that, no other gateway changes a project."""
    connection.run("UPDATE project_changes SET number = number + 1 WHERE id = 1")


def every(connection: Connection) -> tuple[Project, ...]:
    """All projects, the oldest first."""
    rows = connection.all("SELECT document FROM projects")
    found = (_project(document) for (document,) in rows)
    return tuple(sorted(found, key=lambda project: (project.created_at_ms, project.key)))


def count(connection: Connection) -> int:
    """How many there are."""
    row = connection.one("SELECT COUNT(*) FROM projects")
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def find(connection: Connection, project_id: str) -> Project | None:
    """The project of that id."""
    row = connection.one("SELECT document FROM projects WHERE id = :id", id=project_id)
    return None if row is None else _project(row[0])


def holds_key(connection: Connection, key: str) -> bool:
    """Whether a project has that key."""
    return connection.one("SELECT 1 FROM projects WHERE key = :key", key=key) is not None


def insert(connection: Connection, project: Project) -> None:
    """Keep a new project."""
    sql = "INSERT INTO projects (id, key, document) VALUES (:id, :key, :document)"
    connection.run(sql, id=project.id, key=project.key, document=_document(project))


def update(connection: Connection, project: Project) -> None:
    """Keep a project that has changed; id and key are the same."""
    sql = "UPDATE projects SET document = :document WHERE id = :id"
    connection.run(sql, id=project.id, document=_document(project))


def delete(connection: Connection, project_id: str) -> bool:
    """Whether there was such a project; what was stored under its id elsewhere stays."""
    return connection.run("DELETE FROM projects WHERE id = :id", id=project_id) > 0


def _document(project: Project) -> str:
    return msgspec.json.encode(replace(project, origin="stored")).decode()


def _project(document: str) -> Project:
    return _decoder.decode(document)
