"""The reference of errors, made from the errors and from what renders them at each door.

`python -m antiphon.gateway.error_reference FILE` writes it; a test fails when the file in `docs/` is not what this
module writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from antiphon import errors
from antiphon.completions.doors import DOORS, Door
from antiphon.errors import AntiphonError, BadRequest, ModelNotFound, Unavailable
from antiphon.http.errors import RETRY_AFTER_S_MAX, body, event_body, headers, status
from antiphon.markdown import table

NONE = "–"
SPOKEN_OF = frozenset({b"retry-after", b"x-should-retry"})  # headers that have columns of their own
EXAMPLES = (
    ("what is wrong with a body", BadRequest("stop[4]: at most 4 are allowed.", param="stop[4]")),
    ("a name that nobody has", ModelNotFound("The model m does not exist.", param="model")),
    ("any other", Unavailable("No node can serve m now.")),
)
INTRODUCTION = """\
# Errors

<!-- Made by `make docs` from src/antiphon/errors.py and src/antiphon/http/errors.py; do not edit. -->

Every error that the gateway raises on purpose, and how each door shows it. In which order rules are checked, and who
gets text and who JSON: [errors and limits](../errors-and-limits.md).

## Statuses, types, codes

The status is the same at every door, unless two are given. The sentence is usually a more exact one than the meaning
here.
"""
OWN_MISTAKE = """
A mistake of the gateway's own is status 500, type `server_error`, without a code; the log has its trace under the
request's id.

## Finer codes

Some refusals have a code of their own in place of the one above:
"""
BODIES = """
## Bodies

All doors say the same sentence.
"""
STREAMS = """
An answer that has begun to stream can have no other status. It ends with an event, and without `[DONE]`:
"""
BELOW = """
## Below the application

Answered by the connection itself, always as text, and then closed: 400 (not HTTP/1.1), 408 (headers too slow),
431 (headers too large), 503 (too many connections).

## Only seen in logs and metrics

`client_gone` (and status 499): the client left before the end. It is never sent.
"""


def markdown(doors: tuple[Door, ...] = DOORS) -> str:
    """The whole reference."""
    parts = [INTRODUCTION, table(_kinds(doors)), OWN_MISTAKE, table(_finer(doors)), BODIES, table(_bodies(doors))]
    return "\n".join([*parts, STREAMS, table(_events(doors)), BELOW]).replace("\n\n\n", "\n\n")


def classes(above: type[AntiphonError] = AntiphonError) -> Iterator[type[AntiphonError]]:
    """All errors with a code of their own, those below `above`, in the order of the code."""
    for child in above.__subclasses__():
        if "code" in vars(child):
            yield child
        yield from classes(child)


def _kinds(doors: tuple[Door, ...]) -> Iterator[tuple[str, ...]]:
    yield ("status", "type", "code", "`Retry-After`", "`x-should-retry`", "other headers", "meaning")
    for kind in sorted(classes(), key=lambda one: one.status):
        error = kind()
        sent = dict(headers(error))
        other = sorted(f"`{name.decode()}`" for name in sent.keys() - SPOKEN_OF)
        yield (
            _statuses(error, doors),
            f"`{error.type}`",
            f"`{error.code}`",
            f"1 to {RETRY_AFTER_S_MAX} s" if b"retry-after" in sent else NONE,
            f"`{sent[b'x-should-retry'].decode()}`" if b"x-should-retry" in sent else NONE,
            ", ".join(other) or NONE,
            error.message,
        )


def _finer(doors: tuple[Door, ...]) -> Iterator[tuple[str, ...]]:
    yield ("status", "code", "meaning")
    for code, (kind, meaning) in errors.FINER_CODES.items():
        yield _statuses(kind(), doors), f"`{code}`", meaning


def _statuses(error: AntiphonError, doors: tuple[Door, ...]) -> str:
    """The status, and the doors that have another."""
    others = {door.title: status(error, door.errors) for door in doors if status(error, door.errors) != error.status}
    return ", ".join([str(error.status), *(f"{title}: {number}" for title, number in others.items())])


def _bodies(doors: tuple[Door, ...]) -> Iterator[tuple[str, ...]]:
    yield ("door", "error", "body")
    for door in doors:
        for name, error in EXAMPLES:
            yield f"`{door.prefix}`", name, f"`{body(error, 'json', door.errors)[1].decode()}`"
        _, text = body(error, "text", door.errors)
        if text == error.message.encode():
            yield f"`{door.prefix}`", "the same for whoever wants text", f"`{text.decode()}`"


def _events(doors: tuple[Door, ...]) -> Iterator[tuple[str, ...]]:
    yield ("door", "event")
    for door in doors:
        yield f"`{door.prefix}`", f"`data: {event_body(EXAMPLES[-1][1], door.errors).decode()}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
