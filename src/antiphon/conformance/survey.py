"""From an address and a key to outcomes: connects, finds the model, runs the checks, disconnects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.conformance.check import Check, Outcome
from antiphon.conformance.discovery import find
from antiphon.conformance.run import run
from antiphon.conformance.server import Server, Subject
from antiphon.errors import ConfigError
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import Ids


class Survey(Struct, frozen=True):
    """Whom to ask for what, how much at once, and how long each check may take."""

    url: str
    key: str | None = None
    subject: Subject = Subject("")
    at_once: int = 4
    timeout_s: float = 60.0


async def survey(
    asked: Survey,
    checks: Sequence[Check],
    *,
    clock: Clock,
    ids: Ids,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> tuple[Subject, list[Outcome]]:
    """The model that was asked and how each check ended; raises AntiphonError when nothing can be asked at all."""
    pool = Pool(Origin.parse(root(asked.url)))
    try:
        server = Server(pool, asked.subject, key=checked_key(asked.key), ids=ids)
        subject = await find(server)
        outcomes = await run(
            checks,
            server.asking(subject),
            clock=clock,
            at_once=asked.at_once,
            timeout_s=asked.timeout_s,
            on_outcome=on_outcome,
        )
        return subject, outcomes
    finally:
        pool.close()


def root(url: str) -> str:
    """The address that the doors' prefixes are added to: `/v1` at its end is one of them."""
    return url.rstrip("/").removesuffix("/v1")


def checked_key(key: str | None) -> str | None:
    """The key, if a header can hold it; else ConfigError, which does not show it."""
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError("The key holds a character that no header takes.")
    return key or None
