"""What clients ask for: conversations of many turns that share system prompts, in bursts, with long tails of lengths.

All of it is drawn before anything runs, so that each policy is asked the very same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from msgspec import Struct

from antiphon.simulation.faults import POISON
from antiphon.simulation.language import PROMPT_TOKEN_BYTES, WORDS

LIBRARY_WORDS = 60_000
APPS_SKEW = 1.1
TURNS_MAX = 20
BURST_FACTOR = 4.0
BURST_SHARE = 0.15  # of the time
BURST_S = 6.0


class Turn(Struct, frozen=True):
    """What a user says, so long after the answer before; `request` names it."""

    request: str
    text: str
    think_s: float
    max_tokens: int | None
    choices: int = 1
    seed: int | None = None
    stop: str = ""
    streamed: bool = True
    leaves_after: int | None = None  # tokens after which the client goes away
    poisoned: bool = False
    document: bool = False  # the answer is to be JSON


class Session(Struct, frozen=True):
    """One conversation."""

    begins_s: float
    account: str
    model: str
    system: str
    turns: tuple[Turn, ...]


class Habits(Struct, frozen=True):
    """How clients are. Lengths are log-normal, by their median and spread; shares are of all requests."""

    requests: int = 1000
    rate: float = 10.0  # requests a second, on average
    models: tuple[str, ...] = ("m",)
    accounts: int = 50
    apps: int = 24  # system prompts that are shared
    turns_mean: float = 5.0
    think_s_mean: float = 8.0
    system_tokens_median: float = 700.0
    user_tokens_median: float = 60.0
    spread: float = 1.0
    tokens_max: int = 6000
    max_tokens: int = 800
    several: float = 0.0
    plain: float = 0.0
    stopped: float = 0.0
    leaving: float = 0.0
    poisoned: float = 0.0
    documents: float = 0.0
    flood: float = 0.0  # the share of sessions that is of one account


def sessions(habits: Habits, chance: Random) -> list[Session]:
    """Conversations in the order of their beginnings, with as many requests in all as the habits say."""
    library = "".join(chance.choices(WORDS, k=LIBRARY_WORDS))
    systems = [_text(library, habits.system_tokens_median, habits, chance) for _ in range(habits.apps)]
    apps = list(accumulate(1 / (i + 1) ** APPS_SKEW for i in range(habits.apps)))
    beginnings = _beginnings(habits.rate / habits.turns_mean, chance)
    found: list[Session] = []
    asked = 0
    while asked < habits.requests:
        count = min(habits.requests - asked, _geometric(habits.turns_mean, chance))
        turns = tuple(_turn(f"r{asked + i}", i, library, habits, chance) for i in range(count))
        asked += count
        flooding = chance.random() < habits.flood
        account = "flood" if flooding else f"account-{min(habits.accounts - 1, int(chance.paretovariate(1)) - 1)}"
        app = chance.choices(range(habits.apps), cum_weights=apps)[0]
        model = habits.models[min(len(habits.models) - 1, int(chance.paretovariate(1.2)) - 1)]
        found.append(Session(next(beginnings), account, model, systems[app], turns))
    return found


def _turn(request: str, number: int, library: str, habits: Habits, chance: Random) -> Turn:
    text = f"{request}{_text(library, habits.user_tokens_median, habits, chance)}"
    poisoned = chance.random() < habits.poisoned
    several = chance.random() < habits.several
    document = chance.random() < habits.documents
    most = max(1, round(habits.max_tokens * chance.uniform(0.05, 1)))
    stop = "".join(chance.choices(WORDS, k=1)) if chance.random() < habits.stopped else ""
    return Turn(
        request=request,
        text=f"{text} {POISON}" if poisoned else text,
        think_s=chance.expovariate(1 / habits.think_s_mean) if number else 0.0,
        max_tokens=None if document else most,
        choices=2 if several and not poisoned else 1,
        seed=chance.randrange(1 << 20) if several else None,
        stop="" if document else stop,
        streamed=chance.random() >= habits.plain,
        leaves_after=chance.randint(0, 40) if chance.random() < habits.leaving else None,
        poisoned=poisoned,
        document=document,
    )


def _beginnings(rate: float, chance: Random) -> Iterator[float]:
    """A Poisson process with bursts, so many a second on average."""
    quiet = rate / (1 - BURST_SHARE + BURST_SHARE * BURST_FACTOR)
    now, changes_s, bursting = 0.0, 0.0, True
    while True:
        gap = chance.expovariate(quiet * (BURST_FACTOR if bursting else 1.0))
        if now + gap < changes_s:
            now += gap
            yield now
            continue
        now = changes_s
        bursting = not bursting
        lasts_s = BURST_S if bursting else BURST_S * (1 - BURST_SHARE) / BURST_SHARE
        changes_s += chance.expovariate(1 / lasts_s)


def _text(library: str, tokens_median: float, habits: Habits, chance: Random) -> str:
    """A piece of the library of a log-normal length."""
    tokens = min(habits.tokens_max, tokens_median * math.exp(chance.gauss(0, habits.spread)))
    characters = max(1, round(tokens * PROMPT_TOKEN_BYTES))
    start = chance.randrange(len(library))
    return (library[start:] + library)[:characters]


def _geometric(mean: float, chance: Random) -> int:
    return min(TURNS_MAX, 1 + int(chance.expovariate(1) * (mean - 0.5))) if mean > 1 else 1
