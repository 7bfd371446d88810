"""How long the two ends of the link wait for each other, and how much one may send before the other asks for more."""

from __future__ import annotations

from msgspec import Struct


class LinkLimits(Struct, frozen=True, kw_only=True):
    """Both ends use the same ones by default; a node learns the window from each job.

    `window`: frames that may be on their way in one answer. `pulse_s`: how often a gateway asks a node with jobs
    whether it is there. `silent_s`: how long the other side may be silent, `reattach_s`: how long the broker may be
    away, until what is under way is given up; `wait_broker_s`: how long what is new waits for it. What is missing is
    asked for once in `resume_s`. `late_s`: by how much a message may be later than the quickest ones.
    """

    window: int = 64
    pulse_s: float = 1.0
    silent_s: float = 3.5
    reattach_s: float = 5.0
    wait_broker_s: float = 3.0
    resume_s: float = 0.2
    late_s: float = 10.0
    answer_s: float = 600.0  # where a job says nothing
    piece_bytes: int = 256 * 1024
    body_bytes_max: int = 64 * 1024 * 1024
