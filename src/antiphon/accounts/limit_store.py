"""What several gateways have counted together, in their database. Plain functions over a connection, within a work.

All times are the database's own, so that no two gateways need agree what time it is. Requests at once are counted for
each run of a gateway; one that has not said for some seconds that it is alive counts no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

from msgspec import Struct

from antiphon.accounts.limits import SCALES, Admission, Level, Limits, Unit
from antiphon.accounts.rates import WINDOW_NS, Counter
from antiphon.db import Connection, Row, Value
from antiphon.key import Part, Scale

T = TypeVar("T")

SILENT_US = 6 * 10**6  # since its last word a run's requests count no more
OLD_US = 60 * 10**6  # since which what is left of a run is swept away
US_NS = 1_000
BIGINT_MAX = 2**63 - 1  # the end of the debt of one token a minute that has used a hundred million
ROWS_MAX = 64  # of one statement

Name = tuple[Scale, str]
Place = tuple[Scale, Unit, str]
Full = tuple[int, int]  # when all that was used has come back, times the rate, and the rate


class Batch(Struct, frozen=True):
    """What one gateway has to say and to ask at once.

    `used` are tokens by name and by how many a minute allows; `running` are this run's requests, `ended` the names of
    which it had more before.
    """

    run: str
    asked: Sequence[Sequence[Part]]
    used: Mapping[tuple[Scale, str, int], int]
    running: Mapping[Name, int]
    ended: frozenset[Name] = frozenset()
    sweep: bool = False


def settle(connection: Connection, batch: Batch, *, now_sql: str) -> list[Admission]:
    """Count what was used and what has ended, and decide on the requests that ask, in their order."""
    row = connection.one(now_sql)
    assert row is not None, "the database knows the time"
    now_us = int(row[0])
    now_ns = now_us * US_NS
    names = sorted({part.name for asked in batch.asked for part in asked} | {name for _, name, _ in batch.used})
    bounded = {(part.scale, part.name) for asked in batch.asked for part in asked if part.allowance.parallel_max}
    others = _running(connection, batch.run, bounded, now_us)
    limits = _limits(_counters(connection, names, now_ns), others, batch.running)
    before = _full(limits)
    for (scale, name, per_minute), tokens in batch.used.items():
        limits.levels[scale].counter(name, now_ns).use_tokens(per_minute, tokens, now_ns)
    admissions = [limits.decide(asked, now_ns) for asked in batch.asked]
    _keep_rates(connection, {place: full for place, full in _full(limits).items() if before.get(place) != full})
    if bounded or batch.running or batch.ended:
        _keep_running(connection, batch, _own(limits, others, batch.running), now_us)
    if batch.sweep:
        _sweep(connection, now_us)
    return admissions


def forget(connection: Connection, run: str) -> None:
    """A run has ended: none of its requests count any more."""
    connection.run("DELETE FROM limit_running WHERE run = :run", run=run)
    connection.run("DELETE FROM limit_runs WHERE run = :run", run=run)


def _limits(
    counters: Mapping[Scale, Mapping[str, Counter]], others: Mapping[Name, int], running: Mapping[Name, int]
) -> Limits:
    """The rules over what all gateways have counted."""
    levels = {}
    for scale in SCALES:
        counts = {name: count for (each, name), count in others.items() if each == scale}
        for (each, name), count in running.items():
            if each == scale:
                counts[name] = counts.get(name, 0) + count
        levels[scale] = Level(scale, counters=counters.get(scale), running=counts)
    return Limits(levels)


def _own(limits: Limits, others: Mapping[Name, int], running: Mapping[Name, int]) -> dict[Name, int]:
    """This run's requests, those included that were just let in."""
    names = running.keys() | {(scale, name) for scale in SCALES for name in limits.levels[scale].running}
    return {
        (scale, name): limits.levels[scale].running.get(name, 0) - others.get((scale, name), 0) for scale, name in names
    }


def _counters(connection: Connection, names: Sequence[str], now_ns: int) -> dict[Scale, dict[str, Counter]]:
    """What is kept of these names. A clock that was set back makes no request wait for longer than a minute."""
    found: dict[Scale, dict[str, Counter]] = {}
    columns = "scale, unit, name, per_minute, full_at_ns, rest"
    for row in _of_names(connection, f"SELECT {columns} FROM limit_rates WHERE name IN", names):
        scale, unit, name, per_minute, full_at_ns, rest = row
        counter = found.setdefault(scale, {}).setdefault(name, Counter())
        full = full_at_ns * per_minute + rest
        if unit == "requests":
            counter.requests, counter.requests_full = per_minute, min(full, (now_ns + WINDOW_NS) * per_minute)
        else:
            counter.tokens, counter.tokens_full = per_minute, full
    return found


