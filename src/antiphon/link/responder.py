"""The node's end of the link: takes jobs as far as there are slots, refuses the others at once, drops what is late."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict

import msgspec

from antiphon.clock import Clock
from antiphon.link import subjects
from antiphon.link.connection import Connection
from antiphon.link.frames import (
    PROTOCOL,
    Cancel,
    Credit,
    Failed,
    FailureKind,
    Open,
    Piece,
    Pulse,
    Resume,
    ToNode,
    encode,
    read_request,
)
from antiphon.link.lateness import Lateness
from antiphon.link.limits import LinkLimits
from antiphon.link.outbox import Outbox
from antiphon.link.seal import Seal, SealBroken
from antiphon.link.served import Duty, Served

KNOWN_MAX = 10_000  # attempts that are not begun a second time
ASKS = frozenset({"count", "models"})  # these generate nothing, and take no slot
KEEP_S = 10.0  # how long an answer is kept for whoever missed its end
WINDOW_MAX = 1024
GATEWAYS_MAX = 1_000  # each start of a gateway makes a new one
REFUSAL_RETRY_S = 1


class _Gateway:
    """One gateway, as far as a node needs to know it."""

    __slots__ = ("heard_at", "lateness", "name")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.heard_at = now
        self.lateness = Lateness()


class _Attempt:
    """What was opened here: first its pieces are gathered, then it runs, then its answer is kept for a while."""

    __slots__ = ("gateway", "id", "opened", "outbox", "over_at", "pieces", "seal", "size", "task", "until")

    def __init__(self, name: str, gateway: _Gateway, opened: Open, outbox: Outbox, until: float) -> None:
        self.id = name
        self.gateway = gateway
        self.opened = opened
        self.outbox = outbox
        self.until = until
        self.pieces: list[bytes] = []
        self.size = 0
        self.task: asyncio.Task[None] | None = None
        self.over_at: float | None = None  # when it ended
        self.seal: Seal | None = None


class Responder:
    """Serves what gateways ask of one node. Make it within a running event loop, before `connection.start`."""

    def __init__(
        self,
        connection: Connection,
        duty: Duty,
        *,
        slots: int,
        clock: Clock,
        limits: LinkLimits = LinkLimits(),
    ) -> None:
        self.slots = slots
        self.draining = False
        self._connection = connection
        self._duty = duty
        self._clock = clock
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._attempts: dict[bytes, _Attempt] = {}
        self._gateways: dict[str, _Gateway] = {}
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._up_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        connection.subscribe(subjects.requests_of(duty.node), self._arrived)
        connection.watch(self._watch)

    @property
    def in_flight(self) -> int:
        """How many jobs are being served, those that only ask left out."""
        return sum(one.over_at is None and one.opened.kind not in ASKS for one in self._attempts.values())

    async def drain(self, timeout_s: float) -> bool:
        """Take no more, and wait until what is under way is finished; False when it is not in time."""
        self.draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
                await self._connection.flushed(timeout_s)
        return self._idle.is_set()

    async def close(self) -> None:
        """Stop all that is under way; the connection is its maker's to close."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = [one.task for one in self._attempts.values() if one.task is not None and not one.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _arrived(self, subject: bytes, data: bytes | None) -> None:
        if data is None:
            return
        try:
            frame = read_request(data)
            _, name, attempt = subjects.parties(subject)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return
        if frame is None:
            return
        gateway = self._gateways.get(name) or self._met(name)
        if attempt == subjects.PULSE:
            if isinstance(frame, Pulse):
                self._pulse(gateway, frame)
        elif isinstance(frame, Open):
            self._open(subject, gateway, attempt, frame)
        else:
            known = self._attempts.get(subject)
            if known is not None:
                self._told(subject, known, frame)

    def _met(self, name: str) -> _Gateway:
        """A gateway that was not known; the one that has been silent for longest gives way to it."""
        if len(self._gateways) >= GATEWAYS_MAX:
            silent = min(self._gateways.values(), key=lambda gateway: gateway.heard_at)
            del self._gateways[silent.name]
        gateway = self._gateways[name] = _Gateway(name, self._loop.time())
        return gateway

    def _told(self, subject: bytes, attempt: _Attempt, frame: ToNode) -> None:
        if isinstance(frame, Credit):
            attempt.outbox.credit(frame.upto, frame.seen)
        elif isinstance(frame, Resume):
            attempt.outbox.resume(frame.seq)
        elif isinstance(frame, Cancel):
            self._cancel(subject, attempt)
        elif isinstance(frame, Piece):
            self._gather(subject, attempt, frame)

    def _open(self, subject: bytes, gateway: _Gateway, name: str, opened: Open) -> None:
        left_s = opened.remaining_s - self._age_s(gateway, opened)
        if subject in self._known:
            return  # it was opened once more because the first answer was lost, or is late
        refusal = self._refusal(opened, left_s)
        answer = subjects.answer(self._duty.node, gateway.name, name)
        seal = None
        if refusal is None and opened.seal_key:
            seal = self._seal(opened, subject)
            refusal = "unavailable" if seal is None else None
        outbox = Outbox(self._connection, answer, min(opened.window, WINDOW_MAX), seal)
        if refusal is not None:
            outbox.fail(Failed(1, refusal, retry_after_s=REFUSAL_RETRY_S))
            return
        self._known[subject] = None
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        attempt = _Attempt(name, gateway, opened, outbox, self._loop.time() + left_s)
        attempt.seal = seal
        self._attempts[subject] = attempt
        if opened.kind not in ASKS:
            self._idle.clear()
        gateway.heard_at = self._loop.time()
        self._arm()
        if not opened.pieces:
            self._begin(attempt, opened.body)

    def _refusal(self, opened: Open, left_s: float) -> FailureKind | None:
        """Why a job is not taken; None when it is."""
        if opened.protocol > PROTOCOL:
            return "unavailable"
        if left_s <= 0 or left_s < opened.remaining_s - self._limits.late_s:
            return "late"
        if self.draining:
            return "draining"
        if opened.kind not in ASKS and self.in_flight >= self.slots:
            return "saturated"
        return None

    def _age_s(self, gateway: _Gateway, opened: Open) -> float:
        """How long the message was on its way. The first one of a gateway can only be dated by its wall clock.

        Nothing is older than the connection that it came over, since the broker keeps nothing.
        """
        now = self._clock.monotonic()
        if gateway.lateness.known:
            return gateway.lateness.of(opened.sent_s, now)
        gateway.lateness.of(opened.sent_s, now)
        by_wall_clock_s = self._clock.now() - (opened.deadline - opened.remaining_s)
        return max(0.0, min(by_wall_clock_s, self._loop.time() - self._up_at))

    def _gather(self, subject: bytes, attempt: _Attempt, piece: Piece) -> None:
        """Put a body together; one with a piece missing is given up, and opened anew."""
        attempt.size += len(piece.data)
        if attempt.task is not None or attempt.over_at is not None:
            return
        if piece.seq != len(attempt.pieces) + 1 or attempt.size > self._limits.body_bytes_max:
            self._forget(subject)
            self._known.pop(subject, None)
            return
        attempt.pieces.append(piece.data)
        if len(attempt.pieces) == attempt.opened.pieces:
            body, attempt.pieces = b"".join(attempt.pieces), []
            self._begin(attempt, body)

    def _seal(self, opened: Open, subject: bytes) -> Seal | None:
        """What the job is sealed with; None where this node has no key, or the gateway's is none."""
        keys = self._duty.seal_keys
        if keys is None:
            return None
        with contextlib.suppress(SealBroken):
            return keys.with_gateway(opened.seal_key, opened.salt, subject)
        return None

    def _begin(self, attempt: _Attempt, body: bytes) -> None:
        if attempt.seal is not None:
            try:
                body = attempt.seal.body_of(body)
            except SealBroken:
                attempt.outbox.fail(Failed(1, "failed"))
                self._over(attempt)
                return
        served = Served(self._duty, attempt.outbox, attempt.id, attempt.until)
        attempt.task = asyncio.create_task(served.run(attempt.opened.kind, body), name=f"attempt {attempt.id}")
        attempt.task.add_done_callback(lambda _: self._over(attempt))

    def _over(self, attempt: _Attempt) -> None:
        attempt.over_at = self._loop.time()
        if not self.in_flight:
            self._idle.set()

    def _cancel(self, subject: bytes, attempt: _Attempt) -> None:
        """Nobody waits for it any more."""
        if attempt.task is not None:
            attempt.task.cancel()
        self._forget(subject)

    def _forget(self, subject: bytes) -> None:
        del self._attempts[subject]
        if not self.in_flight:
            self._idle.set()

    def _pulse(self, gateway: _Gateway, pulse: Pulse) -> None:
        """Say what is open, and stop what the gateway does not know of any more."""
        gateway.heard_at = self._loop.time()
        gateway.lateness.of(pulse.sent_s, self._clock.monotonic())
        for subject, attempt in tuple(self._attempts.items()):
            if attempt.gateway is gateway:
                upto = pulse.attempts.get(attempt.id)
                if upto is None:
                    self._cancel(subject, attempt)
                else:
                    attempt.outbox.credit(upto, 0)  # once more, in case it was lost
        self._answer(gateway, pulse.number, pulse.sent_s)

    def _answer(self, gateway: _Gateway, number: int, sent_s: float) -> None:
        sent = {one.id: one.outbox.seq for one in self._attempts.values() if one.gateway is gateway}
        subject = subjects.answer(self._duty.node, gateway.name, subjects.PULSE)
        self._connection.send(subject, encode(Pulse(number, sent_s, sent)))

    def _watch(self, up: bool) -> None:
        if up:
            self._up_at = self._loop.time()
            for gateway in {one.gateway for one in self._attempts.values()}:
                gateway.heard_at = self._up_at
                self._answer(gateway, 0, 0.0)

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._limits.pulse_s, self._tick)

    def _tick(self) -> None:
        """Stop what was asked by a gateway that is gone; forget answers that were kept for long enough."""
        self._timer = None
        now = self._loop.time()
        lost = self._connection.lost_for_s > self._limits.reattach_s
        for subject, attempt in tuple(self._attempts.items()):
            silent_s = 0.0 if not self._connection.connected else now - attempt.gateway.heard_at
            if attempt.over_at is not None:
                if now - attempt.over_at > KEEP_S:
                    self._forget(subject)
            elif lost or silent_s > self._limits.reattach_s:
                self._cancel(subject, attempt)
        if self._attempts:
            self._arm()
