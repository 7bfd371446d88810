"""Many rows in one statement, in the form that both databases take: `VALUES (:v0, :v1), (:v2, :v3)`.

Statements have 64, 8 or 1 rows, so that there are few different ones and databases know them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from antiphon.db import Connection, Row, Value

SIZES = (64, 8, 1)

Rows = Sequence[Sequence[Value]]


def all_of(connection: Connection, head: str, rows: Rows, tail: str = "", /, **values: Value) -> list[Row]:
    """Every row of `head (...), (...) tail`, run with as many statements as it takes."""
    return [
        row
        for some in _some(rows)
        for row in connection.all(_statement(head, len(some), len(some[0]), tail), *_listed(some), **values)
    ]


def run(connection: Connection, head: str, rows: Rows, tail: str = "", /, **values: Value) -> int:
    """The number of rows that `head (...), (...) tail` changed."""
    return sum(
        connection.run(_statement(head, len(some), len(some[0]), tail), *_listed(some), **values)
        for some in _some(rows)
    )


def _some(rows: Rows) -> Iterator[Rows]:
    begin = 0
    for size in SIZES:
        while len(rows) - begin >= size:
            yield rows[begin : begin + size]
            begin += size


def _listed(rows: Rows) -> Iterator[Value]:
    return chain.from_iterable(rows)


@lru_cache(maxsize=256)
def _statement(head: str, rows: int, columns: int, tail: str) -> str:
    places = (f"({', '.join(f':v{row * columns + column}' for column in range(columns))})" for row in range(rows))
    return f"{head} {', '.join(places)} {tail}"
