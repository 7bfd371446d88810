"""What followers are told of completions and embeddings: their plan, each attempt, and their end."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from antiphon.chat import Choice, Delta, EmbeddingRequest, Usage
from antiphon.completions.asks import ask
from antiphon.completions.attempt import Attempts
from antiphon.completions.embeddings import EmbeddingPlan, EmbeddingRecord
from antiphon.completions.following import answered, planned, planned_embeddings, trace_of
from antiphon.completions.hedge import raced
from antiphon.completions.places import Places
from antiphon.completions.plan import Bounds, Caller, Plan, job, traced
from antiphon.completions.poison import Poison
from antiphon.completions.prepare import Preparation
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.completions.suspicion import Suspicion
from antiphon.course import ABANDONED, OUTRUN, Course, Step, Wanted
from antiphon.errors import AntiphonError, EngineFailed, EngineLost, FirstTokenTimeout
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.trace_context import TraceContext
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.completions.scripted import (
    ASKED,
    BOUNDS,
    HELLO,
    USAGE,
    ScriptedEngine,
    ignore,
    model_of,
    offer_of,
    plan_of,
)
from tests.unit.http.recording import exchange_of

BROKEN = EngineFailed("It broke.")
TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True, state="a=1")


class Followed:
    """A request with a follower, and a service to answer it."""

    def __init__(self, *engines: ScriptedEngine, bounds: Bounds = BOUNDS) -> None:
        self.steps: list[Step] = []
        self.waits = asyncio.Event()
        self.course = Course("req_1", "/v1/chat/completions", begun_at=0.0, began_at_ms=0.0, tell=self._told)
        plan = plan_of(model_of(*engines))
        self.plan = msgspec.structs.replace(plan, caller=Caller(Key("alice"), course=self.course))
        ids = seeded(7)
        preparation = Preparation(Catalogue(), ImageAdmission(ImageLimits()), bounds, ids=ids, projects=dict)
        self.service = Completions(
            preparation,
            Placement(queue_max=9),
            bounds,
            ids=ids,
            wheel=TimerWheel(asyncio.get_running_loop()),
            on_end=self._ended,
        )

    def _ended(self, record: Record) -> None:
        if record.plan.caller.course is not None:
            answered(record, record.plan.caller.course)

    def _told(self, course: Course, step: Step) -> None:
        self.steps.append(step)
        if step == "queued":
            self.waits.set()

    async def streamed(self) -> None:
        """The answer as a stream, read to its end."""
        stream = self.service.open(self.plan)
        try:
            await stream.start()
            while await stream.next() != []:
                pass
        finally:
            stream.close()

    @property
    def attempts(self) -> list[tuple[str, str, str | None]]:
        """Who was asked why, and what it failed of."""
        return [(one.node, one.way, one.failure) for one in self.course.attempts]


async def test_a_stream_is_told_from_its_attempt_to_its_usage() -> None:
    """Its first token between."""
    followed = Followed(ScriptedEngine(opens=(HELLO,)))
    await followed.streamed()
    assert followed.steps == ["attempt", "first_token", "attempt_ended", "answered"]
    assert followed.attempts == [("node-1", "first", None)]
    assert (followed.course.usage, followed.course.node, followed.course.failure) == (USAGE, "node-1", None)
    assert followed.course.first_token_at is not None


async def test_an_answer_in_one_piece_is_told_too() -> None:
    """Of its first token nobody knows."""
    followed = Followed(ScriptedEngine(answers=(BROKEN,)), ScriptedEngine("node-2", answers=((Choice(), USAGE),)))
    await followed.service.complete(followed.plan, ignore)
    assert followed.attempts == [("node-1", "first", "engine_failed"), ("node-2", "again", None)]
    assert followed.steps[-1] == "answered"


async def test_what_fails_unheard_is_asked_elsewhere() -> None:
    """At its beginning, or before its first token."""
    first, second = ScriptedEngine(opens=(BROKEN,)), ScriptedEngine("node-2", opens=((BROKEN,),))
    followed = Followed(first, second, ScriptedEngine("node-3", opens=(HELLO,)))
    await followed.streamed()
    assert followed.attempts == [
        ("node-1", "first", "engine_failed"),
        ("node-2", "again", "engine_failed"),
        ("node-3", "again", None),
    ]
    assert followed.course.attempts[0].reason == "It broke."


async def test_a_seam_is_told_as_what_it_is() -> None:
    """The engine that goes on behind what was said."""
    first = ScriptedEngine(opens=(([Delta(content="Hel")], EngineLost("It is gone.")),))
    followed = Followed(
        first, ScriptedEngine("node-2", opens=(([Delta(content="lo")], [Delta(finish_reason="stop")]),))
    )
    await followed.streamed()
    assert followed.attempts == [("node-1", "first", "engine_failed"), ("node-2", "continuation", None)]


async def test_nobody_waits_for_an_answer_whose_client_left() -> None:
    """Its attempt is over, and did not fail."""
    followed = Followed(ScriptedEngine(opens=(HELLO,)))
    stream = followed.service.open(followed.plan)
    await stream.start()
    stream.close()
    assert followed.attempts == [("node-1", "first", ABANDONED)]
    assert followed.course.failure == "client_gone"


@pytest.mark.parametrize(
    ("error", "failures"),
    [(None, [None, OUTRUN]), (FirstTokenTimeout(), [OUTRUN, None]), (BROKEN, ["engine_failed", None])],
)
async def test_the_slower_of_two_is_outrun(error: AntiphonError | None, failures: list[str | None]) -> None:
    """Both were asked, since the first one was late; one that failed by itself says of what."""
    followed = Followed(ScriptedEngine(opens=(HELLO,)), ScriptedEngine("node-2", opens=(HELLO,)))
    plan, placement = followed.plan, Placement(queue_max=9)
    suspicion = Suspicion(Poison(asyncio.get_running_loop().time), plan)
    places, attempts = Places(placement, ask(plan), suspicion, course=followed.course), Attempts(plan, 0, seeded(1))
    place = places.take()
    assert place is not None
    race = await raced(await attempts.begin(place.offer), places, attempts, lambda _offer, _attempt: None)
    assert race is not None
    places.settle(rival=error is not None, error=error)
    places.succeeded(0)
    assert [one.way for one in followed.course.attempts] == ["first", "hedge"]
    assert [one.failure for one in followed.course.attempts] == failures
    assert [one.ended_at is not None for one in followed.course.attempts] == [True, True]


async def test_a_request_that_lines_up_says_so() -> None:
    """Once, however long it waits."""
    engine = ScriptedEngine(opens=(HELLO, HELLO))
    followed = Followed(engine)
    model = msgspec.structs.replace(followed.plan.model, offers=(msgspec.structs.replace(offer_of(engine), slots=1),))
    followed.plan = msgspec.structs.replace(followed.plan, model=model)
    other = followed.service.open(msgspec.structs.replace(followed.plan, caller=Caller(Key("bob"))))
    await other.start()
    task = asyncio.ensure_future(followed.streamed())
    await asyncio.wait_for(followed.waits.wait(), 10)
    other.close()
    await task
    assert followed.steps == ["queued", "attempt", "first_token", "attempt_ended", "answered"]


async def test_a_plan_says_what_is_wanted() -> None:
    """By whom, of which model, at which door."""
    followed = Followed(ScriptedEngine())
    planned(followed.plan, followed.course)
    assert followed.course.wanted == Wanted("", "alice", "alice", "m", "chat", "v1")
    texts = msgspec.structs.replace(ASKED, messages=(), prompts=("Hi",), stream=True)
    planned(msgspec.structs.replace(followed.plan, request=texts), followed.course)
    assert followed.course.wanted == Wanted("", "alice", "alice", "m", "text_completion", "v1", streamed=True)


async def test_embeddings_are_told_alike() -> None:
    """Their plan and what became of them."""
    course = Followed(ScriptedEngine()).course
    caller = Caller(Key("alice", credit="DEV"), "emb-1", course=course)
    plan = EmbeddingPlan(EmbeddingRequest("m", ("a",)), caller, model_of(ScriptedEngine()), 0, 60)
    planned_embeddings(plan, course)
    assert course.wanted == Wanted("emb-1", "alice", "alice", "m", "embeddings", "v1", ledger="DEV")
    answered(EmbeddingRecord(plan, Usage(3), 1.0, "engine_failed", "node-1"), course)
    assert (course.usage, course.failure) == (Usage(3), "engine_failed")


@pytest.mark.parametrize("ours", [True, False])
async def test_a_job_carries_the_trace_on(ours: bool) -> None:
    """Below the attempt's span where the request has one of its own here, else below the client's."""
    followed = Followed(ScriptedEngine())
    followed.course.trace = TRACE if ours else None
    caller = Caller(Key("alice"), course=followed.course, trace=TRACE)
    plan: Plan = msgspec.structs.replace(followed.plan, caller=caller)
    found = traced(plan, job(plan, plan.model.offers[0], 0, attempt="att-1"))
    parent = TRACE.child("att-1") if ours else TRACE
    assert (found.traceparent, found.tracestate) == (parent.traceparent, "a=1")


async def test_a_job_without_a_trace_stays_as_it_is() -> None:
    """Nothing is sent of one."""
    plan = plan_of(model_of(ScriptedEngine()))
    asked = job(plan, plan.model.offers[0], 0, attempt="att-1")
    assert traced(plan, asked) is asked


def told(course: Course, step: Step) -> None:
    """Listen to nothing."""


def test_a_request_belongs_to_its_client_s_trace() -> None:
    """Where it has no span of its own."""
    exchange, _ = exchange_of("POST", "/v1/chat/completions", {b"traceparent": TRACE.traceparent.encode()})
    assert trace_of(exchange) == msgspec.structs.replace(TRACE, state="")
    course = Course("req_1", "/", begun_at=0.0, began_at_ms=0.0, tell=told)
    exchange.course = course
    course.trace = TRACE
    assert trace_of(exchange) is TRACE
