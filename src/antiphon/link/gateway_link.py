"""The gateway's end of the link: one inbox for the answers of all nodes, and a pulse to each node that has jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from antiphon.clock import Clock
from antiphon.errors import AntiphonError, BadRequest, EngineFailed, EngineLost, Unavailable
from antiphon.ids import Ids
from antiphon.link import subjects
from antiphon.link.attempt import Attempt, Reader
from antiphon.link.connection import Connection
from antiphon.link.frames import PROTOCOL, Beat, Kind, Open, Piece, Pulse, encode, read_answer, read_beat
from antiphon.link.limits import LinkLimits
from antiphon.link.seal import KEY_BYTES, SALT_BYTES, Seal, SealBroken, SealKeys

REOPEN_S = 0.1
ABSENT_S = 0.2
ABSENT_MAX = 2  # a node that connects anew is not there for some hundredths of a second


class Peer:
    """A node as its gateway knows it by the link alone: what is open there, when it was last heard."""

    __slots__ = ("absent", "attempts", "heard_at", "name", "number", "pulse_key", "pulse_subject", "rtt_s")

    def __init__(self, name: str, gateway: str) -> None:
        self.name = name
        self.attempts: dict[str, Attempt] = {}
        self.heard_at = 0.0
        self.number = 0
        self.absent = 0
        self.rtt_s: float | None = None
        self.pulse_subject = subjects.request(name, gateway, subjects.PULSE)
        self.pulse_key = subjects.answer(name, gateway, subjects.PULSE)


class GatewayLink:
    """Opens attempts at nodes. One per process; make it within a running event loop, before `connection.start`."""

    def __init__(
        self,
        connection: Connection,
        gateway: str,
        *,
        clock: Clock,
        ids: Ids,
        on_beat: Callable[[str, Beat], None] = lambda _node, _beat: None,
        limits: LinkLimits = LinkLimits(),
    ) -> None:
        self.limits = limits
        self.connection = connection
        self.send = connection.send
        self._gateway = subjects.token(gateway)
        self._clock = clock
        self._ids = ids
        self._keys = SealKeys(ids.secret(KEY_BYTES))
        self._on_beat = on_beat
        self._loop = asyncio.get_running_loop()
        self.time = self._loop.time
        self._open: dict[bytes, Attempt] = {}
        self._peers: dict[str, Peer] = {}
        self._up_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        connection.subscribe(subjects.answers_to(gateway), self._arrived)
        connection.subscribe(subjects.HEARTBEATS, self._beat)
        connection.watch(self._watch)

    def peer(self, node: str) -> Peer:
        """What is known of a node."""
        known = self._peers.get(node)
        if known is None:
            known = self._peers[node] = Peer(subjects.token(node), self._gateway)
        return known

    def unavailable(self) -> int | None:
        """None while there is a broker, or may be again in a moment; else the seconds after which to ask."""
        return None if self.connection.lost_for_s <= self.limits.wait_broker_s else 1

    async def open(
        self,
        peer: Peer,
        kind: Kind,
        body: bytes,
        reader: Reader,
        *,
        remaining_s: float | None,
        attempt: str = "",
        seal_key: bytes = b"",
    ) -> Attempt:
        """Send a job to a node, sealed with the node's `seal_key` if it has one. `end` must be called in the end.

        Unavailable when there is no broker.
        """
        if len(body) > self.limits.body_bytes_max:
            raise BadRequest("The request is too large for a node.", code="engine_refused")
        await self._connected()
        name = attempt if subjects.TOKEN.fullmatch(attempt) else self._ids.make("att_")
        key = subjects.answer(peer.name, self._gateway, name)
        if key in self._open or name == subjects.PULSE:  # a name that is taken already is no name
            name = self._ids.make("att_")
            key = subjects.answer(peer.name, self._gateway, name)
        subject = subjects.request(peer.name, self._gateway, name)
        salt = self._ids.secret(SALT_BYTES) if seal_key else b""
        seal = self._seal(seal_key, salt, subject) if seal_key else None
        opened = Attempt(name, self, reader, subject=subject, key=key, limits=self.limits, seal=seal)
        opened.opening = self._opening(kind, body if seal is None else seal.body(body), remaining_s, salt)
        opened.pulse = peer.number
        self._open[key] = opened
        if not peer.attempts:
            peer.heard_at = self._loop.time()
            self._arm()
        peer.attempts[name] = opened
        try:
            await self._send_all(opened, subject)
        except asyncio.CancelledError:
            self.end(peer, opened)
            raise
        return opened

    def end(self, peer: Peer, attempt: Attempt) -> None:
        """End an attempt; what its node still sends is nobody's."""
        attempt.close()
        self._open.pop(attempt.key, None)
        peer.attempts.pop(attempt.id, None)

    def forget(self, peer: Peer) -> None:
        """Know nothing of a node any more; whoever still reads an answer of it gets an error."""
        _fail_all(peer, EngineLost("The node is let go of."))
        self._peers.pop(peer.name, None)

    def close(self) -> None:
        """End all attempts, with an error for whoever reads them. The connection is its maker's to close."""
        if self._timer is not None:
            self._timer.cancel()
        for attempt in tuple(self._open.values()):
            attempt.fail(EngineFailed("The gateway is closing."))

    async def _connected(self) -> None:
        connection = self.connection
        left_s = self.limits.wait_broker_s - connection.lost_for_s
        if not connection.connected and (left_s <= 0 or not await connection.wait_connected(left_s)):
            raise Unavailable("The broker that leads to the nodes cannot be reached.", retry_after_s=1)

    def _seal(self, seal_key: bytes, salt: bytes, subject: bytes) -> Seal:
        try:
            return self._keys.with_node(seal_key, salt, subject)
        except SealBroken as error:
            raise EngineFailed("The node's key is none that a job can be sealed with.") from error

    def _opening(self, kind: Kind, body: bytes, remaining_s: float | None, salt: bytes) -> list[bytes]:
        """The messages that open an attempt: one, or one and the pieces of a body that is too large for it."""
        limits = self.limits
        seconds = limits.answer_s if remaining_s is None else remaining_s
        size = limits.piece_bytes
        pieces = [body[at : at + size] for at in range(0, len(body), size)] if len(body) > size else []
        opened = Open(
            kind,
            seconds,
            self._clock.now() + seconds,
            self._clock.monotonic(),
            limits.window,
            PROTOCOL,
            b"" if pieces else body,
            len(pieces),
            self._keys.public if salt else b"",
            salt,
        )
        return [encode(opened), *(encode(Piece(number, piece)) for number, piece in enumerate(pieces, 1))]

    async def _send_all(self, attempt: Attempt, subject: bytes) -> None:
        payloads, reply = attempt.opening, attempt.key
        for payload in payloads:
            self.send(subject, payload, reply)
            reply = b""
            if len(payloads) > 1:
                await self.connection.drained()  # what others have to send comes in between

    def _arrived(self, subject: bytes, data: bytes | None) -> None:
        """A message of a node's. Its subject says truly whose it is, since the broker lets it use no other."""
        attempt = self._open.get(subject)
        if attempt is None:
            if subject.endswith(b".pulse"):
                self._pulse(subjects.node_of(subject), data)
        elif data is None and self._loop.time() - self._up_at < self.limits.wait_broker_s and attempt.opening:
            self._loop.call_later(REOPEN_S, _reopen, attempt)  # the node has not come back yet, perhaps
        else:
            attempt.arrived(data)

    def _pulse(self, node: str, data: bytes | None) -> None:
        peer = self._peers.get(node)
        if peer is None:
            return
        if data is None:
            self._absent(peer)
            return
        try:
            pulse = read_answer(data)
        except (msgspec.DecodeError, RecursionError):
            return
        if not isinstance(pulse, Pulse):
            return
        peer.heard_at = self._loop.time()
        peer.absent = 0
        if pulse.number:
            peer.rtt_s = max(0.0, self._clock.monotonic() - pulse.sent_s)
        else:
            self._ask(peer)  # it has just come back, and may have missed what it was told
        for attempt in tuple(peer.attempts.values()):
            sent = pulse.attempts.get(attempt.id)
            if sent is not None or pulse.number > attempt.pulse:
                attempt.told(sent)

    def _absent(self, peer: Peer) -> None:
        """Nobody listens at the node's subjects: it may be back in a moment, with all that it knew, or it is gone."""
        if self._loop.time() - self._up_at < self.limits.wait_broker_s:
            return  # whoever comes back after the broker does not come at once
        peer.absent += 1
        if peer.absent > ABSENT_MAX:
            peer.absent = 0
            _fail_all(peer, EngineLost("The node has gone."))
        elif peer.attempts:
            self._loop.call_later(ABSENT_S, self._ask, peer)

    def _beat(self, subject: bytes, data: bytes | None) -> None:
        if data is None:
            return
        try:
            beat = read_beat(data)
        except (msgspec.DecodeError, RecursionError):
            return
        if beat is not None:
            self._on_beat(subjects.node_of(subject), beat)

    def _watch(self, up: bool) -> None:
        now = self._loop.time()
        if up:
            self._up_at = now
            for peer in self._peers.values():
                peer.heard_at = now
                if peer.attempts:
                    self._ask(peer)

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self.limits.pulse_s, self._tick)

    def _tick(self) -> None:
        """See to every node that has jobs: it is asked whether it is there, or given up."""
        self._timer = None
        error = self._broker_lost()
        now = self._loop.time()
        for peer in self._peers.values():
            if peer.attempts:
                self._arm()
                if error is None and self.connection.connected and now - peer.heard_at > self.limits.silent_s:
                    _fail_all(peer, EngineLost("The node has fallen silent."))
                elif error is not None:
                    _fail_all(peer, error)
                else:
                    self._ask(peer)

    def _broker_lost(self) -> AntiphonError | None:
        if self.connection.lost_for_s <= self.limits.reattach_s:
            return None
        return EngineFailed("The broker that leads to the node cannot be reached.")

    def _ask(self, peer: Peer) -> None:
        peer.number += 1
        attempts = {name: attempt.upto for name, attempt in peer.attempts.items()}
        payload = encode(Pulse(peer.number, self._clock.monotonic(), attempts))
        self.send(peer.pulse_subject, payload, peer.pulse_key)


def _fail_all(peer: Peer, error: AntiphonError) -> None:
    for attempt in tuple(peer.attempts.values()):
        attempt.fail(error)


def _reopen(attempt: Attempt) -> None:
    if attempt.opening and not attempt.done:
        attempt.reopen()
