"""What became of a request, as metrics, logs and the store are told of it. Values only."""

from __future__ import annotations

from msgspec import Struct

from antiphon.chat import Choice, Usage
from antiphon.completions.plan import Plan
from antiphon.credits.receipt import Served
from antiphon.errors import AntiphonError

CLIENT_GONE = "client_gone"  # the failure of a request whose client left before its end


class Record(Struct, frozen=True):
    """What became of one request: for metrics, logs and the store. Times in the event loop's seconds, tokens as billed.

    `choices` are there where the request is to be stored.
    """

    plan: Plan
    usage: Usage
    ended_at: float
    failure: str | None = None
    first_token_at: float | None = None
    node: str = ""
    choices: tuple[Choice, ...] = ()
    usages: tuple[Usage, ...] = ()  # one a choice
    served: tuple[Served, ...] = ()  # who said how much, where that is known
    examined: Choice | None = None  # the answer as it came, where it is to be looked at


def code(error: AntiphonError) -> str:
    """What metrics and the store call an error."""
    return error.code or error.type
