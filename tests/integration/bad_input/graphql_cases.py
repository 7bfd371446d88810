"""Queries that are too large, too deep, of the wrong types, or that name what cannot be: told in an answer of 200."""

from __future__ import annotations

from .case import JSON, Case, post

PATH = "/api/graphql"
SET = '{ completions(filter: {project: "default"%s}, page: {%s}) { totalCount } }'
LABELS = ', labels: [{key: "%s"}]'
NESTED = "{a: " * 60 + "1" + "}" * 60
DEEP = ", advancedFilter: " + "{and: [" * 20 + "{}" + "]}" * 20
PAGED = 'query Q($p: CursorPageInput!) { completions(filter: {project: "default"}, page: $p) { totalCount } }'

QUERIES: dict[str, str] = {
    "nothing": "",
    "half": "{ me { id ",
    "a fragment that holds itself": "{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }",
    "a cycle that nobody uses": "{ me { id } } fragment a on User { ...b } fragment b on User { ...a }",
    "2^20 fields in fragments": "{ me { ...f0 } }"
    + "".join(f" fragment f{i} on User {{ ...f{i + 1} ...f{i + 1} }}" for i in range(20))
    + " fragment f20 on User { id }",
    "600 aliases": "{" + " ".join(f"a{i}: me {{ id }}" for i in range(600)) + "}",
    "30 aliases that read": "{" + " ".join(f'a{i}: model(idOrKey: "m") {{ id }}' for i in range(30)) + "}",
    "brackets": "{" * 3_000,
    "lists": "{ models(filter: {online: " + "[" * 900 + "]" * 900 + "}) { id } }",
    "a value that is nested": f"{{ models(filter: {NESTED}) {{ id }} }}",
    "directives": "{ me " + "@a " * 900 + "{ id } }",
    "types of types": "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    "a long name": "{ " + "a" * 30_000 + " }",
    "a long key": '{ project(idOrKey: "' + "a" * 30_000 + '") { id } }',
    "a key with U+0000": '{ project(idOrKey: "\\u0000") { id } }',
    "a label with U+0000": SET % (LABELS % "\\u0000", ""),
    "a cursor with U+0000": SET % ("", 'first: 1, after: "\\u0000"'),
    "a cursor of groups with U+0000": '{ completionsGrouped(groupBy: MODEL, filter: {project: "default"},'
    ' page: {after: "group:\\u0000"}) { totalCount } }',
    "a page before the first": SET % ("", "first: -1"),
    "a page beyond numbers": SET % ("", "first: 2147483648"),
    "a time before all": SET % (', timerange: {from: "0001-01-01T00:00:00+14:00", to: 1}', ""),
    "a number beyond all": SET % (", timerange: {from: 1e400, to: 1}", ""),
    "a metric that is not there": SET % (', advancedFilter: {scores: {metric: "nothing"}}', ""),
    "a project that is not there": '{ completions(filter: {project: "x"}, page: {}) { totalCount } }',
    "several operations": "query A { me { id } } query B { me { id } }",
    "a mutation that takes more": 'mutation { cancelAbCampaign(input: "x") }',
    "a subscription": "subscription { me { id } }",
    "a type": "type A { b: Int }",
}
VARIABLES: dict[str, JSON] = {
    "a page": 5,
    "a text for a number": {"first": "x" * 50_000},
    "a field that is not there": {"colour": "red"},
    "null": None,
    "5,000 values": [1] * 5_000,
}


def cases() -> list[Case]:
    """Each is refused in the answer's `errors`."""
    return [
        *(post(PATH, f"query: {name}", {"query": query}, 200) for name, query in QUERIES.items()),
        *(
            post(PATH, f"variables: {name}", {"query": PAGED, "variables": {"p": value}}, 200)
            for name, value in VARIABLES.items()
        ),
    ]


def bodies() -> list[Case]:
    """What is no request of GraphQL's at all is refused as at any other address of its door."""
    wrong: dict[str, JSON] = {
        "query": {"query": None},
        "variables": {"query": "{me{id}}", "variables": []},
        "operationName": {"query": "{me{id}}", "operationName": 5},
    }
    return [
        *(post(PATH, f"no {name}", body, param=name) for name, body in wrong.items()),
        *(post(PATH, f"{body!r}", body) for body in (b"", b"{", b"\xff", b"[]", b'{"query": "\\ud800"}')),
        post(PATH, "a body of 300 KB", {"query": "{me{id}}", "variables": {"a": "a" * 300_000}}, 413),
    ]
