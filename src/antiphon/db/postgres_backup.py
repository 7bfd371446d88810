"""Backups of a database of PostgreSQL: what `pg_dump` writes, and `pg_restore` reads."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from antiphon.db import Connection, Row, StatementFailed, T, Work
from antiphon.db.session import DatabaseFailed, Driver, Use
from antiphon.errors import ConfigError

REASON_CHARACTERS_MAX = 300
SCHEMA = "SELECT current_schema()"
STORED = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename LIMIT 1"
MIGRATIONS = re.compile(r"^\d+; \d+ \d+ TABLE (.+) migrations ", re.MULTILINE)
COMPLAINT = re.compile(r"error: (.+)$", re.MULTILINE)
ROWS = re.compile(r"^COPY \S+ \((?P<columns>.+)\) FROM stdin;\n(?P<rows>.*?)^\\\.$", re.MULTILINE | re.DOTALL)


def require_empty(connection: Connection) -> None:
    """ConfigError when there is a table in the schema."""
    row = connection.one(STORED)
    if row is not None:
        raise ConfigError(f"database.url: the database has tables, such as {row[0]}; a backup goes into an empty one.")


class PostgresBackups:
    """Backups of the schema that a URL leads to. The password goes to the tools by their environment, which is ours."""

    kind = "PostgreSQL"
    beginning = b"PGDMP"
    suffix = ".dump"

    def __init__(self, url: str, driver: Driver, *, environ: Mapping[str, str]) -> None:
        given = conninfo_to_dict(url)
        password = given.pop("password", None)
        self._database = f"--dbname={make_conninfo('', **given)}"
        self._environ = {**environ, "PGAPPNAME": "antiphon", **({"PGPASSWORD": str(password)} if password else {})}
        self._driver = driver

    def write(self, file: Path) -> None:
        """Dump the schema as it is at one moment; owners and rights are the target's own matter."""
        quoted = self._schema().replace('"', '""')
        what = ("--format=custom", "--no-owner", "--no-privileges", f'--schema="{quoted}"')
        self._run("pg_dump", self._database, *what, f"--file={file}")

    def applied(self, file: Path) -> Sequence[Row]:
        """What a backup's table of migrations says."""
        table = ("--data-only", f"--schema={self._schema_of(file)}", "--table=migrations")
        found = ROWS.search(self._run("pg_restore", *table, "--file=-", str(file)))
        if found is None:
            raise ConfigError(f"{file} holds no rows of the table of migrations: it is no backup of Antiphon.")
        columns = found["columns"].split(", ")
        rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in found["rows"].splitlines()]
        return sorted((int(row["number"]), row["name"], row["digest"]) for row in rows)

    def restore(self, file: Path) -> None:
        """Fill the schema in one transaction; a backup of another schema, or one that holds tables, is refused."""
        schema, other = self._schema(), self._schema_of(file)
        if schema != other:
            raise ConfigError(f"{file} holds the schema {other}, database.url leads to the schema {schema}.")
        self._in_session(require_empty)
        how = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", f"--schema={schema}")
        self._run("pg_restore", self._database, *how, str(file))

    def _schema(self) -> str:
        """The schema that the URL leads to."""
        row = self._in_session(lambda connection: connection.one(SCHEMA))
        if row is None or row[0] is None:
            raise ConfigError("database.url: it leads to no schema that is there.")
        return str(row[0])

    def _schema_of(self, file: Path) -> str:
        found = MIGRATIONS.search(self._run("pg_restore", "--list", str(file)))
        if found is None:
            raise ConfigError(f"{file} has no table of migrations: it is no backup of Antiphon.")
        return found[1]

    def _in_session(self, work: Work[T]) -> T:
        try:
            session = self._driver.connect(Use.READ)
            try:
                return work(session)
            finally:
                session.close()
        except (DatabaseFailed, StatementFailed) as failure:
            raise ConfigError(f"database.url: the database cannot be used: {failure}.") from failure

    def _run(self, name: str, *words: str) -> str:
        """What one of PostgreSQL's tools prints; ConfigError with its first complaint when it fails."""
        program = shutil.which(name, path=self._environ.get("PATH"))
        if program is None:
            raise ConfigError(f"{name} is not on the PATH: install PostgreSQL's client tools, as new as its server.")
        done = subprocess.run(  # noqa: S603 - a tool of PostgreSQL as it was found, with words of ours
            [program, *words], env=self._environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            complaint = COMPLAINT.search(done.stderr)
            reason = complaint[1] if complaint else f"it ended with {done.returncode}"
            raise ConfigError(f"{name} failed: {reason[:REASON_CHARACTERS_MAX]}")
        return done.stdout
