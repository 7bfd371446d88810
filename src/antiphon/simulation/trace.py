"""What happened in a simulation, in order, as one hash: two runs of a seed are the same if their hashes are."""

from __future__ import annotations

import hashlib
from collections import deque

from antiphon.simulation.loop import VirtualLoop

KEPT = 400  # of the latest events, for whoever looks at a failure


class Trace:
    """Events with their virtual times."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._hash = hashlib.blake2b(digest_size=16)
        self.latest: deque[str] = deque(maxlen=KEPT)
        self.events = 0

    def note(self, event: str) -> None:
        """Add an event, which happens now."""
        line = f"{self._loop.time():.6f} {event}"
        self._hash.update(line.encode("utf-8", "surrogatepass"))
        self.latest.append(line)
        self.events += 1

    @property
    def digest(self) -> str:
        """The hash of all events so far."""
        return self._hash.hexdigest()
