"""How many works a second the database stores, each durable before its caller goes on: 64 callers, and one.

On SQLite, and on a PostgreSQL server of its own on this machine, whose commits reach the disk. A work is what the
gateway does most: one row of some kilobytes, and the count of its session.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from antiphon.db import Connection, Database
from antiphon.db.migrate import Migration
from antiphon.db.open import open_database
from tests.fixtures.databases.server import PostgresServer

CALLERS = 64
TEXT_CHARACTERS = 2000
TABLES = Migration(
    1,
    "turns",
    "CREATE TABLE turns (id TEXT PRIMARY KEY, session TEXT NOT NULL, text TEXT NOT NULL, at BIGINT NOT NULL);"
    "CREATE INDEX turns_by_session ON turns (session, at);"
    "CREATE TABLE sessions (session TEXT PRIMARY KEY, turns BIGINT NOT NULL);",
)


@dataclass(frozen=True)
class Figures:
    """What a spell gave; latencies in milliseconds."""

    works_per_s: float
    p50_ms: float
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.works_per_s:,.0f} | {self.p50_ms:.2f} | {self.p99_ms:.1f}"


def store(connection: Connection, name: str, session: str, text: str) -> None:
    """One turn of a session."""
    connection.run(
        "INSERT INTO turns (id, session, text, at) VALUES (:name, :session, :text, :at)",
        name=name,
        session=session,
        text=text,
        at=1_700_000_000_000,
    )
    connection.run(
        "INSERT INTO sessions (session, turns) VALUES (:session, 1)"
        " ON CONFLICT (session) DO UPDATE SET turns = sessions.turns + 1",
        session=session,
    )


def refuse(connection: Connection, session: str) -> None:
    """A work that fails after it has changed something."""
    connection.run("UPDATE sessions SET turns = 0 WHERE session = :session", session=session)
    raise LookupError


async def spell(database: Database, *, callers: int, seconds: float, label: str, failing: int = 0) -> Figures:
    """Every caller stores one turn after the other; the first `failing` callers only fail."""
    until = time.perf_counter() + seconds
    latencies_ms: list[float] = []

    async def caller(number: int) -> None:
        count = 0
        while (begun := time.perf_counter()) < until:
            count += 1
            name, session = f"{label}-{number}-{count}", f"s{number}"
            if number < failing:
                try:
                    await database.write(partial(refuse, session=session))
                except LookupError:
                    continue
            text = chr(97 + count % 26) * TEXT_CHARACTERS
            await database.write(partial(store, name=name, session=session, text=text))
            latencies_ms.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    cuts = statistics.quantiles(latencies_ms, n=100)
    return Figures(len(latencies_ms) / (time.perf_counter() - begun), cuts[49], cuts[98])


async def measure(url: str, folder: Path, seconds: float) -> dict[str, Figures]:
    """The figures of each spell."""
    database = open_database(url, data_dir=folder, migrations=(TABLES,))
    try:
        await spell(database, callers=CALLERS, seconds=1, label="warm")
        return {
            f"{CALLERS} callers": await spell(database, callers=CALLERS, seconds=seconds, label="many"),
            "1 caller": await spell(database, callers=1, seconds=seconds, label="one"),
            f"{CALLERS} callers, 8 of them failing": await spell(
                database, callers=CALLERS, seconds=seconds, label="some", failing=8
            ),
        }
    finally:
        await database.close()


@contextmanager
def urls(folder: Path) -> Iterator[dict[str, str]]:
    """A database of each kind, while it lasts."""
    server = PostgresServer(durable=True)
    server.start()
    try:
        yield {"SQLite": f"sqlite:///{folder / 'bench.db'}", "PostgreSQL": server.new_url()}
    finally:
        server.stop()


def main(words: list[str] | None = None) -> int:
    """Prints a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.database", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each spell")
    parser.add_argument("--folder", type=Path, help="where SQLite's file is put; default: a temporary folder")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, urls(Path(folder)) as found:
        print("| database | callers | works/s | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
        for database, url in found.items():
            for label, figures in asyncio.run(measure(url, Path(folder), options.seconds)).items():
                print(f"| {database} | {label} | {figures} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
