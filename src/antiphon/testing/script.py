"""Which fault each request draws: a queue, a habit for the rest, and the requests' own markers. Set over `/control`."""

from __future__ import annotations

from collections import deque

from msgspec import UNSET, Struct, UnsetType

from antiphon.testing.faults import Fault, Route, marked_fault, parse_fault

QUEUE_MAX = 100_000
REFUSE_S_MAX = 600.0


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """One order to the engine, as a script file or a `POST /control` body holds it.

    `push`: faults for the next requests, null for a good answer. `always`: for each request after those; null
    ends it. `clear`: forget both first. `refuse_s`: refuse new connections for that long.
    """

    clear: bool = False
    push: list[Fault | None] = []
    always: Fault | UnsetType | None = UNSET
    refuse_s: float = 0.0


class Draws:
    """What was ordered and not yet drawn."""

    def __init__(self) -> None:
        self._queue: deque[Fault | None] = deque(maxlen=QUEUE_MAX)
        self._always: dict[Route, Fault] = {}

    def apply(self, script: Script) -> None:
        """Follow an order."""
        if script.clear:
            self._queue.clear()
            self._always.clear()
        self._queue.extend(script.push)
        if script.always is None:
            self._always.clear()
        elif not isinstance(script.always, UnsetType):
            self._always[script.always.route] = script.always

    def draw(self, route: Route, header: str | None, text: str) -> Fault | None:
        """The fault for one request: its header's, its marker's, the next of the queue, or the habit."""
        if header is not None:
            return parse_fault(header)
        marked = marked_fault(text)
        if marked is not None:
            return marked
        for at, queued in enumerate(self._queue):
            if route == (queued.route if queued else "chat"):
                del self._queue[at]
                return queued
        return self._always.get(route)