def _running(connection: Connection, run: str, names: set[Name], now_us: int) -> dict[Name, int]:
    """How many requests other runs have under way that are alive."""
    sql = (
        "SELECT r.scale, r.name, SUM(r.requests) FROM limit_running AS r JOIN limit_runs AS g ON g.run = r.run"
        " WHERE r.run <> :run AND g.alive_at_us > :since_us AND r.name IN"
    )
    rows = _of_names(
        connection,
        sql,
        sorted({name for _, name in names}),
        "GROUP BY r.scale, r.name",
        run=run,
        since_us=now_us - SILENT_US,
    )
    return {(cast("Scale", scale), name): int(count) for scale, name, count in rows if count}


def _keep_rates(connection: Connection, full: Mapping[Place, Full]) -> None:
    """Write what names have used."""
    rows: list[dict[str, Value]] = []
    for (scale, unit, name), (full_at, per_minute) in full.items():
        full_at_ns, rest = divmod(full_at, per_minute)
        key: dict[str, Value] = {"scale": scale, "unit": unit, "name": name}
        rows.append({**key, "per_minute": per_minute, "full_at_ns": min(full_at_ns, BIGINT_MAX), "rest": rest})
    _upsert(connection, "limit_rates", ("scale", "unit", "name"), rows)


def _keep_running(connection: Connection, batch: Batch, own: Mapping[Name, int], now_us: int) -> None:
    """Say that this run is alive, and write how many requests it has; all of them where it was taken for dead."""
    alive = connection.run("UPDATE limit_runs SET alive_at_us = :now_us WHERE run = :run", now_us=now_us, run=batch.run)
    if not alive:
        connection.run("INSERT INTO limit_runs (run, alive_at_us) VALUES (:run, :now_us)", run=batch.run, now_us=now_us)
    changed = {
        name: own.get(name, 0)
        for name in own.keys() | batch.ended
        if name in batch.ended or not alive or own.get(name, 0) != batch.running.get(name, 0)
    }
    rows: list[dict[str, Value]] = [
        {"run": batch.run, "scale": scale, "name": name, "requests": count} for (scale, name), count in changed.items()
    ]
    _upsert(connection, "limit_running", ("run", "scale", "name"), rows)


def _sweep(connection: Connection, now_us: int) -> None:
    """Forget what says nothing any more."""
    silent = "SELECT run FROM limit_runs WHERE alive_at_us < :since_us"
    since_us = now_us - OLD_US
    connection.run(f"DELETE FROM limit_running WHERE requests = 0 OR run IN ({silent})", since_us=since_us)
    connection.run("DELETE FROM limit_runs WHERE alive_at_us < :since_us", since_us=since_us)
    connection.run("DELETE FROM limit_rates WHERE full_at_ns < :now_ns", now_ns=now_us * US_NS)


def _full(limits: Limits) -> dict[Place, Full]:
    """What names have used of their rates."""
    full: dict[Place, Full] = {}
    for scale, level in limits.levels.items():
        for name, counter in level.counters.items():
            if counter.requests_full:
                full[scale, "requests", name] = counter.requests_full, counter.requests
            if counter.tokens_full:
                full[scale, "tokens", name] = counter.tokens_full, counter.tokens
    return full


def _of_names(connection: Connection, sql: str, names: Sequence[str], rest: str = "", **values: Value) -> Iterable[Row]:
    """The rows for all names, so many at a time; one of few forms of the statement each."""
    for group in _groups(names):
        size = 4 if len(group) <= 4 else ROWS_MAX
        places = {f"name_{number}": name for number, name in enumerate([*group, *[""] * (size - len(group))])}
        yield from connection.all(f"{sql} ({', '.join(f':{place}' for place in places)}) {rest}", **values, **places)


def _upsert(connection: Connection, table: str, key: tuple[str, ...], rows: Sequence[dict[str, Value]]) -> None:
    """Write rows in the place of those with the same key."""
    for group in _groups(rows):
        columns = tuple(group[0])
        values = {f"{column}_{number}": row[column] for number, row in enumerate(group) for column in columns}
        places = ", ".join(
            f"({', '.join(f':{column}_{number}' for column in columns)})" for number in range(len(group))
        )
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
        conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        connection.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} {conflict}", **values)


def _groups(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[first : first + ROWS_MAX] for first in range(0, len(rows), ROWS_MAX))
