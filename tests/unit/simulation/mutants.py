"""Bugs to be planted: each a small change to the gateway's own code that the search has to find.

A mutant is what somebody could have written; what it breaks is a promise, not an assertion of the code itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import Delta, Usage
from antiphon.completions import attempt, continuing, generate, places, poison
from antiphon.completions.continuation import continued, counted
from antiphon.completions.transcript import Transcript
from antiphon.engines import DeltaStream, Job, Take
from antiphon.errors import AntiphonError, DeadlineExceeded, EngineFailed, Saturated
from antiphon.models import choice, fair_queue, load, outcomes, retry_budget, waiting
from antiphon.simulation.language import WORDS

Plant = Callable[[object, str, object], None]  # as monkeypatch.setattr


class Mutant(Struct, frozen=True):
    """A planted bug, and a seed that finds it: the first one, when it was planted."""

    name: str
    plant: Callable[[Plant], None]
    seed: int


def _continued(plant: Plant, change: Callable[..., Job]) -> None:
    """Another way to write the job that goes on; `change` gets the right way as its first argument."""
    plant(attempt, "continued", lambda *given, **named: change(continued, *given, **named))


def _without_last(said: Transcript) -> Transcript:
    """One token less than was said."""
    text = said.text
    last = next((word for word in WORDS if text.endswith(word)), "")
    return Transcript([Delta(content=text[: len(text) - len(last)])])


def duplicate_token(plant: Plant) -> None:
    """The engine that goes on is not told of the last token."""
    _continued(
        plant, lambda right, plan, offer, index, said, **rest: right(plan, offer, index, _without_last(said), **rest)
    )


def max_tokens_not_reduced(plant: Plant) -> None:
    """The engine that goes on may say as much as the first one."""
    _continued(plant, lambda right, *given, spent: right(*given, spent=0 * spent))


def stop_forgotten(plant: Plant) -> None:
    """The engine that goes on knows no stop text."""

    def change(right: Callable[..., Job], *given: Any, **rest: Any) -> Job:  # Any: handed through
        job = right(*given, **rest)
        return replace(job, sampling=replace(job.sampling, stop=()))

    _continued(plant, change)


def choice_forgotten(plant: Plant) -> None:
    """The engine that goes on draws as the first choice does."""
    _continued(plant, lambda right, plan, offer, index, *given, **rest: right(plan, offer, 0 * index, *given, **rest))


def gap(plant: Plant) -> None:
    """The first token behind a seam is lost."""
    right = generate.ChoiceStream._shape

    def shape(self: generate.ChoiceStream, deltas: list[Delta], now: float) -> list[Delta]:
        lost = self._unheard and self._continuing is not None and self._continuing.seams and len(deltas) > 1
        return right(self, deltas[1:] if lost else deltas, now)

    plant(generate.ChoiceStream, "_shape", shape)


def last_chunk_dropped(plant: Plant) -> None:
    """Of what comes together with the end only the end is sent."""
    right = generate.ChoiceStream._last
    plant(generate.ChoiceStream, "_last", lambda self, deltas: right(self, deltas)[-1:])


def stale_attempt_accepted(plant: Plant) -> None:
    """What a stream says that is no longer read is taken nevertheless."""
    right = generate.ChoiceStream._feed

    def feed(self: generate.ChoiceStream, _: DeltaStream, take: Take, deltas: list[Delta]) -> bool:
        return self._stream is not None and right(self, self._stream, take, deltas)

    plant(generate.ChoiceStream, "_feed", feed)


class Trusting:
    """A stream whose clean end is taken for a finish."""

    def __init__(self, stream: DeltaStream) -> None:
        self._stream = stream
        self._finished = False
        self.close = stream.close

    @property
    def usage(self) -> Usage | None:
        """As it says."""
        return self._stream.usage

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """With a finish where there was none."""

        def seen(deltas: list[Delta]) -> bool:
            self._finished |= deltas[-1].finish_reason is not None
            return take is not None and take(deltas)

        deltas = await self._stream.next(until, None if take is None else seen)
        if deltas == [] and not self._finished:
            self._finished = True
            return [Delta(finish_reason="stop")]
        self._finished |= bool(deltas) and deltas is not None and deltas[-1].finish_reason is not None
        return deltas


def clean_end_is_success(plant: Plant) -> None:
    """An answer that ends without a finish is taken for finished."""
    right = attempt.Attempts.begin

    async def begin(self: attempt.Attempts, offer: Any) -> DeltaStream:  # Any: handed through
        return Trusting(await right(self, offer))

    plant(attempt.Attempts, "begin", begin)


def slot_kept_on_failure(plant: Plant) -> None:
    """A place whose engine failed is forgotten instead of given back."""
    right = places.Places.failed

    def failed(self: places.Places, error: AntiphonError) -> None:
        right(self, error)
        self.place = None

    plant(places.Places, "failed", failed)


def waiter_not_left(plant: Plant) -> None:
    """Who goes away while waiting stays in the queue."""
    plant(places.Places, "release", places.Places.give_back)


def silence_is_patience(plant: Plant) -> None:
    """A frozen engine is waited for until the whole time is up."""

    def check_time(self: generate.ChoiceStream) -> float:
        now = self._loop.time()
        if now >= self._dues.end:
            raise DeadlineExceeded
        self._dues.token = self._dues.end
        return now

    plant(generate.ChoiceStream, "_check_time", check_time)


def prompt_counted_with_the_seam(plant: Plant) -> None:
    """What was said before a seam is charged as prompt, and not as answer."""
    plant(continuing, "counted", lambda usage, **rest: usage or counted(usage, **rest))


def poison_spreads(plant: Plant) -> None:
    """Nobody remembers which prompts engines died of."""
    plant(poison.Poison, "killed", lambda *_, **__: None)


def retries_without_budget(plant: Plant) -> None:
    """However many retries there are, one more may be sent."""
    plant(retry_budget.RetryBudget, "room", property(lambda _: True))


def last_node_ejected(plant: Plant) -> None:
    """Where all are ejected nobody is asked."""
    right = vars(choice.Choice)["chosen"].fget

    def chosen(self: choice.Choice) -> choice.Chosen | None:
        found: choice.Chosen | None = right(self)
        return None if found is not None and found.spare else found

    plant(choice.Choice, "chosen", property(chosen))


def refusal_is_failure(plant: Plant) -> None:
    """An engine that is busy is taken for one that is broken."""
    right = outcomes.Outcomes.failed

    def failed(self: outcomes.Outcomes, place: load.Place, error: AntiphonError, *rest: Any) -> None:  # Any: as it is
        right(self, place, EngineFailed() if isinstance(error, Saturated) else error, *rest)

    plant(outcomes.Outcomes, "failed", failed)


def slots_overrun(plant: Plant) -> None:
    """No engine is ever full."""
    plant(load.Candidate, "full", property(lambda _: False))


def queue_overrun(plant: Plant) -> None:
    """One more may wait than is said."""
    right = waiting.Queues.__init__

    def init(self: waiting.Queues, queue_max: int, **rest: Any) -> None:  # Any: handed through
        right(self, queue_max + 1, **rest)

    plant(waiting.Queues, "__init__", init)


def first_come_first_served(plant: Plant) -> None:
    """Accounts take no turns."""
    plant(fair_queue, "_rank", lambda line: next(iter(line.entries)))


MUTANTS = (
    Mutant("duplicate_token", duplicate_token, 1),
    Mutant("max_tokens_not_reduced", max_tokens_not_reduced, 1),
    Mutant("stop_forgotten", stop_forgotten, 9),
    Mutant("choice_forgotten", choice_forgotten, 6),
    Mutant("gap", gap, 6),
    Mutant("last_chunk_dropped", last_chunk_dropped, 1),
    Mutant("stale_attempt_accepted", stale_attempt_accepted, 2),
    Mutant("clean_end_is_success", clean_end_is_success, 6),
    Mutant("slot_kept_on_failure", slot_kept_on_failure, 1),
    Mutant("waiter_not_left", waiter_not_left, 1),
    Mutant("silence_is_patience", silence_is_patience, 1),
    Mutant("prompt_counted_with_the_seam", prompt_counted_with_the_seam, 1),
    Mutant("poison_spreads", poison_spreads, 6),
    Mutant("retries_without_budget", retries_without_budget, 2),
    Mutant("last_node_ejected", last_node_ejected, 12),
    Mutant("refusal_is_failure", refusal_is_failure, 2),
    Mutant("slots_overrun", slots_overrun, 2),
    Mutant("queue_overrun", queue_overrun, 2),
    Mutant("first_come_first_served", first_come_first_served, 17),
)
