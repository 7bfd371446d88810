"""Which prompts a node has just read, as numbers: gateways that did not send them learn what is in its caches."""

from __future__ import annotations

from collections import OrderedDict

from antiphon.completions.asks import pieces
from antiphon.engines import Job
from antiphon.models.fingerprint import DIGEST_BYTES, fingerprint
from antiphon.sources.nodes import PREFIXES_MAX


class Prefixes:
    """Notes the beginnings of jobs until they are told, the latest last; of too many the oldest are forgotten."""

    def __init__(self) -> None:
        self._noted: OrderedDict[int, None] = OrderedDict()

    def note(self, job: Job) -> None:
        """A job has begun here."""
        if job.prompt is not None:
            return
        names = ",".join(tool.name for tool in job.tools)
        for number in fingerprint(f"{job.model}\n{names}", pieces(job.messages)):
            self._noted[number] = None
            self._noted.move_to_end(number)
        while len(self._noted) > PREFIXES_MAX:
            self._noted.popitem(last=False)

    def take(self) -> bytes:
        """All that was noted since it was asked last, as a heartbeat has it."""
        told, self._noted = self._noted, OrderedDict()
        return b"".join(number.to_bytes(DIGEST_BYTES, "big") for number in told)
