"""Traces and metrics on their way to a collector that may be away."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator

import pytest
from prometheus_client.metrics_core import Metric

from antiphon.chat import Usage
from antiphon.clock import ManualClock
from antiphon.course import Course, Step
from antiphon.errors import ConfigError
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.observe.spans import Done
from antiphon.observe.target import Target
from antiphon.observe.telemetry import BATCH, WAITING_MAX, Telemetry
from antiphon.trace_context import TraceContext
from tests.integration.otlp_collector import Collector, attributes, collecting

TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def collector() -> Iterator[Collector]:
    """One that runs."""
    with collecting() as made:
        yield made


@pytest.fixture
def log() -> io.StringIO:
    """What is logged."""
    return io.StringIO()


def target_of(endpoint: str, *, interval_s: float = 0.01) -> Target:
    """A collector that wants to see a key."""
    return Target(endpoint, "tests", "1", "one", headers=(("x-key", "secret"),), interval_s=interval_s)


def telemetry_of(endpoint: str, log: io.StringIO, *, metrics: bool = False) -> Telemetry:
    """What sends there."""
    families = Metrics().families if metrics else None
    return Telemetry(target_of(endpoint), clock=ManualClock(), log=Log(form="json", stream=log), families=families)


def nothing(course: Course, step: Step) -> None:
    """Listen to nothing."""


def ended(trace: TraceContext | None = TRACE) -> Course:
    """A request that is over."""
    course = Course("req_1", "/v1/chat/completions", begun_at=0.0, began_at_ms=0.0, tell=nothing)
    course.trace = trace
    course.ended(200, 1.0)
    return course


async def test_spans_and_metrics_are_sent_with_who_sends_them(collector: Collector, log: io.StringIO) -> None:
    """And with the headers that the collector wants."""
    telemetry = telemetry_of(collector.address, log, metrics=True)
    telemetry.told(ended(), "answered")
    telemetry.told(ended(None), "ended")
    telemetry.told(ended(TraceContext(TRACE.trace_id, TRACE.span_id)), "ended")
    telemetry.told(ended(), "ended")
    telemetry.did(Done("attic", "att-1", "req_1", "m", TRACE, TRACE.child("n"), 1, 2, 3))
    await telemetry.close()
    assert sorted(span.name for span in collector.spans) == ["POST /v1/chat/completions", "serve m"]
    assert attributes(list(collector.spans[0].attributes))["antiphon.request_id"] == "req_1"
    assert "antiphon.requests_in_flight" in collector.metrics
    assert collector.services == {"tests"}
    assert {headers["x-key"] for headers in collector.headers} == {"secret"}
    assert {headers["content-type"] for headers in collector.headers} == {"application/x-protobuf"}
    assert (telemetry.lost, log.getvalue()) == (0, "")


async def test_it_sends_now_and_then_and_at_once_when_much_has_come(collector: Collector, log: io.StringIO) -> None:
    """Until it is cancelled."""
    telemetry = Telemetry(
        target_of(collector.address, interval_s=3600), clock=ManualClock(), log=Log(form="json", stream=log)
    )
    running = asyncio.ensure_future(telemetry.run())
    for _ in range(BATCH + 1):
        telemetry.told(ended(), "ended")
    await asyncio.to_thread(collector.wait, lambda one: len(one.spans) == BATCH + 1)
    running.cancel()
    await asyncio.wait([running])
    await telemetry.close()


@pytest.mark.parametrize("status", [429, 503])
async def test_what_a_collector_cannot_take_now_is_sent_again(
    collector: Collector, log: io.StringIO, status: int
) -> None:
    """That it does not is told once, and that it does again."""
    collector.statuses = [status]
    telemetry = telemetry_of(collector.address, log)
    telemetry.told(ended(), "ended")
    await telemetry.close()
    assert (collector.spans, "the collector takes no traces or metrics" in log.getvalue()) == ([], True)
    await telemetry.close()
    assert len(collector.spans) == 1
    assert log.getvalue().count("the collector takes traces and metrics again") == 1
    assert telemetry.lost == 0


async def test_what_a_collector_refuses_is_lost(collector: Collector, log: io.StringIO) -> None:
    """It would refuse it again."""
    collector.statuses = [400]
    telemetry = telemetry_of(collector.address, log)
    telemetry.told(ended(), "ended")
    await telemetry.close()
    assert (telemetry.lost, collector.spans) == (1, [])
    assert "it answers 400 to /v1/traces" in log.getvalue()


async def test_what_cannot_be_encoded_keeps_nothing_else_up(collector: Collector, log: io.StringIO) -> None:
    """It is lost, and told; what comes later is sent."""
    telemetry = telemetry_of(collector.address, log)
    course = ended()
    course.usage = Usage(prompt_tokens=1 << 64)
    telemetry.told(course, "ended")
    await telemetry.close()
    assert (telemetry.lost, collector.spans) == (1, [])
    assert "spans cannot be encoded" in log.getvalue()
    telemetry.told(ended(), "ended")
    await telemetry.close()
    assert len(collector.spans) == 1


async def test_a_collector_that_is_away_costs_bounded_memory(log: io.StringIO) -> None:
    """The oldest give way, and are counted."""
    telemetry = telemetry_of(NOWHERE, log)
    course = ended()
    for _ in range(WAITING_MAX + 3):
        telemetry.told(course, "ended")
    assert telemetry.lost == 3
    await telemetry.close()
    assert telemetry.lost == 3 + BATCH
    assert log.getvalue().count("the collector takes no traces or metrics") == 1
    assert "secret" not in log.getvalue()


async def test_without_the_package_it_says_what_to_install(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, not at the first export."""
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.trace.v1", None)
    monkeypatch.delitem(sys.modules, "antiphon.observe.otlp", raising=False)
    with pytest.raises(ConfigError, match=r"antiphon\[otel\]"):
        telemetry_of(NOWHERE, log)


async def test_a_scrape_is_taken_where_its_counters_are(collector: Collector, log: io.StringIO) -> None:
    """In the event loop's thread: they are not made for two."""
    threads = []

    def families() -> list[Metric]:
        threads.append(asyncio.get_running_loop())
        return []

    telemetry = Telemetry(
        target_of(collector.address), clock=ManualClock(), log=Log(form="json", stream=log), families=families
    )
    await telemetry.close()
    assert threads == [asyncio.get_running_loop()]
