"""SQL text: values are found where they are values, and statements end where they end."""

from __future__ import annotations

import pytest

from antiphon.db.scan import statements, with_percent_names, with_question_marks


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT :a, :b_2", "SELECT %(a)s, %(b_2)s"),
        ("WHERE a=:a AND b=:a", "WHERE a=%(a)s AND b=%(a)s"),
        ("SELECT ':a', \":a\", 'it''s :a', '' , :a", "SELECT ':a', \":a\", 'it''s :a', '' , %(a)s"),
        ("SELECT E'\\':a', e'\\\\', :a", "SELECT E'\\':a', e'\\\\', %(a)s"),
        ("SELECT tape':a', :a", "SELECT tape':a', %(a)s"),
        ("SELECT $$:a$$, $x$ :a $$ :a $x$, :a", "SELECT $$:a$$, $x$ :a $$ :a $x$, %(a)s"),
        ("SELECT x::text, :a::text", "SELECT x::text, %(a)s::text"),
        ("SELECT 1 -- :a's\n, :a", "SELECT 1 -- :a's\n, %(a)s"),
        ("SELECT 1 /* :a's\n */ , :a", "SELECT 1 /* :a's\n */ , %(a)s"),
        ("SELECT 1 - -:a / *", "SELECT 1 - -%(a)s / *"),
        ("SELECT '100%', 5 % :a -- %", "SELECT '100%%', 5 %% %(a)s -- %%"),
        ("SELECT a[1:2], : , :1", "SELECT a[1:2], : , :1"),
        ("SELECT 'open :a", "SELECT 'open %(a)s"),
        ("", ""),
    ],
)
def test_values_are_named_for_psycopg(sql: str, expected: str) -> None:
    """In code only, not in texts, quoted names, casts or comments."""
    assert with_percent_names(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected", "names"),
    [
        ("SELECT :a, :b_2", "SELECT ?, ?", ("a", "b_2")),
        ("WHERE a=:b AND b=:a AND c=:b", "WHERE a=? AND b=? AND c=?", ("b", "a", "b")),
        ("SELECT ':a', :a -- :b", "SELECT ':a', ? -- :b", ("a",)),
        ("SELECT 5 % 2, '?'", "SELECT 5 % 2, '?'", ()),
    ],
)
def test_values_are_told_apart_by_their_order_for_sqlite(sql: str, expected: str, names: tuple[str, ...]) -> None:
    """Each place has the name of its value, also where one value stands in several."""
    assert with_question_marks(sql) == (expected, names)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        (" ; ;\n-- nothing\n", []),
        ("A;B", ["A", "B"]),
        (
            "-- first; not a statement\nCREATE  TABLE a (\n  b TEXT -- why; so\n);\n\nB;",
            ["CREATE TABLE a ( b TEXT )", "B"],
        ),
        ("INSERT 'a;  b'; /* ; */ C \"d;e\"", ["INSERT 'a;  b'", 'C "d;e"']),
    ],
)
def test_scripts_are_split(script: str, expected: list[str]) -> None:
    """At semicolons in code; comments and white space are not part of a statement, texts stay as they are."""
    assert statements(script) == expected
