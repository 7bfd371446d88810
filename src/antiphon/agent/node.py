"""The process of a node: joins a gateway's network, serves what it can, and leaves without losing a request."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Mapping

import uvloop
from msgspec import Struct
from msgspec.structs import replace

from antiphon import __version__
from antiphon.agent.announcements import Announce, Announcement
from antiphon.agent.beats import Beats
from antiphon.agent.benchmark import Speed, measure
from antiphon.agent.gateway import Gateway, Refused
from antiphon.agent.hardware import Hardware, detect
from antiphon.agent.identity import Identity, Membership
from antiphon.agent.lease import Lease
from antiphon.agent.local_engine import ByModel
from antiphon.agent.offers import Offers
from antiphon.agent.wallet import Wallet
from antiphon.clock import Clock, SystemClock
from antiphon.engines.receipt import NodeReceipt
from antiphon.errors import ConfigError
from antiphon.ids import Ids
from antiphon.link.claims import public_key
from antiphon.link.connection import Connection
from antiphon.link.responder import Responder
from antiphon.link.seal import KEY_BYTES, SealKeys
from antiphon.link.served import Done, Duty
from antiphon.nodes.enrolment import Token, read, seal_text
from antiphon.observe.logs import Log
from antiphon.observe.spans import NS_PER_MS
from antiphon.observe.spans import Done as Worked
from antiphon.observe.telemetry import Telemetry
from antiphon.settings.model import Settings
from antiphon.settings.otlp import as_target
from antiphon.trace_context import TraceContext

LOGGED = ("attempt", "request_id", "model", "duration_ms", "failure")
SLOTS_DEFAULT = 4  # where an engine does not say how much it generates at once
LINGER_S = 0.5  # after the last answer, for a gateway that asks for its end again
NO_TOKEN = (
    "This machine is no node yet. Where the gateway runs, `antiphon nodes invite` prints a token; here, "
    "`antiphon node --join TOKEN` uses it."
)


class Plan(Struct, frozen=True):
    """What was asked for. Without a token the machine is the node that it was."""

    settings: Settings
    name: str
    token: str | None = None
    slots: int | None = None


def run(plan: Plan, *, announce: Announce, environ: Mapping[str, str]) -> int:
    """Serve until SIGINT or SIGTERM; the process's exit code. AntiphonError says why it cannot, and what to do."""
    uvloop.run(_run(plan, announce, environ))
    return 0


async def _run(plan: Plan, announce: Announce, environ: Mapping[str, str]) -> None:
    settings = plan.settings
    log = Log(form=settings.observability.log_format, level=settings.observability.log_level, access=False)
    node = Node(plan, clock=SystemClock(), log=log, environ=environ, announce=announce)
    work = asyncio.ensure_future(node.run())
    stopped = _stopped_by_signal()
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await node.leave()
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work  # raises what it failed of
    finally:
        await node.close()


