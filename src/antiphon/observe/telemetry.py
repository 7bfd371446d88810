"""Sends traces and metrics to a collector, by OTLP over HTTP: a bounded part of them, behind requests, now and then.

A collector that does not answer costs no request anything: what is not taken in time is left out, and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from antiphon.clock import Clock
from antiphon.course import Course, Step
from antiphon.errors import ConfigError
from antiphon.http.client import Pool
from antiphon.http.origin import ClientError, ClientLimits, Origin
from antiphon.observe.logs import Log
from antiphon.observe.spans import NS_PER_S, Attribute, Done, Span, node_span, spans
from antiphon.observe.target import Target

if TYPE_CHECKING:
    from antiphon.observe.otlp import Encoder

TRACES_PATH = "/v1/traces"
METRICS_PATH = "/v1/metrics"
WAITING_MAX = 4096  # requests whose spans are not sent yet
BATCH = 256  # of them at once
ANSWER_S = 10.0  # for the collector to take a batch
CLOSE_S = 3.0  # for what is left at the end
RETRIED = frozenset({429, 502, 503, 504})  # a collector that says so may take the same later
CONTENT = ("content-type", "application/x-protobuf")
Families = Callable[[], Iterable[Metric]]


class Telemetry:
    """Sends while it runs. Make it within a running event loop; ConfigError where the package for it is missing."""

    def __init__(self, target: Target, *, clock: Clock, log: Log, families: Families | None = None) -> None:
        self._target = target
        self._clock = clock
        self._log = log
        self._families = families
        self._encoder = _encoder(target, int(clock.now() * NS_PER_S))
        self._pool = Pool(Origin.parse(target.endpoint), limits=ClientLimits(body_bytes_max=65_536))
        self._headers = (CONTENT, *target.headers)
        self._waiting: list[Course | Done] = []
        self._due = asyncio.Event()
        self._works = True
        self.lost = 0  # spans of so many requests or attempts were not sent

    def told(self, course: Course, step: Step) -> None:
        """Keep a request that has ended, if it is traced."""
        if step == "ended" and course.trace is not None and course.trace.sampled:
            self._keep(course)

    def did(self, done: Done) -> None:
        """Keep what a node did, if it is traced."""
        if done.parent.sampled:
            self._keep(done)

    def _keep(self, one: Course | Done) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self.lost += 1
            return
        self._waiting.append(one)
        if len(self._waiting) >= BATCH:
            self._due.set()

    async def run(self) -> None:
        """Send, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._target.interval_s):
                    await self._due.wait()
            self._due.clear()
            await self._send_all()

    async def close(self) -> None:
        """Send what is left, if the collector takes it soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._send_all()
        self._pool.close()

    async def _send_all(self) -> None:
        while self._waiting:
            batch = self._waiting[:BATCH]
            taken = await self._sent(batch)
            if taken is None and len(self._waiting) < WAITING_MAX:
                return  # later, with the same
            del self._waiting[: len(batch)]
            if not taken:
                self.lost += len(batch)
        if self._families is not None:
            families = list(self._families())
            await self._taken(METRICS_PATH, self._encoder.metrics(families, int(self._clock.now() * NS_PER_S)))

    async def _sent(self, batch: Sequence[Course | Done]) -> bool | None:
        """As `_taken`; what cannot be encoded is not to keep all that comes after it."""
        try:
            body = await asyncio.to_thread(self._encoded, batch)
        except ValueError as error:
            self._log.error("spans cannot be encoded", reason=str(error), lost=len(batch))
            return False
        return await self._taken(TRACES_PATH, body)

    def _encoded(self, batch: Sequence[Course | Done]) -> bytes:
        """In a thread: nothing is noted on them any more that a span would show."""
        return self._encoder.spans([span for one in batch for span in _spans(one)])

    async def _taken(self, path: str, body: bytes) -> bool | None:
        """Whether the collector takes it; None where it may do so later."""
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._pool.request("POST", path, headers=self._headers, body=body)
        except (ClientError, TimeoutError) as error:
            self._tell(str(error) or "it did not answer in time")
            return None
        if answer.status in RETRIED:
            self._tell(f"it answers {answer.status}")
            return None
        if answer.status // 100 != 2:
            self._tell(f"it answers {answer.status} to {path}")
            return False
        self._tell(None)
        return True

    def _tell(self, reason: str | None) -> None:
        """Say once what is wrong, and that it is over."""
        if reason is None and not self._works:
            self._log.info("the collector takes traces and metrics again", lost=self.lost)
        elif reason is not None and self._works:
            self._log.warning("the collector takes no traces or metrics", reason=reason)
        self._works = reason is None


def _spans(one: Course | Done) -> list[Span]:
    return spans(one) if isinstance(one, Course) else [node_span(one)]


def _encoder(target: Target, started_ns: int) -> Encoder:
    try:
        from antiphon.observe.otlp import Encoder
    except ImportError as error:
        message = "observability.otlp: sending traces and metrics takes `pip install 'antiphon[otel]'`."
        raise ConfigError(message) from error
    about: dict[str, Attribute] = {
        "service.name": target.service,
        "service.version": target.version,
        "service.instance.id": target.instance,
    }
    return Encoder(about, version=target.version, started_ns=started_ns)