class Node:
    """One node, from its start to its end. Make it within a running event loop."""

    def __init__(self, plan: Plan, *, clock: Clock, log: Log, environ: Mapping[str, str], announce: Announce) -> None:
        self._plan = plan
        self._clock = clock
        self._log = log
        self._announce = announce
        self._random = random.Random()
        self._ids = Ids()
        self._identity = Identity(plan.settings.data_dir)
        self._wallet = Wallet(self._identity.wallet_key())
        self._offers = Offers(plan.settings, clock=clock, log=log, environ=environ, announce=announce)
        self._speed = Speed()
        self._gateway: Gateway | None = None
        self._connection: Connection | None = None
        self._responder: Responder | None = None
        self._beats: Beats | None = None
        self._troubles: set[str] = set()
        self._telemetry = self._traced(plan.settings)
        self._exporting: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Join, then serve until cancelled; raises when the gateway does not let this machine in any more."""
        self._identity.take()
        if self._telemetry is not None:
            self._exporting = asyncio.ensure_future(self._telemetry.run())
        hardware = await detect()
        self._announce(Announcement("machine", text=str(hardware)))
        membership, token = self._begun()
        gateway = self._gateway = Gateway(membership.gateway, self._wallet, clock=self._clock)
        await self._offers.require_fit(hardware)
        if not membership.node:
            membership = await self._enrol(gateway, membership, token)
        lease = await self._lease(gateway, membership, token)
        await self._offers.start()
        await self._measure()
        while True:
            await self._serve(lease, hardware)
            await lease.take()  # the broker has moved

    async def leave(self) -> None:
        """Take no more, finish what is under way, say goodbye."""
        self._announce(Announcement("stopping"))
        if self._responder is None or self._beats is None:
            return
        self._responder.draining = True
        self._beats.beat()
        await self._responder.drain(self._plan.settings.server.drain_s)
        self._beats.leave()
        await asyncio.sleep(LINGER_S)

    async def close(self) -> None:
        """Let go of everything."""
        if self._responder is not None:
            await self._responder.close()
        if self._connection is not None:
            await self._connection.close()
        if self._gateway is not None:
            self._gateway.close()
        await self._offers.close()
        if self._telemetry is not None:
            if self._exporting is not None:
                self._exporting.cancel()
            await self._telemetry.close()
        self._identity.close()
        self._announce(Announcement("left"))

    def _traced(self, settings: Settings) -> Telemetry | None:
        """What sends spans of attempts to a collector, where there is one."""
        otlp = settings.observability.otlp
        target = as_target(otlp, version=__version__, instance=self._ids.uuid()) if otlp.traces else None
        return None if target is None else Telemetry(target, clock=self._clock, log=self._log)

    def _begun(self) -> tuple[Membership, Token | None]:
        """What this machine is already, or what it begins as with a token."""
        if self._plan.token is not None:
            token = read(self._plan.token)
            return self._identity.begun(token.url), token
        known = self._identity.membership()
        if known is None or not known.node:
            raise ConfigError(NO_TOKEN)
        return known, None

    async def _enrol(self, gateway: Gateway, membership: Membership, token: Token | None) -> Membership:
        if token is None:
            raise ConfigError(NO_TOKEN)
        found = await gateway.enrol(token, public_key(membership.nkey_seed), self._plan.name)
        membership = replace(membership, node=found.id)
        self._identity.keep(membership)
        return membership

    async def _lease(self, gateway: Gateway, membership: Membership, token: Token | None) -> Lease:
        """A lease; a machine that was a node once, and is none any more, becomes one again with its new token."""
        lease = self._made(gateway, membership)
        try:
            await lease.take()
        except Refused as error:
            if error.code != "node_unknown" or token is None:
                raise
            lease = self._made(gateway, await self._enrol(gateway, membership, token))
            await lease.take()
        self._announce(Announcement("joined", lease.current.name, text=membership.gateway))
        return lease

    def _made(self, gateway: Gateway, membership: Membership) -> Lease:
        return Lease(
            gateway,
            membership.node,
            membership.nkey_seed,
            clock=self._clock,
            random=self._random,
            on_trouble=self._troubled,
        )

    async def _measure(self) -> None:
        """How fast it is, by the first model that generates."""
        names = [facts.name for facts, live in self._offers.engine.served() if live and not facts.embeds]
        if names:
            self._speed = await measure(self._offers.engine, names[0], clock=self._clock)
            speed = self._speed
            self._announce(Announcement("speed", names[0], prefill=speed.prefill, decode=speed.decode))

    async def _serve(self, lease: Lease, hardware: Hardware) -> None:
        """Serve under a lease for as long as its broker is where it was."""
        slots = self._plan.slots or self._offers.engine.slots or SLOTS_DEFAULT
        connection = self._connection = Connection(
            lease.current.servers, lease.credentials, name=lease.name, random=self._random, on_error=self._troubled
        )
        settings, epoch, engine = self._plan.settings, lease.current.epoch, self._offers.engine
        seal_keys = SealKeys(self._ids.secret(KEY_BYTES))
        duty = Duty(
            lease.name,
            ByModel(engine),
            epoch=epoch,
            clock=self._clock,
            sign=self._sign,
            signs_as=lease.node,
            on_done=self._done if settings.observability.access_log or self._telemetry is not None else None,
            traces=self._telemetry is not None,
            seal_keys=seal_keys,
        )
        responder = self._responder = Responder(connection, duty, slots=slots, clock=self._clock)
        beats = self._beats = Beats(
            connection,
            responder,
            engine,
            name=lease.name,
            epoch=epoch,
            speed=lambda: self._speed,
            hardware=str(hardware),
            seal_key=seal_keys.public,
            seal_signature=self._wallet.signed(seal_text(lease.node, epoch, seal_keys.public)),
        )
        connection.watch(lambda up: self._reached(lease, slots) if up else None)
        connection.start()
        beating = asyncio.ensure_future(beats.run())
        try:
            await lease.keep(lambda: connection.lost_for_s)
        finally:
            beating.cancel()
        await responder.drain(self._plan.settings.server.drain_s)
        await responder.close()
        await connection.close()

    def _sign(self, receipt: NodeReceipt) -> str:
        return self._wallet.signed(receipt.text)

    def _done(self, done: Done) -> None:
        """A line for each attempt, with the id that the client knows its request by."""
        if self._plan.settings.observability.access_log:
            self._log.info("attempt", **{field: getattr(done, field) for field in LOGGED})
        if self._telemetry is not None and done.parent is not None and done.span is not None:
            self._telemetry.did(_worked(self._plan.name, done, done.parent, done.span))

    def _reached(self, lease: Lease, slots: int) -> None:
        self._troubles.clear()
        models = tuple(facts.name for facts, _ in self._offers.engine.served())
        self._announce(Announcement("serving", lease.current.name, models=models, slots=slots))

    def _troubled(self, reason: str) -> None:
        """Say once what is wrong, however often it is tried before it is right again."""
        if reason not in self._troubles:
            self._troubles.add(reason)
            self._announce(Announcement("trouble", text=reason))


def _stopped_by_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped


def _worked(node: str, done: Done, parent: TraceContext, span: TraceContext) -> Worked:
    """What a node did, as its span shows it."""
    return Worked(
        node=node,
        attempt=done.attempt,
        request_id=done.request_id,
        model=done.model,
        parent=parent,
        context=span,
        start_ns=done.begun_ms * NS_PER_MS,
        first_token_ns=done.first_token_ms * NS_PER_MS,
        end_ns=(done.begun_ms + done.duration_ms) * NS_PER_MS,
        failure=done.failure,
    )
